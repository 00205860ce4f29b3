/** The ViT against an independent one in plain arrays, and its configuration. */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";
import { compile, tf, toTensor } from "../../../src/engine";
import {
  countParameters,
  featureWidth,
  initialise,
  modelParameters,
  modelSpec,
  type Parameters,
  tokenCount,
  VIT_PRESETS,
  type ViTConfig,
  vitConfig,
  vitForward,
  vitLayers,
  vitParameters,
} from "../../../src/model";
import { referenceFeature } from "./reference-vit";

/** Initial values of a ViT are so small that errors would hide: make them as large as those of a trained one. */
function livelyParameters(config: ViTConfig): Parameters {
  const rng = new Rng("lively");
  const start = initialise(vitParameters(config), rng);
  return Object.fromEntries(
    Object.entries(start).map(([name, tensor]) => [
      name,
      { ...tensor, data: tensor.data.map((v) => v + rng.normal(0, 0.3)) },
    ]),
  );
}

function features(
  config: ViTConfig,
  parameters: Parameters,
  images: number[][][][],
  tapped: string[] = [],
): number[][] {
  return tf.tidy(() => {
    const live = Object.fromEntries(Object.entries(parameters).map(([name, t]) => [name, toTensor(t)]));
    const out = vitForward(config, live, tf.tensor4d(images), (layer, value) => {
      tapped.push(`${layer} [${value.shape.join(", ")}]`);
      return value;
    });
    return out.arraySync() as number[][];
  }) as unknown as number[][];
}

function randomImage(height: number, width: number, seed: string): number[][][] {
  const rng = new Rng(seed);
  return Array.from({ length: height }, () =>
    Array.from({ length: width }, () => [rng.normal(), rng.normal(), rng.normal()]),
  );
}

const SQUARE = vitConfig({ imageSize: [8, 8], patch: 4, width: 12, depth: 2, heads: 3, mlpRatio: 2 });
const WIDE = vitConfig({ imageSize: [8, 20], patch: 4, width: 8, depth: 3, heads: 2, mlpRatio: 4 });
const ONE_BLOCK = vitConfig({ imageSize: [6, 4], patch: 2, width: 4, depth: 1, heads: 1, mlpRatio: 1 });

describe("ViT forward", () => {
  test("of a rectangle whose attention is computed in parts equals that with its weights as a whole", async () => {
    const long = vitConfig({ imageSize: [104, 160], patch: 2, width: 8, depth: 2, heads: 2, mlpRatio: 1 });
    expect(2 * tokenCount(long) ** 2).toBeGreaterThan(2 ** 25); // more weights than are computed at one time
    const seen: number[][] = [];
    // To look at the weights is to have them as a whole.
    const watch = Object.assign(
      (layer: string, value: tf.Tensor) => {
        if (layer.endsWith("weights")) seen.push(value.shape);
        return value;
      },
      { attention: true },
    );
    const program = await compile(
      ({ images }, live) => ({
        outputs: {
          parts: vitForward(long, live, images!),
          whole: vitForward(long, live, images!, watch),
        },
      }),
      { inputs: { images: { shape: [1, 104, 160, 3] } }, state: livelyParameters(long) },
      { device: "cpu" },
    );
    const images = Float32Array.from(randomImage(104, 160, "long").flat(2));
    const { parts, whole } = await program.run({ images });
    await program.dispose();
    expect(seen[0]).toEqual([1, 2, tokenCount(long), tokenCount(long)]);
    Array.from(parts!.data).forEach((value, i) => {
      expect(value).toBeCloseTo(whole!.data[i]!, 4);
    });
  });

  test.each([
    ["square, two blocks", SQUARE],
    ["rectangular, three blocks", WIDE],
    ["one block, one head", ONE_BLOCK],
    ["the mean of the patches", vitConfig({ ...WIDE, pooling: "mean" })],
    ["class token and mean", vitConfig({ ...SQUARE, pooling: "class+mean" })],
  ])("equals a ViT in plain arrays within 1e-4: %s", (_, config) => {
    const parameters = livelyParameters(config);
    const images = ["a", "b", "c"].map((seed) => randomImage(...config.imageSize, seed));
    const before = tf.memory().numTensors;
    const found = features(config, parameters, images);
    expect(tf.memory().numTensors).toBe(before);
    images.forEach((image, i) => {
      referenceFeature(config, parameters, image).forEach((value, d) => {
        expect(Math.abs(found[i]![d]! - value)).toBeLessThan(1e-4);
      });
    });
  });

  test("an image's feature does not depend on the other images of the batch", () => {
    const parameters = livelyParameters(SQUARE);
    const [a, b] = [randomImage(8, 8, "a"), randomImage(8, 8, "b")];
    const together = features(SQUARE, parameters, [a, b]);
    const alone = features(SQUARE, parameters, [b]);
    together[1]!.forEach((value, d) => {
      expect(value).toBeCloseTo(alone[0]![d]!, 5);
    });
  });

  test("a tap sees the layers that vitLayers lists with every token, and the end of the last block with one", () => {
    const tapped: string[] = [];
    features(SQUARE, livelyParameters(SQUARE), [randomImage(8, 8, "a")], tapped);
    expect(tapped).toEqual([
      ...vitLayers(SQUARE).map((layer) => `${layer} [5, 1, 12]`),
      ...["attn", "norm2", "mlp"].map((part) => `blocks.1.${part} [1, 1, 12]`),
    ]);
  });
});

describe("pooling", () => {
  test("with patches pooled, a tap sees every layer with every token, up to the final norm", () => {
    const config = vitConfig({ ...SQUARE, pooling: "mean" });
    const tapped: string[] = [];
    features(config, livelyParameters(config), [randomImage(8, 8, "a")], tapped);
    expect(tapped).toEqual(vitLayers(config).map((layer) => `${layer} [5, 1, 12]`));
    expect(tapped.slice(-2)).toEqual(["blocks.1 [5, 1, 12]", "norm [5, 1, 12]"]);
  });

  test("it changes what is read, not the parameters", () => {
    const pooled = vitConfig({ ...SQUARE, pooling: "class+mean" });
    expect(vitParameters(pooled)).toEqual(vitParameters(SQUARE));
    expect([SQUARE, pooled].map(featureWidth)).toEqual([12, 24]);
    const parameters = livelyParameters(SQUARE);
    const image = randomImage(8, 8, "a");
    const [both] = features(pooled, parameters, [image]);
    const [ofClass] = features(SQUARE, parameters, [image]);
    both!.slice(0, 12).forEach((value, d) => {
      expect(value).toBeCloseTo(ofClass![d]!, 5);
    });
  });

  test("the class token is the default and leaves no trace in the configuration", () => {
    expect(vitConfig({ ...SQUARE, pooling: "class" })).toEqual(SQUARE);
    expect(() => vitConfig({ ...SQUARE, pooling: "means" as "mean" })).toThrow(/Did you mean "mean"/);
  });
});

describe("ViT configuration", () => {
  test("ViT-S/16 at 224 pixels has the 150 tensors and 21,665,664 parameters of the published file", () => {
    const declared = vitParameters(vitConfig("vit-s/16"));
    expect(Object.keys(declared)).toHaveLength(150);
    expect(countParameters(declared).at(-1)?.parameters).toBe(21_665_664);
    expect(declared.pos_embed?.shape).toEqual([1, 197, 384]);
    expect(declared["blocks.11.attn.qkv.weight"]?.shape).toEqual([1152, 384]);
  });

  test.each([
    ["vit-ti/16", 224, 5_524_416],
    ["vit-s/16", 224, 21_665_664],
    ["vit-b/16", 224, 85_798_656],
    ["pathobench-vit-s/8", 224, 21_670_272],
    ["hibou-b/14", 224, 85_740_288],
    ["conch-vit-b/16", 448, 86_250_240],
  ] as const)("%s at %i pixels has %i parameters", (name, imageSize, parameters) => {
    expect(countParameters(vitParameters(vitConfig(name, { imageSize }))).at(-1)?.parameters).toBe(
      parameters,
    );
  });

  test("sizes are those of the study's Table 5: at 512 pixels, and Hibou with patches of 16 as the study used it", () => {
    const size = (config: ViTConfig) => countParameters(vitParameters(config)).at(-1)!.mebibytes.toFixed(2);
    expect(size(vitConfig("imagenet-vit-s/16", { imageSize: 512 }))).toBe("83.86");
    // The study put a projection of 16-pixel patches on Hibou and kept its 16 x 16 positions. 327.60 says that its MLP
    // is gated: with the plain one of DINOv2's own B it would be 327.55.
    const hibou = { ...VIT_PRESETS["hibou-b/14"], patch: 16, imageSize: [256, 256] } as const;
    expect(size(vitConfig(hibou))).toBe("327.60");
    expect(size(vitConfig({ ...hibou, mlp: "gelu" }))).toBe("327.55");
    const whole = modelSpec({
      encoder: "imagenet-vit-b/16",
      imageSize: 512,
      tasks: { REC: { title: "recurrence", classes: ["no", "yes"] } },
      views: Array.from({ length: 6 }, (_, i) => ({ site: "core", magnification: `x${i}` })),
    });
    expect(inspect(countParameters(modelParameters(whole)))).toBe(
      [
        "encoder    86,434,560  329.72 MiB",
        "fusion      3,541,248   13.51 MiB",
        "heads.REC     239,042    0.91 MiB",
        "total      90,214,850  344.14 MiB",
      ].join("\n"),
    );
  });

  test.each([
    ["registers", { registers: -1 }, /registers is -1/],
    ["layerScale", { layerScale: Number.NaN }, /layerScale is NaN/],
    ["mlp", { mlp: "swigl" as "swiglu" }, /Did you mean "swiglu"/],
  ])("%s out of range is refused", (_, change, message) => {
    expect(() => vitConfig({ ...SQUARE, ...change })).toThrow(message);
  });

  test("every preset is a valid configuration", () => {
    for (const name of Object.keys(VIT_PRESETS) as (keyof typeof VIT_PRESETS)[])
      expect(vitConfig(name).imageSize).toEqual(VIT_PRESETS[name].imageSize);
  });

  test("a size that the patch does not divide is refused with the nearest ones that it does", () => {
    try {
      vitConfig("vit-s/16", { imageSize: 230 });
      expect.unreachable();
    } catch (error) {
      expect(isOsccError(error, "InvalidArgument")).toBe(true);
      expect(String((error as Error).message)).toMatch(
        /230; expected a multiple of the patch size 16[\s\S]*224 or 240/,
      );
    }
  });

  test("an unknown preset names the nearest", () => {
    expect(() => vitConfig("vit-s16" as "vit-s/16")).toThrow(/Did you mean "vit-s\/16"/);
  });

  test("heads must divide the width", () => {
    expect(() => vitConfig({ ...SQUARE, heads: 5 })).toThrow(/multiple of the 5 heads/);
  });
});
