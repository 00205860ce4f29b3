/**
 * Finished runs are kept, so that the next notebook, or the next visit, goes on from them instead of training
 * again. A run is found by everything that made it: options, patients, labels, image files, weights, version.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { fileContent } from "../core/content";
import { invalidArgument, OsccError } from "../core/errors";
import { cacheFolder } from "../core/paths";
import { packageVersion } from "../core/version";
import { asParameter, loadModel, type Parameters, readCheckpoint } from "../model";
import type { TrainingCohort } from "./cohort";
import { fit } from "./fit";
import { type FitOptions, type FitSettings, resolveOptions } from "./options";
import { PixelSource } from "./pixels";
import { Run, type RunRecord } from "./run";

/**
 * `fit`, unless the same run was finished before: then that one is read back.
 *
 * The image files count by what is in them; change one and the run is made again, copy or touch them and it is not. A
 * run on images that come from no file is not kept: nobody could tell whether they changed. A run that is interrupted goes on from
 * its last checkpoint when it is asked for again.
 *
 * @param cohort   as for `fit`
 * @param options  as for `fit`; a loss function or fusion block of your own may have changed in ways nobody can
 *                 tell later, so such a run is not kept
 * @throws as `fit`
 * @example
 * const run = await train.keptFit(cohort, { preset: "notebook", tasks: "TD" }); // minutes
 * const again = await train.keptFit(cohort, { preset: "notebook", tasks: "TD" }); // at once
 */
export async function keptFit<Task extends string>(
  cohort: TrainingCohort<Task>,
  options: FitOptions<Task> = {},
): Promise<Run<Task>> {
  if (hasOwnCode(resolveOptions(cohort, options), options)) return fit(cohort, options);
  const key = await runKey(cohort, options);
  if (key === undefined) return fit(cohort, options);
  const folder = path.join(cacheFolder(), "runs", key);
  if (existsSync(path.join(folder, "run.json"))) return loadRun(folder, cohort);
  const unfinished = `${folder}.training`;
  const run = await fit(cohort, { checkpoint: unfinished, ...options });
  await saveWhole(run, folder);
  await rm(unfinished, { recursive: true, force: true });
  return run;
}

/**
 * Read a run that `run.save(folder)` wrote.
 *
 * @param folder  holds `run.json` and `model.safetensors`
 * @param cohort  the cohort it was trained on: the run predicts its patients
 * @throws InvalidArgument    when the folder holds no run
 * @throws InvalidCheckpoint  when the model file cannot be read
 * @throws UnknownName  when the model has a fusion block of somebody's own that is not defined here: run the cell with
 *                      its `model.fusion({ ... })` first
 * @example
 * const run = await train.loadRun("runs/td", cohort);
 */
export async function loadRun<Task extends string>(
  folder: string,
  cohort: TrainingCohort<Task>,
): Promise<Run<Task>> {
  const record = readRecord(folder);
  const model = await loadModel(path.join(folder, "model.safetensors"));
  return new Run<Task>({
    cohort,
    options: record.options,
    model,
    history: record.history,
    best: record.best,
    device: record.device,
    trainIds: record.split.train,
    validIds: record.split.valid,
    pixels: new PixelSource(model.spec),
    adapters: await readAdapters(folder),
    ...(record.data ? { dataSha256: record.data.sha256 } : {}),
    ...(record.weights ? { weights: record.weights } : {}),
  });
}

/** What LoRA learned, where it did. */
async function readAdapters(folder: string): Promise<Parameters> {
  const file = path.join(folder, "adapters.safetensors");
  if (!existsSync(file)) return {};
  const { tensors } = await readCheckpoint(file);
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [
      name,
      asParameter(name, { shape, dtype: "float32", data: data as Float32Array }),
    ]),
  );
}

/** The record of a saved run. @throws InvalidArgument when the folder holds none */
export function readRecord(folder: string): RunRecord {
  const file = path.join(folder, "run.json");
  if (!existsSync(file))
    throw invalidArgument("folder", folder, "a folder with run.json", "Write one with run.save(folder).");
  try {
    return JSON.parse(readFileSync(file, "utf8")) as RunRecord;
  } catch (cause) {
    throw new OsccError(
      "InvalidArgument",
      [`${file} is not readable as JSON.`, "Delete the folder and train again."],
      { argument: "folder", found: folder },
      { cause },
    );
  }
}

/** A run stopped while it is written must not look finished: write beside, then rename. */
async function saveWhole(run: Run, folder: string): Promise<void> {
  const beside = `${folder}.${process.pid}.part`;
  await mkdir(path.dirname(folder), { recursive: true });
  await run.save(beside);
  try {
    await rename(beside, folder);
  } catch {
    // Another process finished the same run first; its files are as good as ours.
    await rm(beside, { recursive: true, force: true });
  }
}

function hasOwnCode({ loss }: FitSettings, { fusion }: Pick<FitOptions, "fusion">): boolean {
  return Object.values(loss).includes("custom") || typeof fusion === "object";
}

/** A fingerprint of everything that a run depends on; `undefined` when an image has no file that can be read. */
async function runKey<Task extends string>(
  cohort: TrainingCohort<Task>,
  options: FitOptions<Task>,
): Promise<string | undefined> {
  const settings = resolveOptions(cohort, options);
  const hash = createHash("sha256");
  const say = (value: unknown) => hash.update(`${JSON.stringify(value)}\n`);
  say([packageVersion(), settings, options.split ?? "split of the cohort", options.device ?? "auto"]);
  if (settings.weights) say(await contentIfThere(settings.weights));
  for (const patient of cohort.patients) {
    say([patient.id, patient.split, settings.tasks.map((task) => patient.labels[task as Task])]);
    for (const image of patient.images({ onMissing: "substitute-site", views: settings.views })) {
      const content = image.path === undefined ? undefined : await contentIfThere(image.path);
      if (content === undefined) return undefined;
      const { channels, slice } = image as { channels?: string; slice?: number };
      say([content, channels, slice]);
    }
  }
  return hash.digest("hex").slice(0, 24);
}

/** Of a file that cannot be read nothing is known; why not, `fit` says when it reads it. */
async function contentIfThere(file: string): Promise<string | undefined> {
  return fileContent(file).catch(() => undefined);
}
