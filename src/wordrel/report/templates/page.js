"use strict";

const root = document.documentElement;
const darkly = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : darkly.matches);
const SETTINGS = JSON.parse(document.getElementById("settings").textContent);

function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Texts: a mark begins or ends an element; everything else is text, whatever it says.
const MARK = new RegExp(`([${Object.keys(SETTINGS.marks).join("")}])`);

function better(side) {
  return el("span", { class: "better", "data-better": side }, `${side} is better`);
}

function inline(text) {
  if (!MARK.test(text)) return text;
  const whole = document.createDocumentFragment();
  let here = whole;
  for (const part of text.split(MARK)) {
    const sign = SETTINGS.marks[part];
    if (sign === undefined) here.append(part);
    else if (sign === "br") here.append(el("br", {}));
    else if (sign === "higher" || sign === "lower") here.append(better(sign));
    else if (sign === "to") {
      here.setAttribute(here.tagName === "A" ? "href" : "title", here.textContent);
      here.textContent = "";
    } else if (sign === "end") {
      if (here.tagName === "MARK") here.className = SETTINGS.verdicts[here.textContent] ?? "open";
      here = here.parentNode;
    } else if (sign) {
      const inner = el(sign, {});
      here.append(inner);
      here = inner;
    }
  }
  return whole;
}

// Blocks: each kind of block of a report becomes elements.
const nothing = { blocks: [], items: [], lines: [], rows: [], foot: [], charts: [], tables: [] };

const BUILD = {
  paragraph: (block) => el("p", {}, inline(block.text)),
  bullets: (block) => el("ul", {}, ...block.items.map((item) => el("li", {}, inline(item)))),
  commands: (block) => el("pre", {}, el("code", {}, block.lines.join("\n"))),
  table: (block, level, where) => table(block, where),
  figure: (block, level, where) => figure(block, level, where),
  fold: (block, level) => {
    const name = inline(block.title);
    const fold = el("details", {}, el("summary", {}, name));
    return later(fold, () => built(block.blocks, level, [fold.firstChild.textContent]));
  },
  section: (block, level, where) => {
    const head = el(`h${level}`, {}, inline(block.title));
    const inside = built(block.blocks, level + 1, [...where, head.textContent]);
    return el("section", {}, head, ...inside);
  },
};

function built(blocks, level, where) {
  return blocks.map((block) => BUILD[block.kind]({ ...nothing, ...block }, level, where));
}

// What a fold holds is built when it is opened for the first time.
const waiting = new WeakMap();

function later(fold, build) {
  waiting.set(fold, build);
  fold.addEventListener("toggle", () => fold.open && open(fold));
  return fold;
}

function open(fold) {
  fold.append(...(waiting.get(fold)?.() ?? []));
  waiting.delete(fold);
  fold.open = true;
  ready(fold);
}

// Tables: sorted by a click on a head, filtered by a text box; the lines of the foot stay.
const MANY = 12; // rows that are seen at a glance

// A text that stands in many cells is stored once, and a cell has its number.
function cells(line, words, first) {
  return line.map((cell, i) => {
    const said = inline(typeof cell === "number" ? SETTINGS.texts[cell] : cell);
    if (i === first) return el("th", { scope: "row", class: "word" }, said);
    return el("td", { class: i < first ? "letter" : i < words ? "word" : "n" }, said);
  });
}

function table(block, where) {
  const words = block.words ?? 0;
  const first = block.heads[0] ? 0 : 1;
  const rows = (lines) => lines.map((line) => el("tr", {}, ...cells(line, words, first)));
  const caption = el("caption", {}, where.join(" · "));
  if (block.title) caption.append(" · ", inline(block.title));
  const body = el("tbody", {}, ...rows(block.rows));
  const heads = el("tr", {});
  const found = el("table", {}, caption, el("thead", {}, heads), body);
  if (block.foot.length) found.append(el("tfoot", {}, ...rows(block.foot)));
  const original = [...body.rows];
  block.heads.forEach((text, i) => heads.append(head(text, i < words, found, original)));
  const box = el("div", { class: "scroll" }, found);
  const whole = el("div", { class: "table" }, el("div", { class: "wide" }, box));
  if (original.length > MANY) whole.prepend(filterBox(found, original));
  return whole;
}

function head(text, isWord, found, original) {
  const said = text ? inline(text) : el("span", { class: "hidden" }, "letter");
  const button = el("button", { type: "button" }, said);
  const glyph = el("span", { class: "glyph", "aria-hidden": "true" });
  const sign = button.querySelector(".better");
  button.append(glyph);
  const cell = el("th", { scope: "col", "aria-sort": "none" }, button);
  if (!isWord) cell.className = "n";
  if (sign) cell.append(sign); // not part of the button: it says nothing of the order
  const best = sign?.dataset.better === "higher" ? "descending" : "ascending";
  button.addEventListener("click", () => sortBy(found, cell, best, original));
  return cell;
}

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
  if (!Number.isNaN(x) && !Number.isNaN(y) && x !== y) return x - y;
  return a.localeCompare(b, "en", { numeric: true });
}

const isNothing = (text) => text === "" || text === "–";

// The first click brings the best to the top, the second the worst, the third the first order.
function sortBy(found, cell, best, original) {
  const worst = best === "ascending" ? "descending" : "ascending";
  const order = { none: best, [best]: worst, [worst]: "none" }[cell.getAttribute("aria-sort")];
  for (const other of cell.parentNode.cells) other.setAttribute("aria-sort", "none");
  cell.setAttribute("aria-sort", order);
  const keyed = original.map((row) => [plain(row.cells[cell.cellIndex]), row]);
  const sign = order === "descending" ? -1 : 1;
  if (order !== "none") {
    keyed.sort(([a], [b]) => isNothing(a) - isNothing(b) || sign * compare(a, b));
  }
  found.tBodies[0].append(...keyed.map(([, row]) => row));
}

function filterBox(found, original) {
  const name = `Filter the rows of: ${found.caption.textContent}`;
  const input = el("input", { type: "search", "aria-label": name });
  const said = el("output", { "aria-live": "polite" });
  const show = () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of original) {
      const titles = [...row.querySelectorAll("[title]")].map((one) => one.title);
      const text = `${row.textContent} ${titles.join(" ")}`.toLowerCase();
      row.hidden = !text.includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    said.textContent = `${shown} of ${original.length} rows`;
  };
  input.addEventListener("input", show);
  show();
  return el("div", { class: "filter" }, el("label", {}, "Filter ", input), said);
}

// A box that scrolls sideways says so, and can be reached and scrolled by keyboard.
function cue(box) {
  const rest = box.scrollWidth - box.clientWidth;
  const frame = box.parentNode;
  frame.classList.toggle("left", box.scrollLeft > 1);
  frame.classList.toggle("right", rest - box.scrollLeft > 1);
  if (rest <= 1 || box.tabIndex === 0) return;
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  const named = box.querySelector("caption")?.textContent;
  box.setAttribute("aria-label", named ?? box.querySelector(".chart").getAttribute("aria-label"));
  box.addEventListener("scroll", () => cue(box), { passive: true });
}

const cues = (within) => within.querySelectorAll(".scroll").forEach(cue);
addEventListener("resize", () => cues(document));

// Figures: charts are drawn with the colours of the style sheet, and again when these change.
const specs = new WeakMap(); // chart -> its specification
const FEW = 6; // charts beside each other that stand open

// One key names the colours and markers of a whole figure; it wraps where the page is narrow.
const GLYPHS = {
  ...{ circle: "●", square: "■", diamond: "◆", cross: "✚" },
  ...{ "triangle-up": "▲", "triangle-down": "▼", "triangle-right": "▶", "triangle-left": "◀" },
};

function key(charts) {
  const encodings = charts.flatMap((chart) => chart.spec.layer.map((one) => one.encoding));
  const found = new Map();
  for (const { stroke, shape } of encodings) {
    if (!stroke?.legend || !shape) continue;
    stroke.scale.domain.forEach((name, i) => {
      const glyph = `${GLYPHS[shape.scale.range[i]]}\uFE0E`; // as text, and no picture
      const sign = el("span", { style: `color: ${stroke.scale.range[i]}` }, glyph);
      found.set(name, el("li", {}, sign, ` ${name}`));
    });
  }
  if (found.size) for (const { stroke, shape } of encodings) {
    for (const one of [stroke, shape]) if (one?.legend) one.legend = null; // also that of intervals
  }
  return found.size ? [el("ul", { class: "key", "aria-label": "Key" }, ...found.values())] : [];
}

function panel(chart) {
  const name = [chart.title, chart.line].filter(Boolean).join(", ");
  const label = `Chart of ${name}; its words stand below the figure`;
  const place = el("div", { class: "chart", role: "img", "aria-label": label });
  specs.set(place, chart.spec);
  if (chart.spec.usermeta) place.style.minWidth = `${chart.spec.usermeta.least}px`;
  const titles = [el("p", { class: "chart-title" }, chart.title ?? "")];
  if (chart.line) titles.push(el("p", { class: "chart-line" }, chart.line));
  const wide = el("div", { class: "wide" }, el("div", { class: "scroll" }, place));
  return el("div", { class: "panel" }, ...titles, wide);
}

function figure(block, level, where) {
  const columns = block.columns ?? 1;
  const panels = (charts) => {
    return el("div", { class: "panels", "data-columns": columns }, ...charts.map(panel));
  };
  const few = block.few ?? (columns > 1 ? FEW : block.charts.length);
  const [shown, rest] = [block.charts.slice(0, few), block.charts.slice(few)];
  const found = el("figure", {}, ...key(block.charts), panels(shown));
  if (rest.length) {
    const more = el("details", { class: "more" }, el("summary", {}, `${rest.length} more`));
    found.append(later(more, () => [panels(rest)]));
  }
  const caption = [block.caption, block.marks].filter(Boolean).map(inline);
  if (caption.length) found.append(el("figcaption", {}, ...caption));
  const words = el("details", { class: "words" }, el("summary", {}, "The figure in words"));
  const tables = () => built(block.tables, level, where);
  found.append(later(words, () => [el("p", {}, block.words), ...tables()]));
  return found;
}

// Colours stand in a chart as var(--name); data and names are left as they are, whatever they say.
const NAMES = new Set(["values", "sort", "domain", "title", "text"]);
function coloured(part, style) {
  if (typeof part === "string") {
    const name = /^var\((--[a-z]+)\)$/.exec(part);
    return name ? style.getPropertyValue(name[1]).trim() : part;
  }
  if (part === null || typeof part !== "object") return part;
  if (Array.isArray(part)) return part.map((one) => coloured(one, style));
  const found = {};
  for (const [key, value] of Object.entries(part)) {
    const isName = NAMES.has(key) && (typeof value !== "object" || Array.isArray(value));
    found[key] = isName ? value : coloured(value, style);
  }
  return found;
}

const TICK = 90; // pixels from one number of an axis to the next, about

function look(style, width) {
  return {
    ...coloured(SETTINGS.config, style),
    font: "system-ui, sans-serif",
    axisXQuantitative: { tickCount: Math.max(3, Math.round(width / TICK)) },
  };
}

const refuse = async (uri) => {
  throw new Error(`this page loads nothing: ${uri}`);
};

// The library waits as text until a chart needs it; in a function, its names are its own. The page's
// policy names the digest of exactly this text.
function library() {
  if (window.vegaEmbed) return;
  const text = document.getElementById("library").textContent;
  document.head.append(el("script", {}, `(() => {${text}})();`));
}

async function drawChart(place, theme) {
  library();
  const style = getComputedStyle(root);
  const spec = coloured(specs.get(place), style);
  spec.config = look(style, place.clientWidth);
  const loader = { load: refuse, sanitize: refuse, options: {} };
  // Vega's interpreter reads expressions (ast): the page's policy lets no text become code.
  const options = { mode: "vega-lite", actions: false, renderer: "svg", ast: true, loader };
  const name = place.getAttribute("aria-label");
  place.dataset.drawn = theme;
  await vegaEmbed(place, spec, { ...options, tooltip: { theme } });
  place.setAttribute("role", "img"); // Vega names every chart "Vega visualization"
  place.setAttribute("aria-label", name);
  place.removeAttribute("aria-roledescription");
  cue(place.closest(".scroll"));
}

// A chart in a closed fold has no width: it is drawn when the fold opens.
async function draw(within) {
  const theme = isDark() ? "dark" : "light";
  for (const place of within.querySelectorAll(".chart")) {
    const seen = !place.closest("details:not([open])");
    if (seen && place.dataset.drawn !== theme) await drawChart(place, theme);
  }
  root.dataset.charts = theme;
}

let drawing = Promise.resolve();
function ready(within) {
  cues(within);
  drawing = drawing.then(() => draw(within));
}

// The page: the card, the sections, the two buttons, and addresses that lead into a section.
const stored = (within) => JSON.parse(within.querySelector(":scope > script").textContent);

function card(found) {
  const sentences = (found.sentences ?? []).map((sentence) => el("li", {}, inline(sentence)));
  const chips = (found.verdicts ?? []).map(([claim, word]) => {
    const chip = el("mark", { class: SETTINGS.verdicts[word] ?? "open" }, inline(word));
    return el("li", {}, chip, " ", inline(claim));
  });
  const verdicts = el("ul", { class: "verdicts", "aria-label": "Verdicts" }, ...chips);
  const shown = found.figure ? built([{ ...found.figure, few: 2 }], 3, ["The answer"]) : [];
  const first = el("ul", { class: "sentences" }, ...sentences);
  return [...(sentences.length ? [first] : []), ...(chips.length ? [verdicts] : []), ...shown];
}

const answer = document.querySelector(".card");
answer?.append(...card(stored(answer)));
const parts = [...document.querySelectorAll(".part")];
for (const part of parts) {
  later(part, () => {
    return [el("div", { class: "inside" }, ...built(stored(part), 3, [part.querySelector("h2").textContent]))];
  });
}

function openAll(within) {
  for (const fold of within.querySelectorAll("details")) open(fold);
  if (within.querySelector("details:not([open])")) openAll(within);
}

const all = document.getElementById("all");
const nameAll = () => {
  all.textContent = parts.every((part) => part.open) ? "Close all" : "Open all";
};
all.addEventListener("click", () => {
  if (parts.every((part) => part.open)) for (const part of parts) part.open = false;
  else openAll(document.getElementById("main"));
});
for (const part of parts) part.addEventListener("toggle", nameAll);

function reveal() {
  const part = document.getElementById(location.hash.slice(1));
  if (!part?.matches(".part")) return;
  open(part);
  part.scrollIntoView();
}
addEventListener("hashchange", reveal);

const toggle = document.getElementById("theme");
const nameTheme = () => {
  toggle.textContent = isDark() ? "Light theme" : "Dark theme";
  ready(document);
};
toggle.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
darkly.addEventListener("change", nameTheme);

document.querySelector(".controls").hidden = false;
nameTheme();
reveal();
