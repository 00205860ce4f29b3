/** Every kind of figure, plain and awkward: long names, one and many curves, tiny groups, missing views. */

import { pairedAuc } from "../../../src/evaluate/paired";
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
  magnifications: () => plot.magnifications(sample.patient()),
  "magnifications of one view": () =>
    plot.magnifications({
      id: "12",
      provenance: sample.PHANTOM,
      allImages: () => [sample.view("biopsy", "x100")],
    }),
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
  "contact sheet": () =>
    plot.contactSheet(
      Array.from({ length: 26 }, (_, i) => ({ ...sample.patient(`patient ${i + 1} of the cohort`) })),
      { task: "TD" },
    ),
};
