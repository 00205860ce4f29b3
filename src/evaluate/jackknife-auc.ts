/** The mean AUC of several questions with each patient left out in turn: what BCa bounds know of skewness. */
import type { Question } from "./predictions";
import { midranks } from "./ranks";

/** Patients without whom some question would have one class only are passed over. */
export function leaveOneOutAucs(questions: readonly Question[]): Float64Array {
  const each = questions.map(leaveOneOut);
  const means = each[0]!.map((_, i) => each.reduce((sum, aucs) => sum + aucs[i]!, 0) / each.length);
  return means.filter(Number.isFinite);
}

/**
 * A patient's placement is the share of the other class that it stands on the right side of, and the AUC is the mean
 * placement of either class: leaving a patient out takes one placement out of its class's mean.
 */
function leaveOneOut({ positive, scores }: Question): Float64Array {
  const among = midranks(scores);
  const within = [0, 1].map((side) => ranksWithin(side, positive, scores));
  const positives = positive.reduce((sum, one) => sum + one, 0);
  const sizes = [positive.length - positives, positives];
  const placements = Float64Array.from(among, (rank, i) => {
    const side = positive[i]!;
    const passed = (rank - within[side]![i]!) / sizes[1 - side]!;
    return side === 1 ? passed : 1 - passed;
  });
  const sums = [0, 0];
  placements.forEach((placement, i) => {
    sums[positive[i]!]! += placement;
  });
  return placements.map((placement, i) => {
    const side = positive[i]!;
    return (sums[side]! - placement) / (sizes[side]! - 1);
  });
}

/** Midranks of one class among itself, at the places of its patients. */
function ranksWithin(side: number, positive: Uint8Array, scores: Float64Array): Float64Array {
  const ranks = midranks(scores.filter((_, i) => positive[i] === side));
  const placed = new Float64Array(scores.length);
  let next = 0;
  for (let i = 0; i < scores.length; i++) if (positive[i] === side) placed[i] = ranks[next++]!;
  return placed;
}
