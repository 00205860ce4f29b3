/** Every kind of figure, plain and awkward: long names, one and many curves, tiny groups, missing views. */

import { calibration } from "../../../src/evaluate/calibration";
import { criticalDifference } from "../../../src/evaluate/critical-difference";
import { decisionCurve } from "../../../src/evaluate/decision-curve";
import { kaplanMeier } from "../../../src/evaluate/kaplan-meier";
import { logRank } from "../../../src/evaluate/log-rank";
import { pairedAuc } from "../../../src/evaluate/paired";
import { precisionRecall } from "../../../src/evaluate/precision-recall";
import { compareWithPrinted } from "../../../src/evaluate/printed";
import * as plot from "../../../src/plot";
import * as sample from "./samples";

const LONG_NAME = "gated fusion, ViT-S/16 from PathoBench weights, fine-tuned for 200 epochs";
const TASKS = [
  "recurrence",
  "lymph-node metastasis",
  "tumour differentiation",
  "tumour invasion",
  "cancer embolus",
];

type Draw = () => plot.Figure | Promise<plot.Figure>;

/** All of these show data of the phantom cohort, except those in `REAL_DATA`. */
export const GALLERY: Readonly<Record<string, Draw>> = {
  "roc of one curve": () => plot.roc(sample.curve("concat")),
  "roc of eight patients": () => plot.roc({ tiny: sample.curve("tiny", { n: 8, share: 0.5 }) }),
  "roc of six curves": () =>
    plot.roc(
      {
        [LONG_NAME]: sample.curve("a", { strength: 2 }),
        concat: sample.curve("b"),
        "image at ×200 only": sample.curve("c", { n: 150 }),
        "low-rank fusion": sample.curve("d", { strength: 0.8 }),
        transformer: sample.curve("e", { strength: 1.1 }),
        "p < 0.05 & more": sample.curve("f", { strength: 0.3 }),
        "edge only": { undefined: true, reason: "all 200 patients are of one class" },
      },
      {
        title:
          "Six models on the test split, with a title so long that it has to be set in two lines of text",
      },
    ),
  "precision and recall": () =>
    plot.precisionRecall({
      "gated fusion": precisionRecall(sample.predictions("a", { strength: 2 }), { bootstrap: 200 }),
      concat: precisionRecall(sample.predictions("b"), { bootstrap: 200 }),
      "edge only": { undefined: true, reason: "all 200 patients are of one class" },
    }),
  "precision and recall of samples that differ": () =>
    plot.precisionRecall({
      [LONG_NAME]: precisionRecall(sample.predictions("a", { share: 0.04 }), { bootstrap: 200 }),
      tiny: precisionRecall(sample.predictions("b", { n: 12, share: 0.5 }), { bootstrap: 200 }),
    }),
  calibration: () => plot.calibration(calibration(sample.predictions("a", { n: 900 }), { label: "concat" })),
  "calibration of three models": () =>
    plot.calibration({
      [LONG_NAME]: calibration(sample.predictions("a", { strength: 3 })),
      concat: calibration(sample.predictions("b"), { binning: "equal-count" }),
      tiny: calibration(sample.predictions("c", { n: 8 })),
    }),
  "decision curves": () =>
    plot.decisionCurve({
      "gated fusion": decisionCurve(sample.predictions("a", { strength: 2.5 })),
      concat: decisionCurve(sample.predictions("b", { strength: 1 })),
    }),
  "decision curves of samples that differ": () =>
    plot.decisionCurve({
      [LONG_NAME]: decisionCurve(sample.predictions("a", { share: 0.1 }), {
        thresholds: [0.05, 0.1, 0.2, 0.3],
      }),
      tiny: decisionCurve(sample.predictions("b", { n: 12, share: 0.5 })),
    }),
  "Kaplan-Meier by grade": () => {
    const grades = sample.followUp();
    const curves = Object.entries(grades).map(([name, times]) => [name, kaplanMeier(times)] as const);
    return plot.kaplanMeier(Object.fromEntries(curves), {
      unit: "years",
      event: "recurrence",
      logRank: logRank(grades),
    });
  },
  "Kaplan-Meier of few, with long names": () =>
    plot.kaplanMeier(
      {
        [LONG_NAME]: kaplanMeier({ time: [1, 2, 3, 4], event: [1, 1, 1, 1], provenance: sample.PHANTOM }),
        "all censored": kaplanMeier({ time: [2, 9], event: [0, 0] }),
      },
      { event: "recurrence < 2 y" },
    ),
  "training, one task": () =>
    plot.training({ history: sample.history(40, ["recurrence"]), provenance: sample.PHANTOM }),
  "training, five tasks": () =>
    plot.training({ history: sample.history(120, TASKS), provenance: sample.PHANTOM }),
  "training, one epoch": () => plot.training(sample.history(1, ["REC"]), { provenance: sample.PHANTOM }),
  "training, loss only": () =>
    plot.training(
      sample.history(5, []).map(({ epoch, trainLoss }) => ({ epoch, trainLoss: trainLoss! })),
      { provenance: sample.PHANTOM },
    ),
  "class counts": () =>
    plot.classCounts({ provenance: sample.PHANTOM, classCounts: () => sample.multiOsccCounts() }),
  "correlation with long names": () =>
    plot.correlation(
      { ...sample.labelCorrelations(40), provenance: sample.PHANTOM },
      { names: { REC: "recurrence", TD: "tumour differentiation", PI: "perineural invasion" } },
    ),
  "correlation of two": () =>
    plot.correlation({ ...sample.labelCorrelations(12, ["age", "TIL density"]), provenance: sample.PHANTOM }),
  "confusion of two": () => plot.confusion(sample.confusionOf("concat")),
  "confusion of four": () =>
    plot.confusion({
      task: "tumour differentiation",
      classes: ["well differentiated", "moderately differentiated", "poor", "undetermined"],
      counts: [
        [60, 10, 2, 0],
        [21, 1070, 4, 1],
        [0, 12, 21, 0],
        [0, 0, 0, 0],
      ],
      total: 1201,
      provenance: sample.PHANTOM,
    }),
  comparison: () =>
    plot.comparison(
      Object.fromEntries(
        ["concat", "gated fusion", LONG_NAME].map((model, i) => [
          model,
          Object.fromEntries(
            TASKS.map((task, k) => [
              task,
              sample.curve(model + task, { strength: 2 - 0.3 * i, n: 120 + 20 * (k % 2) }),
            ]),
          ),
        ]),
      ),
    ),
  "comparison of one model": () =>
    plot.comparison({ concat: Object.fromEntries(TASKS.map((task) => [task, sample.curve(task)])) }),
  "comparison with an undefined estimate": () =>
    plot.comparison({
      concat: { REC: sample.curve("concat") },
      lmf: { REC: { undefined: true, reason: "all 3 patients are of one class" } },
    }),
  differences: () =>
    plot.differences({
      "gated − concat": {
        recurrence: pairedAuc(sample.predictions("a"), sample.predictions("b"), { bootstrap: 200 }),
      },
    }),
  table: () =>
    plot.table(
      [
        { model: "concat", auc: 0.931, n: 200, note: "best" },
        {
          model: "gated fusion",
          auc: 0.9185,
          n: 1200,
          note: `a comment that wraps over several lines: ${LONG_NAME}`,
        },
        { model: "lmf", auc: null, n: 8, note: "undefined: one class only" },
      ],
      {
        columns: { model: "Model", auc: "AUC", n: "n", note: "Comment" },
        mark: (row, column) => row.model === "lmf" && column === "note",
        markMeaning: "no estimate",
        provenance: sample.PHANTOM,
      },
    ),
  printed: () =>
    plot.printed(
      compareWithPrinted(
        { TI: { "0": { valid: 97, test: 99 }, "1": { valid: 103, test: 101 } } },
        { TI: { "0": { valid: 103, test: 99 }, "1": { valid: 97, test: 101 } } },
      ),
      { levels: ["task", "class"], provenance: sample.PHANTOM },
    ),
  "coefficients of a clinical baseline": () => plot.coefficients(sample.clinicalBaseline()),
  "coefficients of one of three classes": () =>
    plot.coefficients(sample.clinicalBaseline(["well", "moderate", "poor"]), { className: "well", limit: 3 }),
  "comparison of runs": () => plot.comparison(sample.runComparison(["concat", LONG_NAME])),
  "differences of runs": () => plot.differences(sample.runComparison(["concat", "gated", "transformer"])),
  "critical difference": () =>
    plot.criticalDifference(criticalDifference(sample.runComparison(["concat", "gated", "lmf", LONG_NAME]))),
  "critical difference of two": () =>
    plot.criticalDifference(criticalDifference(sample.runComparison(["concat", "gated"]))),
  magnifications: () => plot.magnifications(sample.patient()),
  "magnifications of one view": () =>
    plot.magnifications({
      id: "12",
      provenance: sample.PHANTOM,
      allImages: () => [sample.view("biopsy", "x100")],
    }),
  "magnifications with nested fields": () => plot.magnifications(sample.nestedPatient()),
  "magnifications, as a viewer": async () => {
    const { interactive, alt } = await plot.magnifications(sample.nestedPatient(), { interactive: true });
    return new plot.Figure(interactive!, { alt });
  },
  "two patients": () =>
    plot.sideBySide(sample.patient(), {
      ...sample.nestedPatient("patient 12 & co"),
      labels: { REC: 1, TD: 2 },
    }),
  "two patients, one view": () =>
    plot.sideBySide(sample.patient("1"), sample.patient("2"), { sites: ["core"], magnifications: ["x400"] }),
  "contact sheet of many, second page": () =>
    plot.contactSheet(
      Array.from({ length: 100 }, (_, i) => sample.patient(String(i + 1))),
      { limit: 60, columns: 12, page: 2 },
    ),
  "activation maps": () => {
    const images = sample.patient().allImages().slice(0, 4);
    return plot.cam(
      sample.activation(
        images,
        [0, 1, 2]
          .map((i) => sample.hill(8, 8, 2 + i, 5 - i))
          .concat([
            [
              [0, 0],
              [0, 0],
            ],
          ]),
      ),
    );
  },
  "activation maps, as a viewer": async () => {
    const { interactive, alt } = await plot.cam(sample.judgedMaps(), { interactive: true });
    return new plot.Figure(interactive!, { alt });
  },
  "activation maps aligned": () => plot.camNested(sample.judgedMaps(), { site: "edge" }),
  "activation maps whose place is unknown": () =>
    plot.camNested(
      sample.activation(sample.patient().allImages().slice(0, 2), [
        sample.hill(8, 8, 2, 5),
        sample.hill(8, 8, 4, 4),
      ]),
      { interactive: true },
    ),
  "activation maps compared": () =>
    plot.camComparison({
      "Grad-CAM++": sample.judgedMaps(),
      [LONG_NAME]: {
        ...sample.judgedMaps(),
        probability: 0.1,
        className: "no recurrence & long < name of a class",
      },
      "attention & rollout": sample.judgedMaps(),
    }),
  "contact sheet": () =>
    plot.contactSheet(
      Array.from({ length: 26 }, (_, i) => ({ ...sample.patient(`patient ${i + 1} of the cohort`) })),
      { task: "TD" },
    ),
};
