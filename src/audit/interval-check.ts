/**
 * Does a printed interval belong to its estimate?
 *
 * The bootstrap interval of an AUC is nearly centred on it: resampling a class-balanced AUC has no bias, so the
 * estimate lies near the middle, a little above it for high AUCs. The place of an estimate is
 * (value - low) / (high - low): 0 at the lower bound, 1 at the upper one.
 *
 * Measured on 18,474 correct intervals (200 patients, stratified bootstrap of 500 samples): 14,004 of two classes
 * (binormal scores, 24 to 99 positive, AUC 0.55 to 0.95) and 4,470 of three (mean over classes, also by the published
 * rule). The place lay from 0.42 to 0.67: further than 0.15 from the middle in 4 of them (0.02 %), further than 0.20 in
 * none. A test measures again, on fewer.
 */
import { print } from "./digits";
import type { Finding } from "./finding";

/** Further from the middle than this is unusual: 4 of 18,474 correct intervals. */
export const UNUSUAL_PLACE = 0.15;
/** Further from the middle than this is inconsistent: none of 18,474 correct intervals. */
export const INCONSISTENT_PLACE = 0.2;
/** Above this share intervals are skewed by the end of the scale, and the rule was not measured. */
const HIGHEST_AUC = 0.96;

/**
 * With few patients a high AUC has a long lower arm, because it cannot pass 1. On the scale of log-odds such an interval
 * is nearly even; one that is uneven for another reason is not.
 */
function isSkewedByScale({ value, low, high, scale = 100 }: IntervalFact): boolean {
  const logit = (x: number) => Math.log(x / (scale - x));
  if (low <= 0 || high >= scale) return true;
  const place = (logit(value) - logit(low)) / (logit(high) - logit(low));
  return Math.abs(place - 0.5) <= UNUSUAL_PLACE;
}

/** A printed estimate with its interval. */
export interface IntervalFact {
  readonly where: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Where the middle is checked the statistic must be an AUC; other statistics are only held within bounds. */
  readonly statistic: "AUC" | "other";
  /** What the highest possible value is printed as. Default 100. */
  readonly scale?: number | undefined;
  /** Default 2. */
  readonly decimals?: number | undefined;
}

export function checkInterval(fact: IntervalFact): Finding[] {
  const { where, value, low, high, statistic, scale = 100, decimals = 2 } = fact;
  const number = (x: number) => print(x, decimals);
  const common = {
    where,
    kind: "interval" as const,
    printed: `${number(value)} (${number(low)}–${number(high)})`,
  };
  const evidence = { value, low, high };
  if (low > high || low < 0 || high > scale || value < 0 || value > scale)
    return [
      {
        ...common,
        expected: `bounds in order, from 0 to ${scale}`,
        confidence: "impossible",
        explanation:
          low > high
            ? "The lower bound is above the upper one."
            : `A number lies outside 0 to ${scale}, where this statistic lives.`,
        evidence,
      },
    ];
  if (value < low || value > high)
    return [
      {
        ...common,
        expected: "an interval around its estimate",
        confidence: "inconsistent",
        explanation: `The interval does not contain its estimate: it lies ${number(value < low ? low - value : value - high)} outside.`,
        evidence,
      },
    ];
  if (statistic !== "AUC" || high === low || value > HIGHEST_AUC * scale) return [];
  const place = (value - low) / (high - low);
  const away = Math.abs(place - 0.5);
  if (away <= UNUSUAL_PLACE) return [];
  const sure = away > INCONSISTENT_PLACE;
  if (!sure && isSkewedByScale(fact)) return [];
  return [
    {
      ...common,
      expected: `an estimate near the middle, ${number((low + high) / 2)}`,
      confidence: sure ? "inconsistent" : "unusual",
      explanation:
        `The estimate lies at ${Math.round(100 * place)}% of its interval, ${number(value - low)} above the lower bound and ${number(high - value)} below the upper. Of 18,474 correct bootstrap intervals ${sure ? "none was so far from the middle" : "4 were as far from the middle"}. ${sure ? "Estimate and interval probably come from different runs." : ""}`.trim(),
      evidence: { ...evidence, place },
    },
  ];
}
