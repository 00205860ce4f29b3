/** A brighter or dimmer lamp. */
import { blankLike, clamp, type Pixels, type ValueRange } from "./pixels";
import { checkRange, type Range, type StepKind } from "./step";

/** Multiply every value by one random factor, as a lamp does. */
export interface BrightnessStep {
  readonly kind: "brightness";
  /** The factor lies evenly in this range; 1 changes nothing. */
  readonly factor: Range;
  readonly probability?: number;
}

export interface Brightness {
  readonly factor: number;
}

export const brightness: StepKind<BrightnessStep, Brightness> = {
  check: ({ factor }) => checkRange("brightness.factor", factor, 0, 10),
  draw: ({ factor }, _, rng) => ({ factor: rng.range(...factor) }),
  apply: shine,
};

function shine(image: Pixels, { factor }: Brightness, range: ValueRange): Pixels {
  const out = blankLike(image);
  for (let i = 0; i < image.data.length; i++) out.data[i] = clamp(image.data[i]! * factor, range);
  return out;
}
