/**
 * Labels with the study's class frequencies and pairwise correlations, by a Gaussian copula: correlated
 * normal deviates are cut at the quantiles of the wanted frequencies. Cutting weakens a correlation, so the
 * latent one is solved numerically from the one that is to be seen.
 */
import type { Rng } from "../../core/random";
import type { Task } from "../schema";

/** The label of each task of one patient. */
export type PhantomLabels = Record<Task, number>;

/** The order in which the copula draws; part of what the seed means. */
export const LABEL_ORDER = ["REC", "LNM", "TD", "TI", "CE", "PI"] as const satisfies readonly Task[];

/** Share of each class, label order. Multi-OSCC, Table 4. */
export const PREVALENCE: Readonly<Record<Task, readonly number[]>> = {
  REC: [0.79, 0.21],
  LNM: [0.62, 0.38],
  TD: [0.34, 0.52, 0.14],
  TI: [0.54, 0.46],
  CE: [0.915, 0.085],
  PI: [0.82, 0.18],
};

/** Correlation to be seen between two labels. Multi-OSCC, Table 3. */
export const LABEL_CORRELATION: readonly (readonly [Task, Task, number])[] = [
  ["REC", "LNM", 0.05],
  ["REC", "TD", 0.11],
  ["LNM", "TD", 0.22],
  ["REC", "TI", 0.07],
  ["LNM", "TI", 0.16],
  ["TD", "TI", 0.15],
  ["REC", "CE", 0.07],
  ["LNM", "CE", 0.2],
  ["TD", "CE", 0.15],
  ["TI", "CE", 0.1],
  ["REC", "PI", 0.08],
  ["LNM", "PI", 0.19],
  ["TD", "PI", 0.21],
  ["TI", "PI", 0.48],
  ["CE", "PI", 0.12],
];

/** Draw the labels of `count` patients. */
export function drawLabels(rng: Rng, count: number): PhantomLabels[] {
  const factor = cholesky(latentCorrelation());
  const thresholds = LABEL_ORDER.map((task) => cuts(PREVALENCE[task]));
  return Array.from({ length: count }, () => {
    const independent = LABEL_ORDER.map(() => rng.normal());
    const labels = {} as PhantomLabels;
    LABEL_ORDER.forEach((task, row) => {
      let latent = 0;
      for (let k = 0; k <= row; k++) latent += factor[row]![k]! * independent[k]!;
      labels[task] = thresholds[row]!.filter((cut) => latent > cut).length;
    });
    return labels;
  });
}

/** Independent, equally frequent labels: for measuring how well a sign can be learnt. */
export function drawBalancedLabels(rng: Rng, count: number): PhantomLabels[] {
  return Array.from({ length: count }, () => {
    const labels = {} as PhantomLabels;
    for (const task of LABEL_ORDER) labels[task] = rng.integer(PREVALENCE[task].length);
    return labels;
  });
}

/** Correlations of the normal deviates, `[6, 6]` in `LABEL_ORDER`, that give `LABEL_CORRELATION` after cutting. */
export function latentCorrelation(): number[][] {
  const matrix = LABEL_ORDER.map((_, i) => LABEL_ORDER.map((__, j): number => (i === j ? 1 : 0)));
  for (const [first, second, wanted] of LABEL_CORRELATION) {
    const i = LABEL_ORDER.indexOf(first);
    const j = LABEL_ORDER.indexOf(second);
    const latent = bisect(-0.95, 0.95, 30, (r) => observedCorrelation(first, second, r) < wanted);
    matrix[i]![j] = latent;
    matrix[j]![i] = latent;
  }
  return matrix;
}

/** Pearson correlation of two cut normals: E[XY] is the sum, over pairs of cuts, of P(both above). */
function observedCorrelation(first: Task, second: Task, latent: number): number {
  let product = 0;
  for (const a of cuts(PREVALENCE[first]))
    for (const b of cuts(PREVALENCE[second])) product += bothAbove(a, b, latent);
  const [meanA, sdA] = moments(PREVALENCE[first]);
  const [meanB, sdB] = moments(PREVALENCE[second]);
  return (product - meanA * meanB) / (sdA * sdB);
}

/** P(X > a, Y > b) of a bivariate normal with correlation `r`: Simpson's rule over x. */
function bothAbove(a: number, b: number, r: number): number {
  const steps = 200;
  const high = 8;
  const width = (high - a) / steps;
  const residual = Math.sqrt(1 - r * r);
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const x = a + i * width;
    const weight = i === 0 || i === steps ? 1 : i % 2 ? 4 : 2;
    sum += weight * normalDensity(x) * (1 - normalProbability((b - r * x) / residual));
  }
  return (sum * width) / 3;
}

/** The quantiles at which a normal deviate is cut into classes of these frequencies. */
function cuts(prevalence: readonly number[]): number[] {
  const out: number[] = [];
  let below = 0;
  for (const share of prevalence.slice(0, -1)) {
    below += share;
    const wanted = below;
    out.push(bisect(-8, 8, 60, (x) => normalProbability(x) < wanted));
  }
  return out;
}

function moments(prevalence: readonly number[]): [mean: number, sd: number] {
  let mean = 0;
  let square = 0;
  prevalence.forEach((share, label) => {
    mean += label * share;
    square += label * label * share;
  });
  return [mean, Math.sqrt(square - mean * mean)];
}

const normalDensity = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Standard normal distribution function. Abramowitz and Stegun 26.2.17, error below 7.5e-8. */
export function normalProbability(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = normalDensity(x) * series;
  return x >= 0 ? 1 - tail : tail;
}

/** The point in [low, high] where `below` turns from true to false. */
function bisect(low: number, high: number, steps: number, below: (x: number) => boolean): number {
  let a = low;
  let b = high;
  for (let i = 0; i < steps; i++) {
    const middle = (a + b) / 2;
    if (below(middle)) a = middle;
    else b = middle;
  }
  return (a + b) / 2;
}

/** Lower triangle L with L Lt = matrix. */
function cholesky(matrix: number[][]): number[][] {
  const n = matrix.length;
  const lower = matrix.map((row) => row.map(() => 0));
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i]![j]!;
      for (let k = 0; k < j; k++) rest -= lower[i]![k]! * lower[j]![k]!;
      lower[i]![j] = i === j ? Math.sqrt(rest) : rest / lower[j]![j]!;
    }
  return lower;
}
