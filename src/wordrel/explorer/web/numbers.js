// Stored tensors become arrays of numbers; rows, products and the maps between them.

const HALF = (() => {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    table[bits] = sign * (exponent
      ? 2 ** (exponent - 15) * (1 + fraction / 1024)
      : 2 ** -14 * (fraction / 1024));
  }
  return table;
})();

const ARRAYS = {
  int8: [Float32Array, 1, (view, at) => view.getInt8(at)],
  float32: [Float32Array, 4, (view, at) => view.getFloat32(at, true)],
  float16: [Float32Array, 2, (view, at) => HALF[view.getUint16(at, true)]],
  uint32: [Uint32Array, 4, (view, at) => view.getUint32(at, true)],
  uint16: [Uint16Array, 2, (view, at) => view.getUint16(at, true)],
};

/** The signs that stand for bytes, five for four: see wordrel/explorer/packed.py. */
const DIGIT = (() => {
  const found = new Uint8Array(127);
  let digit = 0;
  for (let code = 33; code < 127; code++) {
    if (!"\"$&'<\\`{}".includes(String.fromCharCode(code))) found[code] = digit++;
  }
  return found;
})();

/** So many bytes of a text; the last group may be short, and is filled with the highest digit. */
function bytesOf(text, count) {
  const view = new DataView(new ArrayBuffer(count + 3));
  for (let at = 0, byte = 0; byte < count; at += 5, byte += 4) {
    let word = 0;
    for (let n = at; n < at + 5; n++) {
      word = 85 * word + (n < text.length ? DIGIT[text.charCodeAt(n)] : 84);
    }
    view.setUint32(byte, word);
  }
  return view;
}

/** A packed tensor as {shape, values}; float16 is widened, exactly; a row of int8 counts, in steps
 *  of its scale, from the mean row and its own share of a line; a scale of 0 is a row of zeros. */
function unpack(packed) {
  const [Kind, size, read] = ARRAYS[packed.dtype];
  const values = new Kind(packed.shape.reduce((product, one) => product * one, 1));
  const view = bytesOf(packed.data, size * values.length);
  for (let i = 0; i < values.length; i++) values[i] = read(view, size * i);
  if (packed.scales) {
    const scales = unpack(packed.scales).values, width = packed.shape[1];
    const [centre, line, along] = ["centre", "line", "along"].map((name) =>
      unpack(packed[name]).values);
    for (let i = 0; i < values.length; i++) {
      const row = Math.floor(i / width), k = i % width;
      values[i] = scales[row] ? centre[k] + along[row] * line[k] + scales[row] * values[i] : 0;
    }
  }
  return { shape: packed.shape, values };
}

function rowOf(tensor, i) {
  const width = tensor.shape[1];
  return tensor.values.subarray(i * width, (i + 1) * width);
}

function dot(a, b) {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

const plus = (a, b) => Float64Array.from(a, (value, k) => value + b[k]);
const minus = (a, b) => Float64Array.from(a, (value, k) => value - b[k]);

/** cosine of two rows; NaN where one is zero. */
function cosine(a, b) {
  const lengths = Math.sqrt(dot(a, a) * dot(b, b));
  return lengths ? Math.max(-1, Math.min(1, dot(a, b) / lengths)) : NaN;
}

/** W x, or rows `from` to `to` of it; without a map x itself (the identity). */
function mapped(map, x, from = 0, to = map ? map.shape[0] : x.length) {
  if (!map) return Float64Array.from(x.slice(from, to));
  const found = new Float64Array(to - from);
  for (let r = from; r < to; r++) found[r - from] = dot(rowOf(map, r), x);
  return found;
}

/** q W, of the rows `from`.. of W: what a query asks, in the space of the words' own vectors. */
function mappedBack(map, q, from, width) {
  const found = new Float64Array(width);
  for (let r = 0; r < q.length; r++) {
    if (!map) { found[from + r] += q[r]; continue; }
    const row = rowOf(map, from + r);
    for (let k = 0; k < width; k++) found[k] += q[r] * row[k];
  }
  return found;
}

function softmax(scores) {
  const top = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const raised = scores.map((score) => Math.exp(score - top));
  const total = raised.reduce((sum, value) => sum + value, 0);
  return raised.map((value) => value / total);
}

/** The sum of weighted rows. */
function mean(rows, weights, width) {
  const found = new Float64Array(width);
  rows.forEach((row, j) => { for (let k = 0; k < width; k++) found[k] += weights[j] * row[k]; });
  return found;
}

/** Layer norm, as torch's: biased variance, 1e-5. */
function layerNorm(x, weight, bias) {
  const centre = x.reduce((sum, value) => sum + value, 0) / x.length;
  let spread = 0;
  for (const value of x) spread += (value - centre) ** 2 / x.length;
  const scale = 1 / Math.sqrt(spread + 1e-5);
  return Float64Array.from(x, (value, k) => (value - centre) * scale * weight[k] + bias[k]);
}
