/** What an audit says: findings, each with the numbers that it follows from. */
import type { Provenance } from "../core/provenance";

/**
 * The provenance of what is made from printed numbers alone. Figures carry its notice, so that nobody takes them for
 * results of a cohort.
 */
export const PRINTED_NUMBERS: Provenance = {
  cohort: "printed numbers",
  synthetic: false,
  notice: "printed numbers of a paper, not patient data",
};

/** What was checked. */
export const FINDING_KINDS = [
  "metrics",
  "mean",
  "interval",
  "correlation",
  "class count",
  "parameters",
  "claim",
] as const;
/** What kind of printed fact a finding concerns. */
export type FindingKind = (typeof FINDING_KINDS)[number];

/**
 * How sure a finding is, from the strongest:
 * - `impossible`: no data whatever give the printed numbers, under any reading that was tried;
 * - `inconsistent`: the printed numbers contradict each other, the label file, or what their heading says;
 * - `unusual`: possible, and rare among correct numbers; the finding says how rare.
 */
export const CONFIDENCES = ["impossible", "inconsistent", "unusual"] as const;
/** How sure a finding is; see `CONFIDENCES`. */
export type Confidence = (typeof CONFIDENCES)[number];

/** One thing that does not fit. Plain JSON. */
export interface Finding {
  /** `"Table 7 / edge / Mean"` */
  readonly where: string;
  readonly kind: FindingKind;
  /** As printed. */
  readonly printed: string;
  /** What should stand there, as far as it can be told. */
  readonly expected: string;
  readonly confidence: Confidence;
  readonly explanation: string;
  /** The numbers that the finding follows from, by name; enough to derive it again. */
  readonly evidence: Readonly<Record<string, Evidence>>;
}

/** What a finding follows from: a number, a word, or a table of numbers. */
export type Evidence = number | string | readonly (number | string)[] | readonly (readonly number[])[];

/** What one kind of check looked at, and how often it found something. */
export interface CheckCount {
  readonly kind: FindingKind;
  readonly checked: number;
  readonly findings: number;
}

/** The outcome of an audit. Plain JSON. */
export interface Audit {
  /** What was audited. */
  readonly source: string;
  readonly findings: readonly Finding[];
  /** How many numbers were looked at, kind by kind: what is not among the findings was found in order. */
  readonly checks: readonly CheckCount[];
  /** What could not be checked, and what it would take. */
  readonly notChecked: readonly string[];
}
