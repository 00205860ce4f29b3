/**
 * The training step of `step.ts` in its low-memory form: the encoder as a chain, a few images at a time. Same inputs,
 * same state, same results but for rounding.
 *
 * Letters: B patients, M images a patient, T tokens of an image, D width of a token.
 */
import type { ChainForward, ChainTraining, TensorSpec } from "../engine";
import {
  encoderChain,
  forwardFeatures,
  loraChain,
  type ModelSpec,
  type Parameters,
  tokenCount,
} from "../model";
import { adamWFactors, adamWUpdate, meanName, squareName } from "./adamw";
import { MASK_INPUT, maskInput } from "./missing-images";
import { TASK_WEIGHTS, watchTasks } from "./multitask/task-facts";
import {
  clipFactor,
  dropoutOf,
  lossOf,
  type StepOptions,
  squaredNorm,
  stepInputs,
  sumName,
  totalLoss,
} from "./step";
import { isEncoder } from "./tuning";

/** Rows of tokens in one unit of work: enough for fast products, few enough for small buffers. */
const ROWS = 1200;

/** Bytes above which a step takes the low-memory form. */
const MOST_BYTES = 2 ** 30;

/** T */
export function tokensOf({ encoder }: ModelSpec): number {
  return tokenCount(encoder);
}

/** What one graph keeps for the way back, in bytes, estimated: per token some 26 D, and its attention weights. */
export function oneGraphBytes(spec: ModelSpec, patients: number): number {
  const { width, heads, depth } = spec.encoder;
  const tokens = tokensOf(spec);
  const images = patients * spec.views.length;
  return 4 * images * tokens * depth * (26 * width + heads * tokens);
}

/** Whether a step on so many patients is better computed image by image. */
export function prefersChain(spec: ModelSpec, patients: number): boolean {
  return oneGraphBytes(spec, patients) > MOST_BYTES;
}

/** How many of `images` go through the encoder together: a divisor, so that all groups are alike. */
export function imagesTogether(spec: ModelSpec, images: number): number {
  const most = Math.max(1, Math.floor(ROWS / tokensOf(spec)));
  return Array.from({ length: Math.min(most, images) }, (_, i) => i + 1).findLast((n) => images % n === 0)!;
}

/** The forward pass of one patient, for `compileChain`: from images to the logits of each task. */
export function chainForward(spec: ModelSpec, parameters: Parameters): ChainForward {
  const images = spec.views.length;
  const [height, width] = spec.encoder.imageSize;
  return {
    chain: encoderChain(spec),
    items: { input: "images", group: imagesTogether(spec, images) },
    inputs: { ...shapesOf(maskInput(spec, 1)), images: [images, height, width, 3] },
    parameters,
    outputs: (live, features, inputs) => ({
      ...forwardFeatures(spec, live, features, {}, inputs[MASK_INPUT]).logits,
    }),
  };
}

/** The rate of parameters that stay as they are: an input, always 0. */
export const FIXED_RATE = "fixedRate";

/** The step for `compileChainStep`. With LoRA, the encoder's own parameters are in a group that stays as it is. */
export function chainStep(spec: ModelSpec, parameters: Parameters, options: StepOptions): ChainTraining {
  const images = options.size * spec.views.length;
  const { clipNorm, lora, tasks } = options;
  const encoderRate = lora ? FIXED_RATE : "encoderRate";
  const [height, width] = spec.encoder.imageSize;
  return {
    chain: lora ? loraChain(spec.encoder, encoderChain(spec), lora) : encoderChain(spec),
    items: { input: "images", group: imagesTogether(spec, images) },
    inputs: {
      ...shapesOf(stepInputs(spec, options)),
      ...(lora ? { [FIXED_RATE]: [] } : {}),
      images: [images, height, width, 3],
    },
    parameters,
    loss: (live, features, inputs) => {
      const { logits } = forwardFeatures(spec, live, features, dropoutOf(spec, inputs), inputs[MASK_INPUT]);
      return totalLoss(spec, logits, inputs, options.losses, tasks && inputs[TASK_WEIGHTS]);
    },
    ...(tasks
      ? {
          measures: (live, features, inputs) =>
            watchTasks(
              {
                spec,
                parameters: live,
                features,
                dropout: dropoutOf(spec, inputs),
                mask: inputs[MASK_INPUT],
                lossOf: (task, logits) => lossOf(task, logits, inputs, options.losses),
              },
              tasks,
              inputs,
            ).outputs,
        }
      : {}),
    optimiser: {
      moments: { mean: meanName, square: squareName },
      sum: sumName,
      groupOf: (name) => (isEncoder(name) ? "encoder" : "rest"),
      rates: (group) => ({
        learningRate: group === "encoder" ? encoderRate : "rate",
        correction1: "correction1",
        correction2: "correction2",
      }),
      update: ({ value, gradient, mean, square }, { learningRate, correction1, correction2 }) =>
        adamWUpdate(
          { value: value!, gradient: gradient!, mean: mean!, square: square! },
          adamWFactors(
            { learningRate: learningRate!, correction1: correction1!, correction2: correction2! },
            options.adamW,
          ),
          options.adamW,
        ),
      ...(clipNorm === undefined
        ? {}
        : { scale: { measure: squaredNorm, factor: (squares) => clipFactor(squares, clipNorm) } }),
    },
    ...(options.accumulate ? { apply: "apply" } : {}),
  };
}

function shapesOf(specs: Readonly<Record<string, TensorSpec>>): Record<string, readonly number[]> {
  return Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, shape]));
}
