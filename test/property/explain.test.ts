/** What must hold of explanations whatever the numbers. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../src/core/random";
import {
  camMap,
  eigenCamMap,
  gradCamPlusPlusWeights,
  gradCamWeights,
  hiResCamMap,
  type ImageGradients,
  layerCamMap,
  shapleyValues,
  shuffleLabels,
} from "../../src/explain";

const numbers = (length: number) =>
  fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: length, maxLength: length });

describe("Shapley values", () => {
  const games = fc.integer({ min: 1, max: 6 }).chain((players) => numbers(2 ** players));

  test("sum to all less none (efficiency)", () => {
    fc.assert(
      fc.property(games, (worth) => {
        const sum = shapleyValues(worth).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(worth[worth.length - 1]! - worth[0]!, 9);
      }),
    );
  });

  test("a player who adds nothing has nothing (dummy)", () => {
    fc.assert(
      fc.property(numbers(8), (others) => {
        const worth = Array.from({ length: 16 }, (_, coalition) => others[coalition & 7]!);
        expect(shapleyValues(worth)[3]).toBeCloseTo(0, 9);
      }),
    );
  });

  test("players who add alike have alike (symmetry), and games add up (additivity)", () => {
    fc.assert(
      fc.property(numbers(4), numbers(8), (bySize, other) => {
        const symmetric = Array.from({ length: 8 }, (_, coalition) => {
          const members = [1, 2, 4].filter((bit) => coalition & bit).length;
          return bySize[members]!;
        });
        const [a, b, c] = shapleyValues(symmetric) as [number, number, number];
        expect(b).toBeCloseTo(a, 9);
        expect(c).toBeCloseTo(a, 9);
        const together = shapleyValues(symmetric.map((value, i) => value + other[i]!));
        shapleyValues(other).forEach((value, i) => {
          expect(together[i]).toBeCloseTo(value + a, 9);
        });
      }),
    );
  });

  test("need the worth of every coalition", () => {
    expect(() => shapleyValues([1, 2, 3])).toThrow(/2, 4, 8/);
  });
});

describe("maps of one layer", () => {
  const images = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }))
    .chain(([positions, channels]) =>
      fc.record({
        activations: numbers(positions * channels),
        gradients: numbers(positions * channels),
        positions: fc.constant(positions),
        channels: fc.constant(channels),
      }),
    );
  const maps: Record<string, (image: ImageGradients) => readonly number[]> = {
    gradCam: (image) => camMap(image, gradCamWeights(image)),
    gradCamPlusPlus: (image) => camMap(image, gradCamPlusPlusWeights(image)),
    layerCam: layerCamMap,
    hiResCam: hiResCamMap,
    eigenCam: eigenCamMap,
  };

  test.each(Object.keys(maps))("%s is finite and from 0, and of the positions' order only", (method) => {
    fc.assert(
      fc.property(images, (image) => {
        const map = maps[method]!(image);
        expect(map).toHaveLength(image.positions);
        for (const value of map) expect(value >= 0 && Number.isFinite(value)).toBe(true);
        const reversed = (values: ArrayLike<number>) =>
          Array.from({ length: image.positions }, (_, p) => image.positions - 1 - p).flatMap((p) =>
            Array.from(values).slice(p * image.channels, (p + 1) * image.channels),
          );
        const turned = maps[method]!({
          ...image,
          activations: reversed(image.activations),
          gradients: reversed(image.gradients),
        });
        if (method !== "eigenCam")
          [...turned].reverse().forEach((value, p) => {
            expect(value).toBeCloseTo(map[p]!, 6);
          });
      }),
    );
  });

  test.each(["gradCam", "gradCamPlusPlus", "layerCam", "hiResCam"])("%s of no gradient is zero", (method) => {
    fc.assert(
      fc.property(images, (image) => {
        const still = { ...image, gradients: image.gradients.map(() => 0) };
        expect(Math.max(...maps[method]!(still))).toBe(0);
      }),
    );
  });

  test("where gradients are the same everywhere, Grad-CAM and HiResCAM are the same map", () => {
    fc.assert(
      fc.property(numbers(12), numbers(3), (activations, slopes) => {
        const gradients = Array.from({ length: 12 }, (_, i) => slopes[i % 3]!);
        const image = { activations, gradients, positions: 4, channels: 3 };
        maps.gradCam!(image).forEach((value, p) => {
          expect(value).toBeCloseTo(hiResCamMap(image)[p]!, 9);
        });
      }),
    );
  });
});

test("shuffled labels keep the class counts of every part, other labels, and the patients' methods", () => {
  class Person {
    constructor(
      readonly id: number,
      readonly split: string,
      readonly labels: Readonly<Record<string, number | undefined>>,
    ) {}
    name(): string {
      return `patient ${this.id}`;
    }
  }
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.option(fc.nat(2))), { minLength: 1 }),
      fc.nat(),
      (rows, seed) => {
        const patients = rows.map(
          ([isTest, label], i) =>
            new Person(i, isTest ? "test" : "train", { TD: label ?? undefined, TI: i % 2 }),
        );
        const cohort = { patients, provenance: { cohort: "toy", synthetic: true } };
        const shuffled = shuffleLabels(cohort, "TD", new Rng(seed));
        const counts = (some: readonly Person[], split: string) =>
          some
            .filter((person) => person.split === split)
            .map(({ labels }) => String(labels.TD))
            .sort();
        for (const split of ["train", "test"])
          expect(counts(shuffled.patients, split)).toEqual(counts(patients, split));
        shuffled.patients.forEach((person, i) => {
          expect(person.name()).toBe(`patient ${i}`);
          expect(person.labels.TI).toBe(i % 2);
        });
        expect(shuffled.provenance).toMatchObject({ notice: "labels of TD shuffled" });
      },
    ),
  );
});
