/** A cohort: patients with images and labels, and where they come from. */
import { inspect } from "node:util";
import type { DataFrame } from "danfojs-node";
import { invalidArgument, unknownName } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { RgbImage } from "../image";
import { readImage } from "../image/read-image";
import { loadDanfo, NARROW } from "./danfo";
import { loadPatients, type PatientTensor, type PatientTensorOptions } from "./loader";
import { ClinicalTable } from "./multi-oscc/clinical";
import { Patient, type View } from "./patient";
import { plural } from "./problems";
import type { CohortRecord, FieldsOfView, LooseImageRecord } from "./record";
import { frameRows, type PatientRow, patientRows } from "./rows";
import {
  type CohortSchema,
  type MagnificationOf,
  type MultiOscc,
  type SiteOf,
  SPLITS,
  type Split,
  type TaskDefinition,
  type TaskOf,
} from "./schema";
import { type Fold, type FoldOptions, stratifiedFolds } from "./splits";
import { type ChannelStatistics, channelStatistics, type StatisticsOptions } from "./statistics";
import {
  type ClassCount,
  type CrossTable,
  classCounts,
  crossTable,
  type Missingness,
  missingness,
} from "./tables";
import { type VerifyOptions, type VerifyReport, verifyCohort } from "./verify";

/** Conditions of `Cohort.where`: all must hold. A label is a class index or a class name; `undefined` asks for missing. */
export type Where<S extends CohortSchema> = { readonly split?: Split | undefined } & {
  readonly [T in TaskOf<S>]?: number | S["tasks"][T]["classes"][number] | undefined;
};

/**
 * The patients of one study. Made by `openCohort`; nothing is decoded until an image is loaded.
 *
 * @example
 * const cohort = await openCohort("./Multi-OSCC");
 * cohort.patients.length;                       // 1325
 * cohort.where({ split: "train", TD: "poor" }); // Patient[]
 * cohort.classCounts();                         // rows for a table or plot.classCounts
 */
export class Cohort<S extends CohortSchema = MultiOscc> {
  readonly schema: S;
  /** The folder that was opened, absolute. */
  readonly folder: string;
  readonly provenance: Provenance;
  readonly patients: readonly Patient<S>[];
  /** What was found wrong in the folder and how it was worked around. */
  readonly warnings: readonly string[];
  /** What a reader of any result from this cohort should know. */
  readonly caveats: readonly string[];
  /** Task names, in the schema's order. */
  readonly tasks: readonly TaskOf<S>[];
  readonly sites: readonly SiteOf<S>[];
  readonly magnifications: readonly MagnificationOf<S>[];
  /** Every site at every magnification, site by site: the default order of a patient's images. */
  readonly views: readonly View<S>[];
  /** The clinical table, if the folder has one. */
  readonly clinical: ClinicalTable | undefined;
  /** Image files that are known but fill no patient's view. */
  readonly looseImages: readonly LooseImage[];
  /** Width of one pixel in micrometres by magnification, where known. */
  readonly umPerPx: Readonly<Record<string, number>> | undefined;
  /** `"concentric"`: the fields of all magnifications of a site share their centre, as in phantoms; else not known. */
  readonly fieldsOfView: FieldsOfView | undefined;
  /** Signs and bits of the truth masks, for generated cohorts. */
  readonly maskBits: Readonly<Record<string, number>> | undefined;
  private readonly byId: ReadonlyMap<string, Patient<S>>;

  /** Made by `openCohort`. */
  constructor(record: CohortRecord<S>) {
    const { schema } = record;
    this.schema = schema;
    this.folder = record.folder;
    this.provenance = record.provenance;
    this.warnings = record.warnings;
    this.caveats = record.caveats;
    this.tasks = Object.keys(schema.tasks) as TaskOf<S>[];
    this.sites = schema.sites;
    this.magnifications = schema.magnifications;
    this.views = schema.sites.flatMap((site) =>
      schema.magnifications.map((magnification) => ({ site, magnification })),
    );
    this.umPerPx = record.umPerPx;
    this.fieldsOfView = record.fieldsOfView;
    this.maskBits = record.maskBits;
    this.patients = record.patients.map((patient) => new Patient(this, patient));
    this.byId = new Map(this.patients.map((patient) => [patient.id, patient]));
    this.clinical = record.hasClinical
      ? new ClinicalTable(record.patients.flatMap((patient) => (patient.clinical ? [patient.clinical] : [])))
      : undefined;
    this.looseImages = record.looseImages.map((loose) => new LooseImage(loose));
  }

  /** The cohort's name, for titles. */
  get name(): string {
    return this.provenance.cohort;
  }

  /** Title and classes of a task. @throws UnknownName */
  task(name: TaskOf<S>): TaskDefinition {
    const definition = this.schema.tasks[name];
    if (!definition || !Object.hasOwn(this.schema.tasks, name)) throw unknownName("task", name, this.tasks);
    return definition;
  }

  /** One patient by number or name. @throws UnknownName with the nearest one that exists */
  patient(id: string | number): Patient<S> {
    const patient = this.byId.get(String(id));
    if (!patient)
      throw unknownName(
        "patient",
        String(id),
        this.patients.map((known) => known.id),
      );
    return patient;
  }

  /** The patients of one part of the split. */
  split(name: Split): Patient<S>[] {
    if (!SPLITS.includes(name)) throw unknownName("split", name, SPLITS);
    return this.patients.filter((patient) => patient.split === name);
  }

  /**
   * The patients for whom every condition holds.
   *
   * @throws UnknownName, InvalidArgument for a task or class that the cohort does not have
   * @example
   * cohort.where({ split: "train", TD: 2 });
   * cohort.where({ TD: "poor", LNM: "metastasis" });
   */
  where(conditions: Where<S>): Patient<S>[] {
    const tests = Object.entries(conditions).map(([name, wanted]) => {
      if (name === "split") {
        if (wanted !== undefined && !SPLITS.includes(wanted as Split))
          throw unknownName("split", String(wanted), SPLITS);
        return (patient: Patient<S>) => patient.split === wanted;
      }
      const task = name as TaskOf<S>;
      const label = this.labelOf(task, wanted as number | string | undefined);
      return (patient: Patient<S>) => patient.labels[task] === label;
    });
    return this.patients.filter((patient) => tests.every((test) => test(patient)));
  }

  /**
   * The labels of a task, one for each patient.
   *
   * @param task     which task
   * @param patients default: all, in the cohort's order
   * @returns        class indices; -1 where the label is missing
   */
  labels(task: TaskOf<S>, patients: readonly Patient<S>[] = this.patients): number[] {
    this.task(task);
    return patients.map((patient) => patient.labels[task] ?? -1);
  }

  /** The labels of every task, a column each, one value for each patient; -1 where missing. */
  labelColumns(): Record<TaskOf<S>, number[]> {
    return Object.fromEntries(this.tasks.map((task) => [task, this.labels(task)])) as Record<
      TaskOf<S>,
      number[]
    >;
  }

  /** Patients per class and part of the split, one row per class of each task. */
  classCounts(): ClassCount<TaskOf<S>>[] {
    return classCounts(this);
  }

  /** How many labels, images, split entries and clinical cells are missing. */
  missingness(): Missingness[] {
    return missingness(this);
  }

  /** Two tasks against each other. @param patients default: all */
  crossTable(rowTask: TaskOf<S>, columnTask: TaskOf<S>, patients?: readonly Patient<S>[]): CrossTable {
    return crossTable(this, rowTask, columnTask, patients);
  }

  /**
   * Folds for a cross-validation, by patient.
   *
   * @param options `folds`, default 5; `stratify`: a task or several; `seed`, default 7
   * @param patients which patients; default all
   * @example
   * const [first] = cohort.folds({ folds: 5, stratify: "REC" });
   */
  folds(options: FoldOptions<TaskOf<S>> = {}, patients: readonly Patient<S>[] = this.patients): Fold<S>[] {
    return stratifiedFolds(patients, options);
  }

  /**
   * Decode and resize the images of patients into one array.
   *
   * @param patients one or more patients
   * @param options  `size` `[height, width]`; `views`; `fit`, default `"squash"`; `onMissing`, default `"substitute-site"`
   * @returns        `[patients, views, height, width, 3]` uint8
   * @throws MissingImage, UnreadableImage, Aborted
   * @example
   * const { data, shape } = await cohort.tensor(cohort.split("train"), { size: [128, 128] });
   */
  tensor(patients: readonly Patient<S>[], options: PatientTensorOptions<S>): Promise<PatientTensor<S>> {
    return loadPatients(patients, options);
  }

  /**
   * Mean and standard deviation of red, green and blue (0-255) over a part of the split, by the published rule: of
   * each patient, then the mean over patients. A few patients are in memory at a time; a run that was stopped goes on
   * where it was.
   *
   * @param options `split`, default `"train"`; `size`, default `[512, 512]`; `fit`; `filter`; `onMissing`; `resume`,
   *                default true
   * @throws Undefined when no patient of the part has an image; MissingImage, UnreadableImage, Aborted
   * @example
   * const { mean, std } = await cohort.channelStatistics({ size: [128, 128] });
   */
  channelStatistics(options: StatisticsOptions = {}): Promise<ChannelStatistics> {
    return channelStatistics(this, options);
  }

  /**
   * Check every image: is it there, whole, of the usual size, in focus, with tissue, its red and blue in order,
   * and in one part of the split only? Runs in parallel and off the main thread; a check that was stopped goes on
   * where it was.
   *
   * Rules are calibrated on the default phantom, on which they find nothing; each is stated with how often it errs
   * in its file under `verify/`. They point at what a person should look at; they prove nothing.
   *
   * @param options `limit` images at a time; `resume`, default true; `signal`
   * @returns       problems, counts and notes, JSON-able
   * @throws Aborted
   * @example
   * const report = await cohort.verify();
   * report.summary.errors;          // 0
   * await report.save("verify.csv");
   */
  verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    return verifyCohort(this, options);
  }

  /** One typed row per patient: id, split, number of images, labels, clinical columns. */
  rows(): PatientRow<TaskOf<S>>[] {
    return patientRows(this);
  }

  /**
   * The same rows as a danfojs DataFrame (pandas-like), loaded when first asked for. A missing number is NaN, yes
   * and no are 1 and 0. danfojs' `describe` and `groupby(...).mean()` do not skip NaN: use `dropNa` first.
   *
   * @example
   * const table = await cohort.table();
   * table.query(table["ageYears"].gt(60)).shape;
   * table.groupby(["TD"]).col(["REC"]).mean().print();
   */
  async table(): Promise<DataFrame> {
    const { DataFrame } = await loadDanfo();
    return new DataFrame(frameRows(this.rows()), { config: NARROW });
  }

  [inspect.custom](): string {
    const images = this.patients.reduce((sum, patient) => sum + patient.imageCount, 0);
    const { notice } = this.provenance;
    return [
      this.name,
      plural(this.patients.length, "patient"),
      plural(images, "image"),
      `tasks ${this.tasks.join(", ")}`,
      SPLITS.map((split) => `${split} ${this.split(split).length}`).join(", "),
      ...(notice ? [notice] : []),
      ...(this.caveats.length > 0 ? [`${plural(this.caveats.length, "caveat")} (see .caveats)`] : []),
      ...(this.warnings.length > 0 ? [`${plural(this.warnings.length, "warning")} (see .warnings)`] : []),
    ].join(" · ");
  }

  private labelOf(task: TaskOf<S>, wanted: number | string | undefined): number | undefined {
    const { classes } = this.task(task);
    if (wanted === undefined) return undefined;
    const label = typeof wanted === "number" ? wanted : classes.indexOf(wanted);
    if (!(Number.isInteger(label) && label >= 0 && label < classes.length))
      throw invalidArgument(
        String(task),
        wanted,
        `one of ${classes.map((name, i) => `${i} (${name})`).join(", ")}, or undefined for a missing label`,
      );
    return label;
  }
}

/** An image file that belongs to no patient's view, such as a published sample of unknown magnification. */
export class LooseImage {
  readonly path: string;
  readonly channels: "rgb" | "bgr";
  /** The patient, where known. */
  readonly patient: string | undefined;
  /** Why it is loose. */
  readonly note: string;

  constructor(record: LooseImageRecord) {
    this.path = record.path;
    this.channels = record.channels;
    this.patient = record.patient;
    this.note = record.note;
  }

  /** Decode it. @throws UnreadableImage */
  load(): Promise<RgbImage> {
    return readImage(this.path, { channels: this.channels });
  }

  [inspect.custom](): string {
    return `Loose image${this.patient ? ` of patient ${this.patient}` : ""} · ${this.note} · ${this.path}`;
  }
}
