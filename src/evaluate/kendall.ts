/** Kendall's tau-b: pairs of patients that two columns order alike, less those they order differently. */
import { normalUpperTail } from "./distributions";

/** Up to so many values without ties, the p-value counts permutations. */
const EXACT_VALUES = 33;

/** Two columns of the same length, neither constant, no NaN. */
export function kendallTau(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): { coefficient: number; pValue: number } {
  const n = x.length;
  const pairs = (n * (n - 1)) / 2;
  const { concordant, discordant } = comparePairs(x, y);
  const [tiesX, tiesY] = [tieSums(x), tieSums(y)];
  const lead = concordant - discordant;
  const tau = lead / Math.sqrt((pairs - tiesX.pairs) * (pairs - tiesY.pairs));
  const coefficient = Math.max(-1, Math.min(1, tau));
  const noTies = tiesX.pairs === 0 && tiesY.pairs === 0;
  const fewer = Math.min(concordant, discordant);
  const pValue =
    noTies && (n <= EXACT_VALUES || fewer <= 1)
      ? Math.min(1, 2 * permutationsWithFewInversions(n, fewer))
      : 2 * normalUpperTail(Math.abs(lead) / Math.sqrt(varianceOfLead(n, tiesX, tiesY)));
  return { coefficient, pValue: Math.min(1, pValue) };
}

function comparePairs(x: ArrayLike<number>, y: ArrayLike<number>) {
  let concordant = 0;
  let discordant = 0;
  for (let i = 1; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      // Signs, not differences: the product of two tiny differences could vanish.
      const agreement = Math.sign(x[i]! - x[j]!) * Math.sign(y[i]! - y[j]!);
      if (agreement > 0) concordant++;
      else if (agreement < 0) discordant++;
    }
  }
  return { concordant, discordant };
}

/** Sums over groups of t tied values: t(t-1)/2, t(t-1)(t-2) and t(t-1)(2t+5). */
interface TieSums {
  readonly pairs: number;
  readonly triples: number;
  readonly variance: number;
}

function tieSums(values: ArrayLike<number>): TieSums {
  const sizes = new Map<number, number>();
  // Adding 0 makes -0 and 0 one value.
  for (let i = 0; i < values.length; i++) sizes.set(values[i]! + 0, (sizes.get(values[i]! + 0) ?? 0) + 1);
  let pairs = 0;
  let triples = 0;
  let variance = 0;
  for (const t of sizes.values()) {
    pairs += (t * (t - 1)) / 2;
    triples += t * (t - 1) * (t - 2);
    variance += t * (t - 1) * (2 * t + 5);
  }
  return { pairs, triples, variance };
}

/** Kendall, Rank Correlation Methods (1970), equation 4.3. */
function varianceOfLead(n: number, x: TieSums, y: TieSums): number {
  const m = n * (n - 1);
  const base = (m * (2 * n + 5) - x.variance - y.variance) / 18;
  const shared = n > 2 ? (x.triples * y.triples) / (9 * m * (n - 2)) : 0;
  return base + (2 * x.pairs * y.pairs) / m + shared;
}

/** The share of the orders of n values with at most `most` inversions: value after value is put in its place. */
function permutationsWithFewInversions(n: number, most: number): number {
  let share = new Float64Array(most + 1);
  share[0] = 1;
  for (let values = 2; values <= n; values++) {
    const next = new Float64Array(most + 1);
    for (let inversions = 0; inversions <= most; inversions++)
      for (let added = 0; added < values && added <= inversions; added++)
        next[inversions]! += share[inversions - added]! / values;
    share = next;
  }
  return share.reduce((sum, one) => sum + one, 0);
}
