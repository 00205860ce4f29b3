/** Blocks work on matrices: leading axes become rows on the way in and come back on the way out. */
import { OsccError } from "../../core/errors";
import { tf } from "../tensors";

/** View `[..., width]` as `[rows, width]`. */
export function asRows(x: tf.Tensor): tf.Tensor {
  return x.rank === 2 ? x : tf.reshape(x, [-1, x.shape[x.rank - 1]!]);
}

/** View the rows of a result `[rows, width]` with the leading axes of the input they came from. */
export function fromRows(rows: tf.Tensor, inputShape: readonly number[]): tf.Tensor {
  return inputShape.length === 2 ? rows : tf.reshape(rows, [...inputShape.slice(0, -1), rows.shape[1]!]);
}

/** The sum of each column, `[width]`. As a product with a row of ones: several times faster than a reduction. */
export function columnSums(x: tf.Tensor): tf.Tensor {
  const [rows, width] = x.shape as [number, number];
  return tf.reshape(tf.matMul(tf.ones([1, rows]), x), [width]);
}

/** A named axis of an expected shape; no length means that any will do. */
export interface Axis {
  readonly name: string;
  readonly length: number | undefined;
}

/** Expected axes from `{ batch: undefined, width: 384 }`. */
export function axes(expected: Record<string, number | undefined>): Axis[] {
  return Object.entries(expected).map(([name, length]) => ({ name, length }));
}

/** Check a shape against named axes; the message shows both. */
export function expectShape(what: string, x: tf.Tensor, expected: readonly Axis[]): void {
  const fits =
    x.rank === expected.length &&
    expected.every(({ length }, i) => length === undefined || length === x.shape[i]);
  if (fits) return;
  const shown = expected.map(({ name, length }) => (length === undefined ? name : `${name} ${length}`));
  throw new OsccError(
    "ShapeMismatch",
    [
      `${what} has shape [${x.shape.join(", ")}].`,
      `Expected [${shown.join(", ")}].`,
      "Weights have the layout of PyTorch, [out, in].",
    ],
    { expected: expected.map(({ name, length }) => length ?? name), found: x.shape },
  );
}
