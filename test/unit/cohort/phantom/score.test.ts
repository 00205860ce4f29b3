import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TruthMask } from "../../../../src/cohort";
import { energyInside, pointingGame } from "../../../../src/cohort/phantom";
import type { Fit } from "../../../../src/image";

/** A mask of `width` x `height` with the sign S in one rectangle. */
function maskOf(width: number, height: number, x: number, y: number, w: number, h: number): TruthMask {
  const bits = new Uint8Array(width * height);
  for (let row = y; row < y + h; row++) bits.fill(1, row * width + x, row * width + x + w);
  return new TruthMask(width, height, bits, { S: 1, absent: 2 });
}

const sign = "S";

describe("the pointing game", () => {
  it("hits where the highest patch holds the sign, and says what chance gives", () => {
    const mask = maskOf(80, 60, 40, 0, 20, 30); // right half, upper half: patch (0, 1) of 2 x 2
    expect(
      pointingGame(
        {
          grid: [
            [0, 3],
            [1, 2],
          ],
        },
        mask,
        { sign },
      ),
    ).toEqual({
      hit: 1,
      chance: 0.25,
      share: 0.5,
      peak: { row: 0, column: 1 },
    });
    expect(
      pointingGame(
        {
          grid: [
            [4, 3],
            [1, 2],
          ],
        },
        mask,
        { sign },
      ),
    ).toMatchObject({ hit: 0, share: 0 });
    expect(
      pointingGame(
        {
          grid: [
            [3, 3],
            [1, 2],
          ],
        },
        mask,
        { sign },
      ),
    ).toMatchObject({ hit: 0.5 });
  });

  it("gives a reason, not a number, for a flat map and for a sign that is not there", () => {
    const mask = maskOf(8, 8, 0, 0, 2, 2);
    expect(pointingGame({ grid: [[0, 0]] }, mask, { sign })).toMatchObject({ undefined: true });
    expect(energyInside({ grid: [[1, 0]] }, mask, { sign: "absent" })).toEqual({
      undefined: true,
      reason: "no pixel that the model saw shows absent",
    });
  });

  it("follows what the model saw of the photograph", () => {
    // 4:3 photograph, square input; the sign is the outermost eighth on the left.
    const mask = maskOf(80, 60, 0, 0, 10, 60);
    const left = { grid: [[1, 0, 0, 0]] };
    expect(energyInside(left, mask, { sign })).toMatchObject({ inside: 0.5 });
    expect(energyInside(left, mask, { sign, imageFit: "crop" })).toMatchObject({ undefined: true });
    // letterboxed: the photograph is 60 of 80 rows high
    expect(energyInside(left, mask, { sign, imageFit: "fit" })).toMatchObject({ inside: 0.5 * 0.75 });
    expect(
      pointingGame({ grid: [[1], [0], [0], [0], [0], [0], [0], [0]] }, mask, { sign, imageFit: "fit" }),
    ).toMatchObject({ hit: 0, chance: 0.75 });
  });

  it("refuses maps that are none, and signs that the mask does not have", () => {
    const mask = maskOf(8, 8, 0, 0, 2, 2);
    expect(() => pointingGame({ grid: [[1, 2], [1]] }, mask, { sign })).toThrow(/rows of 2 and 1 values/);
    expect(() => pointingGame({ grid: [] }, mask, { sign })).toThrow(/rows of 0/);
    expect(() => energyInside({ grid: [[Number.NaN]] }, mask, { sign })).toThrow(/finite values from 0/);
    expect(() => energyInside({ grid: [[1]] }, mask, { sign: "TI" })).toThrow(/no sign "TI"/);
    expect(() => energyInside({ grid: [[1]] }, mask, { sign, inputAspect: 0 })).toThrow(/inputAspect/);
  });
});

const cases = fc
  .record({ width: fc.integer({ min: 4, max: 40 }), height: fc.integer({ min: 4, max: 40 }) })
  .chain(({ width, height }) =>
    fc.record({
      mask: fc
        .uint8Array({ minLength: width * height, maxLength: width * height, max: 1 })
        .map((bits) => new TruthMask(width, height, bits, { S: 1 })),
      grid: fc.integer({ min: 1, max: 7 }).chain((columns) =>
        fc.array(fc.array(fc.nat(9), { minLength: columns, maxLength: columns }), {
          minLength: 1,
          maxLength: 7,
        }),
      ),
      imageFit: fc.constantFrom<Fit>("squash", "crop", "fit"),
      inputAspect: fc.constantFrom(1, 0.75, 2),
    }),
  );

describe("scores of any map", () => {
  it("lie in [0, 1], and an even map scores exactly chance", () => {
    fc.assert(
      fc.property(cases, ({ mask, grid, imageFit, inputAspect }) => {
        const options = { sign, imageFit, inputAspect };
        for (const score of [pointingGame({ grid }, mask, options), energyInside({ grid }, mask, options)])
          for (const value of Object.values(score))
            if (typeof value === "number") {
              expect(value).toBeGreaterThanOrEqual(0);
              expect(value).toBeLessThanOrEqual(1 + 1e-12);
            }
        const even = grid.map((row) => row.map(() => 2));
        const energy = energyInside({ grid: even }, mask, options);
        if ("undefined" in energy) return;
        expect(energy.inside).toBeCloseTo(energy.chance, 12);
        const pointing = pointingGame({ grid: even }, mask, options);
        if ("undefined" in pointing) return expect.unreachable();
        expect(pointing.hit).toBe(pointing.chance);
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  it("see, squashed, the sign's share of the whole picture, whatever the grid", () => {
    fc.assert(
      fc.property(cases, ({ mask, grid }) => {
        const energy = energyInside({ grid: grid.map((row) => row.map(() => 1)) }, mask, { sign });
        if ("undefined" in energy) return expect(mask.fraction(sign)).toBe(0);
        expect(energy.chance).toBeCloseTo(mask.fraction(sign), 12);
      }),
      { numRuns: 100, seed: 5 },
    );
  });
});
