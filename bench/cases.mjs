// What is measured.
//
// `step`: forward, backward and AdamW of a vision transformer with one linear head; `chain` computes the encoder as a
// chain of small graphs, which `fit` chooses by itself for images of that size. `forward`: the same without the way back.
// With `passes`, a step takes so many patients one after the other, whose gradients are added up (no peer).
// `head`: an epoch of fusion and head on cached features of the study's training set. `loading`: photographs of
// the study's size decoded and resized. `weights`: a file of 100 MB of weights read.

const VIT_S = { patch: 16, width: 384, depth: 12, heads: 6 };
const TINY = { patch: 16, width: 192, depth: 4, heads: 3 };

export const CASES = {
  "tiny-step": { kind: "step", images: 24, side: 128, ...TINY, repeats: 20, byDefault: true },
  "vit-s-224-step": { kind: "step", images: 6, side: 224, ...VIT_S, repeats: 6, byDefault: true },
  "vit-s-224-forward": { kind: "forward", images: 6, side: 224, ...VIT_S, repeats: 10, byDefault: true },
  "vit-s-512-forward": {
    kind: "forward",
    images: 6,
    side: 512,
    ...VIT_S,
    repeats: 3,
    chain: true,
    byDefault: false,
  },
  "vit-s-512-step": {
    kind: "step",
    images: 6,
    side: 512,
    ...VIT_S,
    repeats: 3,
    chain: true,
    byDefault: false,
  },
  "vit-s-512-batch": {
    kind: "step",
    images: 6,
    side: 512,
    ...VIT_S,
    passes: 16,
    repeats: 1,
    chain: true,
    byDefault: false,
  },
  "head-epoch": {
    kind: "head",
    samples: 925,
    images: 6,
    width: 384,
    batch: 16,
    repeats: 18,
    byDefault: true,
  },
  loading: {
    kind: "loading",
    files: 24,
    height: 1944,
    width: 2592,
    side: 512,
    repeats: 3,
    byDefault: true,
  },
  "weights-pth": { kind: "weights", format: "pth", megabytes: 100, repeats: 9, byDefault: true },
  "weights-safetensors": {
    kind: "weights",
    format: "safetensors",
    megabytes: 100,
    repeats: 9,
    byDefault: false,
  },
};

/** What is measured on a graphics device, see gpu/run.mjs. `small` is for software ones. */
export const GPU_CASES = {
  small: { kind: "step", images: 2, side: 32, patch: 16, width: 64, depth: 2, heads: 2, repeats: 3 },
  "small-chain": {
    kind: "step",
    images: 2,
    side: 32,
    patch: 16,
    width: 64,
    depth: 2,
    heads: 2,
    repeats: 3,
    chain: true,
  },
  "vit-s-224-forward": { ...CASES["vit-s-224-forward"], repeats: 20 },
  "vit-s-224-step": { ...CASES["vit-s-224-step"], repeats: 20 },
  "vit-s-512-forward": { ...CASES["vit-s-512-forward"], repeats: 10 },
  "vit-s-512-step": { ...CASES["vit-s-512-step"], repeats: 10 },
};

/** Arithmetic of the matrix products, in GFLOP; backward is two more products for each. Undefined for other work. */
export function gflopOf({ kind, images, side, patch, width, depth, passes = 1 }) {
  if (kind !== "step" && kind !== "forward") return undefined;
  const tokens = (side / patch) ** 2 + 1;
  const block = 2 * tokens * width * width * 12 + 2 * 2 * tokens * tokens * width;
  const embed = 2 * (tokens - 1) * width * 3 * patch * patch;
  return (passes * images * (depth * block + embed) * (kind === "step" ? 3 : 1)) / 1e9;
}
