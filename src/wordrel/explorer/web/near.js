// The third question: which words are near a word, in the vectors of two models?

const NEAREST = 12;

/** A link that asks for the neighbours of a word. */
function askFor(word) {
  const link = make("a", word, { href: addressOf({ word }) });
  // Another question may have changed since the link was made.
  link.addEventListener("click", () => { link.href = addressOf({ word }); });
  return link;
}

function showNear() {
  const place = $("near"), sides = ["left", "right"];
  place.replaceChildren();
  const id = wordOf($("word"), place), models = sides.map((side) => model(`near-${side}`));
  if (id === null || !here(models, place)) return;
  const embeddings = sides.map((side) => $(`${side}-embedding`).value);
  const lists = models.map((one, s) => one.nearest(id, embeddings[s], NEAREST));
  const ids = lists.map((list) => new Set(list.map(([other]) => other)));
  const both = new Set([...ids[0]].filter((other) => ids[1].has(other)));
  const word = state.data.words[id];
  place.append(make("p", `“${word}” stands ${state.data.counts[id]} ${state.data.counts[id] === 1 ? "time" : "times"} in the training text. ` +
    `${both.size} of ${lists[0].length} nearest words are in both lists.`, { id: "shared" }));
  const pair = make("div", "", { class: "pairs near" });
  const all = [id, ...new Set([...both, ...ids[0], ...ids[1]])];
  models.forEach((one, s) => {
    const what = `${labelOf(one)}, ${term(embeddings[s])}`;
    const column = put(make("div"), make("h3", what, { title: `${one.name}, ${embeddings[s]}` }));
    if (lists[s].length) {
      column.append(...nearMap(one, embeddings[s], all, both, `Map of words near ${word}: ${what}`),
        nearTable(lists[s], both, `The nearest words of ${word}: ${what}`));
    } else column.append(make("p", "This word has no direction here.", { class: "note" }));
    pair.append(column);
  });
  place.append(pair, make("p", "A map shows the words of both lists by the vectors of one model, " +
    "each of length 1, on the two directions in which they differ most (PCA). Words that look near " +
    "each other can be far apart in the other directions. A cosine is 1 for the same direction, " +
    "0 at a right angle and −1 for the opposite one; cosines of two models have no common scale.",
    { class: "note" }));
  place.querySelectorAll(".plane").forEach(drawMap);
}

function nearMap(one, embedding, ids, both, caption) {
  const rows = one.unit(embedding), width = one.width;
  const items = ids.map((id, n) => ({ word: state.data.words[id],
    row: rows.subarray(id * width, (id + 1) * width),
    mark: n === 0 ? "own" : both.has(id) ? "both" : "" }));
  const { box, shares } = wordMap(items, caption), part = (share) => `${Math.round(100 * share)} %`;
  const note = `Across ${part(shares[0])} of the variance, upwards ${part(shares[1])}. Marked ` +
    "words are in both lists.";
  return [savable(box, caption), make("p", note, { class: "note" })];
}

function nearTable(list, both, caption) {
  const table = make("table"), body = make("tbody");
  put(table, make("caption", caption, { class: "unseen" }), headRow(["word", "", "cosine"]));
  for (const [other, value] of list) {
    const cell = make("td", "", { class: "word" }), bar = make("span"), word = state.data.words[other];
    bar.style.setProperty("--share", `${100 * Math.max(0, value)}%`);
    if (both.has(other)) {
      put(cell, put(make("mark"), askFor(word)), " ", make("span", "both", { class: "both" }));
    } else cell.append(askFor(word));
    body.append(put(make("tr"), cell, put(make("td", "", { class: "bar" }), bar),
      make("td", number(value, 3))));
  }
  return put(table, body);
}
