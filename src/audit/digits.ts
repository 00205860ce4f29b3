/** What a printed number leaves open: every value that prints as the same digits. */

/** How a value became digits. */
export const DIGIT_RULES = ["rounded", "cut off", "rounded or cut off"] as const;
/** How a number came to its printed digits. */
export type DigitRule = (typeof DIGIT_RULES)[number];

/** Values from `low` to `high`, both included. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Room for the binary fraction of a value that ends in exactly 5, as a share of one unit in the last digit. */
const SLACK = 1e-6;

/**
 * The values that print as `printed` with this many decimals. A tie may have been rounded either way.
 *
 * @param rule default `"rounded"`
 * @example
 * audit.valuesBehind(75.54, 2); // { low: 75.535, high: 75.545 }, and a hair of room for binary fractions
 */
export function valuesBehind(printed: number, decimals: number, rule: DigitRule = "rounded"): Range {
  const unit = 10 ** -decimals;
  const nearest = unit * (0.5 + SLACK);
  const beyond = unit * (rule === "rounded" ? 0.5 + SLACK : 1 - SLACK);
  const before = rule === "cut off" ? unit * SLACK : nearest;
  return printed < 0
    ? { low: printed - beyond, high: printed + before }
    : { low: printed - before, high: printed + beyond };
}

export function contains({ low, high }: Range, value: number): boolean {
  return value >= low && value <= high;
}

export function meet(a: Range, b: Range): boolean {
  return a.low <= b.high && b.low <= a.high;
}

export function scaled({ low, high }: Range, factor: number): Range {
  return { low: low * factor, high: high * factor };
}

/** The mean of values of which each is known within a range. */
export function meanRange(ranges: readonly Range[]): Range {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { low: mean(ranges.map(({ low }) => low)), high: mean(ranges.map(({ high }) => high)) };
}

/** A number with the decimals of its table: 87 becomes "87.00". */
export function print(value: number, decimals: number): string {
  return value.toFixed(decimals);
}
