/** What is said when a training stops being numbers. */
import { OsccError } from "../core/errors";

/** Where a value that is not finite was seen. */
export interface Divergence {
  /** Optimiser steps so far, counted from 1, and the epoch, counted from 0. */
  readonly step: number;
  readonly epoch: number;
  /** The tensor, and what it became where that is one number. */
  readonly tensor: string;
  readonly value?: number;
  /** Learning rate of fusion block and heads. */
  readonly rate: number;
  /** The file that holds the last good state, if one is written. */
  readonly checkpoint: string | undefined;
}

/** The error of a training that diverged. */
export function notFinite({
  step,
  epoch,
  tensor,
  value,
  rate,
  checkpoint,
}: Divergence): OsccError<"NotFinite"> {
  const became = value === undefined ? "held NaN or infinity" : `became ${value}`;
  return new OsccError(
    "NotFinite",
    [
      `the ${tensor} ${became} at step ${step} (epoch ${epoch + 1}).`,
      `Expected finite numbers; the learning rate was ${rate.toExponential(1)}.`,
      "Lower the learning rate, for example learningRate: { encoder: 1e-5, rest: 1e-4 }, or clip gradients with clipNorm: 1.",
      ...(checkpoint ? [`The last good state is in ${checkpoint}.`] : []),
    ],
    { step, tensor },
  );
}
