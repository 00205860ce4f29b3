/**
 * Logistic regression with an L2 penalty, binary and multinomial, by Newton's method.
 *
 * The objective is scikit-learn's `LogisticRegression` with C = 1 / penalty: the sum over patients of -log p(truth),
 * plus penalty / 2 times the sum of squared weights; intercepts are not penalised. Two classes have one equation, for
 * class 1. More classes have one equation each (softmax), which the penalty alone makes unique.
 *
 * Letters: N patients, P features, K classes, E equations (1 when K = 2, else K), Q = P + 1 with the intercept first.
 */
import { invalidArgument, OsccError } from "../core/errors";
import { cholesky, solve } from "../evaluate/cholesky";

/** Options of `fitLogistic`. */
export interface LogisticOptions {
  /** Weight of the L2 penalty, 0 or more; above 0 for more than two classes. Default 1. */
  readonly penalty?: number;
  /** The fit stands still when no linear predictor moves by more. Default 1e-9. */
  readonly tolerance?: number;
  /** Default 100; Newton's method needs about 8. */
  readonly maxIterations?: number;
  /** Names of the features, for messages. */
  readonly features?: readonly string[];
  /** Where to start: the fit of a similar problem, which saves iterations and changes nothing else. Default: zeros. */
  readonly start?: Pick<LogisticFit, "intercepts" | "weights">;
}

/** A fitted regression. Plain data. */
export interface LogisticFit {
  readonly classes: number;
  readonly penalty: number;
  /** `[E]` */
  readonly intercepts: readonly number[];
  /** `[E, P]` */
  readonly weights: readonly (readonly number[])[];
  /** Standard errors of the weights, `[E, P]`: roots of the diagonal of the inverse penalised Hessian. */
  readonly standardErrors: readonly (readonly number[])[];
  readonly iterations: number;
  /** Mean of -log p(truth) over the patients of the fit, without the penalty. */
  readonly logLoss: number;
}

/**
 * Fit a logistic regression.
 *
 * The standard errors come from the penalised Hessian, H⁻¹ with H = XᵀWX + penalty: the spread of the posterior
 * under a normal prior of variance 1 / penalty (Laplace). Shrinkage towards 0 is not corrected for, so an interval
 * made from them covers the penalised coefficient, not the one of an infinite sample.
 *
 * @param x       `[N, P]`, features on comparable scales
 * @param y       `[N]`, labels from 0 to `classes` - 1
 * @param classes how many there are, at least 2
 * @param options `penalty`, default 1; `tolerance`, default 1e-9; `maxIterations`, default 100; `features`
 * @throws Separated       without penalty, when a combination of features tells the classes apart
 * @throws NotConverged    when the last step was still larger than `tolerance`
 * @throws InvalidArgument for labels out of range, rows of different lengths, numbers that are not finite, a negative
 *                         penalty, or features that are linearly dependent and have no penalty
 * @see Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009), section 4.4.
 * @example
 * baseline.fitLogistic([[0], [1], [2], [3]], [0, 1, 0, 1], 2, { penalty: 1 }).weights; // [[0.546...]]
 */
export function fitLogistic(
  x: readonly ArrayLike<number>[],
  y: readonly number[],
  classes: number,
  options: LogisticOptions = {},
): LogisticFit {
  const { penalty = 1, tolerance = 1e-9, maxIterations = 100 } = options;
  checkInput(x, y, classes, penalty);
  const problem: Problem = { x, y, classes, equations: classes === 2 ? 1 : classes, penalty };

  let parameters = startingPoint(problem, options.start);
  let here = curvature(problem, parameters);
  let change = Number.POSITIVE_INFINITY;
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    const { lower } = decomposed(here);
    if (!lower) throw noSolution(problem, parameters, options.features);
    const step = solve(lower, here.gradient);
    const share = shareThatDescends(problem, parameters, step, here.objective);
    parameters = parameters.map((value, i) => value - share * step[i]!);
    here = curvature(problem, parameters);
    change = share * largestShift(problem, step);
    if (change <= tolerance) return asFit(problem, parameters, iteration, options.features);
  }
  if (penalty === 0) rejectSeparation(problem, parameters, options.features);
  throw notConverged(maxIterations, change);
}

/** The probability of each class for one row of features. */
export function logisticProbabilities(fit: LogisticFit, row: ArrayLike<number>): number[] {
  const linear = fit.weights.map((weights, e) =>
    weights.reduce((sum, weight, j) => sum + weight * row[j]!, fit.intercepts[e]!),
  );
  return softmax(fit.classes === 2 ? [0, linear[0]!] : linear).probabilities;
}

interface Problem {
  readonly x: readonly ArrayLike<number>[];
  readonly y: readonly number[];
  readonly classes: number;
  readonly equations: number;
  readonly penalty: number;
}

function startingPoint(problem: Problem, start: LogisticOptions["start"]): Float64Array<ArrayBuffer> {
  const Q = widthOf(problem);
  if (!start) return new Float64Array(problem.equations * Q);
  const parameters = Float64Array.from(
    start.weights.flatMap((weights, e) => [start.intercepts[e] ?? Number.NaN, ...weights]),
  );
  if (parameters.length === problem.equations * Q && parameters.every(Number.isFinite)) return parameters;
  throw new OsccError(
    "ShapeMismatch",
    [`start does not fit; expected ${problem.equations} equations of ${Q - 1} weights and an intercept.`],
    { expected: [problem.equations, Q - 1], found: [start.weights.length, start.weights[0]?.length ?? 0] },
  );
}

/** The objective at a point, with its first and second derivatives. */
interface Curvature {
  readonly objective: number;
  readonly gradient: Float64Array;
  /** `[E Q, E Q]`, lower triangle. */
  readonly hessian: Float64Array;
}

const widthOf = ({ x }: Problem) => (x[0]?.length ?? 0) + 1;

function curvature(problem: Problem, parameters: Float64Array): Curvature {
  const { x, y, equations: E, penalty } = problem;
  const Q = widthOf(problem);
  const size = E * Q;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const row = new Float64Array(Q);
  let logLoss = 0;
  for (let n = 0; n < x.length; n++) {
    row[0] = 1;
    for (let j = 1; j < Q; j++) row[j] = x[n]![j - 1]!;
    const { probabilities, logits, logSum } = classProbabilities(problem, parameters, n);
    logLoss += logSum - logits[y[n]!]!;
    for (let e = 0; e < E; e++) {
      const asked = classOf(e, E);
      const residual = probabilities[asked]! - (y[n] === asked ? 1 : 0);
      for (let j = 0; j < Q; j++) gradient[e * Q + j]! += residual * row[j]!;
      for (let f = 0; f <= e; f++) {
        const other = classOf(f, E);
        const weight = probabilities[asked]! * ((e === f ? 1 : 0) - probabilities[other]!);
        for (let i = 0; i < Q; i++) {
          const scaled = weight * row[i]!;
          const from = (e * Q + i) * size + f * Q;
          const to = e === f ? i + 1 : Q;
          for (let j = 0; j < to; j++) hessian[from + j]! += scaled * row[j]!;
        }
      }
    }
  }
  for (let e = 0; e < E; e++)
    for (let j = 1; j < Q; j++) {
      gradient[e * Q + j]! += penalty * parameters[e * Q + j]!;
      hessian[(e * Q + j) * (size + 1)]! += penalty;
    }
  // Adding a constant to all intercepts of a softmax changes nothing: hold their sum at 0, where it starts.
  if (E > 1) for (let e = 0; e < E; e++) for (let f = 0; f <= e; f++) hessian[e * Q * size + f * Q]! += 1;
  return { objective: logLoss + penaltyAt(problem, parameters), gradient, hessian };
}

function objectiveAt(problem: Problem, parameters: Float64Array): number {
  return totalLogLoss(problem, parameters) + penaltyAt(problem, parameters);
}

function penaltyAt(problem: Problem, parameters: Float64Array): number {
  const Q = widthOf(problem);
  const squares = parameters.reduce((sum, value, i) => (i % Q === 0 ? sum : sum + value * value), 0);
  return (problem.penalty / 2) * squares;
}

function totalLogLoss(problem: Problem, parameters: Float64Array): number {
  let total = 0;
  for (let n = 0; n < problem.x.length; n++) {
    const { logits, logSum } = classProbabilities(problem, parameters, n);
    total += logSum - logits[problem.y[n]!]!;
  }
  return total;
}

/** The class that an equation speaks for: of two classes, the only equation is that of class 1. */
const classOf = (equation: number, equations: number) => (equations === 1 ? 1 : equation);

function classProbabilities(problem: Problem, parameters: Float64Array, n: number) {
  const linear = linearPredictors(problem, parameters, n);
  return softmax(problem.equations === 1 ? [0, linear[0]!] : linear);
}

function linearPredictors(problem: Problem, parameters: ArrayLike<number>, n: number): number[] {
  const Q = widthOf(problem);
  const row = problem.x[n]!;
  const linear: number[] = [];
  for (let from = 0; from < problem.equations * Q; from += Q) {
    let sum = parameters[from]!;
    for (let j = 1; j < Q; j++) sum += parameters[from + j]! * row[j - 1]!;
    linear.push(sum);
  }
  return linear;
}

/** Shifted by the largest logit, so that nothing overflows. */
function softmax(logits: readonly number[]) {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return {
    logits,
    probabilities: powers.map((power) => power / sum),
    logSum: largest + Math.log(sum),
  };
}

/** Halve Newton's step until the objective does not grow, but for rounding. */
function shareThatDescends(
  problem: Problem,
  parameters: Float64Array,
  step: Float64Array,
  objective: number,
): number {
  const allowed = objective + 1e-12 * Math.abs(objective);
  let share = 1;
  for (let halvings = 0; halvings < 40; halvings++) {
    const moved = parameters.map((value, i) => value - share * step[i]!);
    if (objectiveAt(problem, moved) <= allowed) break;
    share /= 2;
  }
  return share;
}

/** By how much a step moves the linear predictor that it moves most. */
function largestShift(problem: Problem, step: ArrayLike<number>): number {
  let largest = 0;
  for (let n = 0; n < problem.x.length; n++)
    for (const shift of linearPredictors(problem, step, n)) largest = Math.max(largest, Math.abs(shift));
  return largest;
}

function asFit(
  problem: Problem,
  parameters: Float64Array,
  iterations: number,
  features: readonly string[] | undefined,
): LogisticFit {
  const Q = widthOf(problem);
  const size = problem.equations * Q;
  const { lower } = decomposed(curvature(problem, parameters));
  if (!lower) throw noSolution(problem, parameters, features);
  const variances = inverseDiagonal(lower, size);
  const equations = Array.from({ length: problem.equations }, (_, e) => e * Q);
  return {
    classes: problem.classes,
    penalty: problem.penalty,
    intercepts: equations.map((from) => parameters[from]!),
    weights: equations.map((from) => [...parameters.slice(from + 1, from + Q)]),
    standardErrors: equations.map((from) => [...variances.slice(from + 1, from + Q)].map(Math.sqrt)),
    iterations,
    logLoss: totalLogLoss(problem, parameters) / problem.x.length,
  };
}

/** A pivot below this share of its diagonal element is rounding noise: the matrix is singular. */
const SMALLEST_PIVOT = 1e-13;

function decomposed({ gradient, hessian }: Curvature) {
  const size = gradient.length;
  const rows = Array.from(gradient, (_, i) => hessian.subarray(i * size, (i + 1) * size));
  return cholesky(rows, SMALLEST_PIVOT);
}

/** The diagonal of the inverse of L Lᵀ. */
function inverseDiagonal(lower: readonly Float64Array[], size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => {
    const unit = new Float64Array(size);
    unit[i] = 1;
    return solve(lower, unit)[i]!;
  });
}

/** No Newton step exists: the classes are separated, or the features depend on each other. */
function noSolution(
  problem: Problem,
  parameters: Float64Array,
  features: readonly string[] | undefined,
): Error {
  if (problem.penalty === 0) rejectSeparation(problem, parameters, features);
  return invalidArgument(
    "x",
    `${problem.x.length} patients by ${widthOf(problem) - 1} features`,
    "features that are linearly independent, and fewer than patients",
    "A penalty above 0 makes the solution unique: { penalty: 1 }.",
  );
}

/**
 * Without a penalty, separated classes drive the coefficients to infinity along a direction in which no patient is on
 * the wrong side. The coefficients themselves, large by then, are that direction.
 *
 * @throws Separated
 * @see Albert and Anderson, Biometrika 71 (1984).
 */
function rejectSeparation(
  problem: Problem,
  parameters: Float64Array,
  features: readonly string[] | undefined,
): void {
  const margins = problem.x.map((_, n) => {
    const linear = linearPredictors(problem, parameters, n)[0]!;
    return problem.y[n] === 1 ? linear : -linear;
  });
  // Patients on the border (quasi-separation) keep a small margin of either sign while others grow without bound.
  const farthest = Math.max(...margins);
  const worst = Math.min(...margins);
  if (!(farthest > SEPARATED_LOGIT && worst > -farthest / 4)) return;
  const Q = widthOf(problem);
  const weights = [...parameters.slice(1, Q)];
  const largest = Math.max(...weights.map(Math.abs));
  const columns = weights.flatMap((weight, j) =>
    Math.abs(weight) > largest / 3 ? [features?.[j] ?? `feature ${j}`] : [],
  );
  throw new OsccError(
    "Separated",
    [
      `the classes are told apart without error by ${columns.join(", ")}.`,
      "Without a penalty such coefficients grow without end; expected classes that overlap.",
      "Use a penalty above 0, or leave a column out that knows the answer.",
    ],
    { columns },
  );
}

/** A logit beyond which a probability is 0 or 1 to double precision, or nearly: e^-15 = 3e-7. */
const SEPARATED_LOGIT = 15;

function notConverged(iterations: number, change: number): OsccError<"NotConverged"> {
  return new OsccError(
    "NotConverged",
    [
      `logistic regression still moved by ${change.toPrecision(3)} after ${iterations} iterations.`,
      "Expected it to stand still.",
      "Raise maxIterations, use a larger penalty, or bring the features to comparable scales.",
    ],
    { computation: "logistic regression", iterations, change },
  );
}

function checkInput(
  x: readonly ArrayLike<number>[],
  y: readonly number[],
  classes: number,
  penalty: number,
): void {
  if (!(Number.isInteger(classes) && classes >= 2))
    throw invalidArgument("classes", classes, "2 or more classes");
  if (!(penalty >= 0 && Number.isFinite(penalty)))
    throw invalidArgument("penalty", penalty, "a finite number of 0 or more");
  if (penalty === 0 && classes > 2)
    throw invalidArgument(
      "penalty",
      penalty,
      "a number above 0",
      "With more than two classes only a penalty makes the weights unique.",
    );
  if (x.length === 0 || x.length !== y.length)
    throw new OsccError(
      "ShapeMismatch",
      [`x has ${x.length} rows and y ${y.length} labels; expected one of each for every patient.`],
      { expected: [y.length], found: [x.length] },
    );
  const present = new Set(y);
  for (const label of present)
    if (!(Number.isInteger(label) && label >= 0 && label < classes))
      throw invalidArgument("a label", label, `0 to ${classes - 1}`, "Leave masked patients out first.");
  if (present.size < classes)
    throw invalidArgument(
      "y",
      `${present.size} of ${classes} classes`,
      "patients of every class",
      "A class that was never seen cannot be learned.",
    );
  const width = x[0]!.length;
  x.forEach((row, n) => {
    if (row.length !== width)
      throw new OsccError(
        "ShapeMismatch",
        [`row ${n} of x has ${row.length} features; expected ${width}, as in the first row.`],
        { expected: [width], found: [row.length] },
      );
    for (let j = 0; j < width; j++)
      if (!Number.isFinite(row[j])) throw invalidArgument(`x[${n}][${j}]`, row[j], "a finite number");
  });
}
