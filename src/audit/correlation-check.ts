/** Is a printed correlation of the kind it is called, and does its p-value follow from it? */
import {
  type Column,
  type CorrelationMethod,
  isUndefined,
  kendall,
  MISSING_LABEL,
  pearson,
  spearman,
} from "../evaluate";
import { correlationPValue } from "../evaluate/distributions";
import { contains, meet, print, type Range, valuesBehind } from "./digits";
import type { Finding } from "./finding";

/** A printed correlation of two label columns. */
export interface CorrelationFact {
  readonly where: string;
  readonly between: readonly [string, string];
  readonly r: number;
  readonly p?: number | undefined;
  /** What the paper calls it. */
  readonly method: CorrelationMethod;
  /** Pairs of values; needed to check p. */
  readonly n?: number | undefined;
  /** Default 4. */
  readonly decimals?: number | undefined;
}

const METHODS: Readonly<Record<CorrelationMethod, { readonly title: string; readonly of: typeof spearman }>> =
  {
    spearman: { title: "Spearman's", of: spearman },
    pearson: { title: "Pearson's", of: pearson },
    kendall: { title: "Kendall's", of: kendall },
  };

/** @param columns the label columns, when there is a label file */
export function checkCorrelation(
  fact: CorrelationFact,
  columns: Readonly<Record<string, Column>> = {},
): Finding[] {
  return [...checkKind(fact, columns), ...checkPValue(fact, columns)];
}

function checkKind(fact: CorrelationFact, columns: Readonly<Record<string, Column>>): Finding[] {
  const { where, between, r, method, decimals = 4 } = fact;
  const [x, y] = between.map((name) => columns[name]);
  if (!x || !y) return [];
  const computed = Object.fromEntries(
    Object.entries(METHODS).flatMap(([name, { of }]) => {
      const { coefficient } = of(x, y, { missing: MISSING_LABEL });
      return isUndefined(coefficient) ? [] : [[name, coefficient]];
    }),
  ) as Partial<Record<CorrelationMethod, number>>;
  const behind = valuesBehind(r, decimals);
  const stated = computed[method];
  if (stated === undefined || contains(behind, stated)) return [];
  const other = (Object.keys(METHODS) as CorrelationMethod[]).find(
    (name) => computed[name] !== undefined && contains(behind, computed[name]),
  );
  return [
    {
      where: `${where} / r`,
      kind: "correlation",
      printed: print(r, decimals),
      expected: print(stated, decimals),
      confidence: "inconsistent",
      explanation: other
        ? `The labels give ${METHODS[method].title} coefficient ${print(stated, decimals)}. What is printed is ${METHODS[other].title}, ${print(computed[other]!, decimals)}.`
        : `The labels give ${METHODS[method].title} coefficient ${print(stated, decimals)}; no other kind that was tried gives what is printed.`,
      evidence: { ...computed, stated: method },
    },
  ];
}

/** p grows as r nears zero, so the ends of what r can be give the ends of what p can be. */
function checkPValue(fact: CorrelationFact, columns: Readonly<Record<string, Column>>): Finding[] {
  const { where, r, p, n, method, decimals = 4 } = fact;
  // Kendall's p-value depends on ties, not on the coefficient alone.
  if (p === undefined || n === undefined || n < 3 || method === "kendall") return [];
  const { low, high } = valuesBehind(r, decimals);
  const least = low <= 0 && high >= 0 ? 0 : Math.min(Math.abs(low), Math.abs(high));
  const most = Math.min(1, Math.max(Math.abs(low), Math.abs(high)));
  const possible = { low: correlationPValue(most, n), high: correlationPValue(least, n) };
  if (meet(printedP(p), possible)) return [];
  const [from, to] = [possible.low, possible.high].map((value) => value.toPrecision(2));
  return [
    {
      where: `${where} / p`,
      kind: "correlation",
      printed: String(p),
      expected: from === to ? from! : `${from} to ${to}`,
      confidence: "inconsistent",
      explanation: `A coefficient that prints as ${print(r, decimals)} among ${n} pairs has a two-sided p-value of ${from} to ${to} (Student's t).${pValueOf(fact, columns)}`,
      evidence: { r, n, p, low: possible.low, high: possible.high },
    },
  ];
}

/** Whose p-value it is, if the labels give one that prints like this. */
function pValueOf({ between, p }: CorrelationFact, columns: Readonly<Record<string, Column>>): string {
  const [x, y] = between.map((name) => columns[name]);
  if (!x || !y || p === undefined) return "";
  const whose = Object.values(METHODS).find(({ of }) => {
    const { pValue } = of(x, y, { missing: MISSING_LABEL });
    return !isUndefined(pValue) && contains(printedP(p), pValue);
  });
  return whose ? ` The p-value of ${whose.title} coefficient of the labels prints like this.` : "";
}

/** A p-value is printed to as many digits as it shows: 1e-7 to one, 0.0975 to three. Rounded or cut off. */
function printedP(p: number): Range {
  const [mantissa, exponent] = p.toString().split("e") as [string, string?];
  const decimals = (mantissa.split(".")[1]?.length ?? 0) - Number(exponent ?? 0);
  return valuesBehind(p, decimals, "rounded or cut off");
}
