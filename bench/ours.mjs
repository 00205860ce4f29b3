// Measures one case with our engine: node bench/ours.mjs tiny-step. Prints one line of JSON.
import { createRequire } from "node:module";
import { CASES, gflopOf } from "./cases.mjs";

const require = createRequire(import.meta.url);
const { compile, filledTensor, linear, softmaxCrossEntropy, tf } = require("../dist/engine");
const { initialise, vitConfig, vitForward, vitParameters } = require("../dist/model");
const { adamWCorrections, adamWFactors, adamWState, adamWUpdate } = require("../dist/train");
const { Rng } = require("../dist/core/random");

const name = process.argv[2] ?? "tiny-step";
const { kind, images, side, patch, width, depth, heads, repeats } = CASES[name];
const config = vitConfig({ imageSize: [side, side], patch, width, depth, heads, mlpRatio: 4 });
const rng = new Rng("bench");
const parameters = {
  ...initialise(vitParameters(config), rng),
  "head.weight": filledTensor([2, width], 0.01),
  "head.bias": filledTensor([2]),
};
const names = Object.keys(parameters);

const logitsOf = (weights, x) =>
  linear(vitForward(config, weights, x), weights["head.weight"], weights["head.bias"]);

function forward({ x }, state) {
  return { outputs: { logits: logitsOf(state, x) } };
}

function step({ x, y, rate, correction1, correction2 }, state) {
  const { value: loss, grads } = tf.valueAndGrads((...values) => {
    const weights = Object.fromEntries(names.map((key, i) => [key, values[i]]));
    return tf.mean(softmaxCrossEntropy(logitsOf(weights, x), y));
  })(names.map((key) => state[key]));
  const next = {};
  const factors = adamWFactors({ learningRate: rate, correction1, correction2 });
  names.forEach((key, i) => {
    const moments = { mean: state[`adamw.mean.${key}`], square: state[`adamw.square.${key}`] };
    const update = adamWUpdate({ value: state[key], gradient: grads[i], ...moments }, factors);
    next[key] = update.value;
    next[`adamw.mean.${key}`] = update.mean;
    next[`adamw.square.${key}`] = update.square;
  });
  return { outputs: { loss }, state: next };
}

const image = { shape: [images, side, side, 3] };
const scalar = { shape: [] };
const program =
  kind === "forward"
    ? await compile(forward, { inputs: { x: image }, state: parameters }, { device: "cpu", name })
    : await compile(
        step,
        {
          inputs: {
            x: image,
            y: { shape: [images, 2] },
            rate: scalar,
            correction1: scalar,
            correction2: scalar,
          },
          state: { ...parameters, ...adamWState(parameters) },
        },
        { device: "cpu", name },
      );

const x = Float32Array.from({ length: images * side * side * 3 }, () => rng.range(-1, 1));
const y = Float32Array.from({ length: images * 2 }, (_, i) => ((i >> 1) % 2 === i % 2 ? 1 : 0));
const times = [];
let last;
for (let t = 1; t <= repeats + 2; t++) {
  const started = performance.now();
  const inputs = kind === "forward" ? { x } : { x, y, rate: 1e-4, ...adamWCorrections(t) };
  last = await program.run(inputs);
  if (t > 2) times.push((performance.now() - started) / 1000);
}
times.sort((a, b) => a - b);
const { build } = program;
await program.dispose();
console.log(
  JSON.stringify({
    median: times[times.length >> 1],
    least: times[0],
    peakBytes: process.resourceUsage().maxRSS * 1024,
    gflop: gflopOf(CASES[name]),
    build,
    loss: last.loss?.data[0],
  }),
);
