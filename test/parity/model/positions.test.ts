/** Position-embedding resize against torch (bicubic, anti-aliased) and SciPy (zoom along the tokens). */
import { describe, expect, test } from "vitest";
import { resizePositions } from "../../../src/model";
import { ABSENT, largestDifference, referenceValues, SHARED_DATA } from "./shared";

describe.skipIf(!SHARED_DATA)(`position embeddings${SHARED_DATA ? "" : `: ${ABSENT}`}`, () => {
  test("bicubic-2d 14 x 14 to 32 x 32 equals torch within 1e-6, and keeps the class token", () => {
    const { in: source, out_align_false: expected } = referenceValues().pos_bicubic_14_to_32;
    const classToken = 0.25;
    const out = resizePositions(Float32Array.from([classToken, ...source]), 1, [14, 14], [32, 32]);
    expect(out[0]).toBe(classToken);
    expect(largestDifference(out.subarray(1), expected)).toBeLessThan(1e-6);
  });

  test("upstream-1d 197 to 1025 tokens equals scipy.ndimage.zoom within 1e-6", () => {
    const { in: source, out: expected } = referenceValues().pos_zoom_197_to_1025;
    const out = resizePositions(Float32Array.from(source), 1, [14, 14], [32, 32], "upstream-1d");
    expect(largestDifference(out, expected)).toBeLessThan(1e-6);
  });

  test("upstream-1d works on all channels at once", () => {
    const { in: source, out: expected } = referenceValues().pos_zoom_5_to_9;
    const out = resizePositions(Float32Array.from(source.flat()), 2, [2, 2], [2, 4], "upstream-1d");
    expect(largestDifference(out, expected.flat())).toBeLessThan(1e-6);
  });
});
