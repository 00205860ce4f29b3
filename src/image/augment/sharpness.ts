/** Sharpen, or soften, by going away from a smoothed copy. */
import { blankLike, clamp, type Pixels, type ValueRange } from "./pixels";
import { checkNumber, type StepKind } from "./step";

/**
 * `factor` 0 gives a smoothed picture, 1 the picture itself, above 1 a sharper one (torchvision's and Pillow's
 * "sharpness"): smoothed + factor * (picture - smoothed), cut to the range.
 */
export interface SharpnessStep {
  readonly kind: "sharpness";
  /** From 0. The study: 3. */
  readonly factor: number;
  /** The study: 0.5. */
  readonly probability?: number;
}

export interface Sharpness {
  readonly factor: number;
}

export const sharpness: StepKind<SharpnessStep, Sharpness> = {
  check: ({ factor }) => checkNumber("sharpness.factor", factor, 0, 20),
  draw: ({ factor }) => ({ factor }),
  apply: sharpen,
};

/** Smoothing is the mean of 3 x 3 pixels with the middle counted five times. The outermost pixels stay as they are. */
function sharpen(image: Pixels, { factor }: Sharpness, range: ValueRange): Pixels {
  const { width, height, data } = image;
  const out = blankLike(image);
  const row = 3 * width;
  for (let i = 0; i < data.length; i++) out.data[i] = clamp(data[i]!, range);
  for (let y = 1; y < height - 1; y++)
    for (let i = y * row + 3; i < (y + 1) * row - 3; i++) {
      const above = data[i - row - 3]! + data[i - row]! + data[i - row + 3]!;
      const below = data[i + row - 3]! + data[i + row]! + data[i + row + 3]!;
      const smooth = (above + data[i - 3]! + 5 * data[i]! + data[i + 3]! + below) / 13;
      out.data[i] = clamp(smooth + factor * (data[i]! - smooth), range);
    }
  return out;
}
