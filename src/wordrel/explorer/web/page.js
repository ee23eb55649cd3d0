// The page: menus, the three questions, and what is said when there is no answer.
// Text that was typed is only ever set as text, never as markup.

const $ = (id) => document.getElementById(id);
const NEAREST = 12, WIDEST_SQUARE = 20, LONGEST_SHOWN = 60;
const EXAMPLE_WORDS = ["music", "river", "king", "cat", "house"];
const state = { fetched: new Map(), opened: new Map() };

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
  const names = (matched) => data.models.filter((m) => m.matched === matched).map((m) => m.name);
  const matched = names(true);
  const asks = data.models.filter((m) => m.matched && m.query !== "none").map((m) => m.name);
  const means = data.models.filter((m) => m.matched && m.plain_mean).map((m) => m.name);
  const mean = data.models.find((m) => m.algorithm === "cbow") || { name: means[0] };
  fill($("left"), [...names(false), ...means], mean.name);
  const masked = data.models.find((m) =>
    m.matched && m.query !== "none" && m.objective === "masked_word");
  fill($("right"), matched, masked ? masked.name
    : matched.includes("attention") ? "attention" : asks[0] || matched[0]);
  const counts = data.counts_models.filter((one) => one.objective === "masked_word");
  fill($("counts"), [...state.counts.keys()], (counts[counts.length - 1] || {}).name);
  $("counts-box").hidden = !state.counts.size;
  const frequent = data.words.length < data.vocabulary
    ? `the ${data.words.length} most frequent of ${data.vocabulary} words`
    : `all ${data.vocabulary} words`;
  $("about").textContent = `Study ${data.study}, corpus ${data.corpus}: ${frequent}, window ` +
    `${data.window}, one trained seed of each model. This page computes everything itself, from ` +
    "the trained vectors; nothing is sent anywhere.";
  const known = EXAMPLE_WORDS.filter((word) => state.index.has(word));
  const spare = [...known, ...data.words.filter((word) => word.length > 3)].concat(data.words);
  $("word").value = spare[0];
  $("first").value = spare[0];
  $("second").value = spare.find((word) => word !== spare[0]) || spare[0];
  $("sentence").value = state.index.has("river") && state.index.has("bank")
    ? "the old bank of the river was green" : data.words.slice(0, 8).join(" ");
  $("gapped").value = exampleGap(state.index, data.words);
  state.place = null;
  $("small").hidden = data.tokens >= data.enough;
  $("small").textContent = "This text is too small to mean anything: it has " +
    `${data.tokens.toLocaleString("en")} training words, and findings need at least ` +
    `${data.enough.toLocaleString("en")}. The page only shows how an answer looks.`;
  explain();
}

function explain() {
  const data = state.data;
  $("how").replaceChildren(...[
    "Vectors are rounded to 255 steps for each word; numbers may differ from the study's in the " +
      "second digit.",
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

function fillModelMenus() {
  const notes = [];
  for (const side of ["left", "right"]) {
    const chosen = model(side);
    fill($(`${side}-embedding`), chosen.embeddings, chosen.selected,
      chosen.embeddings.map((embedding) => embedding === chosen.selected ? `${embedding} (selected)` : embedding));
    if (chosen.study_selected !== chosen.selected) {
      notes.push(`The study's selected embedding of ${chosen.name} is ${chosen.study_selected}, which ` +
        `needs running text; shown instead: ${chosen.selected}.`);
    }
  }
  $("embedding-note").textContent = notes.join(" ");
  const right = $("right");
  fill($("map-model"), [...right.options].map((one) => one.value), right.value);
  const heads = Array.from({ length: model("right").heads }, (_, h) => String(h));
  fill($("head"), ["mean", ...heads], "mean", ["all, mean", ...heads.map((h) => `${+h + 1}`)]);
  $("head").parentElement.hidden = heads.length < 2;
}

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
  const near = nearestSpelling(tokens[0], state.data.words);
  const line = make("p", `“${short(tokens[0])}” is not among the ${state.data.words.length} words ` +
    "of this page. ", { class: "note", role: "status" });
  if (near) {
    const button = make("button", `Did you mean “${near}”?`, { type: "button", class: "suggest" });
    button.addEventListener("click", () => {
      input.value = near;
      input.focus();
      input.form.requestSubmit();
    });
    line.append(button);
  } else {
    line.append("No word is spelled nearly like it.");
  }
  place.append(line);
  return null;
}

/** Which of these tokens the page lacks. */
function sayMissing(tokens, place) {
  const missing = [...new Set(tokens.filter((token) => !state.index.has(token)))];
  if (!missing.length) return;
  const line = make("p", "Left out, since this page lacks them: ", { class: "note" });
  missing.forEach((token, n) => put(line, n ? ", " : "", make("s", short(token))));
  place.append(line);
}

function headRow(cells) {
  const row = make("tr");
  cells.forEach((text) => row.append(make("th", text, { scope: "col" })));
  return put(make("thead"), row);
}

/** A link that asks for the neighbours of a word. */
function askFor(word) {
  const link = make("a", word, { href: addressOf({ word }) });
  // Another question may have changed since the link was made.
  link.addEventListener("click", () => { link.href = addressOf({ word }); });
  return link;
}

function showNear() {
  if (!ready()) return;
  const place = $("near");
  place.replaceChildren();
  const id = wordOf($("word"), place);
  if (id === null) return;
  const lists = ["left", "right"].map((side) =>
    model(side).nearest(id, $(`${side}-embedding`).value, NEAREST));
  const ids = lists.map((list) => new Set(list.map(([other]) => other)));
  const both = [...ids[0]].filter((other) => ids[1].has(other));
  const word = state.data.words[id];
  place.append(make("p", `“${word}” stands ${state.data.counts[id]} times in the training text. ` +
    `${both.length} of ${lists[0].length} nearest words are in both lists.`, { id: "shared" }));
  const pair = make("div", "", { class: "pairs near" });
  ["left", "right"].forEach((side, s) => {
    const table = make("table");
    table.append(make("caption", `${model(side).name}, ${$(`${side}-embedding`).value}`));
    table.append(headRow(["word", "cosine"]));
    const body = make("tbody");
    for (const [other, value] of lists[s]) {
      const cell = make("td", "", { class: "word" }), name = state.data.words[other];
      if (ids[1 - s].has(other)) {
        put(cell, put(make("mark"), askFor(name)), " ", make("span", "both", { class: "both" }));
      } else cell.append(askFor(name));
      body.append(put(make("tr"), cell, make("td", number(value, 3))));
    }
    if (!lists[s].length) table.append(make("caption", "This word has no direction here."));
    pair.append(put(table, body));
  });
  place.append(pair);
}

function showPair() {
  if (!ready()) return;
  const place = $("pair");
  place.replaceChildren();
  const a = wordOf($("first"), place), b = wordOf($("second"), place);
  if (a === null || b === null) return;
  const [x, y] = [state.data.words[a], state.data.words[b]], sides = [model("left"), model("right")];
  const lifts = sides.map((one) => [one.lifts(a, b), one.lifts(b, a)]);
  const products = sides.map((one) => [one.relations(a, b), one.relations(b, a)]);
  const none = "“none”: the model has no such score";
  place.append(
    pairTable("lifts", `Lifts of “${x}” (a) and “${y}” (b), both ways; ${none}`, sides, lifts),
    pairTable("products", `Products of “${x}” (a) and “${y}” (b), both ways; ${none}`, sides, products),
  );
}

/** A row a score, and for each model a column for each way. */
function pairTable(id, caption, sides, there) {
  const names = [...new Set(there.flatMap(([found]) => Object.keys(found)))];
  const table = make("table", "", { id }), body = make("tbody");
  table.append(make("caption", caption));
  table.append(headRow([id, ...sides.flatMap((one) => [`${one.name} a → b`, `${one.name} b → a`])]));
  for (const name of names) {
    const row = put(make("tr"), make("th", name, { scope: "row" }));
    there.flat().forEach((found) => row.append(make("td", number(found[name], 3))));
    body.append(row);
  }
  return put(make("div", "", { class: "scroll", tabindex: "0", role: "region",
    "aria-label": caption }), put(table, body));
}

/** The models that are chosen: word2vec or a mean, attention, and counts where there are some. */
const chosen = () => [model("left"), model("right"), state.counts.get($("counts").value)]
  .filter((one, n, all) => one && all.indexOf(one) === n);

const ready = () => !model("left").file && !model("right").file;

/** Show what can be shown, and fetch the arrays of a chosen model that are not here yet. */
function showAll() {
  showGap();
  if (ready()) { showNear(); showSentence(); showPair(); }
  chosen().filter((one) => one.file).forEach(fetchPart);
}

/** Read a model's file beside the page: it calls `wordrelPart` with its arrays. */
function fetchPart(one) {
  if (state.fetched.has(one.file)) return;
  state.fetched.set(one.file, one);
  const script = make("script", "", { src: one.file });
  script.addEventListener("error", () => {
    $("missing").textContent =
      `The vectors of ${one.name} are missing: keep the folder of this page beside it.`;
  });
  document.head.append(script);
}

window.wordrelPart = (file, arrays) => {
  Object.assign(state.fetched.get(file), arrays);
  delete state.fetched.get(file).file;
  showAll();
};

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
  for (const side of ["left", "right"]) $(side).addEventListener("change", chooseModels);
  $("left-embedding").addEventListener("change", () => { showNear(); showSentence(); });
  $("right-embedding").addEventListener("change", showNear);
  $("head").addEventListener("change", showSentence);
  $("map-model").addEventListener("change", () => {
    $("right").value = $("map-model").value;
    chooseModels();
  });
  $("counts").addEventListener("change", showGap);
  for (const [form, show] of [["gap", showGap], ["near", showNear], ["map", () => { state.place = null; showSentence(); }],
    ["pair", showPair]]) {
    $(`${form}-form`).addEventListener("submit", (event) => { event.preventDefault(); show(); });
  }
  for (const event of ["change", "submit"]) document.addEventListener(event, remember);
  window.addEventListener("hashchange", followAddress);
  followAddress();
}

window.wordrelExplorer = { Model, Counts, tokensOf, nearestSpelling, unpack };
start();
