/** Checkpoints of a run: where an interrupted training goes on from, and what a diverging one is looked at with. */
import { constants, existsSync } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import path from "node:path";
import { invalidArgument, OsccError } from "../core/errors";
import { host } from "../core/host";
import { packageVersion } from "../core/version";
import { removeParts, writeWhole } from "../core/whole-file";
import { allFinite, type HostTensor } from "../engine";
import { type Model, type Parameters, saveModel } from "../model";
import { differences, type RunIdentity } from "./identity";
import {
  invalidState,
  readTrainingState,
  START_ANEW,
  type TrainingState,
  writeTrainingState,
} from "./training-state";

/** Where and how often `fit` writes down how far it has come. */
export interface CheckpointOptions {
  /**
   * A folder of its own for the run; made if absent. It gets `training.safetensors`, from which the run goes on, and
   * `best.safetensors`, the model of the best epoch so far, which `model.loadModel` reads while the run goes on.
   */
  readonly folder: string;
  /** Written between two batches when the last one is so long ago; 0: after every batch. Default 60. */
  readonly everySeconds?: number;
  /**
   * Whether a checkpoint in the folder is gone on from, default true. It must be of the same run: another option,
   * cohort, split or weights is an error, never silently mixed. `false` starts anew and replaces what is there.
   */
  readonly resume?: boolean;
}

/** Files of a checkpoint folder: where the training stands, and the model of its best epoch so far. */
export const CHECKPOINT_FILE = "training.safetensors";
export const BEST_FILE = "best.safetensors";

const EVERY_SECONDS = 60;

/** The options with defaults, from what `fit` was given. */
export function checkpointOptions(
  choice: string | CheckpointOptions | undefined,
): Required<CheckpointOptions> | undefined {
  if (choice === undefined) return undefined;
  const {
    folder,
    everySeconds = EVERY_SECONDS,
    resume = true,
  } = typeof choice === "string" ? { folder: choice } : choice;
  if (typeof folder !== "string" || folder === "")
    throw invalidArgument("checkpoint", folder, "the path of a folder", 'For example checkpoint: "runs/td".');
  if (!(everySeconds >= 0)) throw invalidArgument("checkpoint.everySeconds", everySeconds, "a number from 0");
  return { folder, everySeconds, resume };
}

/** The run that is kept. */
export interface CheckpointedRun {
  /** What it is made of. */
  readonly identity: () => RunIdentity;
  /** The whole model, from the parameters that were trained. */
  readonly modelOf: (trained: Parameters) => Model;
}

/**
 * Keeps the last state of a training that was good: in memory, and in a file if there is a folder. Without a
 * folder, too, a state is taken now and then: it is where one goes back to when a loss stops being a number.
 */
export class Checkpoints {
  private last: TrainingState | undefined;
  private lastAt = performance.now();
  private writing: Promise<void> = Promise.resolve();
  private bestWritten: number | undefined;

  private constructor(
    private readonly run: CheckpointedRun,
    private readonly options: Required<CheckpointOptions> | undefined,
    /** Where the run stood when it was interrupted, if it was. */
    readonly found: TrainingState | undefined,
  ) {
    this.last = found;
    this.bestWritten = found?.best?.epoch;
  }

  /** @throws InvalidCheckpoint  when the folder has a checkpoint that cannot be read or is of another run */
  static async open(
    choice: string | CheckpointOptions | undefined,
    run: CheckpointedRun,
  ): Promise<Checkpoints> {
    const options = checkpointOptions(choice);
    if (!options) return new Checkpoints(run, undefined, undefined);
    const file = path.join(options.folder, CHECKPOINT_FILE);
    await writable(options.folder);
    for (const name of [CHECKPOINT_FILE, BEST_FILE]) await removeParts(path.join(options.folder, name));
    const state = options.resume && existsSync(file) ? await stateOf(file, run.identity()) : undefined;
    return new Checkpoints(run, options, state);
  }

  /** Whether it is time for the next one. */
  get due(): boolean {
    return performance.now() - this.lastAt >= 1000 * (this.options?.everySeconds ?? EVERY_SECONDS);
  }

  /** Where they are written, if anywhere. */
  get folder(): string | undefined {
    return this.options?.folder;
  }

  /** The last state that was kept. */
  get lastGood(): TrainingState | undefined {
    return this.last;
  }

  /**
   * Keep a state. The file is written while the training goes on; if that fails, the training goes on without it.
   * Gives the name of the first tensor that holds NaN or infinity: such a state is not kept.
   */
  async keep(state: TrainingState): Promise<string | undefined> {
    const broken = await firstNotFinite(state.tensors);
    if (broken !== undefined) return broken;
    await this.writing;
    this.last = state;
    this.lastAt = performance.now();
    if (this.options)
      this.writing = this.write(this.options.folder, state).catch((error: Error) =>
        host().warn(
          `the checkpoint could not be written: ${error.message}. The one before, if any, is still there.`,
        ),
      );
    return undefined;
  }

  private async write(folder: string, state: TrainingState): Promise<void> {
    const { best, bestParameters } = state;
    if (best && best.epoch !== this.bestWritten) {
      await writeWhole(path.join(folder, BEST_FILE), (beside) =>
        saveModel(this.run.modelOf(bestParameters), beside),
      );
      this.bestWritten = best.epoch;
    }
    const stored = { identity: this.run.identity(), version: packageVersion(), state };
    await writeTrainingState(path.join(folder, CHECKPOINT_FILE), stored);
  }

  /** Wait until the last file is on the disk. */
  async settle(): Promise<void> {
    await this.writing;
  }
}

async function stateOf(file: string, present: RunIdentity): Promise<TrainingState> {
  const { identity, version, state } = await readTrainingState<RunIdentity>(file);
  const changed = differences(identity, present);
  if (changed.length === 0) {
    if (version !== packageVersion())
      host().warn(
        `this run was begun with version ${version} and goes on with ${packageVersion()}: its last digits may differ.`,
      );
    return state;
  }
  throw invalidState(file, "another-run", "is a checkpoint of another run", [
    `Since it was written: ${changed.join("; ")}.`,
    "Go on with the same options and cohort, choose another folder, or start anew:",
    START_ANEW,
  ]);
}

/** A folder that cannot be written is found before the training, not after its first hour. */
async function writable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new OsccError(
      "InvalidArgument",
      [
        `checkpoint is ${JSON.stringify(folder)}, which cannot be written (${(cause as NodeJS.ErrnoException).code}).`,
        "Expected the path of a folder, or of one that can be made.",
      ],
      { argument: "checkpoint", found: folder },
      { cause },
    );
  }
}

/** Elements that are looked at before other work has its turn, about a millisecond. */
const AT_ONCE = 2 ** 20;

async function firstNotFinite(tensors: Readonly<Record<string, HostTensor>>): Promise<string | undefined> {
  for (const [name, { data }] of Object.entries(tensors))
    for (let from = 0; from < data.length; from += AT_ONCE) {
      if (!allFinite(data.subarray(from, from + AT_ONCE))) return name;
      if (data.length > AT_ONCE) await new Promise(setImmediate);
    }
  return undefined;
}
