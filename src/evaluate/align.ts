/** Two models are compared on the same patients, or not at all. */
import { invalidArgument } from "../core/errors";
import { type BinaryScores, checkPredictions, isPredictions, type Predictions } from "./predictions";

/**
 * Both inputs with their patients in the same order; predictions are matched by patient, bare scores by position.
 *
 * @throws InvalidArgument when tasks, classes, patients or true labels differ
 */
export function alignPair<T extends Predictions | BinaryScores>(a: T, b: T): [T, T] {
  if (isPredictions(a) !== isPredictions(b))
    throw invalidArgument("the second input", "of another form", "predictions in both, or scores in both");
  if (isPredictions(a) && isPredictions(b)) return [a, inOrderOf(a, b) as T];
  sameTruth(
    (a as BinaryScores).yTrue.map(Number),
    (b as BinaryScores).yTrue.map(Number),
    (i) => `position ${i}`,
  );
  return [a, b];
}

function inOrderOf(reference: Predictions, other: Predictions): Predictions {
  checkPredictions(reference);
  checkPredictions(other);
  if (reference.task !== other.task || reference.classes.join("\n") !== other.classes.join("\n"))
    throw invalidArgument(
      "the second task",
      `${other.task} (${other.classes.join(", ")})`,
      `the same as the first: ${reference.task} (${reference.classes.join(", ")})`,
    );
  const place = new Map(other.patients.map((patient, i) => [patient, i]));
  const absent = reference.patients.filter((patient) => !place.has(patient));
  const known = new Set(reference.patients);
  const extra = other.patients.filter((patient) => !known.has(patient));
  if (absent.length + extra.length > 0)
    throw invalidArgument(
      "the patients of the second predictions",
      `${other.patients.length} patients`,
      `the same ${reference.patients.length} patients as in the first`,
      `Only in the first: ${list(absent)}. Only in the second: ${list(extra)}.`,
    );
  const order = reference.patients.map((patient) => place.get(patient)!);
  const yTrue = order.map((i) => other.yTrue[i]!);
  sameTruth(reference.yTrue, yTrue, (i) => `patient ${reference.patients[i]}`);
  return {
    ...other,
    patients: reference.patients,
    yTrue,
    probabilities: order.map((i) => other.probabilities[i]!),
  };
}

function sameTruth(a: readonly number[], b: readonly number[], where: (i: number) => string): void {
  if (a.length !== b.length)
    throw invalidArgument("the second yTrue", `${b.length} labels`, `${a.length} labels`);
  const i = a.findIndex((label, index) => label !== b[index]);
  if (i >= 0)
    throw invalidArgument(
      `the true label of ${where(i)}`,
      `${a[i]} in the first and ${b[i]} in the second`,
      "the same truth in both",
    );
}

function list(names: readonly string[]): string {
  if (names.length === 0) return "none";
  return names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more` : names.join(", ");
}
