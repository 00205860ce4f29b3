// What is measured. `step`: forward, backward and AdamW of a vision transformer with one linear head.

/** @typedef {{ kind: "step" | "forward", images: number, side: number, patch: number, width: number, depth: number, heads: number, repeats: number, byDefault: boolean }} Case */

const VIT_S = { patch: 16, width: 384, depth: 12, heads: 6 };
const TINY = { patch: 16, width: 192, depth: 4, heads: 3 };

/** @type {Record<string, Case>} */
export const CASES = {
  "tiny-step": { kind: "step", images: 24, side: 128, ...TINY, repeats: 20, byDefault: true },
  "vit-s-224-step": { kind: "step", images: 6, side: 224, ...VIT_S, repeats: 6, byDefault: true },
  "vit-s-224-forward": { kind: "forward", images: 6, side: 224, ...VIT_S, repeats: 10, byDefault: true },
  "vit-s-512-forward": { kind: "forward", images: 6, side: 512, ...VIT_S, repeats: 3, byDefault: false },
  "vit-s-512-step": { kind: "step", images: 6, side: 512, ...VIT_S, repeats: 3, byDefault: false },
};

/** Arithmetic of the matrix products, in GFLOP: twice the multiplications; backward is two more products for each. */
export function gflopOf({ kind, images, side, patch, width, depth }) {
  const tokens = (side / patch) ** 2 + 1;
  const block = 2 * tokens * width * width * 12 + 2 * 2 * tokens * tokens * width;
  const embed = 2 * (tokens - 1) * width * 3 * patch * patch;
  return (images * (depth * block + embed) * (kind === "step" ? 3 : 1)) / 1e9;
}
