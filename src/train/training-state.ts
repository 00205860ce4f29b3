/**
 * Where a training stands between two batches, and the file that holds it: one safetensors file, the tensors as they
 * are, the rest as JSON in its metadata.
 */
import { type CheckpointProblem, isOsccError, OsccError } from "../core/errors";
import { writeWhole } from "../core/whole-file";
import type { Device, HostTensor } from "../engine";
import {
  asParameter,
  type Parameters,
  type ParameterTensor,
  readCheckpoint,
  writeSafetensors,
} from "../model";
import type { EpochRecord } from "./history";
import type { TaskBalanceState } from "./multitask/task-balance";

/** The form of the file; another number is another form. */
const FORMAT = 1;
const KEY = "oscc-lab.training";
const BEST = "best/";
const STATE = "state/";

/** How far a training has come. */
export interface Position {
  /** The epoch that is going on, counted from 0; as many as there are epochs when all are done. */
  readonly epoch: number;
  /** Batches of it that are done. */
  readonly batch: number;
  /** Sum over these batches of the loss of each, times its patients, and the number of patients. */
  readonly lossSum: number;
  readonly patients: number;
  /** Time that this epoch has taken so far. */
  readonly seconds: number;
  /** Of several tasks: their weights, and what this epoch said about them so far. */
  readonly tasks?: TaskBalanceState;
}

/** All that is needed to go on as if nothing had happened. */
export interface TrainingState {
  readonly position: Position;
  readonly history: readonly EpochRecord[];
  /** The best epoch so far and its parameters; none before the first has ended. */
  readonly best: EpochRecord | undefined;
  readonly bestParameters: Parameters;
  /** Why a validation AUC was not defined, by task. */
  readonly undefinedAuc: Readonly<Record<string, string>>;
  /** Where it was computed. */
  readonly device: Device;
  /** The generator that all draws come from. */
  readonly random: { readonly path: string; readonly state: readonly [number, number, number, number] };
  /** Parameters and what the optimiser keeps of them: the state of the training step. */
  readonly tensors: Readonly<Record<string, HostTensor>>;
}

/** A training state with what tells whose it is. */
export interface StoredState<Identity> {
  readonly identity: Identity;
  /** Of the package that wrote it. */
  readonly version: string;
  readonly state: TrainingState;
}

/** The start of every training. */
export const START: Position = { epoch: 0, batch: 0, lossSum: 0, patients: 0, seconds: 0 };

export async function writeTrainingState<Identity>(
  file: string,
  { identity, version, state }: StoredState<Identity>,
): Promise<void> {
  const { bestParameters, tensors, ...rest } = state;
  const record = { format: FORMAT, version, identity, ...rest };
  await writeWhole(file, (beside) =>
    writeSafetensors(
      beside,
      { ...renamed(bestParameters, BEST), ...renamed(tensors as Parameters, STATE) },
      { [KEY]: JSON.stringify(withMarks(record)) },
    ),
  );
}

/**
 * Read what `writeTrainingState` wrote.
 *
 * @throws InvalidCheckpoint  when the file holds no training, is cut short or damaged, or has another form
 */
export async function readTrainingState<Identity>(file: string): Promise<StoredState<Identity>> {
  const { metadata, tensors } = await readCheckpoint(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const text = metadata[KEY];
  if (text === undefined)
    throw invalidState(file, "names", "holds no state of a training", [
      "Expected a file that fit wrote into its checkpoint folder. Name another folder, or remove the file.",
    ]);
  const { format, version, identity, ...rest } = withoutMarks(JSON.parse(text)) as Stored<Identity>;
  if (format !== FORMAT)
    throw invalidState(file, "version", `has form ${format} of a training's state; expected form ${FORMAT}`, [
      "Finish the run with the version of the package that began it, or start anew:",
      START_ANEW,
    ]);
  const part = (prefix: string) =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([name, { shape, data }]) =>
        name.startsWith(prefix)
          ? [
              [
                name.slice(prefix.length),
                asParameter(name, { shape, dtype: "float32", data: data as Float32Array }),
              ],
            ]
          : [],
      ),
    ) as Record<string, ParameterTensor>;
  return { identity, version, state: { ...rest, bestParameters: part(BEST), tensors: part(STATE) } };
}

type Stored<Identity> = Omit<TrainingState, "bestParameters" | "tensors"> & {
  readonly format: number;
  readonly version: string;
  readonly identity: Identity;
};

/** What to write to leave a checkpoint behind. */
export const START_ANEW = "fit(cohort, { ..., checkpoint: { folder, resume: false } })  replaces it.";

/** An error about the file of a training's state: what was found, and what to do. */
export function invalidState(
  file: string,
  reason: CheckpointProblem,
  found: string,
  advice: readonly string[],
  cause?: unknown,
): OsccError<"InvalidCheckpoint"> {
  return new OsccError(
    "InvalidCheckpoint",
    [`${file} ${found}.`, ...advice],
    { path: file, reason },
    { cause },
  );
}

/** Files are moved into place whole, so a damaged one was copied badly or its disk failed. */
function unreadable(file: string, error: unknown): unknown {
  if (!isOsccError(error, "InvalidCheckpoint")) return error;
  const { reason = "corrupt" } = error.data;
  const found = reason === "truncated" ? "is cut short" : "is damaged, or no checkpoint of a training";
  return invalidState(
    file,
    reason,
    found,
    ["Copy it again from where it was written, or start anew:", START_ANEW],
    error,
  );
}

function renamed(tensors: Parameters, prefix: string): Parameters {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}${name}`, tensor]));
}

/** JSON has no `undefined` and no infinity; a record of a training may (an AUC that is not defined). */
const MARK = "not in JSON";

function withMarks(value: unknown): unknown {
  if (value === undefined || (typeof value === "number" && !Number.isFinite(value)))
    return { [MARK]: String(value) };
  return mapped(value, withMarks);
}

function withoutMarks(value: unknown): unknown {
  if (typeof value === "object" && value !== null && MARK in value)
    return value[MARK] === "undefined" ? undefined : Number(value[MARK]);
  return mapped(value, withoutMarks);
}

function mapped(value: unknown, change: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner)]));
}
