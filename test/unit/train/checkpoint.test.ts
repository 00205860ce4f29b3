/** Checkpoints of a run: going on, and what is refused. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { installHost } from "../../../src/core/host";
import { removeParts } from "../../../src/core/whole-file";
import { tf } from "../../../src/engine";
import { runner } from "../../../src/engine/runner";
import {
  crossValidate,
  type EpochRecord,
  type FitOptions,
  fit,
  type LossFunction,
  type Run,
} from "../../../src/train";
import { readTrainingState, writeTrainingState } from "../../../src/train/training-state";
import { TOY_ENCODER, TOY_SIZE, type ToyTask, toyCohort } from "./toy-cohort";

const QUICK: FitOptions<ToyTask> = {
  preset: "notebook",
  tasks: "SIGN",
  encoder: TOY_ENCODER,
  imageSize: TOY_SIZE,
  fusionWidth: 16,
  epochs: 3,
  batch: 4,
  device: "cpu",
};

let folder: string;
let file: string;
let warnings: string[];
let restore: () => void;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-checkpoint-"));
  file = path.join(folder, "training.safetensors");
  warnings = [];
  restore = installHost({
    display: () => ({ update: () => {} }),
    signal: () => undefined,
    warn: (message) => warnings.push(message),
  });
});
afterEach(() => {
  restore();
  rmSync(folder, { recursive: true });
});

const seen = ({ history, model }: Run<ToyTask>) => ({
  history: history.map(({ seconds: _, ...record }: EpochRecord) => record),
  parameters: model.parameters,
});

/** Stop a run after so many epochs. */
async function stopped(epochs: number, options: FitOptions<ToyTask> = QUICK, cohort = toyCohort()) {
  const controller = new AbortController();
  const error = await fit(cohort, {
    ...options,
    signal: controller.signal,
    onEpoch: (history) => {
      if (history.length === epochs) controller.abort();
    },
  }).catch((e: unknown) => e);
  expect(isOsccError(error, "Aborted")).toBe(true);
}

const refusal = (options: FitOptions<ToyTask>, cohort = toyCohort()) =>
  fit(cohort, options).then(
    () => undefined,
    (error: Error) => error,
  );

describe("going on", () => {
  test.each(["cpu", "eager"] as const)("a stopped run goes on where it stopped, on %s", async (device) => {
    const options = { ...QUICK, device, checkpoint: folder };
    await stopped(2, options);
    let computed = 0;
    const run = await fit(toyCohort(), { ...options, onEpoch: () => void computed++ });
    expect(computed).toBe(1);
    expect(seen(run)).toEqual(seen(await fit(toyCohort(), { ...QUICK, device })));
  });

  test("a run whose worker crashed says so, and goes on in a new one", async () => {
    const options = { ...QUICK, checkpoint: { folder, everySeconds: 0 } };
    const crash = (history: readonly unknown[]) => (history.length === 2 ? runner().stop() : undefined);
    const error = await refusal({ ...options, onEpoch: crash });
    expect(isOsccError(error, "WorkerCrashed")).toBe(true);
    expect(error?.message).toMatch(/continue from the last checkpoint/);
    let computed = 0;
    const run = await fit(toyCohort(), { ...options, onEpoch: () => void computed++ });
    expect(computed).toBe(1);
    expect(seen(run)).toEqual(seen(await fit(toyCohort(), QUICK)));
  });

  test("a run that is stopped in an epoch goes on in it, after at most one more step", async () => {
    const controller = new AbortController();
    let epochs = 0;
    const error = await refusal({
      ...QUICK,
      signal: controller.signal,
      checkpoint: { folder, everySeconds: 0 },
      onEpoch: () => {
        epochs++;
        setImmediate(() => controller.abort());
      },
    });
    expect(isOsccError(error, "Aborted")).toBe(true);
    const { position, history } = (await readTrainingState(file)).state;
    expect(epochs).toBe(1);
    expect(history).toHaveLength(1);
    expect([position.epoch, position.batch <= 2]).toEqual([1, true]);
    expect(seen(await fit(toyCohort(), { ...QUICK, checkpoint: folder }))).toEqual(
      seen(await fit(toyCohort(), QUICK)),
    );
  });

  test("a frozen encoder's head as well", async () => {
    const options = { ...QUICK, mode: "frozen", checkpoint: { folder, everySeconds: 0 } } as const;
    await stopped(1, options);
    const run = await fit(toyCohort(), options);
    const { checkpoint: _, ...plain } = options;
    expect(seen(run)).toEqual(seen(await fit(toyCohort(), plain)));
  });

  test("a finished run is there at once, with the warning it gave", async () => {
    const cohort = toyCohort({ oneClassIn: "valid" });
    const options = { ...QUICK, checkpoint: folder };
    const first = await fit(cohort, options);
    let computed = 0;
    const again = await fit(cohort, { ...options, onEpoch: () => void computed++ });
    expect(computed).toBe(0);
    expect(seen(again)).toEqual(seen(first));
    expect(again.best).toEqual(first.best);
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toBe(warnings[0]);
  });

  test("a run that stopped early is over, and stays so", async () => {
    const earlyStopping = { patience: 1, minDelta: 10 };
    const options = { ...QUICK, earlyStopping, checkpoint: { folder, everySeconds: 0 } };
    const first = await fit(toyCohort(), options);
    expect(first.history).toHaveLength(2);
    expect(seen(await fit(toyCohort(), options))).toEqual(seen(first));
  });

  test("with resume: false everything begins anew", async () => {
    await fit(toyCohort(), { ...QUICK, checkpoint: folder });
    let computed = 0;
    const onEpoch = () => void computed++;
    await fit(toyCohort(), { ...QUICK, seed: 8, checkpoint: { folder, resume: false }, onEpoch });
    expect(computed).toBe(3);
    // What was there is replaced.
    const { identity } = await readTrainingState<{ options: { seed: string } }>(file);
    expect(identity.options.seed).toBe("8");
  });

  test("each fold of a cross-validation has a folder of its own", async () => {
    const cohort = toyCohort({ patients: 12 });
    const options = { ...QUICK, epochs: 1, folds: 3, checkpoint: folder };
    const first = await crossValidate(cohort, options);
    let computed = 0;
    const again = await crossValidate(cohort, { ...options, onEpoch: () => void computed++ });
    expect(computed).toBe(0);
    expect(again.predictions()).toEqual(first.predictions());
  });

  test("a version that began the run is said when it was another", async () => {
    await stopped(1, { ...QUICK, checkpoint: folder });
    const stored = await readTrainingState(file);
    await writeTrainingState(file, { ...stored, version: "0.0.1" });
    await fit(toyCohort(), { ...QUICK, checkpoint: folder });
    expect(warnings).toEqual([expect.stringMatching(/begun with version 0\.0\.1/)]);
  });

  test("what JSON cannot say comes back: undefined scores, infinite losses", async () => {
    const record = {
      epoch: 1,
      trainLoss: Infinity,
      validAuc: { SIGN: undefined },
      learningRate: 1,
      seconds: 1,
    };
    await stopped(1, { ...QUICK, checkpoint: folder });
    const stored = await readTrainingState(file);
    const history = [{ ...record, encoderLearningRate: 1 }];
    await writeTrainingState(file, { ...stored, state: { ...stored.state, history } });
    const found = (await readTrainingState(file)).state.history[0]!;
    expect(found).toStrictEqual(history[0]);
    expect(Object.keys(found.validAuc!)).toEqual(["SIGN"]);
  });
});

describe("what is refused", () => {
  const options = { ...QUICK, checkpoint: "" };
  beforeEach(async () => {
    options.checkpoint = folder;
    await stopped(1, options);
  });

  const expectRefused = (error: Error | undefined, reason: string, message: RegExp) => {
    expect(error?.message).toMatch(message);
    expect(error?.message).toMatch(/resume: false|another folder/);
    expect(isOsccError(error, "InvalidCheckpoint") && error.data.reason).toBe(reason);
  };

  test("other options, each named with both values", async () => {
    const error = await refusal({ ...options, seed: 8, learningRate: { encoder: 0, rest: 1e-3 } });
    expectRefused(error, "another-run", /seed was 7, and is 8/);
    expect(error?.message).toMatch(
      /learningRate was \{"encoder":0.0005,"rest":0.0005\}, and is \{"encoder":0/,
    );
  });

  test("other patients, and other labels", async () => {
    expectRefused(
      await refusal(options, toyCohort({ patients: 25 })),
      "another-run",
      /training patients.* changed/,
    );
    expectRefused(
      await refusal(options, toyCohort({ unlabelled: 1 })),
      "another-run",
      /training patients.* changed/,
    );
  });

  test("another loss of one's own", async () => {
    const squares: LossFunction = (logits, { oneHot }) => tf.sum(tf.squaredDifference(logits, oneHot));
    const distances: LossFunction = (logits, { oneHot }) => tf.sum(tf.abs(tf.sub(logits, oneHot)));
    await stopped(1, { ...options, loss: squares, checkpoint: { folder, resume: false } });
    expectRefused(
      await refusal({ ...options, loss: distances }),
      "another-run",
      /the loss functions changed/,
    );
  });

  test("a file that is cut short, at any place", async () => {
    const whole = readFileSync(file);
    for (const share of [0, 0.0001, 0.01, 0.5, 0.999]) {
      writeFileSync(file, whole);
      truncateSync(file, Math.floor(share * whole.length));
      expectRefused(await refusal(options), "truncated", /training\.safetensors is cut short/);
    }
  });

  test("another form, another file", async () => {
    const text = readFileSync(file, "latin1");
    writeFileSync(
      file,
      text
        .replace('{\\\\"format\\\\":1,', '{\\\\"format\\\\":9,')
        .replace('{\\"format\\":1,', '{\\"format\\":9,'),
      "latin1",
    );
    expectRefused(await refusal(options), "version", /form 9.*expected form 1/s);
    writeFileSync(file, "no checkpoint at all");
    expectRefused(await refusal(options), "unknown-format", /damaged, or no checkpoint/);
    const run = await fit(toyCohort(), QUICK);
    await run.save(folder);
    writeFileSync(file, readFileSync(path.join(folder, "model.safetensors")));
    expectRefused(await refusal(options), "names", /holds no state of a training/);
  });

  test("a folder that cannot be made, before anything is computed", async () => {
    const error = await refusal({ ...QUICK, checkpoint: path.join(file, "inside") });
    expect(isOsccError(error, "InvalidArgument")).toBe(true);
    expect(error?.message).toMatch(/cannot be written \(ENOTDIR\)/);
    await expect(fit(toyCohort(), { ...QUICK, checkpoint: { folder, everySeconds: -1 } })).rejects.toThrow(
      /everySeconds is -1; expected a number from 0/,
    );
  });
});

test("what processes that are gone left half written is removed, and nothing else", async () => {
  const own = path.join(
    folder,
    `training.safetensors.${(await import("node:os")).hostname()}-${process.pid}.part`,
  );
  const gone = own.replace(`-${process.pid}.`, "-999999999.");
  const elsewhere = path.join(folder, "training.safetensors.elsewhere-999999999.part");
  for (const name of [own, gone, elsewhere]) writeFileSync(name, "");
  await removeParts(file);
  expect([own, gone, elsewhere].map((name) => name && readable(name))).toEqual([true, false, true]);
});

function readable(name: string): boolean {
  try {
    readFileSync(name);
    return true;
  } catch {
    return false;
  }
}
