/** Open a folder of patients, whatever its layout. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { OsccError } from "../core/errors";
import { host } from "../core/host";
import { announceCohort } from "./browse";
import { Cohort } from "./cohort";
import { entriesOf, isFolder } from "./files";
import { findPatientFolders } from "./layout/patient-folders";
import { COHORT_FILE, readPlainLayout } from "./layout/plain";
import { type RawFiles, rawFiles, readRawLayout } from "./layout/raw";
import { Problems } from "./problems";
import type { CohortRecord } from "./record";
import type { CohortSchema, MultiOscc } from "./schema";

/** Options of `openCohort`. */
export interface OpenOptions<S extends CohortSchema = CohortSchema> {
  /** File name of the split, where a folder in the raw layout has several. */
  split?: string;
  /**
   * The schema that the folder should have, for exact types on one's own cohort. It is compared with what the
   * folder declares; a difference is an error.
   */
  schema?: S;
}

/**
 * Open a cohort: read labels, split, clinical table and the list of images. Nothing is decoded.
 *
 * Two layouts are known. The raw Multi-OSCC layout: a label file (`all_metadata.json`), a split file
 * (`split*.json`), a clinical table (`clinical*.csv`) and a folder `<patient>_*` of six images for each patient,
 * or the study's own preprocessed arrays `<patient>.npy`.
 * The plain layout, for one's own images: `cohort.json` and a CSV manifest.
 *
 * What can be worked around (missing images, labels without patients, ...) is listed in `cohort.warnings`;
 * everything else is reported at once in one error.
 *
 * @param folder  default: `$OSCC_DATA`, else the phantom cohort (generated once, into the cache)
 * @param options `split`; `schema`
 * @throws MissingDataset  when there is no such folder, or nothing in it that can be opened
 * @throws InvalidDataset  with `error.data.problems`, all of them
 * @example
 * const cohort = await openCohort("./Multi-OSCC");
 * cohort.patient(17).image("core", "x400");
 * const mine = await openCohort<CohortSchema>("./my-images"); // any sites, magnifications and tasks
 */
export async function openCohort<const S extends CohortSchema = MultiOscc>(
  folder?: string,
  options: OpenOptions<S> = {},
): Promise<Cohort<S>> {
  const place = path.resolve(folder ?? (process.env.OSCC_DATA || (await phantomFolder())));
  const record = await readFolder(place, folder === undefined, options);
  if (options.schema) compareSchema(record, options.schema);
  sayWarnings(record);
  const cohort = new Cohort(record as unknown as CohortRecord<S>);
  announceCohort(cohort);
  return cohort;
}

/** A cohort's first warning is said when it is opened, once; all of them stay with the cohort. */
function sayWarnings({ provenance, warnings }: CohortRecord<CohortSchema>): void {
  const [first, ...others] = warnings;
  if (first === undefined) return;
  const rest = others.length > 0 ? ` (and ${others.length} more: see cohort.warnings)` : "";
  const message = `${provenance.cohort}: ${first}${rest}`;
  if (said.has(message)) return;
  said.add(message);
  host().warn(message);
}
const said = new Set<string>();

/** The default phantom; its generator is loaded only here. */
async function phantomFolder(): Promise<string> {
  const { phantomCohort } = await import("./phantom/index.js");
  return phantomCohort();
}

async function readFolder(
  folder: string,
  fromEnvironment: boolean,
  options: OpenOptions,
): Promise<CohortRecord<CohortSchema>> {
  const entries = await entriesOf(folder);
  if (!entries) throw missingDataset(folder, await whyNoFolder(folder), fromEnvironment);
  const names = entries.map((entry) => entry.name);
  if (names.includes(COHORT_FILE)) return readPlainLayout(folder);
  const files = rawFiles(names);
  if (await looksRaw(folder, files))
    return readRawLayout(folder, files, options.split === undefined ? {} : { split: options.split });
  const inner = await innerCohorts(folder);
  throw missingDataset(
    folder,
    names.length === 0 ? "the folder is empty" : "the folder holds no cohort",
    fromEnvironment,
    inner,
  );
}

async function whyNoFolder(place: string): Promise<string> {
  try {
    const isFile = (await stat(place)).isFile();
    return isFile ? "this is a file; give the folder it stands in" : "the folder cannot be read";
  } catch {
    return "there is no such folder";
  }
}

async function looksRaw(folder: string, files: RawFiles): Promise<boolean> {
  if (files.labels.length > 0 || files.splits.length > 0 || files.clinical.length > 0) return true;
  return (await findPatientFolders(folder, new Problems())).size > 0;
}

/** Cohorts one level further in: a common slip is to name the folder above. */
async function innerCohorts(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of ((await entriesOf(folder)) ?? []).slice(0, 200)) {
    if (!(await isFolder(folder, entry))) continue;
    const place = path.join(folder, entry.name);
    const names = ((await entriesOf(place)) ?? []).map((inner) => inner.name);
    if (names.includes(COHORT_FILE) || rawFiles(names).labels.length > 0) found.push(place);
  }
  return found;
}

function missingDataset(
  folder: string,
  found: string,
  fromEnvironment: boolean,
  inner: readonly string[] = [],
): OsccError<"MissingDataset"> {
  return new OsccError(
    "MissingDataset",
    [
      `no cohort at ${folder}: ${found}.`,
      `Looked for  ${COHORT_FILE}  (a plain folder) or  *metadata*.json, split*.json, clinical*.csv, <patient>_*/01_2X.jpg  (the Multi-OSCC layout).`,
      ...(inner.length > 0 ? [`Did you mean  ${inner[0]}?`] : []),
      fromEnvironment && process.env.OSCC_DATA
        ? "The folder comes from the environment variable OSCC_DATA: correct it, or unset it to use the phantom cohort."
        : 'Give the folder of your data,  openCohort("path/to/Multi-OSCC"),  or set OSCC_DATA; openCohort() without either opens the phantom cohort.',
    ],
    { folder },
  );
}

/** A declared schema must be the one on disk, or every type made from it would lie. */
function compareSchema(record: CohortRecord<CohortSchema>, wanted: CohortSchema): void {
  const problems = new Problems();
  const compare = (what: string, found: unknown, expected: unknown) => {
    if (JSON.stringify(found) !== JSON.stringify(expected))
      problems.error(
        `${what}: the folder has ${JSON.stringify(found)}, the schema ${JSON.stringify(expected)}`,
      );
  };
  compare("sites", record.schema.sites, wanted.sites);
  compare("magnifications", record.schema.magnifications, wanted.magnifications);
  const classesOf = (schema: CohortSchema) =>
    Object.fromEntries(Object.entries(schema.tasks).map(([task, { classes }]) => [task, classes]));
  compare("tasks", classesOf(record.schema), classesOf(wanted));
  problems.throwIfAny(record.folder);
}
