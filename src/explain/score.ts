/** The number that is explained: a scalar of the model's output. */
import { invalidArgument, unknownName } from "../core/errors";
import { tf } from "../engine";

/** The class score as a function of a task's logits [B, C] and the class marked in `target` [1, C]; [B]. */
type ClassScore = (logits: tf.Tensor, target: tf.Tensor) => tf.Tensor;

const logit: ClassScore = (logits, target) => tf.sum(tf.mul(logits, target), 1);

/** log(p / (1 - p)) without forming p: the class's logit over the log-sum-exp of the others. */
const logOdds: ClassScore = (logits, target) => {
  const hidden = tf.mul(target, -1e9); // takes the class itself out of the sum
  return tf.sub(logit(logits, target), tf.logSumExp(tf.add(logits, hidden), 1));
};

/**
 * The scores that can be explained by name.
 *
 * - `logit`: the class's output before the softmax, as in the papers of the CAM family
 * - `logOdds`: log(p / (1 - p)), the class against all others; unlike a logit it does not move when every logit moves
 * - `probability`: p, after the softmax
 * - `upstreamCrossEntropy`: the cross-entropy loss, -log p, which the study's code explains in place of the class: its
 *   gradient points away from the class
 */
export const SCORES = {
  logit: { title: "logit", of: logit },
  logOdds: { title: "log odds", of: logOdds },
  probability: {
    title: "probability",
    of: (logits, target) => tf.sum(tf.mul(tf.softmax(logits), target), 1),
  },
  upstreamCrossEntropy: {
    title: "cross-entropy loss",
    of: (logits, target) => tf.sub(tf.logSumExp(logits, 1), logit(logits, target)),
  },
} as const satisfies Record<string, { readonly title: string; readonly of: ClassScore }>;

/** `"logit" | "logOdds" | "probability" | "upstreamCrossEntropy"` */
export type ScoreName = keyof typeof SCORES;

/** Any scalar of the output: from the logits of each task, [B, C], to one number a patient, [B]. A pure function of tensors. */
export type ScoreFunction = (logits: Readonly<Record<string, tf.Tensor>>) => tf.Tensor;

/** What is explained: a score by name, or a function of the logits. */
export type Score = ScoreName | ScoreFunction;

/** The score of the class marked in `target`, from the logits of every task. */
export function scoreOf(
  score: Score,
  task: string,
  logits: Readonly<Record<string, tf.Tensor>>,
  target: tf.Tensor,
): tf.Tensor {
  const value = typeof score === "function" ? score(logits) : SCORES[score].of(logits[task]!, target);
  const patients = logits[task]!.shape[0]!;
  if (value.shape.length === 1 && value.shape[0] === patients) return value;
  throw invalidArgument(
    "score",
    `a function whose result has shape [${value.shape.join(", ")}]`,
    `one number a patient, [${patients}]`,
    "Sum or pick over the classes only, for example  ({ TD }) => tf.sum(tf.slice(TD, [0, 2], [-1, 1]), 1).",
  );
}

/** Check a score's name. */
export function checkScore(score: Score): Score {
  if (typeof score === "function" || Object.hasOwn(SCORES, score)) return score;
  throw unknownName("score", String(score), Object.keys(SCORES));
}

/** The name of a score for results and legends. */
export function nameOfScore(score: Score): ScoreName | "custom" {
  return typeof score === "function" ? "custom" : score;
}
