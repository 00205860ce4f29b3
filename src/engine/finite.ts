/** Whether no element is NaN or infinite. */
export function allFinite(values: ArrayLike<number>): boolean {
  // x - x is 0 for a finite number, else NaN, which no sum loses.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - values[i]!;
  return sum === 0;
}
