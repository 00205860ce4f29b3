/** Make a phantom cohort on disk, in the raw Multi-OSCC layout. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { availableParallelism, hostname } from "node:os";
import path from "node:path";
import { currentSignal } from "../../core/abort";
import { OsccError } from "../../core/errors";
import { duration, startProgress } from "../../core/progress";
import { PHANTOM_NOTICE } from "../../core/provenance";
import { Rng } from "../../core/random";
import { type Magnification, MULTI_OSCC, type Split } from "../schema";
import { clinicalCsv } from "./clinical";
import { MASK_BITS } from "./masks";
import {
  type CohortRecipe,
  defaultFolder,
  type PhantomOptions,
  requireWhole,
  resolveRecipe,
} from "./options";
import { makeCohort, type PhantomPatient } from "./patient";
import { GENERATOR, PHANTOM_PRESETS } from "./settings";
import { splitPatients } from "./split";
import { umPerPx } from "./view";
import { type PatientTruth, patientFolderName } from "./write-patient";
import { writePatients } from "./write-patients";

/** Present if and only if the folder is a whole phantom cohort. */
export const PHANTOM_MANIFEST = "phantom.json";

/** What `phantom.json` says. */
export interface PhantomManifest {
  readonly generator: string;
  readonly seed: string;
  readonly preset: string;
  readonly patients: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly umPerPx: Readonly<Record<Magnification, number>>;
  readonly bits: Readonly<Record<string, number>>;
  readonly notice: string;
  readonly options: CohortRecipe;
}

/**
 * The folder of a phantom cohort; it is made first if it is not there. Synthetic, not patient data.
 *
 * The folder holds `images/<pid>_phantom/01_2X.jpg ...` (01 core, 02 edge; 2X, 4X, 10X are x200, x400, x1000),
 * `all_metadata.json`, `split_seed=2024.json`, `clinical_data_2024.csv`, and the truth: `masks/<pid>/01_2X.png ...`
 * (see `MASK_BITS`), `truth.json`, `phantom.json`. A cohort that was stopped half-way leaves no folder.
 *
 * @param options see `PhantomOptions`; defaults: 160 patients, 432 x 324 px, seed "phantom-1", preset "default"
 * @throws InvalidArgument an option out of range; `folder` holds something else or another cohort
 * @throws UnknownName     a preset that does not exist
 * @throws Aborted         stopped by the signal
 *
 * @example
 * const folder = await phantom.phantomCohort({ patients: 12, preset: "easy" });
 * const cohort = await openCohort(folder);
 */
export async function phantomCohort(options: PhantomOptions = {}): Promise<string> {
  const recipe = resolveRecipe(options);
  const workers = options.workers ?? Math.min(availableParallelism(), 8);
  requireWhole("workers", workers, 1, 256);
  const folder = path.resolve(options.folder ?? defaultFolder(recipe));
  if (isReady(folder, recipe)) return folder;

  const draft = draftName(folder);
  await removeDeadDrafts(folder);
  await mkdir(draft, { recursive: true });
  try {
    await makeInto(draft, recipe, workers, currentSignal(options.signal));
    await publish(draft, folder, recipe);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** Read `phantom.json` of a folder, or `undefined` if the folder is not a (whole) phantom cohort. */
export function readPhantomManifest(folder: string): PhantomManifest | undefined {
  const file = path.join(folder, PHANTOM_MANIFEST);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as PhantomManifest) : undefined;
}

async function makeInto(
  folder: string,
  recipe: CohortRecipe,
  workers: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const patients = makeCohort(recipe.seed, recipe.patients, PHANTOM_PRESETS[recipe.preset], recipe);
  const started = performance.now();
  const progress = startProgress("making the phantom cohort", patients.length);
  let finished = false;
  try {
    const truths = await writePatients(folder, recipe, patients, {
      workers,
      signal,
      onPatient: (done) => progress.update(done, "patients"),
    });
    await writeTables(folder, recipe, patients, truths);
    finished = true;
  } finally {
    const took = duration(performance.now() - started);
    progress.end(
      finished
        ? `phantom cohort: ${patients.length} patients in ${took}`
        : "making the phantom cohort: stopped",
    );
  }
}

/** Labels, split, clinical table, truth, and last of all the manifest. */
async function writeTables(
  folder: string,
  recipe: CohortRecipe,
  patients: readonly PhantomPatient[],
  truths: readonly PatientTruth[],
): Promise<void> {
  const put = (name: string, content: string) => writeFile(path.join(folder, name), content);
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const stream = new Rng(recipe.seed);
  const split: Record<Split, number[]> = splitPatients(stream.split("split"), patients);
  const datainfo = patients.map(({ pid, labels }) => {
    const { TD, CE, TI, PI, LNM, REC } = labels;
    return { pid, TD, CE, TI, PI, LNM, REC, path: `./images/${patientFolderName(pid)}` };
  });
  await put("all_metadata.json", json({ num: patients.length, datainfo }));
  await put("split_seed=2024.json", json(split));
  await put("clinical_data_2024.csv", clinicalCsv(stream.split("clinical"), patients));
  await put("truth.json", `[\n${truths.map((truth) => JSON.stringify(truth)).join(",\n")}\n]\n`);
  await put(PHANTOM_MANIFEST, json(manifestOf(recipe)));
}

function manifestOf(recipe: CohortRecipe): PhantomManifest {
  const { seed, preset, patients, width, height } = recipe;
  const pixelSizes = MULTI_OSCC.magnifications.map((m) => [m, umPerPx(m, width)]);
  return {
    generator: GENERATOR,
    seed,
    preset,
    patients,
    size: { width, height },
    umPerPx: Object.fromEntries(pixelSizes) as Record<Magnification, number>,
    bits: MASK_BITS,
    notice: PHANTOM_NOTICE,
    options: recipe,
  };
}

/** Is this very cohort there? Throws if something else is in its place. */
function isReady(folder: string, recipe: CohortRecipe): boolean {
  if (!existsSync(folder)) return false;
  const manifest = readPhantomManifest(folder);
  if (manifest) {
    const wanted = manifestOf(recipe);
    if (manifest.generator === wanted.generator && same(manifest.options, wanted.options)) return true;
    throw occupied(folder, [
      `${folder} holds another phantom cohort: ${manifest.generator}, ${JSON.stringify(manifest.options)}.`,
      `Wanted: ${wanted.generator}, ${JSON.stringify(wanted.options)}.`,
    ]);
  }
  if (readdirSync(folder).length > 0)
    throw occupied(folder, [`${folder} is not empty and holds no finished phantom cohort.`]);
  return false;
}

function same(a: CohortRecipe, b: CohortRecipe): boolean {
  return (Object.keys(b) as (keyof CohortRecipe)[]).every((key) => a[key] === b[key]);
}

function occupied(folder: string, lines: string[]): OsccError<"InvalidArgument"> {
  return new OsccError(
    "InvalidArgument",
    [
      ...lines,
      "Give another folder, or remove this one; without `folder` each cohort has a place of its own.",
    ],
    { argument: "folder", found: folder },
  );
}

/** Move the finished draft into place. If another process was faster, its folder is as good. */
async function publish(draft: string, folder: string, recipe: CohortRecipe): Promise<void> {
  try {
    if (existsSync(folder) && readdirSync(folder).length === 0) await rmdir(folder);
    await rename(draft, folder);
  } catch (error) {
    if (!isReady(folder, recipe)) throw error;
  }
}

/** Drafts stand beside the folder and carry the maker's name, so that what a killed process left can be told. */
function draftName(folder: string): string {
  return `${draftPrefix(folder)}${process.pid}-${draftNumber++}`;
}
let draftNumber = 0;

function draftPrefix(folder: string): string {
  return `${folder}.draft-${hostname()}-`;
}

async function removeDeadDrafts(folder: string): Promise<void> {
  const parent = path.dirname(folder);
  if (!existsSync(parent)) return;
  const prefix = path.basename(draftPrefix(folder));
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix)) continue;
    const maker = Number.parseInt(name.slice(prefix.length), 10);
    if (!isRunning(maker)) await rm(path.join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
