// The fourth question: how do two words relate, and which way?

function showPair() {
  const place = $("pair");
  place.replaceChildren();
  const a = wordOf($("first"), place), b = wordOf($("second"), place);
  const sides = ["near-left", "near-right"].map(model);
  if (a === null || b === null || !here(sides, place)) return;
  const columns = make("div", "", { class: "pairs" });
  for (const one of sides) {
    const column = put(make("div"), make("h3", labelOf(one), { title: one.name }));
    const lifts = [one.lifts(a, b), one.lifts(b, a)];
    if (Object.keys(lifts[0]).length) {
      column.append(pairTable(`Lifts: ${labelOf(one)}`, "lifts", a, b, lifts));
    } else column.append(make("p", "It has no lifts: it predicts no words.", { class: "note" }));
    column.append(pairTable(`Products: ${labelOf(one)}`, "products", a, b,
      [one.relations(a, b), one.relations(b, a)]));
    columns.append(column);
  }
  place.append(columns, make("p", "A lift of 0: the score is that of an average word. Of 1: the " +
    "second word is 2.7 times as probable; of −1: 2.7 times less. Products have no common scale, " +
    "so they can be compared only within one row of one model.", { class: "note" }));
}

/** A row a score, a column for each way; names of the field, identifiers behind them. */
function pairTable(caption, kind, a, b, ways) {
  const table = make("table", "", { class: kind }), body = make("tbody");
  const [x, y] = [state.data.words[a], state.data.words[b]];
  const heads = headRow([kind, "", ""]), [, ...cells] = heads.querySelectorAll("th");
  // Each word by itself: else two words that are read from the right would change places.
  [[x, y], [y, x]].forEach(([from, to], n) =>
    put(cells[n], make("bdi", from), " → ", make("bdi", to)));
  put(table, make("caption", caption), heads);
  for (const name of Object.keys(ways[0])) {
    body.append(put(make("tr"), make("th", term(name), { scope: "row", title: name }),
      ...ways.map((found) => make("td", number(found[name], 3)))));
  }
  return put(table, body);
}
