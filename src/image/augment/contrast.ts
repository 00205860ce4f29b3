/** Stretch each colour to the whole range. */
import { blankLike, clamp, type Pixels, type ValueRange } from "./pixels";
import type { StepKind } from "./step";

/** The darkest value of each channel of each picture becomes black, the brightest white (torchvision's and Pillow's "autocontrast"). */
export interface AutocontrastStep {
  readonly kind: "autocontrast";
  /** The study: 0.5. */
  readonly probability?: number;
}

export const autocontrast: StepKind<AutocontrastStep, object> = {
  check: () => undefined,
  draw: () => ({}),
  apply: stretch,
};

/** A channel of one value stays as it is. */
function stretch(image: Pixels, _: object, range: ValueRange): Pixels {
  const out = blankLike(image);
  const { data } = image;
  for (let c = 0; c < 3; c++) {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = c; i < data.length; i += 3) {
      const value = data[i]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const isFlat = high <= low;
    const scale = isFlat ? 1 : (range.high - range.low) / (high - low);
    const shift = isFlat ? 0 : range.low - low * scale;
    for (let i = c; i < data.length; i += 3) out.data[i] = clamp(data[i]! * scale + shift, range);
  }
  return out;
}
