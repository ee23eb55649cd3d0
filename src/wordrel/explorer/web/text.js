// What is typed becomes words as the corpus writes them; a word that is missing gets a neighbour.

const MOST_TOKENS = 200;

/** Words of a text. Letters and inner apostrophes; digits where the corpus keeps them. */
function tokensOf(text, rules) {
  const letter = rules.digits === "drop"
    ? "(?![²³¹¼½¾])[\\p{L}\\p{Nl}\\p{No}]" : "(?![²³¹¼½¾])[\\p{L}\\p{N}]";
  const word = new RegExp(`(?:${letter})+(?:['’](?:${letter})+)*`, "gu");
  return (text.match(word) || []).map((token) => {
    let written = token.replaceAll("’", "'");
    if (rules.lowercase) written = written.toLowerCase();
    return rules.digits === "zero" ? written.replace(/\p{Nd}/gu, "0") : written;
  });
}

/** Edits between two words (letters put in, left out, changed), at most `limit` + 1. */
function edits(a, b, limit) {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] !== b[j - 1]));
    }
    if (Math.min(...row) > limit) return limit + 1;
    above = row;
  }
  return above[b.length];
}

/** The nearest spelling within three edits, the most frequent of the nearest; else null. */
function nearestSpelling(word, words) {
  let limit = Math.min(3, word.length - 1), found = null;
  for (const other of words) {
    const distance = edits(word, other, limit);
    if (distance <= limit) { found = other; limit = distance - 1; }
    if (limit < 1) break;
  }
  return found;
}
