/** From a recipe to what is done to one picture, and the doing of it. */
import { invalidArgument } from "../../core/errors";
import type { Rng } from "../../core/random";
import { STEP_KINDS, type StepName } from "./kinds";
import { GREY_LEVELS, type Pixels, type ValueRange } from "./pixels";
import type { AugmentationRecipe } from "./recipe";
import type { Scene } from "./step";

/** Mean and standard deviation of each channel, 0-255. */
export interface ColourScale {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** What was drawn: plain JSON, no chance left in it. */
export interface DrawnAugmentation {
  readonly steps: readonly { readonly kind: StepName; readonly drawn: unknown }[];
  /** Set for the published defect: the steps see z-scores of this scale. */
  readonly upstream?: ColourScale;
}

/** The shape of the pictures, and the scale that the model will normalise them by. */
export interface AugmentationScene {
  readonly width: number;
  readonly height: number;
  /** Needed where a recipe fills with the mean colour, or works on z-scores. */
  readonly normalisation?: ColourScale;
}

/** The published code cuts z-scores to these. */
const Z_RANGE: ValueRange = { low: 0, high: 1 };

/** Draw once. Each step has a stream of its own, so that leaving one out does not change the others. */
export function drawAugmentation(
  recipe: AugmentationRecipe,
  { width, height, normalisation }: AugmentationScene,
  rng: Rng,
): DrawnAugmentation {
  const needsScale =
    recipe.upstreamZScores || recipe.steps.some((step) => step.kind === "rotation" && step.fill === "mean");
  if (needsScale && !normalisation)
    throw invalidArgument("normalisation", undefined, "{ mean, std } of the pixels: this recipe uses them");
  const mean = recipe.upstreamZScores ? ([0, 0, 0] as const) : (normalisation?.mean ?? [0, 0, 0]);
  const scene: Scene = { width, height, mean };
  const steps = recipe.steps.flatMap((step, i) => {
    const stream = rng.split(`step ${i}`);
    if (!stream.chance(step.probability ?? 1)) return [];
    return [{ kind: step.kind, drawn: STEP_KINDS[step.kind].draw(step as never, scene, stream) }];
  });
  return { steps, ...(recipe.upstreamZScores ? { upstream: normalisation! } : {}) };
}

/** Do what was drawn to one picture, `[height, width, 3]`, 0-255. */
export function applyAugmentation(image: Pixels, { steps, upstream }: DrawnAugmentation): Pixels {
  const run = (start: Pixels, range: ValueRange) =>
    steps.reduce((at, { kind, drawn }) => STEP_KINDS[kind].apply(at, drawn as never, range), start);
  if (!upstream) return run(image, GREY_LEVELS);
  const { mean, std } = upstream;
  const scaled = perChannel(image, (value, c) => (value - mean[c]!) / std[c]!);
  return perChannel(run(scaled, Z_RANGE), (value, c) => value * std[c]! + mean[c]!);
}

function perChannel({ width, height, data }: Pixels, map: (value: number, c: number) => number): Pixels {
  return { width, height, data: data.map((value, i) => map(value, i % 3)) };
}
