/**
 * Missing images: masks [B, M], 1 for an image that is there and 0 for one that is not.
 *
 * Letters: B patients, M images a patient, F width.
 */
import { OsccError } from "../../core/errors";
import { tf } from "../../engine";

/** Far below any score, and still finite: after a softmax exactly zero. */
const NEVER = -1e9;

/**
 * Which images are there, as the numbers that `forward` takes.
 *
 * @param present  one row a patient, one entry an image: `true` for an image that is there
 * @returns        [B, M], row by row, 1 or 0
 * @throws NoImages       for a patient of whom no image is there: nothing can be said about them
 * @throws ShapeMismatch  when the patients have different numbers of entries
 * @example
 * model.imageMask([[true, false, true], [true, true, true]]); // Float32Array [1, 0, 1, 1, 1, 1]
 */
export function imageMask(
  present: readonly (readonly boolean[])[],
  patients?: readonly string[],
): Float32Array {
  const images = present[0]?.length ?? 0;
  present.forEach((row, i) => {
    const who = patients?.[i] ?? `in row ${i}`;
    if (row.length !== images)
      throw new OsccError(
        "ShapeMismatch",
        [
          `the mask of patient ${who} has ${row.length} entries, that of the first patient ${images}.`,
          "Expected one entry for each image that the model sees, for every patient.",
        ],
        { expected: [present.length, images], found: [row.length] },
      );
    if (!row.includes(true))
      throw new OsccError(
        "NoImages",
        [
          `all ${images} images of patient ${who} are masked.`,
          "Expected at least one image: a model cannot say anything about a patient it sees nothing of.",
          "Leave the patient out.",
        ],
        { patient: patients?.[i] ?? String(i) },
      );
  });
  return Float32Array.from(present.flatMap((row) => row.map((is) => (is ? 1 : 0))));
}

/** Set the rows of missing images to zero: [B * M, F] -> [B * M, F]. */
export function withoutMissing(rows: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor {
  // Not a product: a missing image's row may hold anything, and 0 * NaN is NaN.
  return mask ? tf.where(tf.greater(tf.reshape(mask, [-1, 1]), 0), rows, tf.zerosLike(rows)) : rows;
}

/** Sum over the images that are there: [B * M, F] -> [B, F]. */
export function sumOverImages(rows: tf.Tensor, images: number, mask: tf.Tensor | undefined): tf.Tensor {
  return tf.sum(tf.reshape(withoutMissing(rows, mask), [-1, images, rows.shape[1]!]), 1);
}

/** Mean over the images that are there: [B * M, F] -> [B, F]. */
export function meanOverImages(rows: tf.Tensor, images: number, mask: tf.Tensor | undefined): tf.Tensor {
  const sum = sumOverImages(rows, images, mask);
  return mask ? tf.div(sum, tf.maximum(tf.sum(mask, 1, true), 1)) : tf.div(sum, images);
}

/** Scores [B, M] with those of missing images so low that a softmax makes them zero. */
export function scoresOfPresent(scores: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor {
  return mask ? tf.where(tf.greater(mask, 0), scores, tf.fill(scores.shape, NEVER)) : scores;
}

/** What is added to attention scores so that no query reads a missing image: [B, M] -> [B, 1, 1, M]. */
export function attentionBias(mask: tf.Tensor): tf.Tensor {
  const [patients, images] = mask.shape as [number, number];
  return tf.reshape(tf.mul(tf.sub(1, mask), NEVER), [patients, 1, 1, images]);
}
