/** Cohen's kappa and its standard error against R's vcd. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { cohenKappa, type Interval, KAPPA_WEIGHTS } from "../../../src/evaluate";
import { close } from "./close";

type Reference = Record<(typeof KAPPA_WEIGHTS)[number], [kappa: number, standardError: number]> & {
  name: string;
  counts: number[][];
};

/** Made by generate-kappa.R beside it. */
const { cases } = JSON.parse(
  readFileSync(path.join(__dirname, "../../fixtures/evaluate/kappa.json"), "utf8"),
) as { cases: Reference[] };

const NORMAL_975 = 1.959963984540054;

/** A table of counts as two lists of answers. */
function answers(counts: readonly (readonly number[])[]): [string[], string[]] {
  const pairs = counts.flatMap((row, i) =>
    row.flatMap((n, j) => Array.from({ length: n }, () => [`c${i}`, `c${j}`] as const)),
  );
  return [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
}

describe.each(cases)("$name", (reference) => {
  it.each(KAPPA_WEIGHTS)("weights %s", (weights) => {
    const classes = reference.counts.map((_, i) => `c${i}`);
    const { kappa, counts } = cohenKappa(...answers(reference.counts), { weights, classes });
    expect(counts).toEqual(reference.counts);
    const { value, low, high } = kappa as Interval;
    const [expected, standardError] = reference[weights];
    close(value, expected);
    // The same double precision formula in another order.
    close(low, Math.max(-1, expected - NORMAL_975 * standardError), 1e-10);
    close(high, Math.min(1, expected + NORMAL_975 * standardError), 1e-10);
  });
});
