// What is typed becomes words as the corpus writes them; a word that is missing gets a neighbour.

const MOST_TOKENS = 200;
const UNSEEN = /[\u00ad\u2060\ufeff\u200e\u200f\u061c՛՜՞]/g;
const OUTER_JOINERS = /(?<!\S)[\u200c\u200d\u180e]+|[\u200c\u200d\u180e]+(?!\S)/g;

/** How a word is written before it is looked up: the rule of `spelled` in corpus/tokens.py. */
function spelled(word, rules) {
  let written = word.replaceAll("’", "'");
  if (rules.words === "letters") return rules.lowercase ? written.toLowerCase() : written;
  written = written.replaceAll("＇", "'").replace(/[‐‑]/g, "-").replace(UNSEEN, "").normalize("NFC").replace(OUTER_JOINERS, "");
  return rules.lowercase ? written.toLowerCase().replace(/i\u0307+/g, "i").normalize("NFC") : written;
}

/** What a word is: letters with their marks and what stands inside; digits where they are kept. */
function wordPattern(rules) {
  const letter = rules.digits === "drop"
    ? "(?![²³¹¼½¾])[\\p{L}\\p{Nl}\\p{No}]" : "(?![²³¹¼½¾])[\\p{L}\\p{N}]";
  let run = `(?:${letter})+`, inside = "'’";
  if (rules.words !== "letters") {
    const unseen = `[\\u200c\\u200d\\u180e\\u00ad\\u2060\\ufeff\\u200e\\u200f\\u061c՛՜՞]+(?=${letter}|\\p{M})`;
    run = `(?:${letter})(?:${letter}|\\p{M}|${unseen})*`;
    inside += "＇·‧״׳";
  }
  if (rules.phrases) inside += "_\\-‐‑";
  return new RegExp(`${run}(?:[${inside}]${run})*`, "gu");
}

/** A word of a text as the corpus writes it. */
function written(token, rules) {
  const word = spelled(token, rules);
  return rules.digits === "zero" ? word.replace(/\p{Nd}/gu, "0") : word;
}

/** Words of a text, as the corpus writes them. */
function tokensOf(text, rules) {
  return (text.match(wordPattern(rules)) || []).map((token) => written(token, rules));
}

/** A text in which another word stands for one of its words. */
function replaced(text, rules, word, other) {
  return text.replace(wordPattern(rules), (token) => written(token, rules) === word ? other : token);
}

/** Edits between two words (letters put in, left out, changed, or two exchanged), at most
 *  `limit` + 1. */
function edits(a, b, limit) {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before = [], above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], before[j - 2] + 1);
      }
    }
    if (Math.min(...row) > limit && Math.min(...above) > limit) return limit + 1;
    [before, above] = [above, row];
  }
  return above[b.length];
}

/** The words within three edits, and half its length, of a word, nearest first; of equals the most frequent
 *  first, as they stand in `words`. */
function nearestSpellings(word, words, most = 3) {
  const limit = Math.min(3, word.length >> 1);
  return words.map((other) => [other, edits(word, other, limit)])
    .filter(([, distance]) => distance <= limit)
    .sort((a, b) => a[1] - b[1]).slice(0, most).map(([other]) => other);
}
