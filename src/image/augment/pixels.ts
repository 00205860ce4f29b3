/** A picture on its way through an augmentation: numbers, not bytes, so that no step rounds what the next one reads. */

/** `[height, width, 3]`, interleaved red, green, blue. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** What values may be: steps that could leave this range are cut off at its ends. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/** Grey levels, as files have them. */
export const GREY_LEVELS: ValueRange = { low: 0, high: 255 };

/** A picture of the same size with room for new values. */
export function blankLike({ width, height, data }: Pixels): Pixels & { readonly data: Float32Array } {
  return { width, height, data: new Float32Array(data.length) };
}

/** `value`, or the nearer end of the range. */
export function clamp(value: number, { low, high }: ValueRange): number {
  return value < low ? low : value > high ? high : value;
}
