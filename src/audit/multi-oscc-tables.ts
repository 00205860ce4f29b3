/**
 * The numbers of tables 5 to 11 of the Multi-OSCC paper, as printed: estimates in percent with their 95 % intervals
 * ("value low high"), sizes in MB. Facts for an audit; tables 3 and 4 stand in cohort/multi-oscc/printed.ts.
 *
 * Source: Guan et al., "A High Magnifications Histopathology Image Dataset for Oral Squamous Cell Carcinoma Diagnosis
 * and Prognosis", arXiv:2507.16360.
 */
import { PRINTED_CLASS_COUNTS, PRINTED_CORRELATIONS, type Task } from "../cohort";

/** An estimate with its interval, as printed. */
export interface PrintedEstimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Task (or `Mean`) to column to what is printed. */
export type PrintedGrid = Readonly<Record<string, Readonly<Record<string, PrintedEstimate | number>>>>;

/** One row of table 5. */
export interface PrintedBackbone {
  readonly model: string;
  readonly pretraining: string;
  readonly paramsMB: number;
  readonly auc: Readonly<Record<string, PrintedEstimate>>;
  readonly mean: number;
}

/** The paper's tables as one JSON value. */
export interface MultiOsccTables {
  readonly source: string;
  readonly table3_task_correlation: Readonly<
    Record<string, Readonly<Record<string, { readonly r: number; readonly p: number }>>>
  >;
  readonly table4_class_counts: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>
  >;
  readonly table5_backbones: readonly PrintedBackbone[];
  readonly table6_fusion: { readonly paramsMB: Readonly<Record<string, number>>; readonly auc: PrintedGrid };
  readonly table7_regions: PrintedGrid;
  readonly table8_stain: PrintedGrid;
  readonly table9_multitask: PrintedGrid;
  readonly table10_single_task: PrintedGrid;
  readonly table11_multi_task: PrintedGrid;
}

const TASKS = ["REC", "LNM", "TD", "TI", "CE", "PI"] as const satisfies readonly Task[];

/** The paper's tables, typed in. A JSON file of the same form can take their place, see `readPaper`. */
export const MULTI_OSCC_TABLES: MultiOsccTables = {
  source: "Multi-OSCC (arXiv:2507.16360), tables 3 to 11 and abstract",
  table3_task_correlation: correlations(),
  table4_class_counts: classCounts(),
  table5_backbones: [
    backbone(
      "ResNet50",
      "Imagenet",
      89.68,
      "66.12 54.63 72.69, 67.41 59.54 74.48, 61.23 51.47 68.85, 62.97 54.49 68.42, 60.23 49.78 72.42, 63.18 50.18 68.85",
      63.52,
    ),
    backbone(
      "DenseNet121",
      "Imagenet",
      26.53,
      "55.18 45.89 63.23, 55.03 45.54 62.58, 66.40 56.62 72.80, 66.36 58.49 72.73, 61.13 47.88 67.39, 66.71 57.50 74.36",
      61.8,
    ),
    backbone(
      "Swin-Base",
      "Imagenet",
      331.47,
      "85.78 79.41 90.65, 66.85 59.13 73.30, 76.22 69.25 83.46, 69.37 62.52 75.11, 74.67 61.47 81.80, 68.66 58.49 75.16",
      73.59,
    ),
    backbone(
      "ViT-Base",
      "Imagenet",
      344.14,
      "92.13 88.34 95.43, 64.31 57.01 72.34, 70.94 62.22 79.11, 67.07 59.55 74.55, 70.80 60.23 81.65, 69.90 61.02 78.09",
      72.52,
    ),
    backbone(
      "ViT-Small",
      "Imagenet",
      83.86,
      "91.33 85.89 95.46, 63.43 55.17 71.08, 75.99 68.14 82.95, 63.62 55.81 71.24, 58.21 45.85 71.20, 63.73 53.74 73.88",
      69.39,
    ),
    backbone(
      "ViT-Small",
      "PathoBench",
      75.54,
      "93.13 89.18 96.47, 69.35 62.04 76.59, 75.88 68.19 82.87, 72.31 64.94 79.35, 73.18 62.20 84.34, 66.14 57.02 75.39",
      75,
    ),
    backbone(
      "ViT-Base",
      "CONCH",
      344.82,
      "80.70 72.43 86.98, 70.29 61.90 75.68, 81.23 74.15 87.58, 67.45 61.47 73.76, 68.16 54.98 76.89, 74.17 63.52 79.77",
      73.67,
    ),
    backbone(
      "ViT-Base",
      "Hibou-B",
      327.6,
      "94.72 89.78 97.35, 69.39 61.44 75.03, 78.36 70.79 84.64, 64.22 55.68 70.46, 73.08 59.36 79.02, 67.77 57.05 75.69",
      74.59,
    ),
  ],
  table6_fusion: {
    paramsMB: { concat: 6.76, transformer: 37.19, lmf: 75.53, gated: 1.13 },
    auc: byTask(["concat", "transformer", "lmf", "gated"], {
      REC: "93.13 89.18 96.47, 90.71 85.67 94.89, 86.86 80.50 92.31, 90.85 85.26 94.54",
      LNM: "69.35 62.04 76.59, 68.86 60.50 74.54, 64.95 56.33 70.65, 67.71 59.23 73.62",
      TD: "75.88 68.19 82.87, 77.59 69.54 84.52, 77.43 69.48 83.87, 76.36 68.20 83.01",
      TI: "72.31 64.94 79.35, 64.76 57.58 71.59, 70.54 60.37 73.98, 63.99 56.50 71.23",
      CE: "73.18 62.20 84.34, 70.95 58.03 79.99, 68.13 57.41 77.59, 63.73 51.24 73.64",
      PI: "66.14 57.02 75.39, 68.29 57.93 73.04, 69.31 57.46 72.79, 64.33 50.76 67.93",
      Mean: "75.00, 73.41, 72.87, 71.11",
    }),
  },
  table7_regions: byTask(["core", "edge", "core+edge"], {
    REC: "86.47 78.84 92.06, 91.01 86.07 94.36, 93.13 89.18 96.47",
    LNM: "61.57 49.63 65.60, 71.68 59.22 74.42, 69.35 62.04 76.59",
    TD: "73.16 60.27 75.98, 72.57 63.33 79.16, 75.88 68.19 82.87",
    TI: "67.16 56.04 70.54, 68.76 56.49 70.32, 72.31 64.94 79.35",
    CE: "65.62 53.99 75.83, 72.44 60.75 83.62, 73.18 62.20 84.34",
    PI: "63.56 52.84 72.70, 69.40 60.24 76.88, 66.14 57.02 75.39",
    Mean: "69.59, 74.73, 75.00",
  }),
  table8_stain: byTask(["origin", "reinhard", "vahadane", "macenko"], {
    REC: "93.13 89.18 96.47, 90.53 84.51 92.99, 87.12 79.97 90.37, 87.15 79.70 91.25",
    LNM: "69.35 62.04 76.59, 71.06 64.15 77.92, 69.97 60.72 74.53, 70.24 61.47 74.85",
    TD: "75.88 68.19 82.87, 75.21 67.40 82.09, 76.54 66.63 83.05, 77.37 67.68 82.62",
    TI: "72.31 64.94 79.35, 72.47 65.10 79.54, 69.25 59.52 72.98, 72.60 66.20 77.82",
    CE: "73.18 62.20 84.34, 75.52 63.41 86.44, 72.51 59.37 81.79, 74.41 58.30 82.05",
    PI: "66.14 57.02 75.39, 66.19 56.52 75.42, 70.73 59.53 76.11, 64.11 54.21 71.78",
    Mean: "75.00, 75.16, 74.35, 74.31",
  }),
  table9_multitask: byTask(
    ["singleTask", "sumLoss", "gradNorm", "pareto", "singleTaskReinhard", "gradNormReinhard"],
    {
      REC: "93.13 89.18 96.47, 83.40 76.50 89.20, 89.78 84.38 94.01, 85.16 78.78 90.40, 90.53 84.51 92.99, 87.17 82.07 91.73",
      LNM: "69.35 62.04 76.59, 63.52 55.65 70.53, 61.46 53.66 69.51, 62.65 55.02 68.71, 71.06 64.15 77.92, 67.61 60.01 75.41",
      TD: "75.88 68.19 82.87, 69.28 64.96 79.50, 70.27 61.11 78.59, 67.76 59.35 76.26, 75.21 67.40 82.09, 72.51 63.87 80.34",
      TI: "72.31 64.94 79.35, 66.27 59.37 72.98, 69.23 62.13 76.40, 57.66 48.45 63.89, 72.47 65.10 79.54, 67.82 60.62 75.27",
      CE: "73.18 62.20 84.34, 65.98 53.57 79.89, 62.57 48.49 75.77, 76.70 64.16 83.52, 75.52 63.41 86.44, 68.37 55.07 81.15",
      PI: "66.14 57.02 75.39, 64.87 55.03 70.38, 69.22 60.42 77.95, 65.46 52.64 70.97, 66.19 56.52 75.42, 67.41 58.52 76.13",
      Mean: "75.00, 68.89, 70.42, 69.23, 75.16, 71.82",
    },
  ),
  table10_single_task: byTask(["acc", "auc", "f1", "recall", "precision"], {
    REC: "87.00 82.00 91.00, 93.13 89.18 96.47, 85.19 78.56 90.94, 81.63 69.39 91.84, 81.94 75.83 86.85",
    LNM: "64.50 58.24 71.00, 71.06 64.15 77.92, 63.38 56.71 70.03, 63.36 56.78 70.19, 63.40 56.84 70.28",
    TD: "58.00 52.50 64.00, 75.21 67.40 82.09, 57.23 50.68 63.59, 60.50 53.49 66.68, 57.91 51.36 64.72",
    TI: "69.00 62.50 75.00, 72.47 65.10 79.54, 68.29 61.50 74.57, 69.16 62.66 75.14, 71.19 64.33 77.60",
    CE: "79.50 73.50 84.50, 75.52 63.41 86.44, 66.36 58.97 73.42, 75.76 65.76 84.94, 64.32 58.73 69.98",
    PI: "75.50 70.00 80.26, 66.19 56.52 75.42, 58.95 50.88 66.84, 58.19 51.22 65.08, 61.33 51.76 70.95",
  }),
  table11_multi_task: byTask(["acc", "auc", "f1", "recall", "precision"], {
    REC: "81.00 76.50 85.00, 87.17 82.07 91.73, 69.74 61.39 76.99, 76.00 66.86 85.08, 67.43 60.33 74.21",
    LNM: "62.00 56.00 68.50, 67.61 60.01 75.41, 58.77 52.04 65.72, 60.24 53.19 67.98, 58.94 52.71 65.55",
    TD: "61.50 55.50 67.50, 72.51 63.87 80.34, 61.22 53.88 67.49, 61.44 54.88 68.82, 61.29 53.80 67.71",
    TI: "64.00 58.00 70.50, 67.82 60.62 75.27, 63.91 57.98 70.44, 64.23 58.45 70.85, 64.06 58.11 70.54",
    CE: "86.50 83.50 89.00, 68.37 55.07 81.15, 52.79 45.95 62.02, 58.59 43.81 82.14, 52.74 48.20 59.28",
    PI: "76.00 71.74 80.26, 67.41 58.52 76.13, 55.36 47.87 63.72, 60.00 48.89 72.39, 55.24 49.42 61.73",
  }),
};

function backbone(
  model: string,
  pretraining: string,
  paramsMB: number,
  cells: string,
  mean: number,
): PrintedBackbone {
  const auc = Object.fromEntries(
    cells.split(", ").map((cell, i) => [TASKS[i]!, read(cell) as PrintedEstimate]),
  );
  return { model, pretraining, paramsMB, auc, mean };
}

function byTask(columns: readonly string[], rows: Readonly<Record<string, string>>): PrintedGrid {
  return Object.fromEntries(
    Object.entries(rows).map(([task, cells]) => [
      task,
      Object.fromEntries(cells.split(", ").map((cell, i) => [columns[i]!, read(cell)])),
    ]),
  );
}

/** `"93.13 89.18 96.47"` is an estimate with its interval, `"75.00"` a number. */
function read(cell: string): PrintedEstimate | number {
  const [value, low, high] = cell.split(" ").map(Number) as [number, number?, number?];
  return low === undefined || high === undefined ? value : { value, low, high };
}

function correlations(): MultiOsccTables["table3_task_correlation"] {
  const table: Record<string, Record<string, { r: number; p: number }>> = {};
  for (const { tasks, r, p } of PRINTED_CORRELATIONS) {
    table[tasks[0]] ??= {};
    table[tasks[0]]![tasks[1]] = { r, p };
  }
  return table;
}

function classCounts(): MultiOsccTables["table4_class_counts"] {
  const table: Record<string, Record<string, Record<string, number>>> = {};
  for (const { task, label, ...counts } of PRINTED_CLASS_COUNTS) {
    table[task] ??= {};
    table[task]![label] = counts;
  }
  return table;
}
