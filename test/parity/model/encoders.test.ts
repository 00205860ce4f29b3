/** Every encoder preset, and the variants no preset has, against PyTorch: features, and gradients of two of them. */
import { describe, expect, test } from "vitest";
import { compile, compileChain, type HostTensor, tf } from "../../../src/engine";
import {
  asParameter,
  type EncoderName,
  featureWidth,
  resizePositions,
  VIT_PRESETS,
  type ViTConfig,
  vitChain,
  vitConfig,
  vitForward,
  vitParameters,
} from "../../../src/model";
import { largestDifference } from "./shared";
import { liveWeights, references, uniform, weight } from "./weights";

const IMAGES = 2;
const REFERENCES = references();

/** The preset's structure, small: 3 x 2 patches, two blocks of width 32. */
function small(structure: Omit<ViTConfig, "architecture">): ViTConfig {
  const { patch } = structure;
  return vitConfig({ ...structure, imageSize: [3 * patch, 2 * patch], width: 32, depth: 2, heads: 4 });
}

const VARIANT = small({
  ...VIT_PRESETS["vit-s/16"],
  patch: 8,
  registers: 1,
  qkNorm: true,
  preNorm: true,
});

const CASES: [string, ViTConfig][] = [
  ...(Object.keys(VIT_PRESETS) as EncoderName[]).map((name): [string, ViTConfig] => [
    name,
    small(VIT_PRESETS[name]),
  ]),
  ["variant", VARIANT],
  ["mean", small({ ...VIT_PRESETS["vit-s/16"], patch: 8, pooling: "mean" })],
  ["class+mean", small({ ...VIT_PRESETS["hibou-b/14"], pooling: "class+mean" })],
];
const COMPILED = ["hibou-b/14", "variant", "pathobench-vit-s/16", "mean", "class+mean"];

function pixels({ imageSize: [height, width] }: ViTConfig): Float32Array {
  return Float32Array.from(uniform("pixels", IMAGES * height * width * 3), (v) => 1.5 * v);
}

function imageShape({ imageSize }: ViTConfig): [number, number, number, number] {
  return [IMAGES, ...imageSize, 3];
}

test("there is a reference for every preset", () => {
  expect(Object.keys(REFERENCES.encoders).sort()).toEqual(CASES.map(([name]) => name).sort());
});

describe("features equal PyTorch's within 1e-4", () => {
  test.each(CASES)("%s, operation by operation", (name, config) => {
    const before = tf.memory().numTensors;
    const feature = tf.tidy(() =>
      Array.from(
        vitForward(
          config,
          liveWeights(vitParameters(config)),
          tf.tensor(pixels(config), imageShape(config)),
        ).dataSync(),
      ),
    ) as unknown as number[];
    expect(largestDifference(feature, REFERENCES.encoders[name]!.feature)).toBeLessThan(1e-4);
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each(CASES.filter(([name]) => COMPILED.includes(name)))(
    "%s, compiled in one graph and as a chain of small ones",
    async (name, config) => {
      const state = hostWeights(config);
      const shape = imageShape(config);
      const graph = await compile(
        ({ images }, parameters) => ({ outputs: { feature: vitForward(config, parameters, images!) } }),
        { inputs: { images: { shape } }, state },
        { device: "cpu" },
      );
      const chain = await compileChain({
        chain: vitChain(config),
        items: { input: "images", group: 1 },
        inputs: { images: shape },
        parameters: state,
        outputs: (_, feature) => ({ feature }),
      });
      for (const program of [graph, chain]) {
        const { feature } = await program.run({ images: pixels(config) });
        expect(largestDifference(feature!.data, REFERENCES.encoders[name]!.feature)).toBeLessThan(1e-4);
        await program.dispose();
      }
    },
  );
});

describe("gradients equal PyTorch's within 1e-4 of their size", () => {
  test.each(CASES.filter(([name]) => REFERENCES.encoders[name]?.gradients))("%s", (name, config) => {
    const expected = REFERENCES.encoders[name]!.gradients!;
    const found = tf.tidy(() => {
      const parameters = liveWeights(vitParameters(config));
      const names = Object.keys(parameters);
      const width = featureWidth(config);
      const direction = tf.tensor(Float32Array.from(uniform("direction", IMAGES * width)), [IMAGES, width]);
      const images = tf.tensor(pixels(config), imageShape(config));
      const score = (...values: tf.Tensor[]) => {
        const live = Object.fromEntries(names.map((key, i) => [key, values[i]!]));
        return tf.sum(tf.mul(vitForward(config, live, images), direction));
      };
      const gradients = tf.grads(score as never)(Object.values(parameters));
      return Object.fromEntries(
        names.map((key, i) => [key, Array.from(gradients[i]!.dataSync())]),
      ) as unknown as tf.TensorContainer;
    }) as unknown as Record<string, number[]>;
    for (const [key, values] of Object.entries(expected)) {
      const size = Math.max(...values.map(Math.abs));
      expect(size, key).toBeGreaterThan(1e-3);
      expect(largestDifference(found[key]!, values) / size, key).toBeLessThan(1e-4);
    }
  });
});

describe("position embeddings on grids that are not square equal torch's within 1e-5", () => {
  test.each(REFERENCES.positions)("$from to $to", ({ from, to, out }) => {
    const values = Float32Array.from(uniform("positions", 2 * (1 + from[0] * from[1])));
    expect(largestDifference(resizePositions(values, 2, from, to), out)).toBeLessThan(1e-5);
  });
});

function hostWeights(config: ViTConfig) {
  return Object.fromEntries(
    Object.entries(vitParameters(config)).map(([name, { shape }]) => {
      const host: HostTensor = { shape, dtype: "float32", data: weight(name, shape) };
      return [name, asParameter(name, host)];
    }),
  );
}
