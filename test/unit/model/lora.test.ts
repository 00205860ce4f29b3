/** Low-rank adaptation: what it changes, and that merging changes nothing. */
import { describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { runChain, tf, toTensor } from "../../../src/engine";
import {
  createModel,
  encoderChain,
  forward,
  initialise,
  LORA_PROJECTIONS,
  type LoraOptions,
  loraChain,
  loraOptions,
  loraParameters,
  mergeLora,
  type Parameters,
  withLora,
} from "../../../src/model";

const ENCODER = { imageSize: [8, 8], patch: 4, width: 12, depth: 2, heads: 3, mlpRatio: 2 } as const;
const VIEWS = [1, 2].map((n) => ({ site: "core", magnification: `x${n}00` }));
const TASKS = { A: { title: "a", classes: ["no", "yes"] } };
const model = createModel({ encoder: ENCODER, fusionWidth: 8, tasks: TASKS, views: VIEWS }, new Rng(3));
const { spec } = model;
const pixels = new Rng("pixels");
const images = Float32Array.from({ length: 3 * 2 * 8 * 8 * 3 }, () => pixels.normal());

/** Adapters as after some training: B is not zero either. */
function adapters(options: LoraOptions): Parameters {
  const rng = new Rng("adapters");
  const fresh = initialise(loraParameters(spec.encoder, options), rng);
  return Object.fromEntries(
    Object.entries(fresh).map(([name, tensor]) => [
      name,
      { ...tensor, data: tensor.data.map(() => rng.normal(0, 0.3)) },
    ]),
  );
}

const live = (parameters: Parameters) =>
  Object.fromEntries(Object.entries(parameters).map(([name, host]) => [name, toTensor(host)]));

function logits(parameters: Record<string, tf.Tensor>): number[][] {
  const input = tf.tensor(images, [3, 2, 8, 8, 3]);
  return forward(spec, parameters, input).logits.A!.arraySync() as number[][];
}

function expectEqual(found: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): void {
  found.flat().forEach((value, i) => {
    expect(value).toBeCloseTo(wanted.flat()[i]!, 5);
  });
}

describe.each([
  { rank: 2, alpha: 8 },
  { rank: 3, alpha: 3, projections: ["v"] },
  { rank: 4, alpha: 16, projections: LORA_PROJECTIONS },
] as const)("with %j", (options) => {
  test("a fresh adapter changes nothing", () => {
    tf.tidy(() => {
      const fresh = initialise(loraParameters(spec.encoder, options), new Rng(1));
      const adapted = withLora(spec.encoder, live({ ...model.parameters, ...fresh }), options);
      expectEqual(logits({ ...adapted }), logits(live(model.parameters)));
    });
  });

  test("merged weights give the logits of weights with adapters", () => {
    tf.tidy(() => {
      const all = { ...model.parameters, ...adapters(options) };
      const adapted = logits({ ...withLora(spec.encoder, live(all), options) });
      const merged = mergeLora(spec.encoder, all, options);
      expect(Object.keys(merged)).toEqual(Object.keys(model.parameters));
      expectEqual(logits(live(merged)), adapted);
      const before = logits(live(model.parameters));
      expect(Math.max(...adapted.flat().map((v, i) => Math.abs(v - before.flat()[i]!)))).toBeGreaterThan(
        1e-3,
      );
    });
  });

  test("the chain with adapters gives the features of merged weights, and no gradient to the weights", () => {
    tf.tidy(() => {
      const all = { ...model.parameters, ...adapters(options) };
      const merged = mergeLora(spec.encoder, all, options);
      const input = tf.tensor(images, [6, 8, 8, 3]);
      const chain = loraChain(spec.encoder, encoderChain(spec), options);
      const wanted = runChain(encoderChain(spec), live(merged), input).arraySync() as number[][];
      expectEqual(runChain(chain, live(all), input).arraySync() as number[][], wanted);

      const tensors = live(all);
      const names = ["encoder.blocks.0.attn.qkv.weight", Object.keys(adapters(options))[0]!];
      const [ofWeight, ofAdapter] = tf.grads((weight: tf.Tensor, adapter: tf.Tensor) =>
        tf.sum(tf.square(runChain(chain, { ...tensors, [names[0]!]: weight, [names[1]!]: adapter }, input))),
      )(names.map((name) => tensors[name]!));
      expect(tf.max(tf.abs(ofWeight!)).dataSync()[0]).toBe(0);
      expect(tf.max(tf.abs(ofAdapter!)).dataSync()[0]).toBeGreaterThan(0);
    });
  });
});

test("queries alone leave keys and values as they were", () => {
  const all = { ...model.parameters, ...adapters({ rank: 2, projections: ["q"] }) };
  const merged = mergeLora(spec.encoder, all, { rank: 2, projections: ["q"] });
  const name = "encoder.blocks.1.attn.qkv.weight";
  const [before, after] = [model.parameters[name]!.data, merged[name]!.data];
  expect(after.subarray(12 * 12)).toEqual(before.subarray(12 * 12));
  expect(after.subarray(0, 12 * 12)).not.toEqual(before.subarray(0, 12 * 12));
});

test("counts as the paper counts: 2 r (in + out) for each adapted matrix", () => {
  const count = Object.values(loraParameters(spec.encoder, { rank: 2 })).reduce(
    (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
    0,
  );
  expect(count).toBe(ENCODER.depth * 2 * (2 * (12 + 12)));
});

test.each([
  [{ rank: 0 }, /rank is 0/],
  [{ rank: 12 }, /less than the encoder's width 12/],
  [{ alpha: 0 }, /alpha is 0/],
  [{ projections: [] }, /projections/],
  [{ projections: ["w"] }, /no projection "w"/],
])("refuses %j", (options, message) => {
  expect(() => loraParameters(spec.encoder, options as LoraOptions)).toThrow(message);
});

test("defaults are the paper's: queries and values", () => {
  expect(loraOptions()).toEqual({ rank: 8, alpha: 16, projections: ["q", "v"] });
});

test("a gated MLP is adapted in both its layers, and merging gives the same features", () => {
  const gated = createModel(
    {
      encoder: { ...ENCODER, mlp: "swiglu", registers: 2, layerScale: 0.5 },
      fusionWidth: 8,
      tasks: TASKS,
      views: VIEWS,
    },
    new Rng(3),
  );
  const options = { rank: 2, projections: ["fc1", "fc2"] } as const;
  const { encoder } = gated.spec;
  const rng = new Rng("adapters");
  const learned = Object.fromEntries(
    Object.entries(initialise(loraParameters(encoder, options), rng)).map(([name, tensor]) => [
      name,
      { ...tensor, data: tensor.data.map(() => rng.normal(0, 0.3)) },
    ]),
  );
  expect(learned["lora.blocks.0.mlp.w12.b"]!.shape).toEqual([32, 2]);
  expect(learned["lora.blocks.0.mlp.w3.a"]!.shape).toEqual([2, 16]);
  const all = { ...gated.parameters, ...learned };
  const [adapted, merged, plain] = tf.tidy(() => {
    const input = tf.tensor(images, [3, 2, 8, 8, 3]);
    const of = (parameters: Record<string, tf.Tensor>) =>
      forward(gated.spec, parameters, input).logits.A!.arraySync() as number[][];
    return [
      of({ ...withLora(encoder, live(all), options) }),
      of(live(mergeLora(encoder, all, options))),
      of(live(gated.parameters)),
    ] as unknown as tf.TensorContainer;
  }) as unknown as number[][][];
  expectEqual(merged!, adapted!);
  expect(Math.abs(adapted![0]![0]! - plain![0]![0]!)).toBeGreaterThan(1e-4);
});
