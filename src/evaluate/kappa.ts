/** Agreement of two people who sorted the same things into the same classes, beyond what chance gives. */
import { invalidArgument } from "../core/errors";
import { normalQuantile } from "./distributions";
import { checkLevel } from "./level";
import { type Interval, type UndefinedStatistic, undefinedBecause } from "./outcome";

/** How much a disagreement counts: `"none"` all alike; by the distance of ordered classes, or its square. */
export const KAPPA_WEIGHTS = ["none", "linear", "quadratic"] as const;
/** See `KAPPA_WEIGHTS`. */
export type KappaWeights = (typeof KAPPA_WEIGHTS)[number];

/** Options of `cohenKappa`. */
export interface KappaOptions {
  /** Classes, in order where `weights` need one. Default: those that occur, sorted. */
  readonly classes?: readonly string[];
  /** Default `"none"`. */
  readonly weights?: KappaWeights;
  /** Level of the interval. Default 0.95. */
  readonly level?: number;
}

/** Cohen's kappa with what it was computed from. */
export interface Kappa {
  /** 1 complete agreement, 0 what chance gives, below 0 less. */
  readonly kappa: Interval | UndefinedStatistic;
  /** Weighted share of agreement found, and expected by chance from the two people's habits. */
  readonly observed: number;
  readonly expected: number;
  readonly n: number;
  readonly classes: readonly string[];
  /** `counts[i][j]`: how many the first put in class i and the second in class j. */
  readonly counts: readonly (readonly number[])[];
}

/**
 * Cohen's kappa of two people's answers, with its large-sample interval.
 *
 * Undefined when both always gave the same one answer: chance alone would agree.
 *
 * @param first   the first person's answers
 * @param second  the second person's, of the same things in the same order
 * @param options `classes`; `weights`, default `"none"`; `level`, default 0.95
 * @throws OsccError `InvalidArgument` for no answers, lists of different length, or an answer outside `classes`
 * @see Cohen, Educ. Psychol. Meas. 20 (1960); Fleiss, Cohen and Everitt, Psychol. Bull. 72 (1969) for the variance
 * @example
 * const { kappa } = evaluate.cohenKappa(["agree", "agree", "disagree", "agree"], ["agree", "disagree", "disagree", "agree"]);
 * console.log(evaluate.isUndefined(kappa) ? kappa.reason : kappa.value); // 0.5
 */
export function cohenKappa(
  first: readonly string[],
  second: readonly string[],
  options: KappaOptions = {},
): Kappa {
  const { weights = "none", level = 0.95 } = options;
  checkLevel(level);
  if (!KAPPA_WEIGHTS.includes(weights))
    throw invalidArgument("weights", weights, `one of ${KAPPA_WEIGHTS.join(", ")}`);
  if (first.length !== second.length)
    throw invalidArgument("answers", `${first.length} and ${second.length}`, "two lists of the same length");
  if (first.length === 0) throw invalidArgument("answers", "none", "one pair of answers or more");
  const classes = options.classes ?? [...new Set([...first, ...second])].sort();
  const counts = crossCounts(first, second, classes);
  const n = first.length;
  const p = counts.map((row) => row.map((count) => count / n));
  const rows = p.map(sum);
  const columns = classes.map((_, j) => sum(p.map((row) => row[j]!)));
  const agreement = agreementWeights(classes.length, weights);
  const weighted = (share: (i: number, j: number) => number) =>
    sum(agreement.flatMap((row, i) => row.map((weight, j) => weight * share(i, j))));
  const observed = weighted((i, j) => p[i]![j]!);
  const expected = weighted((i, j) => rows[i]! * columns[j]!);
  const result = { observed, expected, n, classes, counts };
  if (1 - expected < 1e-12)
    return { ...result, kappa: undefinedBecause("both gave one and the same answer throughout") };
  const kappa = (observed - expected) / (1 - expected);
  // Fleiss, Cohen and Everitt, equation 13.
  const rowMeans = agreement.map((row) => sum(row.map((weight, j) => weight * columns[j]!)));
  const columnMeans = classes.map((_, j) => sum(agreement.map((row, i) => row[j]! * rows[i]!)));
  const spread = sum(
    agreement.flatMap((row, i) =>
      row.map((weight, j) => p[i]![j]! * (weight - (rowMeans[i]! + columnMeans[j]!) * (1 - kappa)) ** 2),
    ),
  );
  const variance = (spread - (kappa - expected * (1 - kappa)) ** 2) / (n * (1 - expected) ** 2);
  const reach = normalQuantile((1 + level) / 2) * Math.sqrt(Math.max(0, variance));
  return {
    ...result,
    kappa: {
      value: kappa,
      low: Math.max(-1, kappa - reach),
      high: Math.min(1, kappa + reach),
      level,
      method: "large-sample variance of Fleiss, Cohen and Everitt",
    },
  };
}

function crossCounts(
  first: readonly string[],
  second: readonly string[],
  classes: readonly string[],
): number[][] {
  const counts = classes.map(() => classes.map(() => 0));
  const indexOf = (answer: string) => {
    const index = classes.indexOf(answer);
    if (index < 0) throw invalidArgument("answer", answer, `one of ${classes.join(", ")}`);
    return index;
  };
  first.forEach((answer, k) => {
    counts[indexOf(answer)]![indexOf(second[k]!)]!++;
  });
  return counts;
}

/** 1 for the same class, less the further apart, 0 for the furthest. */
function agreementWeights(classes: number, weights: KappaWeights): number[][] {
  const furthest = Math.max(1, classes - 1);
  return Array.from({ length: classes }, (_, i) =>
    Array.from({ length: classes }, (_, j) => {
      if (weights === "none") return i === j ? 1 : 0;
      const distance = Math.abs(i - j) / furthest;
      return 1 - (weights === "linear" ? distance : distance ** 2);
    }),
  );
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
