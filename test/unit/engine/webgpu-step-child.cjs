// Runs in a process of its own, with a software Vulkan device in its environment (see devices.test.ts): training steps
// of a whole model (encoder, fusion, head, AdamW, clipping, accumulation) in both forms, on the CPU and on WebGPU, and
// which execution providers run their nodes. Prints one line of JSON.
const { mkdtempSync, readFileSync, readdirSync, rmSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const ort = require("onnxruntime-node");
const root = path.join(__dirname, "..", "..", "..", "dist");
const { compile, compileChainStep } = require(path.join(root, "engine"));
const { planTraining } = require(path.join(root, "engine/chain/train"));
const { traceFunction } = require(path.join(root, "engine/trace/trace"));
const { createModel } = require(path.join(root, "model"));
const { adamWCorrections } = require(path.join(root, "train/adamw"));
const { chainStep } = require(path.join(root, "train/chain-step"));
const { crossEntropy } = require(path.join(root, "train/losses"));
const { dropoutInput, dropoutWidth, oneHotInput, stepInputs, stepState, trainingStep, weightInput } = require(
  path.join(root, "train/step"),
);
const { Rng } = require(path.join(root, "core/random"));

const TASK = "TD";
const STEPS = 3;
const model = createModel(
  {
    encoder: { imageSize: [16, 24], patch: 8, width: 32, depth: 3, heads: 2, mlpRatio: 2 },
    fusionWidth: 16,
    headHidden: [8],
    tasks: { [TASK]: { title: "differentiation", classes: ["well", "poor"] } },
    views: [1, 2].map((n) => ({ site: "core", magnification: `x${n}00` })),
  },
  new Rng(5),
);
const options = {
  size: 1,
  accumulate: true,
  source: "images",
  losses: { [TASK]: crossEntropy },
  adamW: { weightDecay: 0.05, epsilon: 1e-4 },
  clipNorm: 0.5,
};
const names = Object.keys(model.parameters);
const inputs = stepInputs(model.spec, options);
const state = () => stepState(model.parameters, options);
const step = trainingStep(model.spec, names, options);
const chain = () => chainStep(model.spec, model.parameters, options);

function batch(rng) {
  const [height, width] = model.spec.encoder.imageSize;
  const values = (length, draw) => Float32Array.from({ length }, draw);
  return {
    images: values(2 * height * width * 3, () => rng.range(0, 255)),
    [oneHotInput(TASK)]: Float32Array.of(0, 1),
    [weightInput(TASK)]: Float32Array.of(1),
    [dropoutInput(TASK)]: values(dropoutWidth(model.spec), () => (rng.chance(0.5) ? 0 : 2)),
  };
}

/** Losses and the parameters after some batches of two passes. */
async function train(program) {
  const rng = new Rng(11);
  const losses = [];
  for (let t = 1; t <= STEPS; t++)
    for (const apply of [0, 1]) {
      const given = { ...batch(rng), encoderRate: 1e-3, rate: 3e-3, ...adamWCorrections(t), apply };
      losses.push((await program.run(given)).loss.data[0]);
    }
  const values = await program.readState(names);
  await program.dispose();
  return { losses, values: names.map((name) => Array.from(values[name].data)) };
}

const one = (device) => compile(step, { inputs, state: state() }, { device, name: "one graph" });
const linked = (device) => compileChainStep(chain(), { device, name: "chain" });

function difference(a, b) {
  const worst = (x, y) => x.reduce((most, v, i) => Math.max(most, Math.abs(v - y[i])), 0);
  return {
    loss: worst(a.losses, b.losses),
    parameters: Math.max(...a.values.map((values, i) => worst(values, b.values[i]))),
  };
}

/** How many nodes of a graph each execution provider ran, by the runtime's own profile. */
async function providers(file, ports) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "oscc-profile-"));
  const session = await ort.InferenceSession.create(file, {
    executionProviders: ["webgpu"],
    logSeverityLevel: 3,
    enableProfiling: true,
    profileFilePrefix: path.join(folder, "profile"),
  });
  const length = (shape) => shape.reduce((a, b) => a * b, 1);
  const feeds = Object.fromEntries(
    ports.map(({ name, shape }) => [
      name,
      new ort.Tensor("float32", new Float32Array(length(shape)).fill(0.5), [...shape]),
    ]),
  );
  await session.run(feeds);
  session.endProfiling();
  const events = JSON.parse(readFileSync(path.join(folder, readdirSync(folder)[0]), "utf8"));
  await session.release();
  rmSync(folder, { recursive: true });
  const ran = events.filter((event) => event.cat === "Node" && event.name.endsWith("_kernel_time"));
  const counts = {};
  for (const { args } of ran) {
    const key = args.provider === "WebGpuExecutionProvider" ? "webgpu" : `${args.provider}: ${args.op_name}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function added(counts, more) {
  for (const [key, count] of Object.entries(more)) counts[key] = (counts[key] ?? 0) + count;
  return counts;
}

async function providersOfOneGraph() {
  const complete = (specs) =>
    Object.fromEntries(Object.entries(specs).map(([k, { shape }]) => [k, { dtype: "float32", shape }]));
  const traced = traceFunction("step", step, complete(inputs), complete(state()), "webgpu");
  const ports = [...traced.inputs, ...traced.state].map(({ value, shape }) => ({ name: value, shape }));
  return providers(traced.model, ports);
}

async function providersOfChain() {
  const counts = {};
  for (const unit of planTraining(chain(), { device: "webgpu", precision: "f32" }).units)
    added(counts, await providers(unit.model, unit.inputs));
  return counts;
}

(async () => {
  const expected = await train(await one("cpu"));
  const result = {
    oneGraph: difference(expected, await train(await one("webgpu"))),
    chain: difference(expected, await train(await linked("webgpu"))),
    providersOfOneGraph: await providersOfOneGraph(),
    providersOfChain: await providersOfChain(),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
})();
