// Pre-trains `phantom-tiny`, a small vision transformer for phantom images, and writes it as half-precision safetensors.
//
//   npm run build && node scripts/phantom-encoder.mjs [--patients 400] [--epochs 24] [--out weights/phantom-tiny.safetensors]
//                                                     [--state FILE [--until EPOCH]]   (goes on where it was stopped)
//
// It is taught where things are, on other phantom patients than any cohort of the notebooks (seed "phantom-tiny"): each
// patch says how much of it each bit of the truth mask covers, and the mean of the patches, which is the image's feature,
// says how much of the image. No label of a patient is used. It knows phantoms and nothing else: never call it a pathology
// encoder.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { deserialize, serialize } from "node:v8";

const require = createRequire(import.meta.url);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const { Rng } = require("../dist/core/random.js");
const { phantomCohort, MASK_BITS, PHANTOM_GENERATOR } = require("../dist/cohort/phantom");
const { compile, tf } = require("../dist/engine");
const { vitConfig, vitForward, vitParameters } = require("../dist/model");
const { ENCODER_KEY } = require("../dist/model/checkpoints/infer.js");
const { initialise, linearParameters } = require("../dist/model/parameters.js");
const {
  adamWCorrections,
  adamWFactors,
  adamWState,
  adamWUpdate,
  meanName,
  squareName,
} = require("../dist/train/adamw.js");
const { clipFactor, squaredNorm } = require("../dist/train/step.js");
const { cosine } = require("../dist/train");
const sharp = require("sharp");

const SEED = "phantom-tiny";
const ENCODER = vitConfig({
  imageSize: [256, 256],
  patch: 16,
  width: 96,
  depth: 4,
  heads: 3,
  mlpRatio: 2,
  pooling: "mean",
});
const BITS = Object.entries(MASK_BITS);
const SIDE = ENCODER.imageSize[0];
const GRID = SIDE / ENCODER.patch;
const PATCHES = GRID * GRID;
const BATCH = 16;
const RATE = 1.5e-3;
const WEIGHT_DECAY = 0.05;
const CLIP = 1;
/** One patient in ten is kept apart, to say how well it was learned. */
const KEPT_APART = 10;

const { values } = parseArgs({
  options: {
    patients: { type: "string", default: "400" },
    epochs: { type: "string", default: "24" },
    folder: { type: "string" },
    state: { type: "string" },
    until: { type: "string" },
    out: { type: "string", default: path.join(root, "weights", "phantom-tiny.safetensors") },
  },
});
const epochs = Number(values.epochs);

const folder =
  values.folder ?? (await phantomCohort({ patients: Number(values.patients), seed: SEED, balanced: true }));
const examples = await readExamples(folder, Number(values.patients));
const normalisation = pixelStatistics(examples.train);
const parameters = await train(examples, normalisation);
if (parameters) {
  await mkdir(path.dirname(values.out), { recursive: true });
  await write(values.out, parameters);
}

/** Images and, for each, the share of every patch and of the whole that each mask bit covers. */
async function readExamples(cohort, patients) {
  const train = [];
  const valid = [];
  const names = readdirSync(path.join(cohort, "images")).sort().slice(0, patients);
  for (const [i, name] of names.entries()) {
    const pid = name.split("_")[0];
    for (const file of readdirSync(path.join(cohort, "images", name))) {
      const mask = path.join(cohort, "masks", pid, file.replace(".jpg", ".png"));
      if (!existsSync(mask)) continue;
      const pixels = await sharp(path.join(cohort, "images", name, file))
        .resize(SIDE, SIDE, { fit: "fill" })
        .removeAlpha()
        .raw()
        .toBuffer();
      const shares = await patchShares(mask);
      (i % KEPT_APART === 0 ? valid : train).push({ pixels, shares, areas: meanOverPatches(shares) });
    }
  }
  return { train, valid };
}

/** [patches, bits], 0 to 1. */
async function patchShares(file) {
  const { data, info } = await sharp(file).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
  const shares = new Float32Array(PATCHES * BITS.length);
  const counts = new Float32Array(PATCHES);
  for (let y = 0; y < info.height; y++)
    for (let x = 0; x < info.width; x++) {
      const patch = Math.floor((y * GRID) / info.height) * GRID + Math.floor((x * GRID) / info.width);
      const byte = data[(y * info.width + x) * info.channels];
      counts[patch]++;
      for (let bit = 0; bit < BITS.length; bit++)
        if (byte & BITS[bit][1]) shares[patch * BITS.length + bit]++;
    }
  return shares.map((sum, i) => sum / counts[Math.floor(i / BITS.length)]);
}

function meanOverPatches(shares) {
  const areas = new Float32Array(BITS.length);
  for (let i = 0; i < shares.length; i++) areas[i % BITS.length] += shares[i] / PATCHES;
  return areas;
}

/** Mean and standard deviation of each channel, 0 to 255. */
function pixelStatistics(images) {
  const sum = [0, 0, 0];
  const square = [0, 0, 0];
  let pixels = 0;
  for (const { pixels: values } of images)
    for (let i = 0; i < values.length; i += 3 * 7) {
      pixels++;
      for (let c = 0; c < 3; c++) {
        sum[c] += values[i + c];
        square[c] += values[i + c] ** 2;
      }
    }
  const mean = sum.map((s) => s / pixels);
  return { mean, std: square.map((s, c) => Math.sqrt(s / pixels - mean[c] ** 2)) };
}

async function train({ train: learned, valid }, { mean, std }) {
  console.log(
    `pixel statistics of ${learned.length} images: mean ${mean.map((x) => x.toFixed(2))}, sd ${std.map((x) => x.toFixed(2))}`,
  );
  const declared = {
    ...vitParameters(ENCODER),
    ...linearParameters("patches", ENCODER.width, BITS.length),
    ...linearParameters("whole", ENCODER.width, BITS.length),
  };
  const initial = initialise(declared, new Rng(SEED).split("parameters"));
  const names = Object.keys(initial);
  // A rare sign counts as much as a common one.
  const areas = BITS.map((_, bit) => meanOf(learned, bit));
  const weights = areas.map((area) => 1 / entropy(area));
  const spread = BITS.map((_, bit) =>
    Math.sqrt(learned.reduce((sum, image) => sum + (image.areas[bit] - areas[bit]) ** 2, 0) / learned.length),
  );

  const predict = (parameters, images) => {
    let tokens;
    const normalised = tf.div(tf.sub(images, tf.tensor1d(mean)), tf.tensor1d(std));
    const whole = vitForward(ENCODER, parameters, normalised, (layer, value) => {
      if (layer === "norm") tokens = value;
      return value;
    });
    const count = images.shape[0];
    const patches = tf.reshape(tf.slice(tokens, [1, 0, 0], [PATCHES, count, ENCODER.width]), [
      -1,
      ENCODER.width,
    ]);
    const linear = (x, name) =>
      tf.add(tf.matMul(x, parameters[`${name}.weight`], false, true), parameters[`${name}.bias`]);
    return { patches: linear(patches, "patches"), whole: linear(whole, "whole") };
  };
  // Of a patch, binary cross-entropy of a share: softplus(z) - z t.
  const ofPatches = (z, t) => tf.mean(tf.mul(tf.sub(tf.softplus(z), tf.mul(z, t)), tf.tensor1d(weights)));
  // Of an image, squared error: the best guess of a sum is the sum of the best guesses, so patches can add up to it.
  const ofImage = (z, area) => {
    const standard = tf.div(tf.sub(area, tf.tensor1d(areas)), tf.tensor1d(spread));
    return tf.mean(tf.square(tf.sub(z, standard)));
  };
  const step = (inputs, state) => {
    const { value, grads } = tf.valueAndGrads((...live) => {
      const parameters = Object.fromEntries(names.map((name, i) => [name, live[i]]));
      const { patches, whole } = predict(parameters, inputs.images);
      return tf.add(ofPatches(patches, inputs.shares), ofImage(whole, inputs.areas));
    })(names.map((name) => state[name]));
    const factor = clipFactor(
      grads.map(squaredNorm).reduce((a, b) => tf.add(a, b)),
      CLIP,
    );
    const rates = adamWFactors(
      { learningRate: inputs.rate, correction1: inputs.correction1, correction2: inputs.correction2 },
      { weightDecay: WEIGHT_DECAY },
    );
    const next = {};
    names.forEach((name, i) => {
      const update = adamWUpdate(
        {
          value: state[name],
          gradient: tf.mul(grads[i], factor),
          mean: state[meanName(name)],
          square: state[squareName(name)],
        },
        rates,
        { weightDecay: WEIGHT_DECAY },
      );
      next[name] = update.value;
      next[meanName(name)] = update.mean;
      next[squareName(name)] = update.square;
    });
    return { outputs: { loss: value }, state: next };
  };
  const scalar = { shape: [] };
  const program = await compile(step, {
    inputs: {
      images: { shape: [BATCH, SIDE, SIDE, 3] },
      shares: { shape: [PATCHES * BATCH, BITS.length] },
      areas: { shape: [BATCH, BITS.length] },
      rate: scalar,
      correction1: scalar,
      correction2: scalar,
    },
    state: { ...initial, ...adamWState(initial) },
  });
  const kept = values.state && existsSync(values.state) ? deserialize(readFileSync(values.state)) : undefined;
  if (kept) await program.writeState(kept.state);
  let taken = kept?.taken ?? 0;
  for (let epoch = kept?.epoch ?? 0; epoch < epochs; epoch++) {
    if (epoch === Number(values.until)) return undefined;
    const started = performance.now();
    const rng = new Rng(SEED).split(`epoch ${epoch}`);
    const order = shuffled(learned, rng);
    const rate = cosine(epoch, { start: RATE, minimum: 1e-6, epochs, warmup: 1 });
    let total = 0;
    let batches = 0;
    for (let from = 0; from + BATCH <= order.length; from += BATCH) {
      const inputs = batchOf(order.slice(from, from + BATCH), rng);
      const { loss: value } = await program.run({ ...inputs, rate, ...adamWCorrections(++taken) });
      total += value.data[0];
      batches++;
    }
    if (values.state)
      await writeFile(values.state, serialize({ epoch: epoch + 1, taken, state: await program.readState() }));
    console.log(
      `epoch ${epoch + 1}/${epochs}: loss ${(total / batches).toFixed(4)}, ${((performance.now() - started) / 1000).toFixed(0)} s`,
    );
  }
  const trained = await program.readState(names);
  await program.dispose();
  await report(predict, trained, valid);
  return Object.fromEntries(Object.keys(vitParameters(ENCODER)).map((name) => [name, trained[name]]));
}

/** A batch, each image under a symmetry of the square of its own. Patch shares are patch-major: [patches * batch, bits]. */
function batchOf(members, rng) {
  const images = new Float32Array(BATCH * SIDE * SIDE * 3);
  const shares = new Float32Array(PATCHES * BATCH * BITS.length);
  const areas = new Float32Array(BATCH * BITS.length);
  members.forEach((member, m) => {
    const place = symmetry(rng);
    forEachPlace(SIDE, place, (to, from) => {
      for (let c = 0; c < 3; c++) images[(m * SIDE * SIDE + to) * 3 + c] = member.pixels[from * 3 + c];
    });
    forEachPlace(GRID, place, (to, from) => {
      for (let bit = 0; bit < BITS.length; bit++)
        shares[(to * BATCH + m) * BITS.length + bit] = member.shares[from * BITS.length + bit];
    });
    areas.set(member.areas, m * BITS.length);
  });
  return { images, shares, areas };
}

function symmetry(rng) {
  return { transpose: rng.chance(0.5), flipX: rng.chance(0.5), flipY: rng.chance(0.5) };
}

function forEachPlace(side, { transpose, flipX, flipY }, visit) {
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const [v, u] = transpose ? [x, y] : [y, x];
      visit(y * side + x, (flipY ? side - 1 - v : v) * side + (flipX ? side - 1 - u : u));
    }
}

/** How well patches and images with and without each sign are told apart, on patients kept apart. */
async function report(predict, trained, valid) {
  const names = Object.keys(trained);
  const program = await compile(({ images }, state) => ({ outputs: predict(state, images) }), {
    inputs: { images: { shape: [BATCH, SIDE, SIDE, 3] } },
    state: trained,
  });
  const scores = { patches: BITS.map(() => []), whole: BITS.map(() => []), areas: BITS.map(() => []) };
  for (let from = 0; from < valid.length; from += BATCH) {
    const members = valid.slice(from, from + BATCH);
    const images = new Float32Array(BATCH * SIDE * SIDE * 3);
    for (const [m, { pixels }] of members.entries()) images.set(pixels, m * SIDE * SIDE * 3);
    const out = await program.run({ images });
    for (const [m, member] of members.entries())
      for (const bit of BITS.keys()) {
        const said = out.whole.data[m * BITS.length + bit];
        scores.whole[bit].push([said, member.areas[bit] > 0.003]);
        scores.areas[bit].push([said, member.areas[bit]]);
        for (let patch = 0; patch < PATCHES; patch++)
          scores.patches[bit].push([
            out.patches.data[(patch * BATCH + m) * BITS.length + bit],
            member.shares[patch * BITS.length + bit] > 0.25,
          ]);
      }
  }
  await program.dispose();
  console.log(
    `on ${valid.length} images of patients kept apart (${names.length} tensors): AUC of a patch and of an image, correlation with the area`,
  );
  for (const [bit, [name]] of BITS.entries())
    console.log(
      `  ${name.padEnd(8)} ${auc(scores.patches[bit])}  ${auc(scores.whole[bit])}  ${correlation(scores.areas[bit])}`,
    );
}

function correlation(pairs) {
  const centred = [0, 1].map((side) => {
    const mean = pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length;
    return pairs.map((pair) => pair[side] - mean);
  });
  const product = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const [a, b] = centred;
  return (product(a, b) / Math.sqrt(product(a, a) * product(b, b))).toFixed(3);
}

function auc(pairs) {
  const sorted = pairs.toSorted((a, b) => a[0] - b[0]);
  let [below, sum, positives] = [0, 0, 0];
  for (const [, positive] of sorted)
    if (positive) {
      positives++;
      sum += below;
    } else below++;
  return positives && below ? (sum / (positives * below)).toFixed(3) : "  -  ";
}

function meanOf(images, bit) {
  return images.reduce((sum, { areas }) => sum + areas[bit], 0) / images.length;
}

function entropy(p) {
  return -p * Math.log(p) - (1 - p) * Math.log(1 - p);
}

function shuffled(items, rng) {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = rng.integer(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

/** safetensors in half precision: enough for an encoder that is tuned or probed anyway. */
async function write(file, tensors) {
  const header = {
    __metadata__: {
      format: "pt",
      name: "phantom-tiny",
      description: `trained on masks of ${values.patients} synthetic ${PHANTOM_GENERATOR} patients; not a pathology encoder`,
      [ENCODER_KEY]: JSON.stringify(ENCODER),
    },
  };
  const parts = [];
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const half = Buffer.alloc(data.length * 2);
    data.forEach((x, i) => {
      half.writeUInt16LE(toHalf(x), 2 * i);
    });
    header[name] = { dtype: "F16", shape, data_offsets: [offset, offset + half.length] };
    parts.push(half);
    offset += half.length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, " ");
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  await writeFile(file, Buffer.concat([length, padded, ...parts]));
  console.log(`${file}: ${((offset + padded.length) / 1024).toFixed(0)} KiB`);
}

/** The nearest half-precision number, as its bits. */
function toHalf(x) {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size >= 65504) return sign | 0x7bff;
  if (size < 2 ** -24) return sign;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const steps = Math.round((size / 2 ** exponent) * 1024);
  if (exponent === -14 && steps < 1024) return sign | steps;
  return sign | (((exponent + 15) << 10) + (steps - 1024));
}
