// The twelve cells: the same sentence while one ingredient after another is added to the mean.

const STEPS = ["none: a mean", "a weight for each word", "word with word: q·k"];

/** Where a model stands among the cells: its grid, with or without positions, and its step. */
function placeOf(name) {
  for (const [grid, { rows }] of state.data.cells.entries()) {
    for (const [positions, row] of rows.entries()) {
      const step = row.indexOf(name);
      if (step >= 0) return { grid, positions, step };
    }
  }
  return null;
}

function fillCells() {
  const grids = state.data.cells;
  $("cells").hidden = !grids.length;
  fill($("grid"), grids.map((_, n) => String(n)), "0", grids.map((one) => one.title));
  $("grid-box").hidden = grids.length < 2;
}

/** Set slider, box and menu to the model that is shown. */
function reflectCell() {
  const found = placeOf($("map-model").value);
  $("cell-note").textContent = found ? ""
    : `${labelOf(model("map-model"))} is none of these cells. Move the slider to choose one.`;
  if (!found) return;
  $("grid").value = String(found.grid);
  $("step").value = String(found.step);
  $("positions").checked = found.positions > 0;
  $("step").setAttribute("aria-valuetext", STEPS[found.step]);
}

/** Show the cell that slider, box and menu name. */
function chooseCell() {
  const grid = state.data.cells[+$("grid").value], step = +$("step").value;
  const positions = +$("positions").checked, name = grid.rows[positions][step];
  $("step").setAttribute("aria-valuetext", STEPS[step]);
  if (!name) {
    $("cell-note").textContent = `This page has no model with ${STEPS[step]}, ` +
      `${positions ? "with" : "without"} positions.`;
    return;
  }
  showCell(name);
}

function showCell(name) {
  $("map-model").value = name;
  chooseMapModel();
  remember();
}

/** p of the hidden word in every cell of the grid; a cell is a button that shows it. */
function cellTable(read) {
  const found = placeOf($("map-model").value), hidden = read.ids[read.targets[state.place]];
  if (!found || hidden === undefined) return null;
  const table = make("table", "", { id: "cell-table" }), body = make("tbody");
  const { rows } = state.data.cells[found.grid], away = new Set();
  put(table, make("caption", `Probability of the hidden word “${state.data.words[hidden]}” in each ` +
    "cell"), headRow(["", ...STEPS]));
  rows.forEach((row, positions) => {
    const line = put(make("tr"), make("th", positions ? "positions" : "no positions",
      { scope: "row" }));
    row.forEach((name) => line.append(cellOf(name, read, hidden, away)));
    body.append(line);
  });
  const box = put(make("div"), savable(put(table, body), "The twelve cells: p of the hidden word"));
  if (away.size) {
    const all = make("button", `Compare all (reads ${away.size} more)`, { type: "button", id: "read-cells" });
    all.addEventListener("click", () => { state.allCells = true; showSentence(); });
    if (state.allCells) here([...away], box); else box.append(all);
  }
  return box;
}

function cellOf(name, read, hidden, away) {
  if (!name) return make("td", "no model");
  const one = state.models.get(name), cell = make("td");
  const button = make("button", "", { type: "button", title: name,
    "aria-pressed": String(name === $("map-model").value), "aria-label": labelOf(one) });
  button.addEventListener("click", () => {
    showCell(name);
    // A cell whose vectors are yet to be read has no table.
    ($("cell-table")?.querySelector("[aria-pressed=true]") || $("map-model")).focus();
  });
  if (one.file) {
    away.add(one);
    button.textContent = "show";
    button.setAttribute("aria-label", `show ${labelOf(one)}`);
  } else {
    const answer = one.predict(...sidesOf(one, read.ids, state.place));
    button.textContent = answer ? percent(answer.p[hidden]) : "none";
    button.setAttribute("aria-label", `${labelOf(one)}: ${button.textContent}`);
  }
  return put(cell, button);
}
