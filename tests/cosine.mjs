// node cosine.mjs FOLDER A B: the cosine of two words, from safetensors and tokenizer.json alone.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, ...words] = process.argv.slice(2);
const file = readFileSync(join(folder, "model.safetensors"));
const size = Number(file.readBigUInt64LE(0));
const { dtype, shape, data_offsets: [start] } = JSON.parse(file.subarray(8, 8 + size)).embeddings;
if (dtype !== "F32") throw new Error(`found ${dtype}, expected F32`);
const { vocab } = JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf-8")).model;
const [a, b] = words.map((word) => {
  if (!(word in vocab)) throw new Error(`found no ${word}`);
  const row = 8 + size + start + 4 * vocab[word] * shape[1];
  return Array.from({ length: shape[1] }, (_, i) => file.readFloatLE(row + 4 * i));
});
const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
console.log(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)));
