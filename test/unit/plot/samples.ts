/** Realistic inputs for figures, from seeded random numbers. */

import type { ClinicalBaseline } from "../../../src/baseline";
import { MULTI_OSCC } from "../../../src/cohort/schema";
import type { ClassCount } from "../../../src/cohort/tables";
import { OsccError } from "../../../src/core/errors";
import type { Provenance } from "../../../src/core/provenance";
import { PHANTOM_NOTICE } from "../../../src/core/provenance";
import { Rng } from "../../../src/core/random";
import { compareRuns, type RunComparison } from "../../../src/evaluate/compare";
import { correlationMatrix } from "../../../src/evaluate/correlation";
import { type Confusion, confusion } from "../../../src/evaluate/metrics";
import type { Predictions } from "../../../src/evaluate/predictions";
import { type Roc, roc } from "../../../src/evaluate/roc";
import type { SurvivalTimes } from "../../../src/evaluate/survival-times";
import type { CamResult } from "../../../src/explain";
import { RgbImage } from "../../../src/image/rgb-image";
import type { Micrograph, PatientViews } from "../../../src/plot/micrograph";
import type { EpochOfTraining } from "../../../src/plot/training";

export const PHANTOM: Provenance = { cohort: "phantom-1", synthetic: true, notice: PHANTOM_NOTICE };
export const REAL: Provenance = { cohort: "Multi-OSCC", synthetic: false };

/** Scores of `n` patients, of whom a share is positive; `strength` separates them. */
export function predictions(
  seed: string,
  { n = 200, share = 0.25, strength = 1.5, provenance = PHANTOM as Provenance | undefined } = {},
): Predictions {
  const rng = new Rng(seed);
  const yTrue = Array.from({ length: n }, (_, i) => (i < Math.round(n * share) ? 1 : 0));
  const positive = yTrue.map((label) => 1 / (1 + Math.exp(-(rng.normal() + strength * (label - 0.5)))));
  return {
    task: "REC",
    classes: ["no recurrence", "recurrence"],
    patients: yTrue.map((_, i) => String(i + 1)),
    yTrue,
    probabilities: positive.map((p) => [1 - p, p]),
    ...(provenance ? { provenance } : {}),
  };
}

export function curve(seed: string, options: Parameters<typeof predictions>[1] = {}): Roc {
  return roc(predictions(seed, options), { bootstrap: 200, label: `${seed}, recurrence` });
}

/** Days to recurrence of 600 patients by grade, followed for two to nine years. */
export function followUp(): Record<string, SurvivalTimes> {
  const rng = new Rng("follow-up");
  return Object.fromEntries(
    ["well", "moderate", "poor"].map((grade, i) => {
      const patients = Array.from({ length: 200 }, () => {
        const recurrence = -Math.log(1 - rng.uniform()) * 365 * (14 - 4 * i);
        const end = rng.range(700, 3300);
        return { time: Math.round(Math.min(recurrence, end)), event: recurrence <= end };
      });
      const times = patients.map(({ time }) => time);
      return [grade, { time: times, event: patients.map(({ event }) => event), provenance: PHANTOM }];
    }),
  );
}

/** The printed class counts of the Multi-OSCC label file. */
export function multiOsccCounts(): ClassCount[] {
  const table: Record<string, [title: string, classes: [name: string, counts: number[]][]]> = {
    REC: [
      "recurrence",
      [
        ["no recurrence", [745, 154, 151]],
        ["recurrence", [180, 46, 49]],
      ],
    ],
    LNM: [
      "lymph-node metastasis",
      [
        ["no metastasis", [592, 119, 117]],
        ["metastasis", [333, 81, 83]],
      ],
    ],
    TD: [
      "tumour differentiation",
      [
        ["well", [310, 68, 72]],
        ["moderate", [498, 99, 95]],
        ["poor", [117, 33, 33]],
      ],
    ],
    TI: [
      "tumour invasion",
      [
        ["not invaded", [511, 97, 99]],
        ["invaded", [414, 103, 101]],
      ],
    ],
    CE: [
      "cancer embolus",
      [
        ["no embolus", [859, 178, 176]],
        ["embolus", [66, 22, 24]],
      ],
    ],
    PI: [
      "perineural invasion",
      [
        ["no invasion", [766, 159, 156]],
        ["invasion", [159, 41, 44]],
      ],
    ],
  };
  return Object.entries(table).flatMap(([task, [title, classes]]) =>
    classes.map(([className, [train = 0, valid = 0, test = 0]], label) => ({
      task,
      title,
      className,
      label,
      train,
      valid,
      test,
      noSplit: 0,
      total: train + valid + test,
    })),
  );
}

export function history(epochs: number, tasks: readonly string[]): EpochOfTraining[] {
  const rng = new Rng("history");
  return Array.from({ length: epochs }, (_, i) => {
    const decay = Math.exp(-i / (epochs / 4));
    return {
      epoch: i + 1,
      trainLoss: 0.18 + 0.55 * decay + rng.normal(0, 0.008),
      validLoss: 0.36 + 0.36 * decay + 0.08 * (i / epochs) ** 2 + rng.normal(0, 0.014),
      validAuc: Object.fromEntries(
        tasks.map((task, k) => [task, 0.9 - 0.05 * k - (0.38 - 0.04 * k) * decay + rng.normal(0, 0.012)]),
      ),
    };
  });
}

export function labelColumns(n: number, names: readonly string[]): Record<string, number[]> {
  const rng = new Rng("labels");
  const common = Array.from({ length: n }, () => rng.normal());
  return Object.fromEntries(
    names.map((name, k) => [name, common.map((c) => (0.35 * (k % 3) * c + rng.normal() > 0.4 ? 1 : 0))]),
  );
}

export function labelCorrelations(n = 1325, names = ["REC", "LNM", "TD", "TI", "CE", "PI"]) {
  return correlationMatrix(labelColumns(n, names), { provenance: REAL });
}

export function confusionOf(seed: string, options: Parameters<typeof predictions>[1] = {}): Confusion {
  return confusion(predictions(seed, options));
}

/** A picture that looks like stained tissue from afar: pink ground, dark nuclei, some grain. */
export function tissue(seed: string, width = 432, height = 324): RgbImage {
  const rng = new Rng(seed);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const grain = rng.integer(9);
    data.set([214 + grain, 150 + grain, 192 + grain], i * 3);
  }
  for (let n = 0; n < 240; n++) stampNucleus(data, width, height, rng);
  return new RgbImage(width, height, data);
}

function stampNucleus(data: Uint8Array, width: number, height: number, rng: Rng): void {
  const [cx, cy, radius] = [rng.range(0, width), rng.range(0, height), rng.range(3, 7)];
  for (let y = Math.max(0, Math.ceil(cy - radius)); y < Math.min(height, cy + radius); y++)
    for (let x = Math.max(0, Math.ceil(cx - radius)); x < Math.min(width, cx + radius); x++)
      if ((x - cx) ** 2 + (y - cy) ** 2 < radius ** 2) data.set([92, 58, 138], (y * width + x) * 3);
}

/** One view; `about` overrides, for example `{ status: "missing" }`. */
export function view(site: string, magnification: string, about: Partial<Micrograph> = {}): Micrograph {
  return {
    site,
    magnification,
    status: "present",
    umPerPx: 1.54,
    load: async () => tissue(`${site} ${magnification}`),
    ...about,
  };
}

/** A patient with two sites at three magnifications, of which one is missing and one cannot be read. */
export function patient(id = "17"): PatientViews {
  const unreadable = async () => {
    throw new OsccError("UnreadableImage", ["17_02_10X.jpg is no image."], { path: "17_02_10X.jpg" });
  };
  return {
    id,
    provenance: PHANTOM,
    labels: { REC: 0, LNM: 1, TD: 1, TI: 0, CE: undefined, PI: 1 },
    cohort: { schema: MULTI_OSCC },
    allImages: () => [
      view("core", "x200"),
      view("core", "x400", { umPerPx: 0.77 }),
      view("core", "x1000", { umPerPx: undefined }),
      view("edge", "x200"),
      view("edge", "x400", { status: "missing" }),
      view("edge", "x1000", { load: unreadable }),
    ],
  };
}

/** A patient whose fields of view lie about one centre, as a phantom's do. */
export function nestedPatient(id = "12"): PatientViews {
  const umPerPx = { x200: 2, x400: 1, x1000: 0.4 };
  return {
    id,
    provenance: PHANTOM,
    labels: { REC: 0, LNM: 1, TD: 1, TI: 0, CE: 0, PI: 1 },
    cohort: { schema: MULTI_OSCC, fieldsOfView: "concentric" },
    allImages: () =>
      ["core", "edge"].flatMap((site) =>
        Object.entries(umPerPx).map(([magnification, um]) => view(site, magnification, { umPerPx: um })),
      ),
  };
}

/** A grid of activation with one hill. */
export function hill(rows: number, columns: number, row: number, column: number, height = 0.02): number[][] {
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => height * Math.exp(-((i - row) ** 2 + (j - column) ** 2) / 6)),
  );
}

export function activation(
  images: readonly Micrograph[],
  grids: readonly number[][][],
): CamResult<Micrograph> {
  return {
    method: "gradCamPlusPlus",
    layers: ["blocks.11.norm1"],
    score: "logit",
    scoreValue: 1.2,
    patient: "17",
    task: "REC",
    targetClass: 1,
    className: "recurrence",
    probability: 0.8312,
    maps: images.map((image, i) => {
      const values = grids[i]!.flat();
      return {
        image,
        view: { site: image.site, magnification: image.magnification },
        grid: grids[i]!,
        range: [Math.min(...values), Math.max(...values)],
        isFlat: values.every((value) => value === 0),
      };
    }),
    imageFit: "squash",
    inputAspect: 1,
    notes: [],
    provenance: PHANTOM,
  };
}

/** Maps of two sites at three magnifications with known fields, one flat, two with a verdict. */
export function judgedMaps(): CamResult<Micrograph> {
  const patient = nestedPatient();
  const images = patient.allImages().map((image) => ({ ...image, patient }));
  const flat = [
    [0, 0],
    [0, 0],
  ];
  const result = activation(
    images,
    images.map((_, i) => (i === 2 ? flat : hill(8, 8, 1 + i, 5 - i, 0.02 / (i + 1)))),
  );
  const verdict = "passes randomisation; 0.71 of the energy inside the planted lesion & near it; chance 0.18";
  return { ...result, maps: result.maps.map((map, i) => (i === 1 || i === 5 ? { ...map, verdict } : map)) };
}

/** Runs on the same patients in six tasks. */
export function runComparison(runs: readonly string[]): RunComparison {
  const tasks = ["REC", "LNM", "TD", "TI", "CE", "PI"];
  const ofRun = (run: string, i: number) =>
    Object.fromEntries(
      tasks.map((task) => [task, { ...predictions(`${run} ${task}`, { strength: 0.8 + 0.3 * i }), task }]),
    );
  return compareRuns(Object.fromEntries(runs.map((run, i) => [run, ofRun(run, i)])), { bootstrap: 50 });
}

/** A fitted baseline of a number, a yes-or-no with few patients, levels and an indicator. */
export function clinicalBaseline(
  classes: readonly string[] = ["no recurrence", "recurrence"],
): ClinicalBaseline {
  const features = [
    ["age (years)", "per 13.2 more (1 SD)", 0.1, 0.06],
    ["smoking history", "yes against no", 0.9, 0.3],
    ["surgery site: Gingiva & Jaw", "against Tongue", -0.4, 0.2],
    ["surgery site: Oropharynx & Palate", "against Tongue", 1.4, 0.9],
    ["height (cm) not known", "not known against known", -1.2, 0.8],
  ] as const;
  const asked = classes.length === 2 ? [1] : classes.map((_, k) => k);
  const interval = (value: number, error: number) => ({
    value,
    low: value - 1.96 * error,
    high: value + 1.96 * error,
    level: 0.95,
    method: "penalised Hessian, L2 penalty 30",
  });
  const coefficients = asked.flatMap((classIndex) =>
    features.map(([feature, unit, value, error]) => {
      const logOdds = interval(value * (classIndex === 0 ? -1 : 1), error);
      const oddsRatio = {
        ...logOdds,
        value: Math.exp(logOdds.value),
        low: Math.exp(logOdds.low),
        high: Math.exp(logOdds.high),
      };
      return {
        feature,
        column: "ageYears" as const,
        className: classes[classIndex]!,
        classIndex,
        unit,
        logOdds,
        oddsRatio,
      };
    }),
  );
  return {
    task: "REC",
    title: "recurrence",
    classes,
    used: ["ageYears"],
    leftOut: [],
    features: [],
    coefficients,
    penalty: { penalty: 30, tried: [], method: "given" },
    trainedOn: Object.fromEntries(classes.map((name, k) => [name, 745 - 300 * k])),
    caveats: [
      "The strongest penalty tried (1000) was best: the columns hardly help beyond the class frequencies.",
    ],
    provenance: PHANTOM,
    predictions: () => predictions("baseline"),
  };
}
