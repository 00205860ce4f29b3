/** Small symmetric systems: of coefficients' information, of log-rank scores. */

/** The lower triangle L of A = L L^T, row by row; or the first row that depends on those before it. */
export type Cholesky =
  | { readonly lower: readonly Float64Array[]; readonly dependent?: undefined }
  | { readonly lower?: undefined; readonly dependent: number };

/**
 * @param matrix    symmetric, positive semi-definite
 * @param tolerance a pivot below this share of its diagonal element counts as 0
 */
export function cholesky(matrix: readonly ArrayLike<number>[], tolerance = 1e-10): Cholesky {
  const lower: Float64Array[] = [];
  for (let i = 0; i < matrix.length; i++) {
    const row = new Float64Array(matrix.length);
    for (let j = 0; j <= i; j++) {
      const above = j === i ? row : lower[j]!;
      let rest = matrix[i]![j]!;
      for (let k = 0; k < j; k++) rest -= row[k]! * above[k]!;
      if (j < i) row[j] = rest / above[j]!;
      else if (rest > tolerance * matrix[i]![i]!) row[i] = Math.sqrt(rest);
      else return { dependent: i };
    }
    lower.push(row);
  }
  return { lower };
}

/** The x with L L^T x = b. */
export function solve(lower: readonly Float64Array[], b: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(b);
  for (let i = 0; i < x.length; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i]![k]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  for (let i = x.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < x.length; k++) x[i]! -= lower[k]![i]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  return x;
}
