/**
 * The distributions that p-values need, accurate in the far tail: a correlation of 0.48 among 1,325
 * patients has p = 1e-77, and a printed table says so.
 */

/** Upper tail of the standard normal distribution, P(Z > z). */
export function normalUpperTail(z: number): number {
  return 0.5 * erfc(z / Math.SQRT2);
}

/**
 * Quantile of the standard normal distribution: the z below which a share `p` in (0, 1) lies.
 *
 * Newton's method on the logarithm of the upper tail, which is concave: after one step it closes in from one side.
 */
export function normalQuantile(p: number): number {
  return p < 0.5 ? -upperQuantile(p) : upperQuantile(1 - p);
}

/**
 * Upper tail of the chi-square distribution with a whole number of degrees of freedom.
 *
 * Q(x; k + 2) = Q(x; k) + (x/2)^(k/2) exp(-x/2) / gamma(k/2 + 1): all terms positive, nothing cancels.
 */
export function chiSquareUpperTail(x: number, degreesOfFreedom: number): number {
  if (!(x > 0)) return 1;
  const odd = degreesOfFreedom % 2 === 1;
  let tail = odd ? erfc(Math.sqrt(x / 2)) : Math.exp(-x / 2);
  let term = odd ? Math.exp(-x / 2) * Math.sqrt((2 * x) / Math.PI) : (Math.exp(-x / 2) * x) / 2;
  for (let k = odd ? 1 : 2; k < degreesOfFreedom; k += 2) {
    tail += term;
    term *= x / (k + 2);
  }
  return Math.min(1, tail);
}

/** The z that a share `tail` (at most one half) lies above. */
function upperQuantile(tail: number): number {
  let z = 0;
  for (let i = 0; i < 60; i++) {
    const above = normalUpperTail(z);
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    const step = (Math.log(above / tail) * above) / density;
    z += step;
    if (Math.abs(step) <= 1e-15 * Math.max(1, z)) break;
  }
  return z;
}

/**
 * Two-sided p-value of a correlation coefficient `r` of `n` pairs under "no association":
 * t = r sqrt((n - 2) / (1 - r^2)) on n - 2 degrees of freedom, as SciPy's `spearmanr` and `pearsonr`.
 *
 * P(|T| > |t|) is the regularised incomplete beta function I_x((n - 2) / 2, 1/2) at x = 1 - r^2.
 */
export function correlationPValue(r: number, n: number): number {
  const square = Math.min(1, r * r);
  if (square === 1) return 0;
  return incompleteBetaHalf((n - 2) / 2, (1 - Math.abs(r)) * (1 + Math.abs(r)), square);
}

/** I_x(a, 1/2), with `y` = 1 - x given separately so that neither end loses digits. */
function incompleteBetaHalf(a: number, x: number, y: number): number {
  if (y === 0) return 1;
  // x^a (1-x)^(1/2) / B(a, 1/2), where 1 / B(a, 1/2) = gamma(a + 1/2) / (gamma(a) sqrt(pi)).
  const power = x > 0.5 ? Math.exp(a * Math.log1p(-y)) : x ** a;
  const front = (power * Math.sqrt(y) * gammaHalfStep(a)) / Math.sqrt(Math.PI);
  if (x < (a + 1) / (a + 2.5)) return (front * betaFraction(a, 0.5, x)) / a;
  return 1 - (front * betaFraction(0.5, a, y)) / 0.5;
}

/** The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method. */
function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return fraction;
}

/** gamma(a + 1/2) / (gamma(a) sqrt(a)) in powers of 1 / a (DLMF 5.11.13). */
const GAMMA_HALF_STEP = [
  1,
  -1 / 8,
  1 / 128,
  5 / 1024,
  -21 / 32768,
  -399 / 262144,
  869 / 4194304,
  39325 / 33554432,
  -334477 / 2147483648,
];

/** gamma(a + 1/2) / gamma(a): a step up to where the asymptotic series is exact to double precision. */
function gammaHalfStep(a: number): number {
  let ratio = 1;
  let b = a;
  for (; b < 30; b++) ratio *= b / (b + 0.5);
  const u = 1 / b;
  const series = GAMMA_HALF_STEP.reduceRight((sum, coefficient) => sum * u + coefficient, 0);
  return ratio * Math.sqrt(b) * series;
}

/**
 * Complementary error function: its Maclaurin series near 0, its continued fraction beyond.
 * Relative error below 1e-14 wherever the result is a normal number.
 */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 2) return 1 - erfSeries(x);
  return x > 27 ? 0 : erfcFraction(x);
}

/** erf(x) = 2/sqrt(pi) exp(-x^2) sum of (2 x^2)^k x / (1 3 5 ... (2k+1)): all terms positive, nothing cancels. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (2 * x * x) / (2 * k + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** erfc(x) = exp(-x^2) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))), from the inside out. */
function erfcFraction(x: number): number {
  let inner = x;
  for (let k = 120; k >= 1; k--) inner = x + k / 2 / inner;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * inner);
}
