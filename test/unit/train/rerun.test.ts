/** A run is done again from its record, to the same numbers; what changed since is said. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { installHost } from "../../../src/core/host";
import { Rng } from "../../../src/core/random";
import { createModel, writeSafetensors } from "../../../src/model";
import { crossEntropy, type EpochRecord, type FitOptions, features, fit, rerun } from "../../../src/train";
import { TOY_ENCODER, TOY_SIZE, TOY_VIEWS, type ToyTask, toyCohort } from "./toy-cohort";

const QUICK: FitOptions<ToyTask> = {
  preset: "notebook",
  encoder: TOY_ENCODER,
  imageSize: TOY_SIZE,
  fusionWidth: 16,
  epochs: 2,
  batch: 4,
  device: "cpu",
};
const strip = (history: readonly EpochRecord[]) => history.map(({ seconds: _, ...rest }) => rest);

let folder: string;
let warnings: string[];
let restore: () => void;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-rerun-"));
  vi.stubEnv("OSCC_CACHE", path.join(folder, "cache"));
  warnings = [];
  restore = installHost({
    display: () => ({ update: () => {} }),
    signal: () => undefined,
    warn: (message) => warnings.push(message),
  });
});
afterEach(() => {
  restore();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test.each([
  ["one task", { tasks: "SIGN", augment: "dihedral", seed: 11 }],
  ["LoRA", { tasks: "SIGN", mode: { lora: { rank: 2 } } }],
  ["a linear probe", { tasks: "SIGN", mode: "linear-probe" }],
  [
    "GradNorm, by early stopping",
    { balancing: "gradNorm", earlyStopping: { patience: 1 }, select: "published" },
  ],
  [
    "a split of one's own",
    { tasks: "COIN", split: { train: ["T1", "T2", "T5", "T8"], valid: ["T9", "T4"] } },
  ],
] as const)("%s", async (_, change) => {
  const cohort = toyCohort();
  const run = await fit(cohort, { ...QUICK, ...change } as FitOptions<ToyTask>);
  await run.save(folder);
  vi.stubEnv("OSCC_WEIGHTS", "/nowhere/weights.pth"); // was not set when the run was made
  const again = await rerun(folder, cohort);
  expect(strip(again.history)).toEqual(strip(run.history));
  expect(again.model.parameters).toEqual(run.model.parameters);
  expect(again.toJSON().options).toEqual(JSON.parse(JSON.stringify(run.toJSON().options)));
  expect(again.dataSha256).toBe(run.dataSha256);
  expect(warnings.filter((text) => /made with|have changed/.test(text))).toEqual([]);
});

test("on features, and from a weights file", async () => {
  const file = path.join(folder, "encoder.safetensors");
  const tasks = { SIGN: { title: "sign", classes: ["no", "yes"] } };
  const { parameters } = createModel({ encoder: TOY_ENCODER, tasks, views: TOY_VIEWS }, new Rng("weights"));
  await writeSafetensors(
    file,
    Object.fromEntries(Object.entries(parameters).filter(([name]) => name.startsWith("encoder."))),
  );
  const cohort = toyCohort();
  const table = await features(cohort, {
    preset: "notebook",
    imageSize: TOY_SIZE,
    weights: file,
    device: "cpu",
  });
  const run = await fit(cohort, {
    preset: "notebook",
    tasks: "SIGN",
    features: table,
    epochs: 2,
    device: "cpu",
  });
  expect(run.weights).toBeDefined();
  await run.save(folder);
  const again = await rerun(folder, cohort);
  expect(strip(again.history)).toEqual(strip(run.history));
});

test("a loss of one's own must be passed again", async () => {
  const cohort = toyCohort();
  const own: typeof crossEntropy = (logits, targets) => crossEntropy(logits, targets);
  const run = await fit(cohort, { ...QUICK, tasks: "SIGN", loss: own });
  await run.save(folder);
  await expect(rerun(folder, cohort)).rejects.toThrow(/loss function of SIGN: run.json cannot hold it/);
  const again = await rerun(folder, cohort, { loss: own });
  expect(strip(again.history)).toEqual(strip(run.history));
});

test("what changed is said: other images, another version", async () => {
  const run = await fit(toyCohort(), { ...QUICK, tasks: "SIGN" });
  await run.save(folder);
  const file = path.join(folder, "run.json");
  const record = JSON.parse(readFileSync(file, "utf8"));
  expect(record.versions).toMatchObject({ "onnxruntime-node": expect.stringMatching(/^\d+\.\d+/) });
  writeFileSync(file, JSON.stringify({ ...record, versions: { ...record.versions, "oscc-lab": "0.0.1" } }));
  await rerun(folder, toyCohort({ noise: 30 }));
  expect(warnings[0]).toMatch(/made with oscc-lab 0\.0\.1; this is/);
  expect(warnings[1]).toMatch(/labels or images of the run's patients have changed/);
});

test("a folder without a run is an error", async () => {
  await expect(rerun(folder, toyCohort())).rejects.toThrow(/expected a folder with run.json/);
});
