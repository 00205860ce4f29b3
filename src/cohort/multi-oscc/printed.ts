/**
 * Numbers as printed in the Multi-OSCC paper, for comparison with what the files give.
 *
 * Source: "A High Magnifications Histopathology Image Dataset for Oral Squamous Cell Carcinoma Diagnosis and
 * Prognosis" (Multi-OSCC), tables 3 and 4. They stand here exactly as printed, also where the published label
 * file says otherwise: in table 4 the TI counts of `valid` and `test` are exchanged against the label file.
 */
import type { Split, Task } from "../schema";

/** One cell of table 3: Spearman's rank correlation of two tasks over all patients, and its p-value. */
export interface PrintedCorrelation {
  readonly tasks: readonly [Task, Task];
  /** Printed to four digits. */
  readonly r: number;
  readonly p: number;
}

/** Table 3: the lower triangle without the diagonal, row by row. */
export const PRINTED_CORRELATIONS: readonly PrintedCorrelation[] = [
  { tasks: ["LNM", "REC"], r: 0.0455, p: 0.0975 },
  { tasks: ["TD", "REC"], r: 0.1081, p: 0.00013 },
  { tasks: ["TD", "LNM"], r: 0.2173, p: 1.8e-15 },
  { tasks: ["TI", "REC"], r: 0.0736, p: 0.0073 },
  { tasks: ["TI", "LNM"], r: 0.1631, p: 2.4e-9 },
  { tasks: ["TI", "TD"], r: 0.1477, p: 9.8e-8 },
  { tasks: ["CE", "REC"], r: 0.0653, p: 0.018 },
  { tasks: ["CE", "LNM"], r: 0.1961, p: 6e-13 },
  { tasks: ["CE", "TD"], r: 0.1501, p: 1e-7 },
  { tasks: ["CE", "TI"], r: 0.102, p: 0.0002 },
  { tasks: ["PI", "REC"], r: 0.0833, p: 0.0024 },
  { tasks: ["PI", "LNM"], r: 0.1869, p: 7e-12 },
  { tasks: ["PI", "TD"], r: 0.2066, p: 7e-14 },
  { tasks: ["PI", "TI"], r: 0.4808, p: 1e-77 },
  { tasks: ["PI", "CE"], r: 0.1216, p: 9e-6 },
];

/** One row of table 4: how many patients of each part of the split have one class of one task. */
export type PrintedClassCount = { readonly task: Task; readonly label: number } & {
  readonly [S in Split]: number;
};

/** Table 4, class by class. */
export const PRINTED_CLASS_COUNTS: readonly PrintedClassCount[] = [
  { task: "REC", label: 0, train: 745, valid: 154, test: 151 },
  { task: "REC", label: 1, train: 180, valid: 46, test: 49 },
  { task: "LNM", label: 0, train: 592, valid: 119, test: 117 },
  { task: "LNM", label: 1, train: 333, valid: 81, test: 83 },
  { task: "TD", label: 0, train: 310, valid: 68, test: 72 },
  { task: "TD", label: 1, train: 498, valid: 99, test: 95 },
  { task: "TD", label: 2, train: 117, valid: 33, test: 33 },
  { task: "TI", label: 0, train: 511, valid: 103, test: 101 },
  { task: "TI", label: 1, train: 414, valid: 97, test: 99 },
  { task: "CE", label: 0, train: 859, valid: 178, test: 176 },
  { task: "CE", label: 1, train: 66, valid: 22, test: 24 },
  { task: "PI", label: 0, train: 766, valid: 159, test: 156 },
  { task: "PI", label: 1, train: 159, valid: 41, test: 44 },
];
