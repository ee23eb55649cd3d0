// Counts: what n-grams say of a gap. The mathematics is that of wordrel/models/ngrams.py.

/** The n-grams on one side of a gap, read towards it. */
class Ngrams {
  constructor(packed) {
    this.grams = packed.map((one) => Object.fromEntries(
      Object.entries(one).map(([name, array]) => [name, unpack(array).values])));
    this.start = this.grams[0].words.length - 1;
  }

  /** Where the n-gram of a context and a word stands among those of its length, or -1. */
  find(length, context, word) {
    const { first, words } = this.grams[length - 1];
    let low = first[context], high = first[context + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (words[middle] < word) low = middle + 1; else high = middle;
    }
    return low < first[context + 1] && words[low] === word ? low : -1;
  }

  /** The number of the n-gram of each length that ends where the gap begins; -1 if there is none. */
  contexts(ids) {
    const all = [this.start, ...ids];
    return this.grams.slice(0, -1).map((_, n) => {
      if (n >= all.length) return -1;
      return all.slice(all.length - n - 1).reduce((number, word, at) =>
        at === 0 ? word : number < 0 ? -1 : this.find(at + 1, number, word), -1);
    });
  }

  /** log p of every word behind these ids, the nearest last. */
  logP(ids) {
    const contexts = this.contexts(ids), { log_p: single } = this.grams[0];
    const backoff = contexts.map((number, n) => number < 0 ? 0 : this.grams[n].log_backoff[number]);
    const from = (n) => backoff.slice(n).reduce((sum, one) => sum + one, 0);
    const found = Float64Array.from(single.subarray(0, this.start), (one) => one + from(0));
    contexts.forEach((number, n) => {
      if (number < 0) return;
      const { first, words, log_p: logP } = this.grams[n + 1], rest = from(n + 1);
      for (let i = first[number]; i < first[number + 1]; i++) found[words[i]] = logP[i] + rest;
    });
    return found;
  }
}

/** A model of counts: the n-grams before a gap, and for a masked word those behind it. */
class Counts {
  constructor(described) {
    Object.assign(this, described);
  }

  /** p of every word of the page in the gap, and how many words on each side it reads. */
  predict(before, after) {
    if (!this.before) {
      this.before = new Ngrams(this.left);
      this.after = this.right ? new Ngrams(this.right) : null;
      this.alone = unpack(this.log_p).values;
    }
    const reads = [before, this.after ? after : []].map((ids) =>
      Math.min(ids.length, this.order - 1));
    const left = this.before.logP(before);
    if (!this.after) return { p: softmax(left), reads };
    const right = this.after.logP([...after].reverse());
    return { p: softmax(left.map((one, id) => one + right[id] - this.alone[id])), reads };
  }
}
