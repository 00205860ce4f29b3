/** How deep a training reaches: what each mode changes and what it leaves. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { auc, defined } from "../../../src/evaluate";
import { type FitOptions, fit, loadRun } from "../../../src/train";
import { TOY_ENCODER, TOY_SIZE, type ToyTask, toyCohort } from "./toy-cohort";

const QUICK: FitOptions<ToyTask> = {
  preset: "notebook",
  tasks: "SIGN",
  encoder: TOY_ENCODER,
  imageSize: TOY_SIZE,
  fusionWidth: 32,
  epochs: 12,
  batch: 4,
  augment: "none",
  learningRate: { encoder: 3e-3, rest: 3e-3 },
  device: "cpu",
};

test("LoRA learns, changes only what it adapts, and its adapters explain the change", async () => {
  const cohort = toyCohort({ patients: 30 });
  const lora = { rank: 2, alpha: 4, projections: ["q", "v"] } as const;
  const run = await fit(cohort, { ...QUICK, mode: { lora } });
  const start = await fit(cohort, { ...QUICK, epochs: 1, learningRate: { encoder: 0, rest: 0 } });
  expect(defined(auc(await run.predict("test")), "AUC")).toBeGreaterThan(0.9);

  const [before, after] = [start.model.parameters, run.model.parameters];
  for (const name of Object.keys(before).filter((name) => name.startsWith("encoder.")))
    if (name.endsWith("attn.qkv.weight")) expect(after[name], name).not.toEqual(before[name]);
    else expect(after[name], name).toEqual(before[name]);

  const name = "blocks.1.attn.v";
  const [a, b] = [run.adapters[`${name}.a`]!.data, run.adapters[`${name}.b`]!.data];
  const at = 2 * 16 * 16; // the rows of the values, width 16
  const weight = "encoder.blocks.1.attn.qkv.weight";
  const change = after[weight]!.data[at]! - before[weight]!.data[at]!;
  expect(change).toBeCloseTo((4 / 2) * (b[0]! * a[0]! + b[1]! * a[16]!), 5);
  expect(run.options.mode).toEqual({ lora });
});

test("a LoRA run is saved and read back with its adapters", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "oscc-lora-"));
  try {
    const cohort = toyCohort();
    const run = await fit(cohort, { ...QUICK, mode: "lora", epochs: 1 });
    await run.save(folder);
    const again = await loadRun(folder, cohort);
    expect(again.adapters).toEqual(run.adapters);
    expect((await again.predict("test")).probabilities).toEqual((await run.predict("test")).probabilities);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("parameter groups keep their rates: an encoder at rate 0 stays, the rest learns", async () => {
  const options = { ...QUICK, learningRate: { encoder: 0, rest: 1e-3 }, weightDecay: 0 };
  const run = await fit(toyCohort(), { ...options, epochs: 2 });
  const other = await fit(toyCohort(), { ...options, epochs: 1 });
  const [encoder, fusion] = ["encoder.blocks.0.mlp.fc1.weight", "fusion.fc.weight"];
  expect(run.model.parameters[encoder]).toEqual(other.model.parameters[encoder]);
  expect(run.model.parameters[fusion]).not.toEqual(other.model.parameters[fusion]);
});

test.each([
  ["half", /no mode "half"[\s\S]*Known: full, lora, frozen/],
  [{ lora: { rank: 99 } }, /less than the encoder's width 16/],
  [{ rank: 2 }, /mode is .*expected one of/],
])("refuses mode %j", async (mode, message) => {
  await expect(fit(toyCohort(), { ...QUICK, mode } as FitOptions<ToyTask>)).rejects.toThrow(message);
});
