/** Weights that both sides compute from their names: see test/fixtures/model/make_references.py. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { tf } from "../../../src/engine";

/** Numbers in [-1, 1) that depend on the name and the index alone. */
export function uniform(name: string, count: number): Float64Array {
  let seed = 0x811c9dc5; // FNV-1a
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  return Float64Array.from({ length: count }, (_, i) => {
    let h = (Math.imul(i, 0x9e3779b9) + seed) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b); // murmur3's finaliser
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
    return (h >>> 0) / 2 ** 31 - 1;
  });
}

/** A weight as it lies in torch. */
export function weight(name: string, shape: readonly number[]): Float32Array {
  const product = (axes: readonly number[]) => axes.reduce((a, b) => a * b, 1);
  const u = uniform(name, product(shape));
  const scale = (factor: number, offset = 0) => Float32Array.from(u, (v) => offset + factor * v);
  if (/norm[^.]*\.weight$/.test(name)) return scale(0.3, 1);
  if (name.endsWith(".gamma")) return scale(0.4, 0.5);
  if (name === "factor") return scale(Math.sqrt(3 / shape[shape.length - 1]!));
  if (name.endsWith(".weight")) return scale(1.5 * Math.sqrt(3 / product(shape.slice(1))));
  return scale(0.5);
}

/** Live tensors for declared parameters. */
export function liveWeights(
  declarations: Readonly<Record<string, { readonly shape: readonly number[] }>>,
): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(declarations).map(([name, { shape }]) => [
      name,
      tf.tensor(weight(name, shape), [...shape]),
    ]),
  );
}

export interface FusionReference {
  fused: number[];
  gradient: number[];
  attention?: number[];
}

export interface References {
  encoders: Record<string, { feature: number[]; gradients?: Record<string, number[]> }>;
  fusions: Record<string, { all: FusionReference; masked: FusionReference }>;
  losses: Record<string, { loss: number; gradient: number[] }>;
  positions: { from: [number, number]; to: [number, number]; out: number[] }[];
}

export function references(): References {
  const file = path.join(__dirname, "../../fixtures/model/references.json");
  return JSON.parse(readFileSync(file, "utf8")) as References;
}
