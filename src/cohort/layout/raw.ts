/**
 * The raw Multi-OSCC layout: a label file, a split file, a clinical table, and one folder of images per patient.
 *
 *     all_metadata.json   split_seed=2024.json   clinical_data_2024.csv
 *     17_<anything>/01_2X.jpg 01_4X.jpg 01_10X.jpg 02_2X.jpg 02_4X.jpg 02_10X.jpg
 *
 * Patient folders stand in the folder itself or in `images/` or `data/`. `phantom.json` marks a generated cohort.
 * Instead of folders there may be the study's own arrays, `<pid>.npy` (see `upstream-arrays.ts`).
 */
import path from "node:path";
import { PHANTOM_NOTICE, type Provenance } from "../../core/provenance";
import { entriesOf, isFolder } from "../files";
import type { ClinicalRecord } from "../multi-oscc/clinical";
import { readClinical } from "../multi-oscc/clinical-file";
import { type Labels, readLabels } from "../multi-oscc/labels";
import { parseSampleName, SLOTS } from "../multi-oscc/slots";
import { readSplit } from "../multi-oscc/split-file";
import { listed, Problems, plural } from "../problems";
import type { CohortRecord, ImageRecord, LooseImageRecord, PatientRecord } from "../record";
import { MULTI_OSCC, type MultiOscc, type Split } from "../schema";
import { findPatientFolders, type PatientFolder } from "./patient-folders";
import { type PhantomFacts, readPhantomFacts } from "./phantom-facts";
import { ARRAY_CAVEAT, findPatientArrays } from "./upstream-arrays";

/** Which files of a folder are which. */
export interface RawFiles {
  readonly labels: string[];
  readonly splits: string[];
  readonly clinical: string[];
  readonly phantom: string | undefined;
}

/** Sort the names of a folder's files into their roles. */
export function rawFiles(names: readonly string[]): RawFiles {
  return {
    labels: names.filter((name) => /metadata.*\.json$/i.test(name)),
    splits: names.filter((name) => /^split.*\.json$/i.test(name)),
    clinical: names.filter((name) => /^clinical.*\.csv$/i.test(name)),
    phantom: names.find((name) => name === "phantom.json"),
  };
}

/** Options of the raw layout. */
export interface RawOptions {
  /** File name of the split to use, where the folder has several. */
  readonly split?: string;
}

/** Read everything but pixels. @throws InvalidDataset with all problems at once */
export async function readRawLayout(
  folder: string,
  files: RawFiles,
  options: RawOptions = {},
): Promise<CohortRecord<MultiOscc>> {
  const problems = new Problems();
  const at = (name: string) => path.join(folder, name);
  const labelFile = onlyOne("label file", files.labels, problems);
  // One after the other, so that problems are always listed in the same order.
  const labels = labelFile === undefined ? undefined : await readLabels(at(labelFile), problems);
  const known = new Set(labels?.keys() ?? []);
  const splitFile = chooseSplit(files.splits, options.split, problems);
  const split = splitFile === undefined ? undefined : await readSplit(at(splitFile), known, problems);
  const clinicalFile = onlyOne("clinical table", files.clinical, problems);
  const clinical =
    clinicalFile === undefined ? undefined : await readClinical(at(clinicalFile), known, problems);
  const phantom =
    files.phantom === undefined ? undefined : await readPhantomFacts(at(files.phantom), problems);
  const patientFolders = await findPatientFolders(folder, problems);
  const arrays = await findPatientArrays(folder, labelFile, known);
  problems.throwIfAny(folder);

  const samples = await findSamples(folder);
  // Photographs count more than arrays made from them.
  const fromArrays = [...arrays].filter(([id]) => !patientFolders.get(id)?.images.length);
  const imagesOf = new Map([...patientFolders, ...fromArrays]);
  const patients = assemble(labels ?? new Map(), split, clinical, imagesOf, samples);
  const withTruth = phantom ? patients.map((patient) => withMasks(folder, patient)) : patients;
  reportImages(patients, imagesOf, known, problems);
  return {
    schema: MULTI_OSCC,
    folder,
    provenance: provenanceOf(phantom),
    patients: withTruth,
    looseImages: looseImages(samples, known, patients),
    warnings: problems.warnings,
    caveats: [...(phantom?.caveats ?? []), ...(fromArrays.length > 0 ? [ARRAY_CAVEAT] : [])],
    ...(phantom?.umPerPx ? { umPerPx: phantom.umPerPx } : {}),
    ...(phantom?.fieldsOfView ? { fieldsOfView: phantom.fieldsOfView } : {}),
    ...(phantom?.maskBits ? { maskBits: phantom.maskBits } : {}),
    hasClinical: clinical !== undefined,
  };
}

function provenanceOf(phantom: PhantomFacts | undefined): Provenance {
  return phantom
    ? { cohort: phantom.name, synthetic: true, notice: PHANTOM_NOTICE }
    : { cohort: MULTI_OSCC.name, synthetic: false };
}

function assemble(
  labels: ReadonlyMap<string, Labels>,
  split: ReadonlyMap<string, Split> | undefined,
  clinical: ReadonlyMap<string, ClinicalRecord> | undefined,
  folders: ReadonlyMap<string, PatientFolder>,
  samples: readonly Sample[],
): PatientRecord[] {
  return [...labels].map(([id, ofPatient]) => {
    const folder = folders.get(id);
    const part = split?.get(id);
    const row = clinical?.get(id);
    return {
      id,
      labels: ofPatient,
      images: withSamples(folder?.images ?? [], samples, id),
      ...(folder ? { folder: folder.path } : {}),
      ...(part ? { split: part } : {}),
      ...(row ? { clinical: row } : {}),
    };
  });
}

/** A published sample fills its view where the patient's folder does not. */
function withSamples(images: readonly ImageRecord[], samples: readonly Sample[], id: string): ImageRecord[] {
  const all = [...images];
  for (const { patient, slot, path: file, channels } of samples) {
    if (patient !== id || !slot) continue;
    const { site, magnification } = slot;
    if (!all.some((image) => image.site === site && image.magnification === magnification))
      all.push({ site, magnification, path: file, channels });
  }
  return all;
}

/** A phantom keeps the truth of `images/17_phantom/01_4X.jpg` in `masks/17/01_4X.png`. */
function withMasks(folder: string, patient: PatientRecord): PatientRecord {
  const images = patient.images.map((image) => ({
    ...image,
    maskPath: path.join(folder, "masks", patient.id, `${path.parse(image.path).name}.png`),
  }));
  return { ...patient, images };
}

interface Sample {
  readonly patient: string;
  readonly slot: (typeof SLOTS)[number] | undefined;
  readonly path: string;
  readonly channels: "rgb" | "bgr";
}

async function findSamples(folder: string): Promise<Sample[]> {
  const place = path.join(folder, "samples");
  const found: Sample[] = [];
  for (const entry of (await entriesOf(place)) ?? []) {
    const name = parseSampleName(entry.name);
    if (name && !(await isFolder(place, entry)))
      found.push({
        patient: String(Number(name.patient)),
        slot: name.slot,
        path: path.join(place, entry.name),
        channels: name.redBlueSwapped ? "bgr" : "rgb",
      });
  }
  return found;
}

function looseImages(
  samples: readonly Sample[],
  known: ReadonlySet<string>,
  patients: readonly PatientRecord[],
): LooseImageRecord[] {
  const attached = new Set(patients.flatMap((patient) => patient.images.map((image) => image.path)));
  return samples
    .filter((sample) => !attached.has(sample.path))
    .map((sample) => ({
      path: sample.path,
      channels: sample.channels,
      ...(known.has(sample.patient) ? { patient: sample.patient } : {}),
      note: !known.has(sample.patient)
        ? `patient ${sample.patient} has no labels here`
        : sample.slot
          ? "the patient's own folder has this view"
          : "site and magnification unknown",
    }));
}

function reportImages(
  patients: readonly PatientRecord[],
  folders: ReadonlyMap<string, PatientFolder>,
  known: ReadonlySet<string>,
  problems: Problems,
): void {
  const strangers = [...folders.keys()].filter((id) => !known.has(id));
  if (strangers.length > 0)
    problems.warn(
      `image folders of ${plural(strangers.length, "patient")} without labels: ${listed(strangers)}; left out`,
    );
  const without = patients.filter((patient) => patient.images.length === 0).map((patient) => patient.id);
  if (folders.size === 0) {
    problems.warn(
      `no patient folder with images was found: labels, split and clinical data of ${plural(patients.length, "patient")} can be used, ` +
        `images of ${plural(without.length, "patient")} are missing`,
    );
    return;
  }
  if (without.length > 0)
    problems.warn(
      `${plural(without.length, "patient")} with labels ${verb(without)} no image: ${listed(without)}`,
    );
  const partial = patients.filter(({ images }) => images.length > 0 && images.length < SLOTS.length);
  if (partial.length > 0)
    problems.warn(
      `${plural(partial.length, "patient")} ${verb(partial)} fewer than ${SLOTS.length} images: ` +
        listed(partial.map(({ id, images }) => `${id} (${images.length}/${SLOTS.length})`)),
    );
}

function verb(list: readonly unknown[]): string {
  return list.length === 1 ? "has" : "have";
}

function onlyOne(what: string, names: readonly string[], problems: Problems): string | undefined {
  if (names.length > 1)
    problems.error(
      `there are ${names.length} files that could be the ${what}: ${names.join(", ")}; keep one`,
    );
  if (names.length === 0 && what === "label file")
    problems.error('there is no label file (a JSON whose name holds "metadata", such as all_metadata.json)');
  return names[0];
}

function chooseSplit(
  names: readonly string[],
  asked: string | undefined,
  problems: Problems,
): string | undefined {
  if (asked !== undefined) {
    if (names.includes(asked)) return asked;
    problems.error(`there is no split file "${asked}"; the folder has ${names.join(", ") || "none"}`);
    return undefined;
  }
  if (names.length > 1)
    problems.error(
      `there are ${names.length} split files: ${names.join(", ")}; choose one with  openCohort(folder, { split: "${names[0]}" })`,
    );
  if (names.length === 0)
    problems.warn(
      "there is no split file (split*.json): no patient is in train, valid or test; see cohort.folds()",
    );
  return names[0];
}
