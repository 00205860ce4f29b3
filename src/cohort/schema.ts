/**
 * What a cohort consists of: sites, magnifications, tasks. Multi-OSCC is one schema; a user's own folder
 * declares another (`cohort.json`). Nothing in `model/` or `train/` knows the names that stand here.
 */

/** One diagnostic or prognostic question and its answers, in label order. */
export interface TaskDefinition {
  /** In words, for axis titles: "tumour differentiation". */
  readonly title: string;
  /** Class names; the index is the label. */
  readonly classes: readonly string[];
}

/** The sites, magnifications and tasks of a cohort. */
export interface CohortSchema {
  readonly name: string;
  readonly sites: readonly string[];
  readonly magnifications: readonly string[];
  readonly tasks: Readonly<Record<string, TaskDefinition>>;
}

/**
 * The Multi-OSCC study: 1,325 patients, six images each.
 * Labels: TD 0 well, 1 moderate, 2 poor; all others 0 no, 1 yes; -1 in a label file means missing.
 */
export const MULTI_OSCC = {
  name: "Multi-OSCC",
  sites: ["core", "edge"],
  magnifications: ["x200", "x400", "x1000"],
  tasks: {
    REC: { title: "recurrence", classes: ["no recurrence", "recurrence"] },
    LNM: { title: "lymph-node metastasis", classes: ["no metastasis", "metastasis"] },
    TD: { title: "tumour differentiation", classes: ["well", "moderate", "poor"] },
    TI: { title: "tumour invasion", classes: ["not invaded", "invaded"] },
    CE: { title: "cancer embolus", classes: ["no embolus", "embolus"] },
    PI: { title: "perineural invasion", classes: ["no invasion", "invasion"] },
  },
} as const satisfies CohortSchema;

export type MultiOscc = typeof MULTI_OSCC;
/** `"core" | "edge"` */
export type Site = MultiOscc["sites"][number];
/** `"x200" | "x400" | "x1000"` */
export type Magnification = MultiOscc["magnifications"][number];
/** `"REC" | "LNM" | "TD" | "TI" | "CE" | "PI"` */
export type Task = keyof MultiOscc["tasks"];

export type SiteOf<S extends CohortSchema> = S["sites"][number];
export type MagnificationOf<S extends CohortSchema> = S["magnifications"][number];
export type TaskOf<S extends CohortSchema> = keyof S["tasks"] & string;

/** The three parts of a split by patient. */
export const SPLITS = ["train", "valid", "test"] as const;
/** `"train" | "valid" | "test"` */
export type Split = (typeof SPLITS)[number];
