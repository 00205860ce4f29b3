/** Sensitivity and specificity where a model would be used: at one threshold, chosen by a stated rule. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { oneClassOnly } from "./auc";
import { checkLevel } from "./level";
import { type Interval, type Statistic, undefinedBecause, undefinedError } from "./outcome";
import { asQuestion, type BinaryScores, type Predictions, type Question } from "./predictions";
import { wilson } from "./proportion";
import { corners, type RocCorners, SampledAuc } from "./sampled-auc";

/**
 * How the threshold is chosen. `"youden"`: sensitivity + specificity is highest. `{ sensitivity }`, `{ specificity }`:
 * that rate is at least this, and the other one as high as it then can be. `{ threshold }`: this one, chosen elsewhere.
 */
export type OperatingRule =
  | "youden"
  | { readonly sensitivity: number }
  | { readonly specificity: number }
  | { readonly threshold: number };

/** Options of `operatingPoint`. */
export interface OperatingPointOptions {
  /** Default `"youden"`. */
  readonly at?: OperatingRule;
  /** Coverage. Default 0.95. */
  readonly level?: number;
  /** The class that counts as positive. Default 1 for two classes; must be given for more. */
  readonly classIndex?: number;
}

/** What a model does at one threshold. */
export interface OperatingPoint {
  readonly label: string;
  /** The rule in words: `"sensitivity at least 0.9"`. */
  readonly rule: string;
  /** A patient is called positive when the score is at least this. */
  readonly threshold: number;
  readonly sensitivity: Interval;
  readonly specificity: Interval;
  /** Sensitivity + specificity - 1. */
  readonly youden: number;
  /** Of the patients called positive, the share that is; depends on how common positives are among these patients. */
  readonly positivePredictiveValue: Statistic;
  readonly negativePredictiveValue: Statistic;
  readonly counts: {
    readonly truePositives: number;
    readonly falsePositives: number;
    readonly trueNegatives: number;
    readonly falseNegatives: number;
  };
  readonly provenance?: Provenance;
}

/**
 * Sensitivity and specificity at a threshold chosen by a rule, with Wilson intervals.
 *
 * A threshold chosen on the patients it is judged on looks better than it is, and its intervals are too narrow; the
 * intervals' `method` says so. Choose it on validation patients and pass `{ threshold }` for the test patients.
 * Patients with the same score are called alike, so that a target can be overshot. Where several thresholds fit a rule
 * equally well, the highest one is taken: the fewest patients are called positive.
 *
 * @param options `at`: `"youden"` (default), `{ sensitivity }`, `{ specificity }` or `{ threshold }`; `level`, default
 *                0.95; `classIndex` for more than two classes
 * @throws Undefined when one class has no patient; InvalidArgument for a target outside [0, 1]
 * @see Youden, Cancer 3 (1950).
 * @example
 * const chosen = evaluate.operatingPoint(predictions, { at: { sensitivity: 0.9 } });
 * evaluate.operatingPoint(predictions, { at: { threshold: chosen.threshold } }).specificity;
 */
export function operatingPoint(
  input: Predictions | BinaryScores,
  options: OperatingPointOptions = {},
): OperatingPoint {
  const level = checkLevel(options.level);
  const at = checkRule(options.at ?? "youden");
  const question = asQuestion(input, options.classIndex);
  const problem = oneClassOnly(question);
  if (problem) throw undefinedError("the operating point", problem, "It needs positives and negatives.");
  const threshold = thresholdBy(at, question);
  const counts = countsAt(question, threshold);
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = counts;
  const chosenHere = typeof at === "string" || !("threshold" in at);
  const rate = (hits: number, n: number): Interval => {
    const interval = wilson(hits, n, level);
    return chosenHere
      ? { ...interval, method: `${interval.method}; too narrow, the threshold was chosen on these patients` }
      : interval;
  };
  const sensitivity = rate(truePositives, truePositives + falseNegatives);
  const specificity = rate(trueNegatives, trueNegatives + falsePositives);
  const called = truePositives + falsePositives;
  const notCalled = trueNegatives + falseNegatives;
  return {
    label: question.label,
    rule: ruleInWords(at),
    threshold,
    sensitivity,
    specificity,
    youden: sensitivity.value + specificity.value - 1,
    positivePredictiveValue:
      called > 0 ? truePositives / called : undefinedBecause("no patient is called positive"),
    negativePredictiveValue:
      notCalled > 0 ? trueNegatives / notCalled : undefinedBecause("no patient is called negative"),
    counts,
    ...(question.provenance ? { provenance: question.provenance } : {}),
  };
}

function thresholdBy(at: OperatingRule, question: Question): number {
  if (typeof at === "object" && "threshold" in at) return at.threshold;
  const curve = corners(new SampledAuc(question));
  return curve.thresholds[cornerBy(at, curve)]!;
}

/** Rates that differ by less are the same, up to rounding. */
const SAME_RATE = 1e-12;

/** The corner that comes first by the rule's wishes, in order; in a tie the first one, of the highest threshold. */
function cornerBy(
  at: "youden" | { sensitivity: number } | { specificity: number },
  { tpr, fpr }: RocCorners,
): number {
  const wishes = tpr.map((sensitivity, i) => wishesAt(at, sensitivity, 1 - fpr[i]!));
  let best = 0;
  for (let i = 1; i < wishes.length; i++) if (isBetter(wishes[i]!, wishes[best]!)) best = i;
  return best;
}

/** What a rule wants high, the most important first. */
function wishesAt(
  at: "youden" | { sensitivity: number } | { specificity: number },
  sensitivity: number,
  specificity: number,
): number[] {
  if (at === "youden") return [sensitivity + specificity];
  const reached = "sensitivity" in at ? sensitivity - at.sensitivity : specificity - at.specificity;
  const rest = "sensitivity" in at ? [specificity, sensitivity] : [sensitivity, specificity];
  return [reached >= -SAME_RATE ? 1 : 0, ...rest];
}

function isBetter(wishes: readonly number[], others: readonly number[]): boolean {
  const decisive = wishes.findIndex((wish, i) => Math.abs(wish - others[i]!) > SAME_RATE);
  return decisive >= 0 && wishes[decisive]! > others[decisive]!;
}

function countsAt({ positive, scores }: Question, threshold: number) {
  const counts = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };
  scores.forEach((score, i) => {
    if (score >= threshold) counts[positive[i] === 1 ? "truePositives" : "falsePositives"]++;
    else counts[positive[i] === 1 ? "falseNegatives" : "trueNegatives"]++;
  });
  return counts;
}

function checkRule(at: OperatingRule): OperatingRule {
  if (at === "youden") return at;
  const [[name, target] = ["", Number.NaN]] = typeof at === "object" ? Object.entries(at) : [];
  if (name === "threshold" && Number.isFinite(target)) return at;
  if ((name === "sensitivity" || name === "specificity") && target >= 0 && target <= 1) return at;
  throw invalidArgument(
    "at",
    typeof at === "object" ? JSON.stringify(at) : at,
    '"youden", { sensitivity } or { specificity } with a rate in [0, 1], or { threshold } with a finite number',
  );
}

function ruleInWords(at: OperatingRule): string {
  if (at === "youden") return "highest sensitivity + specificity (Youden)";
  const [name, target] = Object.entries(at)[0]!;
  return name === "threshold" ? `threshold ${target}` : `${name} at least ${target}`;
}
