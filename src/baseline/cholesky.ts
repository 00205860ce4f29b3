/** Cholesky's decomposition of a symmetric, positive definite matrix, for Newton's steps and covariances. */

/** L with A = L Lᵀ, stored as its lower triangle in `[n, n]`. */
export interface Cholesky {
  readonly n: number;
  readonly lower: Float64Array;
}

/** A pivot below this share of its diagonal entry is rounding noise: the matrix is singular. */
const SMALLEST_PIVOT = 1e-13;

/** Decompose `[n, n]`, of which the lower triangle is read; `undefined` when it is not positive definite. */
export function cholesky(matrix: Float64Array, n: number): Cholesky | undefined {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      if (i !== j) lower[i * n + j] = sum / lower[j * n + j]!;
      // Written so that NaN fails it too.
      else if (sum > SMALLEST_PIVOT * matrix[i * n + i]!) lower[i * n + i] = Math.sqrt(sum);
      else return undefined;
    }
  return { n, lower };
}

/** The x of A x = b: forwards with L, backwards with Lᵀ. */
export function solve({ n, lower }: Cholesky, b: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i * n + k]! * x[k]!;
    x[i]! /= lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= lower[k * n + i]! * x[k]!;
    x[i]! /= lower[i * n + i]!;
  }
  return x;
}

/** The diagonal of the inverse of A. */
export function inverseDiagonal(factor: Cholesky): Float64Array {
  return Float64Array.from({ length: factor.n }, (_, i) => {
    const unit = new Float64Array(factor.n);
    unit[i] = 1;
    return solve(factor, unit)[i]!;
  });
}
