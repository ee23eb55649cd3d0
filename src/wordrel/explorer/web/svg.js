// Any chart of the page as an SVG file: what stands in it, at the places where the browser put it.

/** The name of SVG's elements, from the browser: the page itself names no address. */
const SVG = (() => {
  const box = make("div");
  box.innerHTML = "<svg></svg>";
  return box.firstChild.namespaceURI;
})();

/** A colour of a style as [rgb, opacity]: the browser mixes colours in notations of its own. */
const colourOf = (() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  return (css) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = css;
    paint.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = paint.getImageData(0, 0, 1, 1).data;
    return [`rgb(${red},${green},${blue})`, alpha / 255];
  };
})();

const tenth = (value) => String(Math.round(10 * value) / 10);

function shape(tag, places, style = {}) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(places)) element.setAttribute(name, tenth(value));
  for (const [name, value] of Object.entries(style)) element.setAttribute(name, value);
  return element;
}

/** The ground, the frame and the lower line of an element. */
function boxShapes(element, left, top) {
  const style = getComputedStyle(element), box = element.getBoundingClientRect(), found = [];
  const x = box.left - left, y = box.top - top;
  const place = { x, y, width: box.width, height: box.height,
    rx: Math.min(parseFloat(style.borderTopLeftRadius) || 0, box.width / 2) };
  const [fill, opacity] = colourOf(style.backgroundColor);
  if (opacity) found.push(shape("rect", place, { fill, "fill-opacity": opacity.toFixed(2) }));
  const wide = (side) => parseFloat(style[`border${side}Width`]);
  const [stroke, seen] = colourOf(style.borderBottomColor);
  if (!seen || !wide("Bottom")) return found;
  if (wide("Top")) {
    found.push(shape("rect", place, { fill: "none", stroke, "stroke-width": wide("Top") }));
  } else {
    const low = y + box.height;
    found.push(shape("line", { x1: x, x2: x + box.width, y1: low, y2: low }, { stroke }));
  }
  return found;
}

/** Each word of a text where it stands. */
function wordShapes(text, left, top) {
  const style = getComputedStyle(text.parentElement), size = parseFloat(style.fontSize);
  const upright = !style.writingMode.startsWith("vertical"), range = document.createRange();
  return [...text.data.matchAll(/\S+/g)].map((word) => {
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    const box = range.getBoundingClientRect();
    // About a third of a font's size lies between the middle of a line and its base.
    const x = box.left - left + (upright ? 0 : box.width / 2 + 0.35 * size);
    const y = upright ? box.top - top + box.height / 2 + 0.35 * size : box.bottom - top;
    const element = shape("text", { x, y }, { fill: colourOf(style.color)[0],
      "font-size": size, "font-family": "sans-serif", "font-weight": style.fontWeight });
    if (style.textDecorationLine.includes("line-through")) {
      element.setAttribute("text-decoration", "line-through");
    }
    if (!upright) element.setAttribute("transform", `rotate(-90 ${tenth(x)} ${tenth(y)})`);
    element.textContent = word[0];
    return element;
  });
}

/** An element and all that it shows as the text of an SVG file. */
function svgOf(chart, title) {
  const frame = chart.getBoundingClientRect(), found = [], margin = 8;
  const left = frame.left - margin, top = frame.top - margin;
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { found.push(...wordShapes(node, left, top)); return; }
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches(".unseen, .save, input")) return;
    if (!node.getClientRects().length) return;
    if (node !== chart) found.push(...boxShapes(node, left, top));
    node.childNodes.forEach(walk);
  };
  walk(chart);
  const width = Math.max(frame.width, chart.scrollWidth) + 2 * margin;
  const height = frame.height + 2 * margin;
  const back = shape("rect", { x: 0, y: 0, width, height },
    { fill: colourOf(getComputedStyle(document.body).backgroundColor)[0] });
  const name = document.createElementNS(SVG, "title");
  name.textContent = title;
  const picture = put(shape("svg", { width, height }), name, back, ...found);
  picture.setAttribute("viewBox", `0 0 ${tenth(width)} ${tenth(height)}`);
  return new XMLSerializer().serializeToString(picture);
}

/** The chart, with a button below it that saves it. */
function savable(chart, title) {
  const button = make("button", "Save as SVG", { type: "button", class: "save",
    "aria-label": `Save as SVG: ${title}` });
  button.addEventListener("click", () => {
    const file = new Blob([svgOf(chart, title)], { type: "image/svg+xml" });
    const link = make("a", "", { href: URL.createObjectURL(file),
      download: `${title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60)}.svg` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // once it is saved
  });
  return put(make("div", "", { class: "chart" }), chart, button);
}
