/** What is recorded after each epoch, and how it reads as text. */

import type { TaskEpoch } from "./multitask/task-balance";

/** One epoch of a run. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Mean over the epoch, summed over tasks. */
  readonly trainLoss: number;
  /** Same loss on the validation patients; absent without any. */
  readonly validLoss?: number;
  /** By task; `undefined` where it is not defined (one class only). Absent without validation patients. */
  readonly validAuc?: Readonly<Record<string, number | undefined>>;
  /** Macro F1 and accuracy at the most probable class, by task; `undefined` where no label is known. */
  readonly validF1?: Readonly<Record<string, number | undefined>>;
  readonly validAccuracy?: Readonly<Record<string, number | undefined>>;
  /** Rate of fusion block and heads. */
  readonly learningRate: number;
  /** Rate of the encoder. */
  readonly encoderLearningRate: number;
  readonly seconds: number;
  /** Of several tasks: losses, weights and gradient norms, one by one. */
  readonly byTask?: Readonly<Record<string, TaskEpoch>>;
  /** Mean cosines between the gradients of tasks, in their order, see `gradientConflict`. */
  readonly gradientCosines?: readonly (readonly (number | null)[])[];
}

const BARS = "▁▂▃▄▅▆▇█";
/** Columns of a text curve. */
const CURVE_WIDTH = 48;

/**
 * The run so far in a few lines of text: losses and AUC as bars (losses between their extremes, AUC from 0.5 to 1).
 *
 * @example
 * console.log(train.curveText(run.history));
 */
export function curveText(history: readonly EpochRecord[]): string {
  const last = history[history.length - 1];
  if (!last) return "";
  const tasks = Object.keys(last.validAuc ?? {});
  const lines = [
    curveLine(
      "train loss",
      history.map((r) => r.trainLoss),
    ),
    ...(last.validLoss === undefined
      ? []
      : [
          curveLine(
            "valid loss",
            history.map((r) => r.validLoss),
          ),
        ]),
    ...tasks.map((task) =>
      curveLine(
        `AUC ${task}`,
        history.map((r) => r.validAuc?.[task]),
        [0.5, 1],
      ),
    ),
  ];
  return lines.join("\n");
}

function curveLine(
  label: string,
  values: readonly (number | undefined)[],
  range?: readonly [low: number, high: number],
): string {
  const known = values.filter((v): v is number => v !== undefined);
  const [low, high] = range ?? [Math.min(...known), Math.max(...known)];
  const bars = thinned(values).map((v) => {
    if (v === undefined) return " ";
    const level = high > low ? Math.min(1, Math.max(0, (v - low) / (high - low))) : 0.5;
    return BARS[Math.round(level * (BARS.length - 1))];
  });
  const last = values[values.length - 1];
  return `${label.padEnd(12)} ${bars.join("")} ${last === undefined ? "not defined" : last.toFixed(3)}`;
}

function thinned<T>(values: readonly T[]): T[] {
  if (values.length <= CURVE_WIDTH) return [...values];
  return Array.from(
    { length: CURVE_WIDTH },
    (_, i) => values[Math.round((i * (values.length - 1)) / (CURVE_WIDTH - 1))]!,
  );
}
