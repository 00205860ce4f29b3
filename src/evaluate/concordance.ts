/** Harrell's C: of two patients, does the one with the higher risk have the event first? */
import { normalQuantile } from "./distributions";
import { checkLevel } from "./level";
import { type Interval, undefinedError } from "./outcome";
import { knownTimes, type SurvivalTimes, valuesOf } from "./survival-times";

/** Harrell's C with its standard error, interval and the pairs behind it. */
export interface Concordance {
  /** Of the comparable pairs, the share in which the higher risk goes first; equal risks count half. 0.5 is chance. */
  readonly c: Interval;
  readonly standardError: number;
  /** Comparable pairs: it is known who had the event first. */
  readonly pairs: number;
  readonly concordant: number;
  readonly discordant: number;
  /** Comparable pairs with the same risk. */
  readonly tied: number;
}

/** Options of `concordance`. */
export interface ConcordanceOptions {
  /** Coverage. Default 0.95. */
  readonly level?: number;
}

/**
 * Harrell's C-index of a risk score, with its interval.
 *
 * A pair is comparable when one patient has the event and the other is followed for longer, or is censored at that
 * same time; two events at the same time are not. The interval uses the infinitesimal jackknife and is cut at 0 and 1.
 *
 * @param data `{ time, event }`
 * @param risk of each patient, any finite numbers: higher means earlier
 * @param options `level`, default 0.95
 * @throws Undefined when no pair is comparable (all censored); InvalidArgument, ShapeMismatch as `kaplanMeier`
 * @see Harrell, Lee and Mark, Statistics in Medicine 15 (1996); R's `concordance(..., reverse = TRUE)`.
 * @example
 * const followUp = { time: [158, 1076, 1204, 1547, 90], event: [1, 0, 0, 0, 1] };
 * evaluate.concordance(followUp, [2, 0, 1, 1, 2]).c.value; // 0.93
 */
export function concordance(
  data: SurvivalTimes,
  risk: readonly number[],
  options: ConcordanceOptions = {},
): Concordance {
  const level = checkLevel(options.level);
  const known = knownTimes(data);
  const counts = countPairs(known.time, known.event, valuesOf("risk", risk, data, known));
  const pairs = counts.concordant + counts.discordant + counts.tied;
  if (pairs === 0)
    throw undefinedError(
      "the C-index",
      known.event.includes(1) ? "no two patients can be compared" : "every patient is censored",
      "It needs events that happen while others are still followed.",
    );
  const value = (counts.concordant + counts.tied / 2) / pairs;
  const standardError = Math.sqrt(
    counts.wins.reduce((sum, wins, i) => sum + (wins - value * counts.compared[i]!) ** 2, 0) / pairs ** 2,
  );
  const reach = normalQuantile((1 + level) / 2) * standardError;
  return {
    c: {
      value,
      low: Math.max(0, value - reach),
      high: Math.min(1, value + reach),
      level,
      method: "infinitesimal jackknife",
    },
    standardError,
    pairs,
    concordant: counts.concordant,
    discordant: counts.discordant,
    tied: counts.tied,
  };
}

/** Pairs in all, and for each patient the pairs it is in and how many of them are won. */
function countPairs(time: Float64Array, event: Uint8Array, risk: Float64Array) {
  const n = time.length;
  const compared = new Int32Array(n);
  const wins = new Float64Array(n);
  let concordant = 0;
  let discordant = 0;
  for (let i = 0; i < n; i++) {
    if (event[i] === 0) continue;
    for (let j = 0; j < n; j++) {
      const later = time[j]! > time[i]! || (time[j] === time[i] && event[j] === 0);
      if (!later) continue;
      const won = risk[i]! > risk[j]! ? 1 : risk[i] === risk[j] ? 0.5 : 0;
      if (won === 1) concordant++;
      else if (won === 0) discordant++;
      for (const patient of [i, j]) {
        compared[patient]!++;
        wins[patient]! += won;
      }
    }
  }
  const pairs = compared.reduce((sum, count) => sum + count, 0) / 2;
  return { concordant, discordant, tied: pairs - concordant - discordant, compared, wins };
}
