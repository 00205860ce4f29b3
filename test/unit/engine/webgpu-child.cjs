// Runs in a process of its own, with a software Vulkan device in its environment (see devices.test.ts): a step of
// gradient descent through attention, normalisation and perceptron, on the CPU and on WebGPU. Prints one line of JSON.
const { mkdtempSync, readFileSync, readdirSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const ort = require("onnxruntime-node");
const root = path.join(__dirname, "..", "..", "..", "dist");
const engine = require(path.join(root, "engine"));
const { traceFunction } = require(path.join(root, "engine/trace/trace"));
const { Rng } = require(path.join(root, "core/random"));
const {
  compile,
  filledTensor,
  hostTensor,
  layerNorm,
  mlp,
  selectDevice,
  selfAttention,
  softmaxCrossEntropy,
  tf,
} = engine;

const [TOKENS, IMAGES, WIDTH] = [5, 2, 8];
const rng = new Rng("webgpu");
const random = (...shape) =>
  hostTensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal(0, 0.3)),
    shape,
  );
const weights = {
  gain: filledTensor([WIDTH], 1),
  bias: filledTensor([WIDTH]),
  qkv: random(3 * WIDTH, WIDTH),
  qkvBias: random(3 * WIDTH),
  fc1: random(2 * WIDTH, WIDTH),
  fc1Bias: random(2 * WIDTH),
  fc2: random(2, 2 * WIDTH),
  fc2Bias: random(2),
};
const names = Object.keys(weights);

function step({ x, y }, state) {
  const loss = (...values) => {
    const w = Object.fromEntries(names.map((name, i) => [name, values[i]]));
    const attended = selfAttention(layerNorm(x, w.gain, w.bias), w.qkv, w.qkvBias, { heads: 2, queries: 1 });
    const logits = mlp(tf.reshape(attended, [IMAGES, WIDTH]), w.fc1, w.fc1Bias, w.fc2, w.fc2Bias);
    return tf.mean(softmaxCrossEntropy(logits, y));
  };
  const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => state[name]));
  const next = Object.fromEntries(names.map((name, i) => [name, tf.sub(state[name], tf.mul(grads[i], 0.5))]));
  return { outputs: { loss: value }, state: { ...next, steps: tf.add(state.steps, 1) } };
}

const inputs = { x: { shape: [TOKENS, IMAGES, WIDTH] }, y: { shape: [IMAGES, 2] } };
const state = { ...weights, steps: hostTensor([0], []) };
const batch = { x: random(TOKENS, IMAGES, WIDTH), y: hostTensor([1, 0, 0, 1], [IMAGES, 2]) };

async function train(device) {
  const program = await compile(step, { inputs, state }, { device });
  const losses = [];
  for (let i = 0; i < 3; i++) losses.push((await program.run(batch)).loss.data[0]);
  const { steps } = await program.readState();
  await program.dispose();
  return { losses, steps: steps.data[0] };
}

/** Which execution providers ran the nodes of the step, by the runtime's own profile. */
async function providers() {
  const complete = (specs) =>
    Object.fromEntries(Object.entries(specs).map(([k, v]) => [k, { dtype: "float32", ...v }]));
  const traced = traceFunction("step", step, complete(inputs), state, "webgpu");
  const folder = mkdtempSync(path.join(os.tmpdir(), "oscc-profile-"));
  const session = await ort.InferenceSession.create(traced.file(), {
    executionProviders: ["webgpu"],
    logSeverityLevel: 3,
    enableProfiling: true,
    profileFilePrefix: path.join(folder, "profile"),
  });
  const tensor = ({ data, shape }) => new ort.Tensor("float32", data, [...shape]);
  const feeds = { x: tensor(batch.x), y: tensor(batch.y) };
  for (const entry of traced.state) feeds[entry.value] = tensor(state[entry.name]);
  await session.run(feeds);
  session.endProfiling();
  const events = JSON.parse(readFileSync(path.join(folder, readdirSync(folder)[0]), "utf8"));
  const ran = events.filter((event) => event.cat === "Node" && event.name.endsWith("_kernel_time"));
  return [...new Set(ran.map((event) => event.args.provider))];
}

(async () => {
  const [cpu, webgpu] = [await train("cpu"), await train("webgpu")];
  const result = {
    cpu: cpu.losses,
    webgpu: webgpu.losses,
    steps: [cpu.steps, webgpu.steps],
    providers: await providers(),
    auto: (await selectDevice("auto")).explanation,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
})();
