/** A small encoder that knows phantoms, for lessons. */
import path from "node:path";
import { PACKAGE_ROOT } from "../../core/paths";

/**
 * File of `phantom-tiny`, a small vision transformer (192 px, patch 16, width 96, depth 4) that was taught on masks of
 * phantom patients of another seed where each sign is. With it a frozen model learns the phantom's tasks in seconds.
 * It knows phantoms and nothing else: not a pathology encoder, of no use for real images. Made by
 * `scripts/phantom-encoder.mjs`.
 *
 * @example
 * const run = await fit(cohort, {
 *   preset: "notebook",
 *   tasks: "TI",
 *   weights: phantom.PHANTOM_TINY,
 *   imageSize: phantom.PHANTOM_TINY_SIZE,
 *   mode: "frozen",
 * });
 */
export const PHANTOM_TINY = path.join(PACKAGE_ROOT, "weights", "phantom-tiny.safetensors");

/** The image size that `PHANTOM_TINY` was trained at, px. */
export const PHANTOM_TINY_SIZE = 192;
