/** What must not matter: the order of patients, and for set-like fusions the order of images. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { tf, toTensor } from "../../../src/engine";
import { createModel, type FusionKind, forward, resizePositions } from "../../../src/model";

const VIEWS = ["x200", "x400", "x1000"].map((magnification) => ({ site: "core", magnification }));

function logits(fusion: FusionKind, images: Float32Array, patients: number): number[][] {
  const model = createModel(
    {
      encoder: { imageSize: [4, 8], patch: 4, width: 8, depth: 1, heads: 2, mlpRatio: 2 },
      fusion,
      fusionWidth: 8,
      headHidden: [4],
      tasks: { A: { title: "a", classes: ["no", "yes", "maybe"] } },
      views: VIEWS,
    },
    new Rng("permutations"),
  );
  return tf.tidy(() => {
    const live = Object.fromEntries(Object.entries(model.parameters).map(([name, t]) => [name, toTensor(t)]));
    return forward(model.spec, live, tf.tensor(images, [patients, 3, 4, 8, 3])).logits.A!.arraySync();
  }) as unknown as number[][];
}

const IMAGE = 4 * 8 * 3;

function pixels(count: number, seed: number): Float32Array {
  const rng = new Rng(seed);
  return Float32Array.from({ length: count * IMAGE }, () => rng.normal());
}

function reordered(images: Float32Array, length: number, order: readonly number[]): Float32Array {
  return Float32Array.from(order.flatMap((i) => [...images.subarray(i * length, (i + 1) * length)]));
}

describe("order", () => {
  test.each(["concat", "gated", "transformer", "lmf"] as const)(
    "permuting patients permutes the logits (%s)",
    (fusion) => {
      fc.assert(
        fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), fc.nat(1000), (order, seed) => {
          const images = pixels(4 * 3, seed);
          const straight = logits(fusion, images, 4);
          const permuted = logits(fusion, reordered(images, 3 * IMAGE, order), 4);
          order.forEach((from, to) => {
            straight[from]!.forEach((value, c) => {
              expect(permuted[to]![c]).toBeCloseTo(value, 4);
            });
          });
        }),
        { numRuns: 5 },
      );
    },
  );

  test.each(["gated", "transformer", "lmf"] as const)(
    "%s does not mind the order of a patient's images",
    (fusion) => {
      const images = pixels(3, 1);
      const [straight] = logits(fusion, images, 1);
      const [permuted] = logits(fusion, reordered(images, IMAGE, [2, 0, 1]), 1);
      straight!.forEach((value, c) => {
        expect(permuted![c]).toBeCloseTo(value, 4);
      });
    },
  );
});

test("resizing a constant position embedding gives the same constant, in both modes", () => {
  const side = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(
      side,
      side,
      side,
      side,
      fc.float({ min: -2, max: 2, noNaN: true }),
      (r, c, toR, toC, value) => {
        const flat = new Float32Array((1 + r * c) * 2).fill(value);
        for (const method of ["bicubic-2d", "upstream-1d"] as const) {
          const out = resizePositions(flat, 2, [r, c], [toR, toC], method);
          expect(out).toHaveLength((1 + toR * toC) * 2);
          for (const v of out) expect(v).toBeCloseTo(value, 5);
        }
      },
    ),
  );
});
