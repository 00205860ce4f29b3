/** Would acting on the model help? Net benefit over the thresholds at which one might act. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { undefinedError } from "./outcome";
import { asProbabilityQuestion, type BinaryScores, type Predictions } from "./predictions";

/** Options of `decisionCurve`. */
export interface DecisionCurveOptions {
  /** Probabilities in (0, 1) at which one might act. Default 0.01, 0.02, ... 0.99. */
  readonly thresholds?: readonly number[];
  /** The class that one would act on. Default 1 for two classes; must be given for more. */
  readonly classIndex?: number;
  /** Name for legends. Default: model and task. */
  readonly label?: string;
}

/** Net benefit per patient at each threshold. The arrays have the same length. */
export interface DecisionCurve {
  readonly label: string;
  readonly thresholds: readonly number[];
  /** Of acting when the probability is at least the threshold. */
  readonly netBenefit: readonly number[];
  /** Of acting on everyone. Acting on no one has net benefit 0. */
  readonly treatAll: readonly number[];
  /** The share of positives: the highest net benefit possible. */
  readonly prevalence: number;
  readonly n: number;
  readonly provenance?: Provenance;
}

const PERCENTS = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);

/**
 * The decision curve: net benefit of acting on a model's probabilities, beside acting on everyone and on no one.
 *
 * Acting at probability t says that one patient treated rightly is worth (1 - t) / t treated needlessly. In these
 * units net benefit is true positives less weighted false positives, per patient:
 * TP / n - FP / n * t / (1 - t). Probabilities must be calibrated for it to mean something: see `calibration`.
 *
 * @param input   predictions, or scores that are probabilities; patients with label -1 are left out
 * @param options `thresholds`, default 0.01 to 0.99; `classIndex` for more than two classes; `label`
 * @throws Undefined when no patient has a known label; InvalidArgument for scores outside [0, 1] or thresholds
 *         outside (0, 1)
 * @see Vickers and Elkin, Medical Decision Making 26 (2006).
 * @example
 * const curve = evaluate.decisionCurve(predictions, { thresholds: [0.1, 0.2, 0.3] });
 * curve.netBenefit[1] - curve.treatAll[1]; // gained over treating everyone, at 20 %
 */
export function decisionCurve(
  input: Predictions | BinaryScores,
  options: DecisionCurveOptions = {},
): DecisionCurve {
  const thresholds = checkThresholds(options.thresholds ?? PERCENTS);
  const { positive, scores, label, provenance } = asProbabilityQuestion(input, options.classIndex);
  const n = positive.length;
  if (n === 0) throw undefinedError("the decision curve", `${label} has no patient with a known label`);
  const prevalence = positive.reduce((sum, one) => sum + one, 0) / n;
  const netBenefit = thresholds.map((t) => {
    let gained = 0;
    let harmed = 0;
    for (let i = 0; i < n; i++) {
      if (scores[i]! < t) continue;
      if (positive[i] === 1) gained++;
      else harmed++;
    }
    return gained / n - (harmed / n) * odds(t);
  });
  return {
    label: options.label ?? label,
    thresholds,
    netBenefit,
    treatAll: thresholds.map((t) => prevalence - (1 - prevalence) * odds(t)),
    prevalence,
    n,
    ...(provenance ? { provenance } : {}),
  };
}

const odds = (t: number) => t / (1 - t);

function checkThresholds(thresholds: readonly number[]): readonly number[] {
  if (thresholds.length === 0) throw invalidArgument("thresholds", "empty", "one probability or more");
  thresholds.forEach((t, i) => {
    if (!(t > 0 && t < 1)) throw invalidArgument(`thresholds[${i}]`, t, "a probability between 0 and 1");
    if (i > 0 && t <= thresholds[i - 1]!)
      throw invalidArgument(`thresholds[${i}]`, t, `more than the one before it, ${thresholds[i - 1]}`);
  });
  return thresholds;
}
