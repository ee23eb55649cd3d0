// A trained model: the embeddings of a word, the pair scores, and the layer's forward pass.
// The mathematics is that of wordrel/models/matched/weights.py and wordrel/models/spaces.py.

const LEAST = -80; // as in readout.py

class Model {
  constructor(described, window, counts) {
    Object.assign(this, described);
    this.window = window;
    const seen = counts.map((count) => Math.max(count, 1));
    const total = seen.reduce((sum, count) => sum + count, 0);
    this.logShares = Float64Array.from(seen, (count) => Math.log(count / total));
    this.kept = new Map();
    this.means = described.means || {};
  }

  tensor(name) {
    if (!(name in this.tensors)) return null;
    if (!this.kept.has(name)) this.kept.set(name, unpack(this.tensors[name]));
    return this.kept.get(name);
  }

  get width() { return this.tensors.input.shape[1]; }

  /** A role's map, or null for the identity. */
  role(name) {
    if (name in this.tensors || name !== "W_k") return this.tensor(name);
    const tied = { "K=Q": "W_q", "K=V": "W_v" };
    const tie = (this.ties || []).find((one) => one in tied);
    return tie ? this.tensor(tied[tie]) : null;
  }

  norm(name, x) {
    return layerNorm(x, this.tensor(`${name}.weight`).values, this.tensor(`${name}.bias`).values);
  }

  /** A word's vector as attention sees it. */
  seen(id) {
    const x = rowOf(this.tensor("input"), id);
    return this.block ? this.norm("norm_1", x) : x;
  }

  get bases() {
    return ["input", "output", "input+output",
      ...(this.maps ? ["value", ...(this.wordsAsk ? ["query", "key"] : [])] : [])];
  }

  get embeddings() {
    return [...this.bases, ...this.bases.filter((name) => name in this.means)
      .map((name) => `${name}.centred`)];
  }

  /** The row of a word in an embedding. */
  row(embedding, id) {
    if (embedding.endsWith(".centred")) {
      const base = embedding.slice(0, -".centred".length), own = this.row(base, id);
      if (!dot(own, own)) return own;
      if (!this.kept.has(embedding)) this.kept.set(embedding, unpack(this.means[base]));
      return minus(own, this.kept.get(embedding).values);
    }
    if (embedding === "input" || embedding === "output") return rowOf(this.tensor(embedding), id);
    if (embedding === "input+output") return plus(this.row("input", id), this.row("output", id));
    if (embedding === "query") return mapped(this.role("W_q"), this.seen(id));
    if (embedding === "key") return mapped(this.role("W_k"), this.seen(id));
    const value = mapped(this.role("W_v"), this.seen(id));
    return this.block ? mapped(this.tensor("W_o"), value) : value;
  }

  /** All rows of an embedding at length 1; of the embedding that was asked for last it is kept. */
  unit(embedding) {
    if (this.unitEmbedding === embedding) return this.unitRows;
    const count = this.tensors.input.shape[0], width = this.width;
    const rows = new Float32Array(count * width);
    for (let i = 0; i < count; i++) {
      const row = this.row(embedding, i), length = Math.sqrt(dot(row, row)) || Infinity;
      for (let k = 0; k < width; k++) rows[i * width + k] = row[k] / length;
    }
    this.unitEmbedding = embedding;
    this.unitRows = rows;
    return rows;
  }

  /** The n nearest words as [id, cosine], best first; zero rows left out. None of a zero row. */
  nearest(id, embedding, n) {
    const rows = this.unit(embedding), width = this.width;
    const own = rows.subarray(id * width, (id + 1) * width), found = [];
    if (!own.some((value) => value !== 0)) return found;
    for (let i = 0; i * width < rows.length; i++) {
      const row = rows.subarray(i * width, (i + 1) * width);
      if (i !== id && row.some((value) => value !== 0)) found.push([i, dot(own, row)]);
    }
    return found.sort((a, b) => b[1] - a[1]).slice(0, n);
  }

  get wordsAsk() { return this.query === "previous" || this.query === "mean"; }

  /** Lifts of a to b, by name: scores that can be compared between different words a. */
  lifts(a, b) {
    if (!this.predicts) return {};
    const bias = this.tensor("bias");
    const over = (row) => this.lift(b, (id) =>
      dot(row, rowOf(this.tensor("output"), id)) + (bias ? bias.values[id] : 0));
    const found = {};
    if (this.maps) found["value.out.lift"] = over(this.row("value", a));
    found["in.out.lift"] = over(this.row("input", a));
    if (this.wordsAsk) found["q.k.lift"] = this.liftOfKeys(a, b);
    return found;
  }

  /** The score of b less the log of the mean of exp(score) over the words of the page. */
  lift(b, score) {
    const scores = this.logShares.map((share, id) => share + score(id));
    const top = scores.reduce((most, one) => Math.max(most, one), -Infinity);
    return score(b) - top - Math.log(scores.reduce((sum, one) => sum + Math.exp(one - top), 0));
  }

  /** The mean over heads: each has a softmax of its own. */
  liftOfKeys(a, b) {
    const part = this.width / this.heads, own = this.seen(a);
    let sum = 0;
    for (let h = 0; h < this.heads; h++) {
      const query = this.asks(h, part, own, [own]).map((q) => this.scale ? q / Math.sqrt(part) : q);
      sum += this.lift(b, (id) => dot(query, this.seen(id)));
    }
    return sum / this.heads;
  }

  /** Every product of a and b, by name. */
  relations(a, b) {
    const of = (left, right) => dot(this.row(left, a), this.row(right, b));
    const found = {
      "in.in": of("input", "input"), "in.out": of("input", "output"),
      "out.in": of("output", "input"),
      cosine: cosine(this.row("input", a), this.row("input", b)),
    };
    if (this.maps) found["value.out"] = of("value", "output");
    if (this.bases.includes("query")) {
      found["q.k"] = of("query", "key");
      found["k.q"] = of("key", "query");
    }
    return found;
  }

  /** Places that the word at i is understood from: all around it, or up to itself. */
  context(i, count) {
    const masked = this.objective !== "next_word", found = [];
    const first = masked ? i - this.window : i + 1 - this.window;
    const last = masked ? i + this.window : i;
    for (let j = Math.max(0, first); j <= Math.min(count - 1, last); j++) {
      if (!masked || j !== i) found.push(j);
    }
    return found;
  }

  /** For each place of a sentence: {context, weights: one list a head, y}; y null without one.
   *  On a direct path the word itself is not in the context. */
  forward(ids) {
    const words = ids.map((id) => this.seen(id));
    return ids.map((_, i) => this.forwardAt(ids, words, i));
  }

  forwardAt(ids, words, i) {
    const context = this.context(i, ids.length);
    if (!context.length) return { context, weights: [], y: null };
    if (!this.direct) return this.attend(ids, words, i, context);
    const found = this.attend(ids, words, i, context.filter((j) => j !== i));
    return { ...found, y: plus(found.y, mapped(this.tensor("W_d"), words[i])) };
  }

  /** What is known of a gap between two lists of ids: {context, weights, y}, see `forward`, and the
   *  ids that the places of the context count in. */
  gap(before, after) {
    const masked = this.objective !== "next_word";
    // Whatever stands in the gap, it is in no context of its own.
    const ids = masked ? [...before, 0, ...after] : before;
    const found = ids.length
      ? this.forwardAt(ids, ids.map((id) => this.seen(id)), masked ? before.length : ids.length - 1)
      : { context: [], weights: [], y: null };
    return { ids, ...found };
  }

  /** p of every word of the page in a gap, and how many words on each side are read; null where
   *  there is none to read. See wordrel/models/sampling.py and, for skip-gram, skip_gram.py. */
  predict(before, after) {
    const { ids, context, y } = this.gap(before, after);
    const read = this.objective === "next_word" ? before.length - this.window : 0;
    const near = this.direct ? before.map((_, j) => j).filter((j) => j >= read) : context;
    if (!near.length) return null;
    const left = near.filter((j) => j < before.length).length, reads = [left, near.length - left];
    if (this.algorithm !== "skip_gram") return { p: softmax(this.readout(y)), reads };
    const own = this.logShares, joined = own.slice();
    for (const j of context) {
      this.readout(rowOf(this.tensor("input"), ids[j])).forEach((one, id) => {
        joined[id] += one - own[id];
      });
    }
    return { p: softmax(joined), reads };
  }

  /** log p of every word of the page from a state, but for a number of the state. */
  readout(y) {
    const outputs = this.tensor("output"), shift = this.packed("shift").values;
    const odds = this.odds_shift ? this.packed("odds_shift").values : null;
    return Float64Array.from(shift, (one, id) => {
      const score = one + dot(rowOf(outputs, id), y);
      return odds ? odds[id] - Math.log1p(Math.exp(-Math.max(score, LEAST))) : score;
    });
  }

  packed(name) {
    if (!this.kept.has(name)) this.kept.set(name, unpack(this[name]));
    return this.kept.get(name);
  }

  attend(ids, words, i, context) {
    const near = context.map((j) => words[j]), heads = this.heads, part = this.width / heads;
    const weights = [], y = new Float64Array(this.width);
    const target = this.objective === "next_word" ? i + 1 : i;
    for (let h = 0; h < heads; h++) {
      const query = this.asks(h, part, words[i], near);
      const scores = context.map((j, n) => {
        let score = query ? dot(query, near[n]) : 0;
        if (this.scale) score /= Math.sqrt(part);
        return score + (this.positions
          ? this.tensor("offsets").values[j - target + this.window] : 0);
      });
      weights.push(softmax(scores));
      const mixed = mean(near, weights[h], this.width);
      y.set(mapped(this.role("W_v"), mixed, h * part, (h + 1) * part), h * part);
    }
    return { context, weights, y: this.block ? this.around(this.row("input", ids[i]), y) : y };
  }

  /** W_k^T q of a head: who asks, in the space of the words' vectors; null where nobody does. */
  asks(h, part, own, near) {
    if (this.query === "none") return null;
    const from = h * part, back = (q) => mappedBack(this.role("W_k"), q, from, this.width);
    if (this.query === "mask") {
      const q = this.tensor("q_mask").values.subarray(from, from + part);
      return this.maps ? back(q) : q;
    }
    const asking = this.query === "previous"
      ? own : mean(near, near.map(() => 1 / near.length), this.width);
    const bias = this.tensor("b_q"), query = mapped(this.role("W_q"), asking, from, from + part);
    const q = bias ? plus(query, bias.values.subarray(from, from + part)) : query;
    return this.maps ? back(q) : q;
  }

  /** What a Transformer block makes of what attention found. */
  around(before, y) {
    const h = plus(before, mapped(this.tensor("W_o"), y));
    const inner = mapped(this.tensor("W_1"), this.norm("norm_2", h)).map((v) => Math.max(v, 0));
    return this.norm("norm_out", plus(h, mapped(this.tensor("W_2"), inner)));
  }
}
