/** Bias-corrected and accelerated bootstrap bounds: percentiles shifted by what the samples say of bias and skew. */
import { normalQuantile, normalUpperTail } from "./distributions";
import { quantileSorted } from "./quantile";

/**
 * BCa bounds of an estimate.
 *
 * Replicates equal to the estimate count half below and half above it. Where every replicate lies on one side, or
 * leaving out a patient changes nothing, no correction can be estimated and that part of it is left out.
 *
 * @param replicates sorted in place
 * @param jackknife  the estimate with each patient left out in turn
 * @see Efron, JASA 82 (1987); Efron and Tibshirani (1993), equations 14.9 to 14.15.
 */
export function bcaBounds(
  value: number,
  replicates: Float64Array,
  jackknife: ArrayLike<number>,
  level: number,
): { low: number; high: number } {
  replicates.sort();
  const bias = biasCorrection(value, replicates);
  const acceleration = accelerationOf(jackknife);
  const bound = (tail: number) => {
    const z = bias + normalQuantile(tail);
    return quantileSorted(replicates, normalUpperTail(-(bias + z / (1 - acceleration * z))));
  };
  const tail = (1 - level) / 2;
  return { low: bound(tail), high: bound(1 - tail) };
}

function biasCorrection(value: number, replicates: Float64Array): number {
  let below = 0;
  for (const replicate of replicates) below += replicate < value ? 1 : replicate === value ? 0.5 : 0;
  const share = below / replicates.length;
  return share > 0 && share < 1 ? normalQuantile(share) : 0;
}

/** A sixth of the skewness of the jackknife's influence values. */
function accelerationOf(jackknife: ArrayLike<number>): number {
  const n = jackknife.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += jackknife[i]!;
  const mean = sum / n;
  let squares = 0;
  let cubes = 0;
  for (let i = 0; i < n; i++) {
    const influence = mean - jackknife[i]!;
    squares += influence ** 2;
    cubes += influence ** 3;
  }
  return squares > 0 ? cubes / (6 * squares ** 1.5) : 0;
}
