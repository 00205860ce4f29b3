/** What every kind of augmentation step brings: limits for its numbers, a draw, and the work on pixels. */
import { invalidArgument } from "../../core/errors";
import type { Rng } from "../../core/random";
import type { Pixels, ValueRange } from "./pixels";

/** The shape of the pictures, and the colour that stands for "nothing". */
export interface Scene {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** What `fill: "mean"` means: red, green, blue, on the scale of the values. */
  readonly mean: readonly [number, number, number];
}

/**
 * One kind of step. `draw` turns ranges into numbers once; `apply` uses them on one picture. What is drawn is plain
 * JSON, so that it can be sent to another thread and gives the same pixels there.
 */
export interface StepKind<Step, Drawn> {
  /** @throws InvalidArgument */
  check(step: Step): void;
  draw(step: Step, scene: Scene, rng: Rng): Drawn;
  apply(image: Pixels, drawn: Drawn, range: ValueRange): Pixels;
}

/** A pair of numbers, the lower one first. */
export type Range = readonly [low: number, high: number];

/** Refuse a number outside its limits. @throws InvalidArgument */
export function checkNumber(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high)) throw invalidArgument(name, value, `a number in ${low} to ${high}`);
}

/** Refuse a range that is turned round or outside its limits. @throws InvalidArgument */
export function checkRange(name: string, range: Range, low: number, high: number): void {
  const isRange = Array.isArray(range) && range.length === 2 && range[0] <= range[1];
  if (!(isRange && range[0] >= low && range[1] <= high))
    throw invalidArgument(name, JSON.stringify(range), `[low, high] within ${low} to ${high}`);
}
