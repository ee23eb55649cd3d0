// The first question: which word does each model expect in the gap of a sentence?

const EXPECTED = 8, GAP = /_{2,}/;
const EXAMPLE_GAPS = [
  "he was born in the ___ of london and died in paris",
  "the king of ___ was the son of the old queen",
  "she was the first woman to ___ in the world",
  "the ___ of the city was built in the first century",
  "the cat ___ in the green field",
];

/** A sentence all of whose words the page has, with a gap. */
function exampleGap(known, words) {
  const found = EXAMPLE_GAPS.find((text) =>
    text.split(" ").every((word) => GAP.test(word) || known.has(word)));
  return found || [...words.slice(0, 3), "___", ...words.slice(3, 6)].join(" ");
}

/** How a model reads the words beside the gap. */
function reading(one) {
  if (one instanceof Counts) return `counts of up to ${one.order} words in a row`;
  if (one.algorithm === "skip_gram") return "word2vec: each word beside the gap by itself";
  if (one.algorithm) return "word2vec: the mean of the words beside the gap";
  if (one.plain_mean) return "the mean of the words beside the gap";
  if (one.query === "none") return "a mean with a weight for each position";
  return "attention: a weighted mean of the words beside the gap";
}

function showGap() {
  const place = $("gap"), text = $("gapped").value, at = text.search(GAP);
  place.replaceChildren();
  const say = (words) => place.append(make("p", words, { class: "note", role: "status" }));
  if (at < 0) { say("Put three underscores, ___, where a word is missing."); return; }
  const rest = text.slice(at).replace(GAP, "");
  if (GAP.test(rest)) say("Only the first gap is filled. The others are left out.");
  const [before, after] = [text.slice(0, at), rest.replaceAll(/_{2,}/g, " ")].map((side) =>
    tokensOf(side, state.data.text));
  sayMissing([...before, ...after], place);
  const ids = [before, after].map((side) =>
    side.filter((token) => state.index.has(token)).map((token) => state.index.get(token)));
  const asked = chosen(), answers = asked.map((one) => one.file ? null : one.predict(...ids));
  const best = answers.map((one) => one && [...one.p.keys()].sort((a, b) =>
    one.p[b] - one.p[a]).slice(0, EXPECTED));
  const most = Math.max(0, ...answers.map((one, n) => one ? one.p[best[n][0]] : 0));
  const shared = (id) => best.filter(Boolean).length > 1 &&
    best.every((list) => !list || list.includes(id));
  const columns = make("div", "", { class: "columns" });
  asked.forEach((one, n) => columns.append(gapColumn(one, answers[n], best[n], most, shared)));
  place.append(columns);
  say(`A probability is a share among the ${state.data.words.length} words of this page` +
    `${state.data.words.length < state.data.vocabulary
      ? `, not among all ${state.data.vocabulary} words` : ""}. ` +
    `Marked words are among the first ${EXPECTED} of every model here.`);
}

function gapColumn(one, answer, best, most, shared) {
  const table = make("table"), body = make("tbody"), caption = make("caption");
  put(table, put(caption, make("strong", one.name), make("span", reading(one))));
  if (one.file) return put(table, put(caption, make("span", "is being read …")));
  if (!answer) {
    caption.append(make("span", one.objective === "next_word"
      ? "It reads only words before the gap, and there are none."
      : "There is no word beside the gap that it can read."));
    return table;
  }
  const [left, right] = answer.reads;
  caption.append(make("span", one.objective === "next_word"
    ? `It reads only words before the gap: ${left} here.`
    : `It reads ${left} before the gap and ${right} after it.`));
  if (one.left_out) {
    caption.append(make("span", `${one.left_out} rare n-grams are not in this page.`));
  }
  table.append(headRow(["word", "", "probability"]));
  for (const id of best) {
    const bar = make("span"), word = make(shared(id) ? "mark" : "span", state.data.words[id]);
    bar.style.setProperty("--share", `${100 * answer.p[id] / most}%`);
    body.append(put(make("tr"), put(make("td", "", { class: "word" }), word),
      put(make("td", "", { class: "bar" }), bar), make("td", percent(answer.p[id]))));
  }
  return put(table, body);
}

const percent = (share) => share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;
