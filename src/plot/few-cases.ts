/** A warning under curves that rest on a handful of patients. */
import type { Roc } from "../evaluate/roc";

/** With fewer patients in one class, resampling them says little about other patients. */
const ENOUGH = 5;

/** One line for each count of positives or negatives that is too small, whatever the number of curves that share it. */
export function fewCases(curves: readonly Roc[]): string[] {
  const lines = curves.flatMap(({ positives, negatives }) =>
    positives < ENOUGH || negatives < ENOUGH
      ? [
          `Only ${worded(positives, "positive")} and ${worded(negatives, "negative")}: do not trust an interval from so few.`,
        ]
      : [],
  );
  return [...new Set(lines)];
}

const worded = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
