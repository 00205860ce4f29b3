/** Does a printed mean follow from its printed cells? */
import { contains, meanRange, meet, print, valuesBehind } from "./digits";
import type { Finding } from "./finding";

/** A printed mean and the cells it is the mean of. */
export interface MeanFact {
  readonly where: string;
  readonly printed: number;
  /** By name, as printed. */
  readonly of: Readonly<Record<string, number>>;
  /** Default 2. */
  readonly decimals?: number | undefined;
}

/**
 * A mean may come from cells with more digits than are printed. It is impossible only when no values behind the
 * printed cells have a mean that prints like this, which no correctly rounded table can show.
 */
export function checkMean({ where, printed, of, decimals = 2 }: MeanFact): Finding[] {
  const cells = Object.values(of);
  const reach = meanRange(cells.map((cell) => valuesBehind(cell, decimals)));
  if (meet(reach, valuesBehind(printed, decimals))) return [];
  const mean = cells.reduce((sum, cell) => sum + cell, 0) / cells.length;
  const off = printed - mean;
  return [
    {
      where,
      kind: "mean",
      printed: print(printed, decimals),
      expected: print(mean, decimals),
      confidence: "impossible",
      explanation: `The mean of the ${cells.length} printed cells is ${mean.toFixed(decimals + 2)}; their rounding allows ${print(reach.low, decimals + 1)} to ${print(reach.high, decimals + 1)}. ${otherMeans(printed, of, decimals, off)}`,
      evidence: { cells, mean, low: reach.low, high: reach.high },
    },
  ];
}

/** A slip that would explain the mean: a cell left out, or one cell that must be another number. */
function otherMeans(
  printed: number,
  of: Readonly<Record<string, number>>,
  decimals: number,
  off: number,
): string {
  const names = Object.keys(of);
  const without = names.filter((left) => {
    const rest = names.filter((name) => name !== left).map((name) => of[name]!);
    return rest.length > 0 && contains(valuesBehind(printed, decimals), meanRange(rest.map(exactly)).low);
  });
  if (without.length > 0) return `It is the mean without ${without.join(" or without ")}.`;
  const needed = (off * names.length).toFixed(decimals);
  return `One cell would have to be ${off > 0 ? "higher" : "lower"} by ${needed.replace("-", "")}, or the mean is of other runs than the cells.`;
}

const exactly = (value: number) => ({ low: value, high: value });
