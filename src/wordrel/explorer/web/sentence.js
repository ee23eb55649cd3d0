// The second question: which words of a sentence does the model weigh, and how much?

/** What the model does with the sentence that was typed, or null with the reason in `place`:
 *  {known, contexts, weights, targets}, a list for each place. */
function readSentence(place) {
  const all = tokensOf($("sentence").value, state.data.text);
  const say = (text) => place.append(make("p", text, { class: "note", role: "status" }));
  if (!all.length) { say("Type a sentence of a few words."); return null; }
  const tokens = all.slice(0, MOST_TOKENS);
  if (all.length > MOST_TOKENS) {
    say(`Cut after ${MOST_TOKENS} words; ${all.length - MOST_TOKENS} more were typed.`);
  }
  const known = tokens.filter((token) => state.index.has(token));
  sayMissing(tokens, place);
  if (known.length < 2) { say("At least two known words are needed."); return null; }
  const right = model("right"), head = $("head").value;
  const ids = known.map((token) => state.index.get(token)), found = right.forward(ids);
  const weights = found.map(({ weights: heads }) => (heads[0] || []).map((_, n) => head === "mean"
    ? heads.reduce((sum, one) => sum + one[n], 0) / heads.length : heads[+head][n]));
  const ahead = right.objective === "next_word" ? 1 : 0;
  return { known, ids, weights, contexts: found.map((one) => one.context),
    targets: found.map((_, i) => i + ahead) };
}

function showSentence() {
  if (!ready()) return;
  const line = $("line"), map = $("map");
  line.replaceChildren();
  map.replaceChildren();
  const read = readSentence(line);
  $("map-box").hidden = !read;
  if (!read) return;
  const last = read.known.length - 1, masked = model("right").objective === "masked_word";
  if (state.place === null || state.place > last) state.place = masked ? last >> 1 : last;
  line.append(asText(read, masked), byDistance(read));
  showMap(read, map);
}

/** The sentence, each word a button that asks for its weights; below it the model's and a mean's. */
function asText(read, masked) {
  const asked = state.place, context = read.contexts[asked], weights = read.weights[asked];
  const at = new Map(context.map((j, n) => [j, weights[n]])), most = Math.max(...weights, 0);
  const box = make("div"), line = make("ol", "", { class: "line" });
  box.append(make("p", `${masked ? `“${read.known[asked]}” is masked, and predicted from the others.`
    : `The words up to “${read.known[asked]}” predict the next word.`} A stronger colour is more ` +
    "weight. Click another word to ask for its weights."));
  const legend = make("li", "", { class: "legend" });
  line.append(put(legend, make("span", "word"), make("span", "attention", { class: "own" }),
    make("span", "mean")));
  read.known.forEach((word, i) => {
    const button = make("button", word, { type: "button", "aria-pressed": String(i === asked) });
    button.addEventListener("click", () => {
      state.place = i;
      showSentence();
      remember();
      $("line").querySelectorAll("button")[i].focus();
    });
    if (at.has(i)) button.style.setProperty("--share", `${60 * at.get(i) / most}%`);
    const one = at.has(i) ? [number(at.get(i), 2), number(1 / context.length, 2)] : ["·", "·"];
    line.append(put(make("li"), button, make("span", one[0], { class: "own" }),
      make("span", one[1])));
  });
  return put(box, line);
}

/** The mean weight at each distance from the predicted word, over all words of the sentence. */
function byDistance(read) {
  const sums = new Map();
  read.contexts.forEach((context, i) => context.forEach((j, n) => {
    const distance = j - read.targets[i], sum = sums.get(distance) || [0, 0, 0];
    sums.set(distance, [sum[0] + read.weights[i][n], sum[1] + 1 / context.length, sum[2] + 1]);
  }));
  const rows = [...sums].sort((a, b) => a[0] - b[0]).map(([distance, [own, even, times]]) =>
    [distance, own / times, even / times]);
  const most = Math.max(0, ...rows.flatMap((row) => row.slice(1)));
  const table = make("table", "", { id: "distance" }), body = make("tbody");
  table.append(make("caption", "Weight by distance from the predicted word, a mean over all words " +
    "of the sentence"), headRow(["distance", "attention", "", "mean", ""]));
  for (const [distance, ...weights] of rows) {
    const row = put(make("tr"), make("th", number(distance, 0), { scope: "row" }));
    weights.forEach((weight, n) => {
      const bar = make("span", "", { class: n ? "even" : "" });
      bar.style.setProperty("--share", `${100 * weight / most}%`);
      put(row, make("td", number(weight, 2)), put(make("td", "", { class: "bar" }), bar));
    });
    body.append(row);
  }
  return put(table, body);
}

/** A number on a ground as strong as the number is large. */
function heat(value, text) {
  const cell = make("td", text, { class: "heat" });
  if (Number.isFinite(value)) {
    cell.style.setProperty("--shade", value < 0 ? "var(--cold)" : "var(--hot)");
    cell.style.setProperty("--share", `${Math.round(Math.min(1, Math.abs(value)) * 60)}%`);
  }
  return cell;
}

/** Rows ask, columns are looked at; a long sentence shows only the words inside each window. */
function mapTable(caption, words, contexts, values, first) {
  const table = make("table"), body = make("tbody"), square = words.length <= WIDEST_SQUARE;
  table.append(make("caption", caption));
  const widest = Math.max(0, ...contexts.map((context) => context.length));
  table.append(headRow([first, ...(square ? words
    : Array.from({ length: widest }, (_, n) => `word ${n + 1}`))]));
  contexts.forEach((context, i) => {
    const row = put(make("tr"), make("th", words[i], { scope: "row" }));
    const at = new Map(context.map((j, n) => [j, values[i][n]]));
    const columns = square ? words.map((_, j) => j) : context;
    for (const j of columns) {
      if (!at.has(j)) row.append(make("td", "·"));
      else row.append(heat(at.get(j), `${square ? "" : `${words[j]} `}${number(at.get(j), 2)}`));
    }
    body.append(row);
  });
  return put(make("div", "", { class: "scroll map", tabindex: "0", role: "region",
    "aria-label": caption }), put(table, body));
}

function showMap({ known, ids, contexts, weights }, place) {
  const right = model("right"), left = model("left"), embedding = $("left-embedding").value;
  const masked = right.objective === "masked_word", first = masked ? "masked" : "word";
  const cosines = contexts.map((context, i) =>
    context.map((j) => cosine(left.row(embedding, ids[i]), left.row(embedding, ids[j]))));
  const even = contexts.map((context) => context.map(() => 1 / context.length));
  place.append(make("p", masked
    ? "A row belongs to one masked word. It gives the weight of each word around it."
    : "A row belongs to one word: the model predicts the word after it. The row gives the weights of " +
      "this word and of the words before it."));
  place.append(put(make("div", "", { class: "maps" }),
    mapTable(`${right.name}: attention weights; a row adds up to 1`, known, contexts, weights, first),
    mapTable(`${left.name}: cosines (${embedding})`, known, contexts, cosines, first),
    mapTable("A mean: equal weights", known, contexts, even, first)));
}
