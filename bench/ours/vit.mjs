// A vision transformer with one linear head: its training step or its forward pass.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const {
  compile,
  compileChain,
  compileChainStep,
  filledTensor,
  linear,
  softmaxCrossEntropy,
  tf,
} = require("../../dist/engine");
const { initialise, vitChain, vitConfig, vitForward, vitParameters } = require("../../dist/model");
const { adamWCorrections, adamWFactors, adamWState, adamWUpdate } = require("../../dist/train/adamw");
const { Rng } = require("../../dist/core/random");

/** `device` and `precision` are those of the processor unless the case names others. */
export default async function open({
  kind,
  images,
  side,
  patch,
  width,
  depth,
  heads,
  chain,
  passes = 1,
  device = "cpu",
  precision = "f32",
}) {
  const where = { device, precision, name: kind };
  const accumulates = passes > 1;
  const config = vitConfig({ imageSize: [side, side], patch, width, depth, heads, mlpRatio: 4 });
  const rng = new Rng("bench");
  const parameters = {
    ...initialise(vitParameters(config), rng),
    "head.weight": filledTensor([2, width], 0.01),
    "head.bias": filledTensor([2]),
  };
  const image = { shape: [images, side, side, 3] };
  const program =
    kind === "forward"
      ? await (chain ? openForwardChain : openForward)(config, parameters, image, where)
      : await (chain ? openStepChain : openStep)(config, parameters, image, where, accumulates);
  const x = Float32Array.from({ length: images * side * side * 3 }, () => rng.range(-1, 1));
  const y = Float32Array.from({ length: images * 2 }, (_, i) => ((i >> 1) % 2 === i % 2 ? 1 : 0));
  let last;
  return {
    run: async (t) => {
      for (let pass = 1; pass <= passes; pass++) {
        const rates = { rate: 1e-4, ...adamWCorrections(t) };
        const apply = accumulates ? { apply: pass === passes ? 1 : 0 } : {};
        last = await program.run(kind === "forward" ? { x } : { x, y, ...rates, ...apply });
      }
    },
    close: () => program.dispose(),
    facts: () => ({ build: program.build, loss: last.loss?.data[0] }),
  };
}

const scalar = { shape: [] };
const headOf = (weights, features) => linear(features, weights["head.weight"], weights["head.bias"]);

function openForward(config, parameters, image, where) {
  const forward = ({ x }, weights) => ({
    outputs: { logits: headOf(weights, vitForward(config, weights, x)) },
  });
  return compile(forward, { inputs: { x: image }, state: parameters }, where);
}

/** The whole step as one graph. */
function openStep(config, parameters, image, where) {
  const names = Object.keys(parameters);
  const step = ({ x, y, rate, correction1, correction2 }, state) => {
    const { value: loss, grads } = tf.valueAndGrads((...values) => {
      const weights = Object.fromEntries(names.map((key, i) => [key, values[i]]));
      return tf.mean(softmaxCrossEntropy(headOf(weights, vitForward(config, weights, x)), y));
    })(names.map((key) => state[key]));
    const factors = adamWFactors({ learningRate: rate, correction1, correction2 });
    const next = {};
    names.forEach((key, i) => {
      const moments = { mean: state[`adamw.mean.${key}`], square: state[`adamw.square.${key}`] };
      const update = adamWUpdate({ value: state[key], gradient: grads[i], ...moments }, factors);
      next[key] = update.value;
      next[`adamw.mean.${key}`] = update.mean;
      next[`adamw.square.${key}`] = update.square;
    });
    return { outputs: { loss }, state: next };
  };
  const inputs = {
    x: image,
    y: { shape: [image.shape[0], 2] },
    rate: scalar,
    correction1: scalar,
    correction2: scalar,
  };
  const state = { ...parameters, ...adamWState(parameters) };
  return compile(step, { inputs, state }, where);
}

/** The encoder as a chain of small graphs, one image after the other. */
function openForwardChain(config, parameters, image, where) {
  return compileChain(
    {
      chain: vitChain(config),
      items: { input: "x", group: 1 },
      inputs: { x: image.shape },
      parameters,
      outputs: (weights, features) => ({ logits: headOf(weights, features) }),
    },
    where,
  );
}

/** The step of such a chain. */
function openStepChain(config, parameters, image, where, accumulates) {
  return compileChainStep(
    {
      chain: vitChain(config),
      items: { input: "x", group: 1 },
      inputs: {
        x: image.shape,
        y: [image.shape[0], 2],
        rate: [],
        correction1: [],
        correction2: [],
        ...(accumulates ? { apply: [] } : {}),
      },
      ...(accumulates ? { apply: "apply" } : {}),
      parameters,
      loss: (weights, features, { y }) => tf.mean(softmaxCrossEntropy(headOf(weights, features), y)),
      optimiser: {
        moments: { mean: (key) => `adamw.mean.${key}`, square: (key) => `adamw.square.${key}` },
        sum: (key) => `gradient.${key}`,
        groupOf: () => "all",
        rates: () => ({ learningRate: "rate", correction1: "correction1", correction2: "correction2" }),
        update: (tensors, rates) => adamWUpdate(tensors, adamWFactors(rates)),
      },
    },
    where,
  );
}
