/** Cox's partial likelihood with its first and second derivatives. */
import type { CoxTies } from "./cox";

/** Patients from the latest time to the earliest: the risk set of each time is all that came before. */
export interface RiskSets {
  readonly time: Float64Array;
  readonly event: Uint8Array;
  /** `[patient][covariate]`, in the same order. */
  readonly rows: readonly Float64Array[];
}

/** The log-likelihood at one vector of coefficients. */
export interface CoxPoint {
  readonly logLikelihood: number;
  readonly gradient: Float64Array;
  /** Minus the second derivatives. */
  readonly information: readonly Float64Array[];
}

/** Sort patients once; `columns` are `[covariate][patient]`. */
export function riskSets(time: Float64Array, event: Uint8Array, columns: readonly Float64Array[]): RiskSets {
  const order = Array.from(time, (_, i) => i).sort((a, b) => time[b]! - time[a]!);
  return {
    time: Float64Array.from(order, (i) => time[i]!),
    event: Uint8Array.from(order, (i) => event[i]!),
    rows: order.map((i) => Float64Array.from(columns, (column) => column[i]!)),
  };
}

/**
 * The partial likelihood at `beta`.
 *
 * With d events at one time, Efron's method takes each event in turn out of the risk set in equal parts: the l-th
 * factor (l = 0, ... d - 1) sums over the risk set less l / d of the events. Breslow's takes nothing out.
 */
export function partialLikelihood(sets: RiskSets, beta: Float64Array, ties: CoxTies): CoxPoint {
  const { time, event, rows } = sets;
  const size = beta.length;
  const scores = rows.map((row) => row.reduce((sum, value, k) => sum + value * beta[k]!, 0));
  // A common factor of all risks cancels; without it the largest would overflow first.
  const highest = scores.reduce((max, score) => Math.max(max, score), Number.NEGATIVE_INFINITY);
  const atRisk = new Moments(size);
  const gradient = new Float64Array(size);
  const information = Array.from({ length: size }, () => new Float64Array(size));
  let logLikelihood = 0;
  for (let start = 0; start < rows.length; ) {
    const failing = new Moments(size);
    let events = 0;
    let end = start;
    for (; end < rows.length && time[end] === time[start]; end++) {
      const weight = Math.exp(scores[end]! - highest);
      atRisk.add(rows[end]!, weight);
      if (event[end] === 0) continue;
      failing.add(rows[end]!, weight);
      events++;
      logLikelihood += scores[end]! - highest;
      for (let k = 0; k < size; k++) gradient[k]! += rows[end]![k]!;
    }
    for (let taken = 0; taken < events; taken++) {
      const share = ties === "efron" ? taken / events : 0;
      const sum = atRisk.sum - share * failing.sum;
      logLikelihood -= Math.log(sum);
      for (let k = 0; k < size; k++) {
        const mean = (atRisk.first[k]! - share * failing.first[k]!) / sum;
        gradient[k]! -= mean;
        for (let l = 0; l <= k; l++) {
          const other = (atRisk.first[l]! - share * failing.first[l]!) / sum;
          const product = (atRisk.second[k]![l]! - share * failing.second[k]![l]!) / sum;
          information[k]![l]! += product - mean * other;
        }
      }
    }
    start = end;
  }
  for (let k = 0; k < size; k++) for (let l = 0; l < k; l++) information[l]![k] = information[k]![l]!;
  return { logLikelihood, gradient, information };
}

/** Weighted sums over patients of 1, of covariates, and of their products (lower triangle). */
class Moments {
  sum = 0;
  readonly first: Float64Array;
  readonly second: readonly Float64Array[];

  constructor(size: number) {
    this.first = new Float64Array(size);
    this.second = Array.from({ length: size }, (_, k) => new Float64Array(k + 1));
  }

  add(row: Float64Array, weight: number): void {
    this.sum += weight;
    for (let k = 0; k < row.length; k++) {
      const weighted = weight * row[k]!;
      this.first[k]! += weighted;
      for (let l = 0; l <= k; l++) this.second[k]![l]! += weighted * row[l]!;
    }
  }
}
