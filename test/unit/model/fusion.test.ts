/** Fusion blocks and heads: the sizes of Table 6, and what each block computes. */
import { describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { tf, toTensor } from "../../../src/engine";
import {
  countParameters,
  FUSIONS,
  type FusionKind,
  type FusionShape,
  initialise,
  type Parameters,
} from "../../../src/model";
import { headParameters } from "../../../src/model/head";

const STUDY: FusionShape = { images: 6, featureWidth: 384, width: 768 };

function size(kind: FusionKind, shape: FusionShape) {
  return countParameters(FUSIONS[kind].parameters(shape)).at(-1)!;
}

function fuse(
  kind: FusionKind,
  shape: FusionShape,
  parameters: Parameters,
  features: number[][],
): number[][] {
  return tf.tidy(() => {
    const live = Object.fromEntries(Object.entries(parameters).map(([name, t]) => [name, toTensor(t)]));
    return FUSIONS[kind].forward(shape, live, tf.tensor2d(features)).arraySync();
  }) as unknown as number[][];
}

function randomFeatures(rows: number, width: number, seed = "features"): number[][] {
  const rng = new Rng(seed);
  return Array.from({ length: rows }, () => Array.from({ length: width }, () => rng.normal()));
}

describe("parameter sizes of the study", () => {
  test.each([
    ["concat", 1_771_776, "6.76"],
    ["transformer", 9_749_760, "37.19"],
    ["lmf", 19_799_824, "75.53"],
    ["gated", 295_680, "1.13"],
  ] as const)("%s has %i parameters, %s MiB (Table 6)", (kind, parameters, mebibytes) => {
    const found = size(kind, STUDY);
    expect(found.parameters).toBe(parameters);
    expect(found.mebibytes.toFixed(2)).toBe(mebibytes);
  });

  test.each([
    ["modality-lmf", 67_108_704],
    ["abmil", 394_241],
    ["gated-abmil", 492_673],
    ["mean", 295_680],
  ] as const)("%s, which the study does not print, has %i parameters", (kind, parameters) => {
    expect(size(kind, STUDY).parameters).toBe(parameters);
  });

  test("concatenation of the three images of one site has 3.38 MiB", () => {
    expect(size("concat", { ...STUDY, images: 3 }).mebibytes.toFixed(2)).toBe("3.38");
  });

  test("a head has 239,042 parameters for two classes and 239,107 for three", () => {
    const head = (classes: number) =>
      countParameters(headParameters({ inputs: 768, hidden: [256, 128, 64], classes })).at(-1)!.parameters;
    expect([head(2), head(3)]).toEqual([239_042, 239_107]);
  });
});

const SMALL: FusionShape = { images: 3, featureWidth: 4, width: 8 };

describe("what the blocks compute", () => {
  test.each(Object.keys(FUSIONS) as FusionKind[])(
    "%s gives one vector a patient, whatever the number of images",
    (kind) => {
      for (const images of [1, 2, 5]) {
        const shape = { ...SMALL, images };
        const parameters = initialise(FUSIONS[kind].parameters(shape), new Rng(kind));
        const before = tf.memory().numTensors;
        const fused = fuse(kind, shape, parameters, randomFeatures(2 * images, 4));
        expect(tf.memory().numTensors).toBe(before);
        expect(fused).toHaveLength(2);
        expect(fused.every((row) => row.length === 8 && row.every(Number.isFinite))).toBe(true);
      }
    },
  );

  test.each(["gated", "transformer", "lmf", "abmil", "gated-abmil", "mean"] as const)(
    "%s does not depend on the order of the images",
    (kind) => {
      const parameters = initialise(FUSIONS[kind].parameters(SMALL), new Rng(kind));
      const [a, b, c] = randomFeatures(3, 4);
      const one = fuse(kind, SMALL, parameters, [a!, b!, c!])[0]!;
      const other = fuse(kind, SMALL, parameters, [c!, a!, b!])[0]!;
      one.forEach((value, i) => {
        expect(other[i]).toBeCloseTo(value, 4);
      });
    },
  );

  test.each(["concat", "modality-lmf"] as const)("%s depends on the order of the images", (kind) => {
    const parameters = initialise(FUSIONS[kind].parameters(SMALL), new Rng(kind));
    const [a, b, c] = randomFeatures(3, 4);
    expect(fuse(kind, SMALL, parameters, [a!, b!, c!])).not.toEqual(
      fuse(kind, SMALL, parameters, [c!, a!, b!]),
    );
  });

  test("low-rank fusion with a factor for each image, all the same, is the shared-factor one", () => {
    const shared = initialise(FUSIONS.lmf.parameters(SMALL), new Rng("lmf"));
    const factor = shared.factor!;
    const repeated = {
      ...factor,
      shape: [3, ...factor.shape],
      data: new Float32Array(3 * factor.data.length),
    };
    for (let image = 0; image < 3; image++) repeated.data.set(factor.data, image * factor.data.length);
    const features = randomFeatures(6, 4);
    const expected = fuse("lmf", SMALL, shared, features);
    fuse("modality-lmf", SMALL, { ...shared, factor: repeated }, features).forEach((row, b) => {
      row.forEach((value, f) => {
        expect(value).toBeCloseTo(expected[b]![f]!, 4);
      });
    });
  });

  test("gated is the sum over images of sigmoid(x) tanh(x), x one shared projection", () => {
    const parameters = initialise(FUSIONS.gated.parameters(SMALL), new Rng("gated"));
    const features = randomFeatures(6, 4);
    const weight = parameters["fc.weight"]!.data;
    const bias = parameters["fc.bias"]!.data;
    const fused = fuse("gated", SMALL, parameters, features);
    for (let patient = 0; patient < 2; patient++)
      for (let f = 0; f < 8; f++) {
        let expected = 0;
        for (let image = 0; image < 3; image++) {
          const e = features[patient * 3 + image]!;
          const x = bias[f]! + e.reduce((sum, v, d) => sum + v * weight[f * 4 + d]!, 0);
          expected += Math.tanh(x) / (1 + Math.exp(-x));
        }
        expect(fused[patient]![f]).toBeCloseTo(expected, 5);
      }
  });

  test("low-rank fusion equals the full tensor fusion whose weight tensor it factorises", () => {
    // Two images, so the full weight of output h is W[h][a][b] = sum over r of u[r][h] F[r][a][h] F[r][b][h];
    // the block's first linear layer plays u. Compare the products it is built from.
    const shape = { images: 2, featureWidth: 3, width: 4 };
    const parameters = initialise(FUSIONS.lmf.parameters(shape), new Rng("lmf"));
    const features = randomFeatures(2, 3);
    const project = (e: number[]) => [
      1,
      ...Array.from(
        { length: 4 },
        (_, f) =>
          parameters["fc.bias"]!.data[f]! +
          e.reduce((s, v, d) => s + v * parameters["fc.weight"]!.data[f * 3 + d]!, 0),
      ),
    ];
    const [x, y] = features.map(project) as [number[], number[]];
    const factor = (r: number, a: number, h: number) => parameters.factor!.data[(r * 5 + a) * 5 + h]!;
    const flat: number[] = [];
    for (let r = 0; r < 16; r++)
      for (let h = 0; h < 5; h++) {
        let full = 0;
        for (let a = 0; a < 5; a++)
          for (let b = 0; b < 5; b++) full += factor(r, a, h) * factor(r, b, h) * x[a]! * y[b]!;
        flat.push(full);
      }
    const layer = (name: string, input: number[], outputs: number) =>
      Array.from(
        { length: outputs },
        (_, o) =>
          parameters[`${name}.bias`]!.data[o]! +
          input.reduce((s, v, i) => s + v * parameters[`${name}.weight`]!.data[o * input.length + i]!, 0),
      );
    const hidden = layer("fc1", flat, 4);
    const mean = hidden.reduce((a, b) => a + b) / 4;
    const variance = hidden.reduce((a, b) => a + (b - mean) ** 2, 0) / 4;
    const active = hidden.map((v) => Math.max(0, (v - mean) / Math.sqrt(variance + 1e-5)));
    const expected = layer("fc2", active, 4);
    fuse("lmf", shape, parameters, features)[0]!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 3);
    });
  });
});
