/** Features and models that tell training patients apart without error: the coefficient is then the penalty's doing. */
import type { ClinicalFeature } from "./design";

/** What a reader of the coefficients must know, in words. */
export function separationCaveats(
  features: readonly ClinicalFeature[],
  x: readonly ArrayLike<number>[],
  y: readonly number[],
  probabilities: readonly (readonly number[])[],
  classes: readonly string[],
): string[] {
  const caveats = features.flatMap((feature, j) => {
    const alone = feature.kind === "number" ? undefined : onlyClassWhereYes(x, y, j);
    if (alone === undefined) return [];
    const { label, patients } = alone;
    return [
      `${feature.title}: all ${patients} training patients with it are "${classes[label]}"; ` +
        "its coefficient is finite only because of the penalty.",
    ];
  });
  const faultless = probabilities.every((row, n) => row.every((p, k) => k === y[n] || p < row[y[n]!]!));
  if (faultless)
    caveats.push(
      "Every training patient is classified correctly: the classes are separated, not only tended to.",
    );
  return caveats;
}

/** Patients above the mean of a yes-or-no feature are those with "yes". */
function onlyClassWhereYes(
  x: readonly ArrayLike<number>[],
  y: readonly number[],
  j: number,
): { label: number; patients: number } | undefined {
  const labels = y.filter((_, n) => x[n]![j]! > 0);
  const [label] = labels;
  const oneClass = label !== undefined && labels.every((other) => other === label);
  return oneClass ? { label, patients: labels.length } : undefined;
}
