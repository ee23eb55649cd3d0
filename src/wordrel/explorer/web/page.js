// The page: menus, what is read when, and what is said when there is no answer.
// Text that was typed is only ever set as text, never as markup.

const $ = (id) => document.getElementById(id);
const LONGEST_SHOWN = 60, MOST_SUGGESTED = 5;
const EXAMPLE_WORDS = ["music", "river", "king", "cat", "house"];
const SECTIONS = { gap: showGap, map: showSentence, near: showNear, pair: showPair };
const state = { fetched: new Map(), opened: new Map(), summed: new Set(), seen: new Set(["gap"]) };

function make(tag, text = "", attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function put(parent, ...children) { parent.append(...children); return parent; }

function fill(menu, names, chosen, labels = names) {
  menu.replaceChildren(...names.map((name, i) => make("option", labels[i], { value: name })));
  if (names.includes(chosen)) menu.value = chosen;
}

const number = (value, digits) =>
  Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : "none";
const short = (text) => text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;

const labelOf = (one) => one.label || one.name;
const term = (name) => (state.data.terms || {})[name] || name;

function openCorpus() {
  const data = window.wordrelData.find((one) => one.corpus === $("corpus").value);
  state.data = data;
  state.index = new Map(data.words.map((word, id) => [word, id]));
  const opened = state.opened.get(data.corpus) || {
    models: new Map(data.models.map((one) => [one.name, new Model(one, data.window, data.counts)])),
    counts: new Map(data.counts_models.map((one) => [one.name, new Counts(one)])),
  };
  state.opened.set(data.corpus, opened);
  Object.assign(state, opened);
  fillModels(data);
  fillCells();
  const frequent = data.words.length < data.vocabulary
    ? `the ${data.words.length} most frequent of ${data.vocabulary} words`
    : `all ${data.vocabulary} words`;
  $("about").textContent = `Study ${data.study}, corpus ${data.corpus}: ${frequent}, window ` +
    `${data.window}, one trained seed of each model. This page computes everything itself, from ` +
    "the trained vectors; nothing is sent anywhere. ";
  if (data.report) $("about").append(make("a", "The report of the study", { href: data.report }));
  const known = EXAMPLE_WORDS.filter((word) => state.index.has(word));
  const spare = [...known, ...data.words.filter((word) => word.length > 3)].concat(data.words);
  $("word").value = spare[0];
  $("first").value = spare[0];
  $("second").value = spare.find((word) => word !== spare[0]) || spare[0];
  $("sentence").value = state.index.has("river") && state.index.has("bank")
    ? "the old bank of the river was green" : data.words.slice(0, 8).join(" ");
  $("gapped").value = data.gap;
  Object.assign(state, { place: null, summed: new Set(), allCells: false });
  // The models of a page with files beside it are read when their question comes into view.
  if (!data.models.some((one) => one.file)) state.seen = new Set(Object.keys(SECTIONS));
  $("small").hidden = data.tokens >= data.enough;
  $("small").textContent = "This text is too small to mean anything: it has " +
    `${data.tokens.toLocaleString("en")} training words, and findings need at least ` +
    `${data.enough.toLocaleString("en")}. The page only shows how an answer looks.`;
  explain();
}

function fillModels(data) {
  const models = data.models, names = (wanted) => models.filter(wanted).map((one) => one.name);
  const label = (name) => labelOf(state.models.get(name) || state.counts.get(name));
  const put = (menu, wanted, chosen) => fill($(menu), wanted, chosen, wanted.map(label));
  const asks = (one) => one.matched && one.query !== "none", matched = names((one) => one.matched);
  const means = names((one) => one.matched && one.plain_mean);
  const mean = models.find((one) => one.algorithm === "cbow") || { name: means[0] };
  put("left", [...names((one) => !one.matched && one.predicts), ...means], mean.name);
  const full = (one) => (one.query === "mean") + one.positions;
  const [masked] = models.filter((one) => asks(one) && one.objective === "masked_word")
    .sort((a, b) => full(b) - full(a));
  put("right", matched, masked ? masked.name
    : matched.includes("attention") ? "attention" : names(asks)[0] || matched[0]);
  const counts = data.counts_models.filter((one) => one.objective === "masked_word");
  put("counts", [...state.counts.keys()], (counts[counts.length - 1] || {}).name);
  $("counts-box").hidden = !state.counts.size;
  put("map-model", matched);
  for (const side of ["left", "right"]) put(`near-${side}`, names(() => true));
}

function explain() {
  const data = state.data;
  $("how").replaceChildren(...[
    "Vectors are rounded to 255 steps for each word; numbers may differ from the study's in the " +
      "second digit. The first answers, and only those, come from the vectors as they were trained.",
    "Counts are n-grams: how often words stand in a row. Skip-gram predicts from one word; for a " +
      "gap its predictions are multiplied, as if the words beside the gap were independent.",
    "A lift is a score of b less what a gives to all words on average, so lifts of different words " +
      "can be compared. A product says nothing about another word a. The average is taken over " +
      `the ${data.words.length} words of this page, by how often they stand in the text.`,
    `Nearest words are the nearest among the ${data.words.length} words of this page.`,
    "What you type is read as one sentence: letters and inner apostrophes" +
      `${data.text.lowercase ? ", in lower case" : ""}` +
      `${{ drop: ", numbers left out", zero: ", digits written as 0", keep: "" }[data.text.digits]}` +
      ". The corpus is also cut at . ! ? and at paragraphs; this page does not cut.",
    "Words that the page lacks are left out and the window closes over them, as in training. " +
      "In training the window was" + (data.shrunk ? " drawn from 1 to the widest, and" : "") +
      " taken after frequent words were thinned out; here it is the widest, and no word is dropped.",
  ].map((text) => make("li", text)));
}

const model = (side) => state.models.get($(side).value);

function chooseModels() { fillModelMenus(); showAll(); }

/** The other questions begin with the models of the first. */
function fillModelMenus() {
  for (const side of ["left", "right"]) $(`near-${side}`).value = $(side).value;
  $("map-model").value = $("right").value;
  fillEmbeddingMenus();
  fillHeadMenu();
}

function fillEmbeddingMenus() {
  const notes = [];
  for (const side of ["left", "right"]) {
    const one = model(`near-${side}`);
    fill($(`${side}-embedding`), one.embeddings, one.selected, one.embeddings.map((name) =>
      name === one.selected ? `${term(name)} (selected)` : term(name)));
    if (one.study_selected !== one.selected) {
      notes.push(`The study's selected embedding of ${labelOf(one)} is ${term(one.study_selected)}, ` +
        `which needs running text; shown instead: ${term(one.selected)}.`);
    }
  }
  $("embedding-note").textContent = [...new Set(notes)].join(" ");
}

function fillHeadMenu() {
  const heads = Array.from({ length: model("map-model").heads }, (_, h) => String(h));
  fill($("head"), ["mean", ...heads], "mean", ["all, mean", ...heads.map((h) => `${+h + 1}`)]);
  $("head").parentElement.hidden = heads.length < 2;
  reflectCell();
}

function chooseMapModel() { fillHeadMenu(); showSentence(); }

/** The id of the one word that was typed, or null with the reason (and a cure) put into `place`. */
function wordOf(input, place) {
  const say = (text) => place.append(make("p", text, { class: "note", role: "status" }));
  const tokens = tokensOf(input.value, state.data.text);
  if (!tokens.length) {
    say(input.value.trim() ? `“${short(input.value.trim())}” has no letters of a word.`
      : "Type a word.");
    return null;
  }
  if (tokens.length > 1) say(`Only the first word is looked at: “${short(tokens[0])}”.`);
  const id = state.index.get(tokens[0]);
  if (id !== undefined) return id;
  const near = nearestSpellings(tokens[0], state.data.words);
  const line = make("p", `“${short(tokens[0])}” is not among the ${state.data.words.length} words ` +
    "of this page. ", { class: "note", role: "status" });
  if (near.length) {
    line.append("Did you mean ");
    near.forEach((other) => put(line, suggestion(input, other, other), " "));
    line.append("?");
  } else {
    line.append("No word is spelled nearly like it.");
  }
  place.append(line);
  return null;
}

/** A button that puts a text into a box and asks for it. */
function suggestion(input, name, text) {
  const button = make("button", name, { type: "button", class: "suggest" });
  button.addEventListener("click", () => {
    input.value = text;
    input.focus();
    input.form.requestSubmit();
  });
  return button;
}

/** Which of these tokens the page lacks, each with the word that is spelled most like it. */
function sayMissing(tokens, place, input) {
  const missing = [...new Set(tokens.filter((token) => !state.index.has(token)))];
  if (!missing.length) return;
  const line = make("p", "Left out, since this page lacks them: ", { class: "note" });
  missing.forEach((token, n) => {
    put(line, n ? ", " : "", make("s", short(token)));
    const [near] = n < MOST_SUGGESTED ? nearestSpellings(token, state.data.words, 1) : [];
    if (!near) return;
    const text = replaced(input.value, state.data.text, token, near);
    put(line, " (did you mean ", suggestion(input, near, text), "?)");
  });
  place.append(line);
}

function headRow(cells) {
  const row = make("tr");
  cells.forEach((text) => row.append(make("th", text, { scope: "col" })));
  return put(make("thead"), row);
}

/** The models that are chosen: word2vec or a mean, attention, and counts where there are some. */
const chosen = () => [model("left"), model("right"), state.counts.get($("counts").value)]
  .filter((one, n, all) => one && all.indexOf(one) === n);

/** Show every question that was in view. */
function showAll() {
  for (const [name, show] of Object.entries(SECTIONS)) if (state.seen.has(name)) show();
}

/** A question comes into view, by scrolling or by the keyboard: its models are read. */
function see(name) {
  if (state.seen.has(name)) return;
  state.seen.add(name);
  SECTIONS[name]();
}

/** Whether the vectors of these models are here; else they are read, and `place` says so. */
function here(models, place) {
  const away = models.filter((one) => one.file);
  away.forEach(fetchPart);
  for (const one of new Set(away)) {
    place.append(make("p", one.lost ? lostNote(one) : `${labelOf(one)} is being read …`,
      { class: "note" }));
  }
  return !away.length;
}

const lostNote = (one) =>
  `The vectors of ${labelOf(one)} are missing: keep the folder of this page beside it.`;

/** Read a model's file beside the page: it calls `wordrelPart` with its arrays. */
function fetchPart(one) {
  if (state.fetched.has(one.file)) return;
  state.fetched.set(one.file, one);
  const script = make("script", "", { src: one.file });
  script.addEventListener("error", () => {
    one.lost = true;
    $("missing").textContent = lostNote(one);
    showAll();
  });
  document.head.append(script);
}

window.wordrelPart = (file, arrays) => {
  Object.assign(state.fetched.get(file), arrays);
  delete state.fetched.get(file).file;
  showAll();
};

/** See a question once a third of the window is above its form; draw maps for a new width. */
function watch() {
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) see(target.id.replace("-form", ""));
    }
  }, { rootMargin: "0px 0px -33% 0px" });
  for (const name of Object.keys(SECTIONS)) observer.observe($(`${name}-form`));
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    document.querySelectorAll(".plane").forEach(drawMap);
  });
}

function start() {
  if (!window.wordrelData) {
    $("about").textContent = "This page has no data.";
    $("main").hidden = true;
    return;
  }
  const names = window.wordrelData.map((data) => data.corpus);
  fill($("corpus"), names, names[0]);
  $("corpus-box").hidden = names.length < 2;
  $("corpus").addEventListener("change", () => { openCorpus(); chooseModels(); });
  const after = (names, event, show) => names.forEach((name) =>
    $(name).addEventListener(event, show));
  after(["left", "right"], "change", chooseModels);
  after(["near-left", "near-right"], "change", () => { fillEmbeddingMenus(); showNear(); showPair(); });
  after(["left-embedding", "right-embedding"], "change", () => { showNear(); showMap(); });
  after(["head"], "change", showSentence);
  after(["map-model"], "change", chooseMapModel);
  after(["grid", "positions", "step"], "input", chooseCell);
  after(["map-box"], "toggle", showMap);
  after(["counts"], "change", showGap);
  after(["gapped"], "focus", () => chosen().filter((one) => one.file).forEach(fetchPart));
  for (const [name, show] of Object.entries(SECTIONS)) {
    after([`${name}-form`], "submit", (event) => {
      event.preventDefault();
      if (name === "map") Object.assign(state, { place: null, summed: new Set() });
      state.seen.add(name);
      show();
    });
    after([`s-${name}`], "focusin", () => see(name));
  }
  watch();
  for (const event of ["change", "submit"]) document.addEventListener(event, remember);
  window.addEventListener("hashchange", followAddress);
  followAddress();
}

window.wordrelExplorer = {
  Model, Counts, tokensOf, nearestSpellings, unpack, principal, placed, svgOf,
};
start();
