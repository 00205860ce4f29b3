/** `fit` gives the same run in either form of the training step. */
import { expect, test, vi } from "vitest";
import { modelSpec } from "../../../src/model/model";
import { fit } from "../../../src/train";
import { imagesTogether, oneGraphBytes, prefersChain } from "../../../src/train/chain-step";
import {
  incompleteToyCohort,
  TOY_ENCODER,
  TOY_SIZE,
  TOY_VIEWS,
  toyCohort,
} from "../../unit/train/toy-cohort";

const forced = vi.hoisted(() => ({ chain: false }));

vi.mock("../../../src/train/chain-step", async (original) => {
  const actual = await original<typeof import("../../../src/train/chain-step")>();
  return {
    ...actual,
    prefersChain: (...given: Parameters<typeof actual.prefersChain>) =>
      forced.chain || actual.prefersChain(...given),
  };
});

test.each(["full", { lora: { rank: 2, projections: ["q", "v", "fc1"] } }] as const)(
  "the low-memory form gives the same run (%j)",
  async (mode) => {
    const run = (chain: boolean) => {
      forced.chain = chain;
      return fit(toyCohort({ unlabelled: 2 }), {
        preset: "notebook",
        tasks: "SIGN",
        encoder: TOY_ENCODER,
        imageSize: TOY_SIZE,
        views: TOY_VIEWS,
        fusionWidth: 16,
        batch: 8,
        epochs: 3,
        mode,
        device: "cpu",
      });
    };
    const [chained, whole] = [await run(true), await run(false)];
    expect(chained.device).toBe("cpu");
    for (const name of Object.keys(whole.adapters))
      chained.adapters[name]!.data.forEach((value, i) => {
        expect(value, name).toBeCloseTo(whole.adapters[name]!.data[i]!, 4);
      });
    whole.history.forEach((record, i) => {
      expect(chained.history[i]!.trainLoss).toBeCloseTo(record.trainLoss, 4);
      expect(chained.history[i]!.validLoss).toBeCloseTo(record.validLoss!, 4);
    });
  },
);

test("missing images are masked in either form", async () => {
  const run = (chain: boolean) => {
    forced.chain = chain;
    return fit(incompleteToyCohort(), {
      preset: "notebook",
      tasks: ["SIGN", "COIN"],
      encoder: TOY_ENCODER,
      imageSize: TOY_SIZE,
      fusion: "gated-abmil",
      fusionWidth: 16,
      batch: 8,
      epochs: 2,
      gradientConflict: true,
      missing: "mask",
      device: "cpu",
    });
  };
  const [chained, whole] = [await run(true), await run(false)];
  whole.history.forEach((record, i) => {
    expect(chained.history[i]!.trainLoss).toBeCloseTo(record.trainLoss, 4);
    expect(chained.history[i]!.validLoss).toBeCloseTo(record.validLoss!, 4);
  });
});

test("features of a frozen encoder are the same in either form", async () => {
  const run = (chain: boolean) => {
    forced.chain = chain;
    return fit(toyCohort(), {
      preset: "notebook",
      tasks: "SIGN",
      encoder: TOY_ENCODER,
      imageSize: TOY_SIZE,
      views: TOY_VIEWS,
      fusionWidth: 16,
      mode: "frozen",
      epochs: 2,
      device: "cpu",
    });
  };
  const [chained, whole] = [await run(true), await run(false)];
  whole.history.forEach((record, i) => {
    expect(chained.history[i]!.trainLoss).toBeCloseTo(record.trainLoss, 5);
  });
});

test("the form is chosen by what one graph would keep in memory", () => {
  const specOf = (imageSize: number) =>
    modelSpec({
      encoder: "vit-s/16",
      imageSize,
      tasks: { SIGN: { title: "sign", classes: ["no", "yes"] } },
      views: [1, 2, 3, 4, 5, 6].map((n) => ({ site: "core", magnification: `x${n}00` })),
    });
  expect(prefersChain(specOf(96), 1)).toBe(false);
  expect(prefersChain(specOf(512), 1)).toBe(true);
  // Measured: one graph for six images of 512 pixels peaks at 5.7 GB, optimiser and parameters included.
  expect(oneGraphBytes(specOf(512), 1) / 1e9).toBeGreaterThan(4);
  expect(oneGraphBytes(specOf(512), 1) / 1e9).toBeLessThan(6);
});

test("images that go together divide the images of a pass", () => {
  const spec = modelSpec({
    encoder: "vit-s/16",
    imageSize: 224,
    tasks: { SIGN: { title: "sign", classes: ["no", "yes"] } },
    views: [{ site: "core", magnification: "x200" }],
  });
  expect([1, 2, 7, 12, 13].map((images) => imagesTogether(spec, images))).toEqual([1, 2, 1, 6, 1]);
});
