// The first question: which word does each model expect in the gap of a sentence?

const EXPECTED = 8, GAP = /_{2,}/;

/** How a model reads the words beside the gap. */
function reading(one) {
  if (one instanceof Counts) return `counts of up to ${one.order} words in a row`;
  if (one.algorithm === "skip_gram") return "word2vec: each word beside the gap by itself";
  if (one.algorithm) return "word2vec: the mean of the words beside the gap";
  if (one.plain_mean) return "the mean of the words beside the gap";
  if (one.direct && one.query === "none" && !one.positions) {
    return "the mean of the words before the gap; the last of them has a map of its own";
  }
  if (one.query === "none") return "a mean with a weight for each position";
  return "attention: a weighted mean of the words beside the gap";
}

/** The most probable words, {best: [[id, p]], reads}; null where it reads no word. Of the example
 *  the page has the answer of the stored model, so that it needs no vectors to show it. */
function answerOf(one, text, ids) {
  if (one.file) return text === state.data.gap ? one.first : undefined;
  const answer = one.predict(...ids);
  if (!answer) return null;
  const order = [...answer.p.keys()].sort((a, b) => answer.p[b] - answer.p[a]);
  return { best: order.slice(0, EXPECTED).map((id) => [id, answer.p[id]]), reads: answer.reads };
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
  sayMissing([...before, ...after], place, $("gapped"));
  const ids = [before, after].map((side) =>
    side.filter((token) => state.index.has(token)).map((token) => state.index.get(token)));
  const asked = chosen(), answers = asked.map((one) => answerOf(one, text, ids));
  asked.forEach((one, n) => { if (answers[n] === undefined) fetchPart(one); });
  const lists = answers.map((one) => one ? one.best.map(([id]) => id) : null).filter(Boolean);
  const most = Math.max(0, ...answers.map((one) => one ? one.best[0][1] : 0));
  const shared = (id) => lists.length > 1 && lists.every((list) => list.includes(id));
  const columns = make("div", "", { class: "columns" });
  asked.forEach((one, n) => columns.append(gapColumn(one, answers[n], most, shared)));
  place.append(savable(columns, "Which word fills the gap"));
  say(`The longest bar is ${percent(most)}. A probability is a share among the ` +
    `${state.data.words.length} words of this page` +
    `${state.data.words.length < state.data.vocabulary
      ? `, not among all ${state.data.vocabulary} words` : ""}. ` +
    `Marked words are among the first ${EXPECTED} of every model here.`);
}

function gapColumn(one, answer, most, shared) {
  const table = make("table"), body = make("tbody"), caption = make("caption");
  const say = (text) => put(table, put(caption, make("span", text)));
  put(table, put(caption, make("strong", labelOf(one), { title: one.name }),
    make("span", reading(one))));
  if (answer === undefined) return say(one.lost ? "is missing" : "is being read …");
  if (!answer) {
    return say(one.objective === "next_word"
      ? "It reads only words before the gap, and there are none."
      : "There is no word beside the gap that it can read.");
  }
  const [left, right] = answer.reads;
  say(one.objective === "next_word" ? `It reads only words before the gap: ${left} here.`
    : `It reads ${left} before the gap and ${right} after it.`);
  if (one.left_out) say(`${one.left_out.toLocaleString("en")} rare n-grams are not in this page.`);
  table.append(headRow(["word", "", "probability"]));
  for (const [id, p] of answer.best) {
    const bar = make("span"), word = make(shared(id) ? "mark" : "span", state.data.words[id]);
    bar.style.setProperty("--share", `${100 * p / most}%`);
    body.append(put(make("tr"), put(make("td", "", { class: "word" }), word),
      put(make("td", "", { class: "bar" }), bar), make("td", percent(p))));
  }
  return put(table, body);
}

const percent = (share) => share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;
