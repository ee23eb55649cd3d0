"use strict";

// Charts: drawn with the colours of the style sheet, and drawn again when these change.
const root = document.documentElement;
const darkly = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : darkly.matches);

// Colours stand in a chart as var(--name); data and names are left as they are, whatever they say.
const NAMES = new Set(["values", "sort", "title"]);
function coloured(part, style) {
  if (typeof part === "string") {
    const name = /^var\((--[a-z]+)\)$/.exec(part);
    return name ? style.getPropertyValue(name[1]).trim() : part;
  }
  if (Array.isArray(part)) return part.map((one) => coloured(one, style));
  if (part === null || typeof part !== "object") return part;
  const found = {};
  for (const [key, value] of Object.entries(part)) {
    found[key] = NAMES.has(key) ? value : coloured(value, style);
  }
  return found;
}

const NARROW = 420; // pixels: below it the names of a legend stand below each other

const CONFIG = JSON.parse(document.getElementById("config").textContent);

function look(style, width) {
  const narrow = width < NARROW;
  return {
    ...coloured(CONFIG, style),
    font: "system-ui, sans-serif",
    axisXQuantitative: { tickCount: narrow ? 4 : 8 },
    legend: { ...coloured(CONFIG.legend, style), columns: narrow ? 1 : 2 },
  };
}

const refuse = async (uri) => {
  throw new Error(`this page loads nothing: ${uri}`);
};

// A box that scrolls sideways can be reached and scrolled by keyboard.
function reachable(box, name) {
  if (box.scrollWidth <= box.clientWidth) return;
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", name);
}

// A chart in a closed fold has no width: it is drawn when the fold opens.
async function draw(within = document) {
  const style = getComputedStyle(root);
  for (const place of within.querySelectorAll(".chart")) {
    if (place.closest("details:not([open])")) continue;
    const stored = place.closest(".panel").querySelector("script").textContent;
    const spec = coloured(JSON.parse(stored), style);
    spec.config = look(style, place.clientWidth);
    const loader = { load: refuse, sanitize: refuse, options: {} };
    const tooltip = { theme: isDark() ? "dark" : "light" };
    const options = { mode: "vega-lite", actions: false, renderer: "svg", loader, tooltip };
    const name = place.getAttribute("aria-label");
    await vegaEmbed(place, spec, options);
    place.setAttribute("role", "img"); // Vega names every chart "Vega visualization"
    place.setAttribute("aria-label", name);
    place.removeAttribute("aria-roledescription");
    reachable(place.closest(".scroll"), name);
  }
  root.dataset.charts = isDark() ? "dark" : "light";
}

let drawing = Promise.resolve();
const drawAgain = (within = document) => {
  drawing = drawing.then(() => draw(within));
};
for (const fold of document.querySelectorAll("details.more")) {
  fold.addEventListener("toggle", () => fold.open && drawAgain(fold));
}

const toggle = document.getElementById("theme");
function nameTheme() {
  toggle.textContent = isDark() ? "Light theme" : "Dark theme";
}
toggle.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
  drawAgain();
});
darkly.addEventListener("change", () => {
  nameTheme();
  drawAgain();
});

// Tables: sorted by a click on a head, filtered by a text box; the lines of the foot stay.
function plain(cell) {
  const copy = cell.cloneNode(true);
  for (const raised of copy.querySelectorAll("sup")) raised.remove();
  return copy.textContent.trim();
}

function asNumber(text) {
  const found = /^[[<]?\s*([−-]?[\d,]*\.?\d+(?:e[−+-]?\d+)?)/.exec(text);
  return found ? Number(found[1].replaceAll(",", "").replaceAll("−", "-")) : NaN;
}

function compare(a, b) {
  const [x, y] = [asNumber(a), asNumber(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return a.localeCompare(b, "en", { numeric: true });
}

const NEXT = { none: "ascending", ascending: "descending", descending: "none" };
const isNothing = (text) => text === "" || text === "–";

function sortBy(table, head, original) {
  const order = NEXT[head.getAttribute("aria-sort")];
  for (const other of head.parentNode.cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", order);
  const keyed = original.map((row) => [plain(row.cells[head.cellIndex]), row]);
  const sign = order === "descending" ? -1 : 1;
  if (order !== "none") {
    keyed.sort(([a], [b]) => isNothing(a) - isNothing(b) || sign * compare(a, b));
  }
  table.tBodies[0].append(...keyed.map(([, row]) => row));
}

const MANY = 12; // rows that are seen at a glance

function filterBox(table, original) {
  const box = document.createElement("div");
  box.className = "filter";
  const label = document.createElement("label");
  const input = document.createElement("input");
  const said = document.createElement("output");
  input.type = "search";
  input.setAttribute("aria-label", `Filter the rows of: ${table.caption.textContent}`);
  label.append("Filter ", input);
  said.setAttribute("aria-live", "polite");
  const show = () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of original) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    said.textContent = `${shown} of ${original.length} rows`;
  };
  input.addEventListener("input", show);
  show();
  box.append(label, said);
  table.closest(".scroll").before(box);
}

for (const table of document.querySelectorAll("table")) {
  const original = [...table.tBodies[0].rows];
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(table, head, original));
    head.setAttribute("aria-sort", "none");
    head.append(button);
  }
  if (original.length > MANY) filterBox(table, original);
}

toggle.hidden = false;
nameTheme();
root.classList.add("drawn"); // before drawing: a chart takes the width of its box
drawAgain();
