// An epoch of concatenation fusion and one head on cached features: what `fit` does with a frozen encoder.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { compile } = require("../../dist/engine");
const { createModel } = require("../../dist/model");
const { adamWCorrections, crossEntropy } = require("../../dist/train");
const {
  dropoutInput,
  dropoutWidth,
  oneHotInput,
  stepInputs,
  stepState,
  trainingStep,
  weightInput,
} = require("../../dist/train/step");
const { splitParameters } = require("../../dist/train/tuning");
const { Rng } = require("../../dist/core/random");

const TASK = "REC";

export default async function open({ samples, images, width, batch }) {
  const rng = new Rng("bench");
  const model = createModel(
    {
      encoder: { imageSize: [16, 16], patch: 16, width, depth: 1, heads: 6, mlpRatio: 1 },
      tasks: { [TASK]: { title: "recurrence", classes: ["no", "yes"] } },
      views: Array.from({ length: images }, (_, i) => ({ site: "core", magnification: `x${i}` })),
    },
    rng,
  );
  const options = {
    size: batch,
    accumulate: false,
    source: "features",
    losses: { [TASK]: crossEntropy },
    adamW: {},
  };
  const parameters = splitParameters(model.parameters, "frozen").trained;
  const program = await compile(
    trainingStep(model.spec, Object.keys(parameters), options),
    { inputs: stepInputs(model.spec, options), state: stepState(parameters, options) },
    { device: "cpu", name: "head" },
  );
  const features = Float32Array.from({ length: samples * images * width }, () => rng.normal());
  const steps = Math.ceil(samples / batch);
  let t = 0;
  const prepared = (index) => {
    const taken = Math.min(batch, samples - index * batch);
    const x = new Float32Array(batch * images * width);
    x.set(features.subarray(index * batch * images * width, (index * batch + taken) * images * width));
    const oneHot = Float32Array.from({ length: batch * 2 }, (_, i) => Number((i >> 1) % 2 === i % 2));
    const mask = Float32Array.from({ length: batch * dropoutWidth(model.spec) }, () =>
      rng.chance(0.5) ? 0 : 2,
    );
    return {
      features: x,
      [oneHotInput(TASK)]: oneHot,
      [weightInput(TASK)]: Float32Array.from({ length: batch }, (_, i) => (i < taken ? 1 / taken : 0)),
      [dropoutInput(TASK)]: mask,
      encoderRate: 0,
      rate: 1e-4,
      ...adamWCorrections(++t),
    };
  };
  return {
    // As `fit` does: the next inputs are prepared while the engine works on the present ones.
    run: async () => {
      let waiting = prepared(0);
      for (let index = 0; index < steps; index++) {
        const running = program.run(waiting);
        if (index + 1 < steps) waiting = prepared(index + 1);
        await running;
      }
    },
    close: () => program.dispose(),
    facts: () => ({ build: program.build, steps }),
  };
}
