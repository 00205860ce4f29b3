/** What figures of several named curves share: which are drawn, why others are not, and the legend beside the axes. */
import { invalidArgument } from "../core/errors";
import { isUndefined, type UndefinedStatistic } from "../evaluate/outcome";
import { LINE_HEIGHT } from "./theme";
import { escapeText, widestPx, wrap } from "./words";

/** One curve, or several by name; a name may also stand for a curve that is undefined. */
export type Curves<T> = T | Readonly<Record<string, T | UndefinedStatistic>>;

export interface SortedCurves<T> {
  readonly drawn: readonly (readonly [name: string, curve: T])[];
  readonly missing: readonly (readonly [name: string, why: UndefinedStatistic])[];
}

/**
 * @param isOne tells one curve from several
 * @param make  how to get one, for the error when there is nothing to draw
 */
export function sortCurves<T extends { readonly label: string }>(
  curves: Curves<T>,
  isOne: (curves: Curves<T>) => curves is T,
  make: string,
): SortedCurves<T> {
  const named: Readonly<Record<string, T | UndefinedStatistic>> = isOne(curves)
    ? { [curves.label]: curves }
    : curves;
  const drawn: [string, T][] = [];
  const missing: [string, UndefinedStatistic][] = [];
  for (const [name, curve] of Object.entries(named)) {
    if (isUndefined(curve)) missing.push([name, curve]);
    else drawn.push([name, curve]);
  }
  if (drawn.length + missing.length === 0)
    throw invalidArgument("curves", "no curve", "one curve or more", `Make one with ${make}.`);
  return { drawn, missing };
}

/** A caveat for each curve that is not drawn. */
export function whyMissing({ missing }: SortedCurves<unknown>): string[] {
  return missing.map(([name, { reason }]) => `${name}: no curve, because ${reason}.`);
}

/** The value that all curves have, or `undefined` when they differ (or there is no curve). */
export function shared<T, V>({ drawn }: SortedCurves<T>, of: (curve: T) => V): V | undefined {
  const values = new Set(drawn.map(([, curve]) => of(curve)));
  return values.size === 1 ? [...values][0] : undefined;
}

const TEXT_PX = 12;
const NAME_MAX_PX = 210;
/** The line sample, its gaps and the distance from the axes. */
const SAMPLE_PX = 64;

/** A legend entry: the name in bold, then lines of numbers. */
export function legendEntry(name: string, lines: readonly string[]): string {
  const bold = wrap(name, NAME_MAX_PX, TEXT_PX, true).map((line) => `<b>${escapeText(line)}</b>`);
  return [...bold, ...lines].join("<br>");
}

/** The room at the right that a legend of these entries takes, in pixels. */
export function legendWidth(entries: readonly string[]): number {
  return Math.max(150, widestPx(entries, TEXT_PX, true)) + SAMPLE_PX;
}

/** A legend taller than the axes would be cut off; the axes grow instead. */
export function legendHeight(entries: readonly string[]): number {
  const lines = entries.flatMap((entry) => entry.split("<br>")).length;
  return 30 + lines * TEXT_PX * LINE_HEIGHT + entries.length * 8;
}

/** Right of the axes, from their upper edge down. */
export function legendBeside(title: string, plotWidth: number): object {
  return {
    x: 1 + 14 / plotWidth,
    y: 1,
    yanchor: "top",
    title: { text: title, font: { size: TEXT_PX } },
    font: { size: TEXT_PX },
    tracegroupgap: 6,
    traceorder: "normal",
  };
}
