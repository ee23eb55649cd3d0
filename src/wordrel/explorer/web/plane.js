// A map of words: their vectors on the two directions in which they differ most (PCA).

const ROUNDS = 1000;

/** The largest eigenvalue and its vector of a symmetric matrix without negative eigenvalues. */
function largest(matrix) {
  // Any start that is not at right angles to the vector does; this one is nothing special.
  let vector = matrix.map((_, i) => Math.sin(i + 1)), value = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const next = matrix.map((row) => dot(row, vector));
    value = Math.sqrt(dot(next, next));
    if (!value) return { value: 0, vector: vector.map(() => 0) };
    vector = next.map((one) => one / value);
  }
  const most = vector.reduce((far, one) => Math.abs(one) > Math.abs(far) ? one : far, 0);
  return { value, vector: most < 0 ? vector.map((one) => -one) : vector };
}

/** Points of rows on two axes, and the share of the rows' variance that each axis shows. */
function principal(rows) {
  const centre = mean(rows, rows.map(() => 1 / rows.length), rows[0].length);
  const apart = rows.map((row) => minus(row, centre));
  let matrix = apart.map((a) => apart.map((b) => dot(a, b)));
  const total = matrix.reduce((sum, row, i) => sum + row[i], 0), axes = [];
  for (let axis = 0; axis < 2; axis++) {
    const found = largest(matrix), { value, vector } = found;
    axes.push(found);
    matrix = matrix.map((row, i) => row.map((one, j) => one - value * vector[i] * vector[j]));
  }
  return {
    points: rows.map((_, i) => axes.map(({ value, vector }) => Math.sqrt(value) * vector[i])),
    shares: axes.map(({ value }) => total ? value / total : 0),
  };
}

/** Points in a frame of these sizes, one scale for both axes, with room for words at the rim. */
function inFrame(points, width, height, rim) {
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const span = (values) => Math.max(...values) - Math.min(...values) || 1;
  const scale = Math.min((width - 2 * rim) / span(xs), (height - 2 * rim) / span(ys));
  const middle = (values) => (Math.max(...values) + Math.min(...values)) / 2;
  return points.map(([x, y]) =>
    [width / 2 + scale * (x - middle(xs)), height / 2 - scale * (y - middle(ys))]);
}

/** Where each label stands, [left, top]: beside its point where it covers nothing, else where it
 *  covers least. Earlier points choose first. */
function placed(points, sizes, width, height) {
  const taken = points.map(([x, y]) => [x - 4, y - 4, 8, 8]), gap = 6;
  const over = (a, b) => Math.max(0, Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0])) *
    Math.max(0, Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]));
  return points.map(([x, y], n) => {
    const [w, h] = sizes[n], places = [];
    for (const far of [gap, 2.5 * gap, 4 * gap, 6 * gap, 8 * gap]) {
      places.push([x + far, y - h / 2], [x - far - w, y - h / 2], [x - w / 2, y - far - h],
        [x - w / 2, y + far], [x + far, y - far - h], [x - far - w, y + far]);
    }
    const costs = places.map(([left, top]) => {
      const box = [left, top, w, h], inside = over(box, [0, 0, width, height]);
      return 10 * (w * h - inside) + taken.reduce((sum, other) => sum + over(box, other), 0);
    });
    const best = places[costs.indexOf(Math.min(...costs))];
    taken.push([...best, w, h]);
    return best;
  });
}

/** Words on a map: {word, row, mark: "own", "both" or ""}; a link a word. It is drawn by `drawMap`,
 *  once it stands in the page. */
function wordMap(items, caption) {
  const box = make("div", "", { class: "plane", role: "group", "aria-label": caption });
  const { points, shares } = principal(items.map((item) => item.row));
  box.items = items.map((item, n) => ({ ...item, point: points[n] }));
  for (const { word, mark } of items) {
    put(box, make("span", "", { class: `dot ${mark}` }),
      put(make("span", "", { class: `name ${mark}` }), askFor(word)));
  }
  return { box, shares };
}

function drawMap(box) {
  const { width, height } = box.getBoundingClientRect(), names = [...box.querySelectorAll(".name")];
  const points = inFrame(box.items.map((item) => item.point), width, height, 36);
  const sizes = names.map((name) => [name.offsetWidth, name.offsetHeight]);
  const put = (element, left, top) => {
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
  };
  placed(points, sizes, width, height).forEach(([left, top], n) => put(names[n], left, top));
  box.querySelectorAll(".dot").forEach((dot, n) => put(dot, points[n][0] - 4, points[n][1] - 4));
}
