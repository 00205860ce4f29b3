/** Do a run again from what it wrote down. */
import { invalidArgument } from "../core/errors";
import { host } from "../core/host";
import type { Device } from "../engine";
import { FUSIONS, type FusionKind } from "../model";
import type { TrainingCohort } from "./cohort";
import { patientsHash } from "./content-hash";
import { fit } from "./fit";
import { readRecord } from "./kept-runs";
import type { FitOptions } from "./options";
import { presentVersions, type Run, type RunRecord } from "./run";

/** What `run.json` cannot hold, and where to run. */
export interface RerunOptions<Task extends string = string>
  extends Pick<FitOptions<Task>, "signal" | "onEpoch" | "panel" | "checkpoint" | "loss" | "fusion"> {
  /** Default the device of the run: another kind changes the last digits. */
  readonly device?: Device | "auto";
}

/**
 * Do a run again: same options, seed, patients and device, so the same numbers.
 *
 * What has changed since is said: other versions of the libraries, other labels or images. A loss function or a
 * fusion block of one's own is no JSON: pass it again.
 *
 * @param run      a folder that `run.save` wrote, or the record itself (`run.toJSON()`)
 * @param cohort   the cohort it was trained on
 * @param options  `loss`, `fusion`: those of one's own; `device`, default the run's
 * @throws InvalidArgument  when the folder holds no run, a patient is gone, or something of one's own is missing
 * @throws as `fit`
 * @example
 * await run.save("runs/td");
 * const again = await train.rerun("runs/td", cohort);
 * again.best.validLoss === run.best.validLoss; // true
 */
export async function rerun<Task extends string>(
  run: string | RunRecord,
  cohort: TrainingCohort<Task>,
  options: RerunOptions<Task> = {},
): Promise<Run<Task>> {
  const record = typeof run === "string" ? readRecord(run) : run;
  checkOwn(record, options);
  await sayWhatChanged(record, cohort);
  return fit(cohort, { ...optionsOf<Task>(record), ...options });
}

/** The options that lead to a record's settings. */
function optionsOf<Task extends string>(record: RunRecord): FitOptions<Task> {
  const { options, model, split, device, weights } = record;
  const { fusion, loss, tasks, weights: file = "", encoder, ...rest } = options;
  const isOwn = !Object.hasOwn(FUSIONS, fusion);
  return {
    ...rest,
    tasks: tasks as readonly Task[],
    // A weights file decides the encoder; what it decided is in the specification.
    encoder: weights ? model.encoder : encoder,
    // Empty: not even the file that the environment names.
    weights: file,
    split: { train: split.train, valid: split.valid },
    device,
    ...(isOwn ? {} : { fusion: fusion as FusionKind }),
    loss: Object.fromEntries(
      Object.entries(loss).filter(([, name]) => name !== "custom"),
    ) as FitOptions<Task>["loss"] & object,
  };
}

function checkOwn(
  { options: { loss, fusion, mode } }: RunRecord,
  given: Pick<RerunOptions, "loss" | "fusion">,
): void {
  const own = Object.entries(loss).flatMap(([task, name]) => (name === "custom" ? [task] : []));
  if (own.length > 0 && given.loss === undefined)
    throw invalidArgument(
      "loss",
      undefined,
      `the loss function of ${own.join(", ")}: run.json cannot hold it`,
      "Pass it again: train.rerun(folder, cohort, { loss }).",
    );
  if (mode !== "linear-probe" && !Object.hasOwn(FUSIONS, fusion) && given.fusion === undefined)
    throw invalidArgument(
      "fusion",
      undefined,
      `the block "${fusion}": run.json cannot hold it`,
      "Pass it again: train.rerun(folder, cohort, { fusion }).",
    );
}

/** What differs from when the run was made, each said once. */
async function sayWhatChanged(record: RunRecord, cohort: TrainingCohort): Promise<void> {
  const present = presentVersions();
  const others = Object.entries(record.versions).filter(
    ([name, version]) => present[name] !== undefined && present[name] !== version,
  );
  for (const [name, version] of others)
    host().warn(`the run was made with ${name} ${version}; this is ${present[name]}: its digits may differ.`);
  if (!record.data) return;
  const ids = new Set([...record.split.train, ...record.split.valid]);
  const patients = cohort.patients.filter(({ id }) => ids.has(id));
  if (patients.length < ids.size) return; // fit names who is missing
  if ((await patientsHash(record.model, patients)) !== record.data.sha256)
    host().warn(
      "labels or images of the run's patients have changed since it was made: its numbers will differ.",
    );
}
