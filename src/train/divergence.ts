/**
 * A training that stops being numbers: what is said, and the search for the first tensor that was not finite.
 *
 * The loss tells late: weights may have been broken by the step before. So the steps since the last good state are
 * made once more, which gives the same numbers, and the first that leaves something that is not finite is made with
 * every value on the way looked at.
 */
import { OsccError } from "../core/errors";
import { allFinite, filledTensor, type HostTensor, type NotFiniteValue, type RunInput } from "../engine";
import type { Pass } from "./batches";
import type { EpochRecord } from "./history";
import type { OpenStep } from "./open-step";
import type { FitSettings } from "./options";
import { isSum } from "./step";

/** Where a value that is not finite was seen. */
export interface Divergence {
  /** Optimiser steps so far, counted from 1, and the epoch, counted from 0. */
  readonly step: number;
  readonly epoch: number;
  /** What the loss became; absent when something else was broken before the loss was. */
  readonly loss?: number;
  /** The parameters are finite, and what the model says of validation patients is not: they are far too large. */
  readonly inValidation?: true;
  /** Learning rate of fusion block and heads. */
  readonly rate: number;
}

/** The first value that was not finite, and the step that made it. */
export interface Origin extends NotFiniteValue {
  readonly step: number;
}

/** The error of a training that diverged. `checkpoint`: the folder with the last good state, if there is one. */
export function notFinite(
  { step, epoch, loss, rate, inValidation }: Divergence,
  origin: Origin | undefined,
  checkpoint: string | undefined,
  settings: Pick<FitSettings, "learningRate" | "clipNorm" | "warmup">,
): OsccError<"NotFinite"> {
  const seen = inValidation
    ? "what the model says of validation patients is not finite"
    : loss === undefined
      ? "a parameter is not finite"
      : `the loss became ${loss}`;
  return new OsccError(
    "NotFinite",
    [
      `${seen} at step ${step} (epoch ${epoch + 1}).`,
      ...(origin
        ? [`The first that was not finite, at step ${origin.step}: ${origin.title}${origin.place}.`]
        : []),
      `Expected finite numbers; the learning rate was ${rate.toExponential(1)}.`,
      adviceOn(origin, settings),
      checkpoint
        ? `Kept in ${checkpoint}: the last good state, and best.safetensors, the model of the best epoch (if one has ended).`
        : 'With  checkpoint: "folder"  the last good state would be kept.',
    ],
    {
      step: origin?.step ?? step,
      tensor: origin?.title ?? (inValidation ? "logits" : loss === undefined ? "parameters" : "loss"),
    },
  );
}

/** Titles of values that the optimiser makes: a learning rate of 1e38 breaks the first step. */
const OF_THE_UPDATE = /^new value of|adamw\.|rate\b|correction|of update/i;

function adviceOn(
  origin: Origin | undefined,
  settings: Pick<FitSettings, "learningRate" | "clipNorm" | "warmup">,
): string {
  if (origin?.title.startsWith("input "))
    return "Look at the images and labels of this step: what goes in is not finite.";
  if (origin?.step === 1 && !OF_THE_UPDATE.test(origin.title))
    return "No weight had changed yet, so it is not the learning rate: look at the loss function there (a logarithm or root of zero, a division by zero), and at the weights file.";
  return lowerRates(settings);
}

/** A rate that is sensible for AdamW with any of our models; beyond it a tenth may still be far too much. */
const SENSIBLE_RATE = 1e-3;

/** A tenth of what was asked for, or less where that is still wild; and what else is not in use yet. */
export function lowerRates({
  learningRate,
  clipNorm,
  warmup,
}: Pick<FitSettings, "learningRate" | "clipNorm" | "warmup">): string {
  const tenth = (rate: number) => Math.min(rate / 10, SENSIBLE_RATE).toExponential(0);
  const rates = `learningRate: { encoder: ${tenth(learningRate.encoder)}, rest: ${tenth(learningRate.rest)} }`;
  const unused = [
    ...(clipNorm === false ? ["clip gradients with clipNorm: 1"] : []),
    ...(warmup === 0 ? ["rise to the rate over warmup: 2 epochs"] : []),
  ];
  return `Lower the learning rate, for example ${rates}${unused.map((one) => `, or ${one}`).join("")}.`;
}

/** A training loss this many times the least one so far is no noise. */
const RISE = 5;

/** What to say of a training whose loss is finite and yet runs away; `undefined` when it does not. */
export function runningAway(
  history: readonly EpochRecord[],
  settings: Pick<FitSettings, "learningRate" | "clipNorm" | "warmup">,
): string | undefined {
  const losses = history.map(({ trainLoss }) => trainLoss);
  const last = losses.at(-1) ?? 0;
  const least = Math.min(...losses);
  // A loss near zero may be a few times as large an epoch later, and mean nothing.
  if (!(least > 0.1 && last > RISE * least)) return undefined;
  const times = (last / least).toFixed(0);
  return `the training loss rose to ${last.toFixed(2)}, ${times} times the least so far: the training diverges. ${lowerRates(settings)}`;
}

/** What the search needs of a training. */
export interface Replay {
  readonly step: OpenStep;
  /** The last good state of the step. */
  readonly good: Readonly<Record<string, HostTensor>>;
  /** The passes since, batch by batch, each with its number counted from 1. */
  readonly batches: Iterable<{ readonly step: number; readonly passes: readonly Pass[] }>;
  readonly feeds: (pass: Pass) => Promise<Record<string, RunInput>>;
}

/** Make the steps since the last good state again; `undefined` when they are finite this time. */
export async function findOrigin({ step, good, batches, feeds }: Replay): Promise<Origin | undefined> {
  const { program } = step;
  let before = good;
  await restore(step, before);
  for (const { step: number, passes } of batches) {
    let broken = false;
    for (const pass of passes) {
      const { loss } = await program.run(await feeds(pass));
      broken ||= !allFinite(loss!.data);
    }
    const after = await readTensors(step);
    const state = Object.keys(after).find((name) => !allFinite(after[name]!.data));
    if (broken || state !== undefined) {
      for (const pass of passes) {
        await restore(step, before);
        const found = await program.firstNotFinite(await feeds(pass));
        if (found) return { ...found, step: number };
      }
      return { title: state ?? "loss", place: "", step: number };
    }
    before = after;
  }
  return undefined;
}

/** The state of a step between two batches. Sums of gradients are left out: there they are zero. */
export function readTensors({ program }: OpenStep): Promise<Record<string, HostTensor>> {
  return program.readState(Object.keys(program.state).filter((name) => !isSum(name)));
}

async function restore({ program }: OpenStep, state: Readonly<Record<string, HostTensor>>): Promise<void> {
  const sums = Object.entries(program.state).filter(([name]) => isSum(name));
  const cleared = sums.map(([name, { shape }]) => [name, filledTensor(shape)]);
  await program.writeState({ ...state, ...Object.fromEntries(cleared) });
}
