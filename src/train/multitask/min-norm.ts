/**
 * The point of least norm in the convex hull of a few vectors, from their scalar products.
 *
 * Sener and Koltun (NeurIPS 2018, section 3.2) find it by Frank-Wolfe steps (algorithm 2). For a handful of tasks it
 * can be had exactly and without steps: the point lies on one of the 2^T - 1 faces of the hull, and on a face F it is
 * where all scalar products with the point are equal, w_F = c G_FF^-1 1. All faces are solved at once by elimination;
 * of those whose weights are all positive, the one of least norm is the answer. So it is a fixed sequence of tensor
 * operations and runs inside the compiled step.
 *
 * Letters: T vectors, S = 2^T - 1 faces.
 */
import { invalidArgument } from "../../core/errors";
import { tf } from "../../engine";

/** With more vectors the faces are too many. */
export const MOST_VECTORS = 8;

/** Added to the diagonal of vectors of norm 1: those that depend on each other leave many solutions. */
const RIDGE = 1e-6;
/** The same for a vector that is zero, so that it is never part of the answer. */
const ABSENT = 1e6;
/** A weight this little below zero is zero, rounded. */
const TOLERANCE = 1e-5;

/**
 * Weights of the point of least norm, [T], from 0, summing to 1. A vector that is zero gets weight 0, since it is
 * a task that was not there; where all are zero so are all weights.
 *
 * @param gram  [T, T], the vectors' scalar products; eager or traced
 */
export function minNormWeights(gram: tf.Tensor): tf.Tensor {
  const vectors = gram.shape[0]!;
  if (vectors > MOST_VECTORS)
    throw invalidArgument("tasks", `${vectors} of them`, `at most ${MOST_VECTORS} for the min-norm point`);
  const faces = facesOf(vectors); // S lists of 0 and 1
  const member = tf.tensor2d(faces); // [S, T]
  const identity = tf.eye(vectors);

  const squares = tf.sum(tf.mul(gram, identity), 1); // [T]
  const present = tf.cast(tf.greater(squares, 0), "float32");
  const norms = tf.add(tf.sqrt(squares), tf.sub(1, present)); // 1 for a vector that is zero
  // For vectors of norm 1, u = |v| w: then vectors of very different size do no harm.
  const inverse = tf.div(tf.min(norms), norms); // [T]
  const cosines = tf.div(tf.div(gram, tf.reshape(norms, [vectors, 1])), tf.reshape(norms, [1, vectors]));
  const stiff = tf.add(tf.mul(present, RIDGE), tf.mul(tf.sub(1, present), ABSENT)); // [T]
  const products = tf.add(cosines, tf.mul(identity, stiff)); // [T, T]

  const rows = tf.reshape(member, [faces.length, vectors, 1]);
  const columns = tf.reshape(member, [faces.length, 1, vectors]);
  const inside = tf.mul(tf.mul(products, rows), columns); // [S, T, T]
  const outside = tf.mul(identity, tf.sub(1, rows));
  const right = tf.mul(rows, tf.reshape(inverse, [1, vectors, 1]));
  const scaled = eliminate(tf.concat([tf.add(inside, outside), right], 2), vectors); // [S, T]

  const solved = tf.mul(scaled, inverse);
  const total = tf.sum(solved, 1); // 1 / norm^2 of the face's point
  const weights = tf.div(solved, tf.reshape(total, [-1, 1])); // [S, T]
  const feasible = tf.mul(
    tf.cast(tf.greater(tf.min(weights, 1), -TOLERANCE), "float32"),
    tf.cast(tf.greater(total, 0), "float32"),
  );
  const closeness = tf.mul(total, feasible); // the largest is the point of least norm
  const chosen = tf.cast(tf.equal(closeness, tf.max(closeness)), "float32"); // [S]
  const mixed = tf.div(tf.sum(tf.mul(weights, tf.reshape(chosen, [-1, 1])), 0), tf.sum(chosen)); // [T]
  const positive = tf.mul(tf.relu(mixed), present);
  return tf.div(positive, tf.maximum(tf.sum(positive), 1e-30));
}

/** Gauss-Jordan on [S, T, T + 1]; the matrices are positive definite, so no rows need to be exchanged. Gives [S, T]. */
function eliminate(system: tf.Tensor, unknowns: number): tf.Tensor {
  const count = system.shape[0]!;
  let now = system;
  for (let k = 0; k < unknowns; k++) {
    const row = tf.slice(now, [0, k, 0], [count, 1, unknowns + 1]);
    const pivot = tf.div(row, tf.slice(now, [0, k, k], [count, 1, 1])); // [S, 1, T + 1]
    const unit = tf.tensor3d(
      Array.from({ length: unknowns }, (_, i) => (i === k ? 1 : 0)),
      [1, unknowns, 1],
    );
    const factor = tf.sub(tf.slice(now, [0, 0, k], [count, unknowns, 1]), unit); // [S, T, 1]
    now = tf.sub(now, tf.mul(factor, pivot));
  }
  return tf.reshape(tf.slice(now, [0, 0, unknowns], [count, unknowns, 1]), [count, unknowns]);
}

/** Every subset of the vectors but the empty one. */
function facesOf(vectors: number): number[][] {
  return Array.from({ length: 2 ** vectors - 1 }, (_, i) =>
    Array.from({ length: vectors }, (__, bit) => ((i + 1) >> bit) & 1),
  );
}

/**
 * The point of least norm in the convex hull of vectors: the common direction of descent of MGDA, where they are
 * the tasks' gradients. A point of norm 0 says that no direction helps all tasks.
 *
 * @param vectors  2 to 8 of one length
 * @returns        weights from 0 that sum to 1, and the squared norm of the point; single precision
 * @throws InvalidArgument  for vectors of different lengths, or too many
 * @see Sener and Koltun, NeurIPS 2018; Désidéri, C. R. Acad. Sci. Paris 350 (2012)
 * @example
 * train.minNorm([[2, 0], [0, 1]]); // weights [0.2, 0.8], normSquared 0.8
 */
export function minNorm(vectors: readonly (readonly number[])[]): {
  readonly weights: number[];
  readonly normSquared: number;
} {
  const length = vectors[0]?.length ?? 0;
  if (vectors.length < 2 || length === 0 || vectors.some((vector) => vector.length !== length))
    throw invalidArgument("vectors", `${vectors.length} lists`, "two or more lists of numbers, equally long");
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const gram = vectors.map((a) => vectors.map((b) => dot(a, b)));
  const weights = weightsOfGram(gram);
  const normSquared = dot(
    weights,
    gram.map((row) => dot(row, weights)),
  );
  return { weights, normSquared: Math.max(0, normSquared) };
}

/** `minNormWeights` of plain numbers. */
export function weightsOfGram(gram: readonly (readonly number[])[]): number[] {
  const largest = Math.max(...gram.map((row, i) => row[i]!), Number.MIN_VALUE);
  return tf.tidy(() => {
    const scaled = gram.map((row) => row.map((value) => value / largest));
    return [...minNormWeights(tf.tensor2d(scaled)).dataSync()];
  });
}
