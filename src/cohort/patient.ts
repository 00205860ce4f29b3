/** One patient: labels, split, clinical data, and a fixed grid of views. */
import { inspect } from "node:util";
import { invalidArgument, unknownName } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { Cohort } from "./cohort";
import type { ClinicalRecord } from "./multi-oscc/clinical";
import { PatientImage } from "./patient-image";
import type { ImageRecord, PatientRecord } from "./record";
import type { CohortSchema, MagnificationOf, MultiOscc, SiteOf, Split, TaskOf } from "./schema";

/**
 * What to do about a missing view:
 * - `"substitute-site"` (default): the same magnification of another site stands in, as in the Multi-OSCC
 *   study; when every site lacks it, an error
 * - `"skip"`: leave it out; a patient may then have fewer images
 * - `"error"`: refuse
 */
export const MISSING_POLICIES = ["substitute-site", "skip", "error"] as const;
export type MissingPolicy = (typeof MISSING_POLICIES)[number];

/** A site at a magnification. */
export interface View<S extends CohortSchema = MultiOscc> {
  readonly site: SiteOf<S>;
  readonly magnification: MagnificationOf<S>;
}

/** A view by names that are checked at run time. */
export interface NamedView {
  readonly site: string;
  readonly magnification: string;
}

/** Options of `Patient.images`. */
export interface ImagesOptions<S extends CohortSchema = MultiOscc> {
  onMissing?: MissingPolicy;
  /** Which views, in which order; default all, site by site. */
  views?: readonly View<S>[];
}

/**
 * One patient of a cohort.
 *
 * @example
 * const patient = cohort.patient(17);
 * patient.labels.TD;                          // 1
 * patient.image("core", "x400");              // one view
 * patient.images();                           // all six, missing ones substituted
 */
export class Patient<S extends CohortSchema = MultiOscc> {
  readonly id: string;
  /** Class index of each task; `undefined` where the label is missing (-1 in a label file). */
  readonly labels: Readonly<Record<TaskOf<S>, number | undefined>>;
  /** The part of the official split this patient is in, if any. */
  readonly split: Split | undefined;
  /** The row of the clinical table, if there is one. */
  readonly clinical: ClinicalRecord | undefined;
  readonly cohort: Cohort<S>;
  /** Where this patient's images are, if a folder was found. */
  readonly imageFolder: string | undefined;
  private readonly grid: ReadonlyMap<string, PatientImage<S>>;

  /** Made by `Cohort`. */
  constructor(cohort: Cohort<S>, record: PatientRecord) {
    this.cohort = cohort;
    this.id = record.id;
    this.labels = record.labels as Readonly<Record<TaskOf<S>, number | undefined>>;
    this.split = record.split;
    this.clinical = record.clinical;
    this.imageFolder = record.folder;
    this.grid = viewGrid(this, record.images);
  }

  /** Where this patient's data come from; figures carry its notice. */
  get provenance(): Provenance {
    return this.cohort.provenance;
  }

  /**
   * One view. A view that the schema knows and the folder lacks is returned with status `"missing"`.
   *
   * @throws UnknownName for a site or magnification that the cohort does not have
   */
  image(site: SiteOf<S>, magnification: MagnificationOf<S>): PatientImage<S> {
    const image = this.grid.get(key(site, magnification));
    if (image) return image;
    const { sites, magnifications } = this.cohort;
    throw sites.includes(site)
      ? unknownName("magnification", magnification, magnifications)
      : unknownName("site", site, sites);
  }

  /** Every view of the schema, present or missing, site by site in order of magnification. */
  allImages(): PatientImage<S>[] {
    return [...this.grid.values()];
  }

  /**
   * The images to work with, in a fixed order (default: site by site, in order of magnification).
   *
   * @param options `onMissing`: `"substitute-site"` (default, as published), `"skip"` or `"error"`; `views`
   * @throws MissingImage when a view is missing and the policy cannot fill it
   * @example
   * patient.images({ onMissing: "skip" }).map((image) => image.magnification);
   */
  images(options?: ImagesOptions<S>): PatientImage<S>[];
  /** The same for views whose names are known only at run time, as a model's specification has them. */
  images(options: { onMissing: "substitute-site" | "skip"; views: readonly NamedView[] }): PatientImage<S>[];
  images(options: { onMissing?: MissingPolicy; views?: readonly NamedView[] } = {}): PatientImage<S>[] {
    const { onMissing = "substitute-site", views = this.cohort.views } = options;
    if (!MISSING_POLICIES.includes(onMissing))
      throw invalidArgument("onMissing", onMissing, `one of ${MISSING_POLICIES.join(", ")}`);
    return views.flatMap(({ site, magnification }) => {
      const image = this.image(site as SiteOf<S>, magnification as MagnificationOf<S>);
      if (image.status === "present") return [image];
      if (onMissing === "skip") return [];
      const substitute = onMissing === "substitute-site" ? this.substituteFor(image) : undefined;
      if (!substitute) throw image.missing();
      return [substitute];
    });
  }

  /** How many of the schema's views are present. */
  get imageCount(): number {
    return this.allImages().filter((image) => image.status === "present").length;
  }

  /** The class name of a task, or `undefined` when the label is missing. */
  className(task: TaskOf<S>): string | undefined {
    const label = this.labels[task];
    return label === undefined ? undefined : this.cohort.task(task).classes[label];
  }

  [inspect.custom](): string {
    const parts = [`Patient ${this.id}`, `${this.imageCount}/${this.grid.size} images`];
    const first = this.cohort.tasks[0];
    if (first !== undefined) parts.push(`${this.cohort.task(first).title}: ${this.answer(first)}`);
    if (this.split) parts.push(this.split);
    return parts.join(" · ");
  }

  /** The label in a word: yes and no for a question whose first class is "no ...", else the class name. */
  private answer(task: TaskOf<S>): string {
    const name = this.className(task);
    if (name === undefined) return "unknown";
    const { classes } = this.cohort.task(task);
    const isYesNo = classes.length === 2 && /^(no|not) /.test(classes[0] ?? "");
    if (!isYesNo) return name;
    return name === classes[0] ? "no" : "yes";
  }

  private substituteFor(missing: PatientImage<S>): PatientImage<S> | undefined {
    for (const site of this.cohort.sites) {
      const image = this.image(site, missing.magnification);
      if (image.status === "present") return image.standingFor(missing.site);
    }
    return undefined;
  }
}

function viewGrid<S extends CohortSchema>(
  patient: Patient<S>,
  records: readonly ImageRecord[],
): ReadonlyMap<string, PatientImage<S>> {
  const found = new Map(records.map((record) => [key(record.site, record.magnification), record]));
  return new Map(
    patient.cohort.views.map(({ site, magnification }) => {
      const at = key(site, magnification);
      return [at, new PatientImage(patient, site, magnification, found.get(at))];
    }),
  );
}

function key(site: string, magnification: string): string {
  return `${site} ${magnification}`;
}
