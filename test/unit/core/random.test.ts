import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rng } from "../../../src/core/random";

describe("Rng", () => {
  it("gives the same numbers for the same path on every machine", () => {
    const rng = new Rng("phantom-1/100001/core");
    expect([rng.uint32(), rng.uint32(), rng.uint32()]).toMatchInlineSnapshot(`
      [
        3268990238,
        1944797251,
        3907934046,
      ]
    `);
  });

  it("splits without advancing, into streams that differ", () => {
    const one = new Rng(7);
    const before = one.state;
    const a = one.split("a");
    const b = one.split("b");
    expect(one.state).toEqual(before);
    expect(a.uint32()).not.toBe(b.uint32());
    expect(new Rng("7/a").uint32()).toBe(new Rng(7).split("a").uint32());
  });

  it("continues from a stored state", () => {
    const rng = new Rng(3);
    rng.uniform();
    const state = rng.state;
    const next = [rng.uniform(), rng.normal()];
    const other = new Rng(99);
    other.restore(state);
    expect([other.uniform(), other.normal()]).toEqual(next);
  });

  it("has the moments it promises", () => {
    const rng = new Rng("moments");
    const n = 40_000;
    const normal = Array.from({ length: n }, () => rng.normal(2, 3));
    const mean = normal.reduce((s, x) => s + x, 0) / n;
    const variance = normal.reduce((s, x) => s + (x - mean) ** 2, 0) / n;
    expect(Math.abs(mean - 2)).toBeLessThan(0.06);
    expect(Math.abs(Math.sqrt(variance) - 3)).toBeLessThan(0.06);
    for (const lambda of [0, 0.7, 12, 60]) {
      const counts = Array.from({ length: n }, () => rng.poisson(lambda));
      expect(Math.abs(counts.reduce((s, x) => s + x, 0) / n - lambda)).toBeLessThan(0.05 + lambda * 0.01);
    }
  });

  it("shuffles into a permutation and leaves the input alone", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.string(), (items, seed) => {
        const copy = [...items];
        const shuffled = new Rng(seed).shuffle(items);
        expect(items).toEqual(copy);
        expect([...shuffled].sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
      }),
    );
  });

  it("draws whole numbers below n", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer(), (n, seed) => {
        const k = new Rng(seed).integer(n);
        expect(Number.isInteger(k) && k >= 0 && k < n).toBe(true);
      }),
    );
  });
});
