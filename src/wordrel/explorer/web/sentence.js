// The second question: which words of a sentence does the model weigh, and how much?

const GUESSES = 6, WIDEST_SQUARE = 20, WIDEST_NUMBERS = 8;

/** What the model does with the sentence that was typed, or null with the reason in `place`:
 *  {known, ids, contexts, weights, targets}, a list for each place. */
function readSentence(place) {
  const all = tokensOf($("sentence").value, state.data.text);
  const say = (text) => place.append(make("p", text, { class: "note", role: "status" }));
  if (!all.length) { say("Type a sentence of a few words."); return null; }
  const tokens = all.slice(0, MOST_TOKENS);
  if (all.length > MOST_TOKENS) {
    say(`Cut after ${MOST_TOKENS} words; ${all.length - MOST_TOKENS} more were typed.`);
  }
  const known = tokens.filter((token) => state.index.has(token));
  sayMissing(tokens, place, $("sentence"));
  if (known.length < 2) { say("At least two known words are needed."); return null; }
  const one = model("map-model"), head = $("head").value;
  if (!here([one], place)) return null;
  const ids = known.map((token) => state.index.get(token)), found = one.forward(ids);
  const weights = found.map(({ weights: heads }) => (heads[0] || []).map((_, n) => head === "mean"
    ? heads.reduce((sum, each) => sum + each[n], 0) / heads.length : heads[+head][n]));
  const ahead = one.objective === "next_word" ? 1 : 0;
  return { known, ids, weights, contexts: found.map((each) => each.context),
    targets: found.map((_, i) => i + ahead) };
}

/** The words before and after what a model predicts at a place of a sentence. */
const sidesOf = (one, ids, place) => one.objective === "next_word"
  ? [ids.slice(0, place + 1), []] : [ids.slice(0, place), ids.slice(place + 1)];

function showSentence() {
  const line = $("line");
  line.replaceChildren();
  const read = readSentence(line);
  $("map-box").hidden = !read;
  if (!read) return;
  const last = read.known.length - 1, masked = model("map-model").objective === "masked_word";
  if (state.place === null || state.place > last) state.place = masked ? last >> 1 : last - 1;
  const beside = make("div", "", { class: "beside" }), cells = cellTable(read);
  const column = put(make("div"), guessTable(read));
  if (cells) column.append(cells);
  line.append(asText(read, masked), put(beside, column, byDistance(read)));
  addUp(read);
  showMap();
}

/** The sentence, each word a button that asks for its weights; below it the model's and a mean's,
 *  and a box that adds its weight to a sum. */
function asText(read, masked) {
  const asked = state.place, context = read.contexts[asked], weights = read.weights[asked];
  const at = new Map(context.map((j, n) => [j, weights[n]])), most = Math.max(...weights, 0);
  const box = make("div"), line = make("ol", "", { class: "line" });
  box.append(make("p", `${masked ? `“${read.known[asked]}” is hidden, and predicted from the others.`
    : `The words up to “${read.known[asked]}” predict the next word.`} The strongest colour is the ` +
    `largest weight, ${number(most, 2)}. Click another word to ask for its weights.`));
  const legend = make("li", "", { class: "legend" });
  line.append(put(legend, make("span", "word"), make("span", "attention", { class: "own" }),
    make("span", "mean"), make("span", "add up", { class: "save" })));
  read.known.forEach((word, i) => {
    const button = make("button", word, { type: "button", "aria-pressed": String(i === asked) });
    button.addEventListener("click", () => {
      state.place = i;
      showSentence();
      remember();
      $("line").querySelectorAll(".line button")[i].focus();
    });
    if (at.has(i)) button.style.setProperty("--share", `${60 * at.get(i) / most}%`);
    const one = at.has(i) ? [number(at.get(i), 2), number(1 / context.length, 2)] : ["·", "·"];
    const sum = make("input", "", { type: "checkbox", "aria-label": `add up ${word}` });
    sum.checked = state.summed.has(i);
    sum.addEventListener("change", () => {
      if (sum.checked) state.summed.add(i); else state.summed.delete(i);
      addUp(read);
    });
    line.append(put(make("li"), button, make("span", one[0], { class: "own" }),
      make("span", one[1]), sum));
  });
  return put(box, savable(line, "Attention weights of a sentence"),
    make("p", "", { id: "sum", role: "status" }));
}

/** The weight of the chosen words together, in the model and in a mean. */
function addUp(read) {
  const chosen = [...state.summed].filter((i) => i < read.known.length).sort((a, b) => a - b);
  if (!chosen.length) {
    $("sum").textContent = "Tick words to add up their weights.";
    return;
  }
  const total = (places) => {
    let own = 0, even = 0;
    for (const i of places) {
      read.contexts[i].forEach((j, n) => {
        if (!state.summed.has(j)) return;
        own += read.weights[i][n];
        even += 1 / read.contexts[i].length;
      });
    }
    return [own, even];
  };
  const [here, all] = [total([state.place]), total(read.known.keys())];
  const places = read.contexts.filter((context) => context.length).length || 1;
  $("sum").textContent = `${chosen.map((i) => `“${read.known[i]}”`).join(" + ")}: ` +
    `${number(here[0], 2)} of the weight here, ${number(here[1], 2)} in a mean. Over all ${places} ` +
    `predicted words: ${number(all[0] / places, 2)}, and ${number(all[1] / places, 2)} in a mean.`;
}

/** What the model expects at the chosen place, and how it ranks the word that stands there. */
function guessTable(read) {
  const one = model("map-model"), answer = one.predict(...sidesOf(one, read.ids, state.place));
  const hidden = read.known[read.targets[state.place]], words = state.data.words;
  const place = hidden === undefined ? "behind the last word" : `in place of “${hidden}”`;
  const table = make("table", "", { id: "guess" }), body = make("tbody");
  put(table, make("caption", `What ${labelOf(one)} expects ${place}`),
    headRow(["word", "", "probability"]));
  if (!answer) {
    table.append(make("caption", "There is no word that it can read."));
    return table;
  }
  const order = [...answer.p.keys()].sort((a, b) => answer.p[b] - answer.p[a]);
  const shown = order.slice(0, GUESSES), id = state.index.get(hidden);
  if (hidden !== undefined && !shown.includes(id)) shown.push(id);
  for (const each of shown) {
    const bar = make("span"), word = make(each === id ? "mark" : "span", words[each]);
    bar.style.setProperty("--share", `${100 * answer.p[each] / answer.p[order[0]]}%`);
    const rank = each === id ? ` rank ${order.indexOf(each) + 1}` : "";
    body.append(put(make("tr"),
      put(make("td", "", { class: "word" }), word, make("span", rank, { class: "both" })),
      put(make("td", "", { class: "bar" }), bar), make("td", percent(answer.p[each]))));
  }
  return savable(put(table, body), "Predicted words");
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
  return savable(put(table, body), "Weight by distance");
}

/** The map of the sentence, once its fold is open: the cosines may need another model. */
function showMap() {
  const place = $("map");
  place.replaceChildren();
  if (!$("map-box").open) return;
  const read = readSentence(make("div")), left = model("near-left");
  if (!read || !here([left], place)) return;
  const { known, ids, contexts, weights } = read, one = model("map-model");
  const embedding = $("left-embedding").value, masked = one.objective === "masked_word";
  const cosines = contexts.map((context, i) =>
    context.map((j) => cosine(left.row(embedding, ids[i]), left.row(embedding, ids[j]))));
  const even = contexts.map((context) => context.map(() => 1 / context.length));
  place.append(make("p", `${masked
    ? "A row belongs to one hidden word. It gives the weight of each word around it."
    : "A row belongs to one word: the model predicts the word after it. The row gives the weights " +
      "of this word and of the words before it."} The strongest blue is 1, no colour is 0, and the ` +
    "strongest brown is −1."));
  const first = masked ? "hidden" : "word";
  place.append(put(make("div", "", { class: "maps" }),
    mapTable(`${labelOf(one)}: attention weights; a row adds up to 1`, known, contexts, weights, first),
    mapTable(`${labelOf(left)}: cosines (${term(embedding)})`, known, contexts, cosines, first),
    mapTable("A mean: equal weights", known, contexts, even, first)));
}

/** A number on a ground as strong as the number is large. */
function heat(element, value) {
  if (!Number.isFinite(value)) return element;
  element.classList.add("heat");
  element.style.setProperty("--shade", value < 0 ? "var(--cold)" : "var(--hot)");
  element.style.setProperty("--share", `${Math.round(Math.min(1, Math.abs(value)) * 60)}%`);
  return element;
}

/** Rows ask, columns are looked at; a long sentence lists in each row only the words of a window. */
function mapTable(caption, words, contexts, values, first) {
  const table = make("table"), body = make("tbody"), square = words.length <= WIDEST_SQUARE;
  const dense = words.length > WIDEST_NUMBERS ? " dense" : "";
  table.append(make("caption", caption), headRow([first, ...(square ? words : ["words"])]));
  contexts.forEach((context, i) => {
    const row = put(make("tr"), make("th", words[i], { scope: "row" }));
    if (square) {
      const at = new Map(context.map((j, n) => [j, values[i][n]]));
      words.forEach((word, j) => row.append(at.has(j) ? mapCell(at.get(j), word) : make("td", "·")));
    } else {
      const cell = make("td", "", { class: "word" });
      context.forEach((j, n) => cell.append(
        heat(make("span", `${words[j]} ${number(values[i][n], 2)}`), values[i][n]), " "));
      row.append(cell);
    }
    body.append(row);
  });
  return savable(put(make("div", "", { class: `map${square ? " square" : ""}${dense}` }),
    put(table, body)), caption);
}

function mapCell(value, word) {
  const text = number(value, 2);
  return put(heat(make("td", "", { title: `${word}: ${text}` }), value), make("span", text));
}
