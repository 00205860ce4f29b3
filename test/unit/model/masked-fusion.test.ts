/** Missing images: what stands in their place changes nothing, in any fusion block. */
import { describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";
import { compile, tf, toTensor } from "../../../src/engine";
import {
  createModel,
  FUSIONS,
  type FusionKind,
  type FusionShape,
  forwardFeatures,
  imageMask,
  initialise,
  type Parameters,
} from "../../../src/model";

const KINDS = Object.keys(FUSIONS) as FusionKind[];
const SHAPE: FusionShape = { images: 4, featureWidth: 5, width: 16 };
const MASK = [
  [true, false, true, true],
  [false, false, true, false],
];

interface Fused {
  readonly fused: number[][];
  readonly attention: number[][] | undefined;
}

function fuse(
  kind: FusionKind,
  features: readonly (readonly number[])[],
  { mask, shape = SHAPE }: { mask?: readonly (readonly boolean[])[]; shape?: FusionShape } = {},
): Fused {
  const block = FUSIONS[kind];
  const parameters: Parameters = initialise(block.parameters(shape), new Rng(kind));
  return tf.tidy(() => {
    const live = Object.fromEntries(Object.entries(parameters).map(([name, t]) => [name, toTensor(t)]));
    const rows = tf.tensor2d(features.map((row) => [...row]));
    const live2 = mask && tf.tensor(imageMask(mask), [mask.length, shape.images]);
    return {
      fused: block.forward(shape, live, rows, live2).arraySync(),
      attention: block.attention?.(shape, live, rows, live2).arraySync(),
    } as unknown as tf.TensorContainer;
  }) as unknown as Fused;
}

function randomFeatures(rows: number): number[][] {
  const rng = new Rng("features");
  return Array.from({ length: rows }, () => Array.from({ length: SHAPE.featureWidth }, () => rng.normal()));
}

/** The features with other values in the rows of missing images. */
function replaced(features: readonly number[][], value: number): number[][] {
  const present = MASK.flat();
  return features.map((row, i) => (present[i] ? row : row.map(() => value)));
}

describe.each(KINDS)("%s with missing images", (kind) => {
  const features = randomFeatures(8);
  const masked = fuse(kind, features, { mask: MASK });

  test.each([
    ["zeros", 0],
    ["large numbers", 1e4],
    ["not a number", Number.NaN],
  ])("gives exactly the same when they hold %s", (_, value) => {
    expect(fuse(kind, replaced(features, value), { mask: MASK })).toEqual(masked);
  });

  test("depends on the images that are there", () => {
    const other = features.map((row, i) => (i === 0 ? row.map((v) => v + 1) : row));
    const found = fuse(kind, other, { mask: MASK });
    expect(found.fused[0]).not.toEqual(masked.fused[0]);
    expect(found.fused[1]).toEqual(masked.fused[1]);
  });

  test("a mask that keeps every image is no mask", () => {
    const all = MASK.map((row) => row.map(() => true));
    const plain = fuse(kind, features);
    fuse(kind, features, { mask: all }).fused.forEach((row, b) => {
      row.forEach((value, f) => {
        expect(value).toBeCloseTo(plain.fused[b]![f]!, 5);
      });
    });
  });

  test("no gradient flows into them", () => {
    const gradient = tf.tidy(() => {
      const parameters = initialise(FUSIONS[kind].parameters(SHAPE), new Rng(kind));
      const live = Object.fromEntries(Object.entries(parameters).map(([name, t]) => [name, toTensor(t)]));
      const mask = tf.tensor(imageMask(MASK), [2, 4]);
      const score = (x: tf.Tensor) =>
        tf.sum(tf.square(FUSIONS[kind].forward(SHAPE, live, x, mask))) as tf.Scalar;
      return tf.grad(score)(tf.tensor2d(features)).arraySync();
    }) as unknown as number[][];
    MASK.flat().forEach((isThere, i) => {
      expect(gradient[i]!.some((v) => v !== 0)).toBe(isThere);
    });
  });
});

test.each(KINDS.filter((kind) => !["concat", "modality-lmf"].includes(kind)))(
  "%s of masked images equals the same block on the images that are there alone",
  (kind) => {
    const features = randomFeatures(4);
    const mask = [[true, false, true, true]];
    const three = features.filter((_, i) => mask[0]![i]);
    const alone = fuse(kind, three, { shape: { ...SHAPE, images: 3 } }).fused[0]!;
    fuse(kind, features, { mask }).fused[0]!.forEach((value, f) => {
      expect(value).toBeCloseTo(alone[f]!, 4);
    });
  },
);

describe("attention weights", () => {
  test.each(["abmil", "gated-abmil", "transformer"] as const)(
    "%s: a patient's sum to one, a missing image's is zero",
    (kind) => {
      const { attention } = fuse(kind, randomFeatures(8), { mask: MASK });
      attention!.forEach((row, b) => {
        expect(row.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 5);
        row.forEach((weight, m) => {
          if (MASK[b]![m]) expect(weight).toBeGreaterThan(0);
          else expect(weight).toBe(0);
        });
      });
    },
  );

  test("forward gives them beside the logits, also compiled", async () => {
    const model = createModel(
      {
        encoder: { imageSize: [8, 8], patch: 4, width: 8, depth: 1, heads: 2, mlpRatio: 2 },
        fusion: "abmil",
        fusionWidth: 8,
        headHidden: [4],
        tasks: { A: { title: "a", classes: ["no", "yes"] } },
        views: ["x200", "x400"].map((magnification) => ({ site: "core", magnification })),
      },
      new Rng(7),
    );
    const program = await compile(
      ({ features, mask }, state) => {
        const { attention, logits } = forwardFeatures(model.spec, state, features!, {}, mask);
        return { outputs: { attention: attention!, logits: logits.A! } };
      },
      {
        inputs: { features: { shape: [6, 8] }, mask: { shape: [3, 2] } },
        state: model.parameters,
      },
      { device: "cpu" },
    );
    const rng = new Rng("x");
    const { attention } = await program.run({
      features: Float32Array.from({ length: 48 }, () => rng.normal()),
      mask: imageMask([
        [true, true],
        [false, true],
        [true, true],
      ]),
    });
    await program.dispose();
    expect(Array.from(attention!.data.slice(2, 4))).toEqual([0, 1]);
    expect(attention!.data[0]! + attention!.data[1]!).toBeCloseTo(1, 6);
  });
});

describe("a mask that says nothing is there", () => {
  test("is refused, naming the patient", () => {
    try {
      imageMask([[true], [false]], ["17", "23"]);
      expect.unreachable();
    } catch (error) {
      expect(isOsccError(error, "NoImages") && error.data.patient).toBe("23");
      expect((error as Error).message).toMatch(/all 1 images of patient 23 are masked/);
    }
  });

  test("gives finite numbers even when it reaches a block", () => {
    for (const kind of KINDS) {
      const parameters = initialise(FUSIONS[kind].parameters(SHAPE), new Rng(kind));
      const fused = tf.tidy(() => {
        const live = Object.fromEntries(Object.entries(parameters).map(([name, t]) => [name, toTensor(t)]));
        return FUSIONS[kind]
          .forward(SHAPE, live, tf.tensor2d(randomFeatures(4)), tf.zeros([1, 4]))
          .arraySync();
      }) as unknown as number[][];
      expect(fused[0]!.every(Number.isFinite)).toBe(true);
    }
  });

  test("rows of different lengths are refused", () => {
    expect(() => imageMask([[true, true], [true]])).toThrow(/mask of patient in row 1 has 1 entries/);
  });
});
