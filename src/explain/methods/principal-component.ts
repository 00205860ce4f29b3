/** The first right singular vector of a matrix, by power iteration. */

const TOLERANCE = 1e-12;
const MOST_ITERATIONS = 5000;

/**
 * The values of each row along the direction in which the rows are longest: M v, with v the first right singular vector.
 *
 * The sign of v is arbitrary in the decomposition; here it makes the value of largest size positive.
 *
 * @param matrix  [rows, columns], row-major
 */
export function firstComponent(matrix: ArrayLike<number>, rows: number, columns: number): Float64Array {
  let direction = longestRow(matrix, rows, columns);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const next = unit(backward(matrix, rows, columns, forward(matrix, rows, columns, direction)));
    let change = 0;
    for (let c = 0; c < columns; c++) change = Math.max(change, Math.abs(next[c]! - direction[c]!));
    direction = next;
    if (change < TOLERANCE) break;
  }
  const values = forward(matrix, rows, columns, direction);
  const largest = values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return largest < 0 ? values.map((value) => -value) : values;
}

function forward(matrix: ArrayLike<number>, rows: number, columns: number, v: Float64Array): Float64Array {
  const out = new Float64Array(rows);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[r]! += matrix[r * columns + c]! * v[c]!;
  return out;
}

function backward(matrix: ArrayLike<number>, rows: number, columns: number, u: Float64Array): Float64Array {
  const out = new Float64Array(columns);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c]! += matrix[r * columns + c]! * u[r]!;
  return out;
}

function longestRow(matrix: ArrayLike<number>, rows: number, columns: number): Float64Array {
  let longest = new Float64Array(columns);
  let length = -1;
  for (let r = 0; r < rows; r++) {
    const row = Float64Array.from({ length: columns }, (_, c) => matrix[r * columns + c]!);
    const own = row.reduce((sum, x) => sum + x * x, 0);
    if (own > length) [longest, length] = [row, own];
  }
  return unit(longest);
}

function unit(v: Float64Array): Float64Array {
  const length = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  return length > 0 ? v.map((x) => x / length) : v;
}
