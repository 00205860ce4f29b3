/** What a patient is made to look like depends on seed, epoch, patient and turn, and on nothing else. */
import { expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { Augmenter } from "../../../src/image";
import { createModel } from "../../../src/model";
import { type BatchOptions, epochPasses, passInputs } from "../../../src/train/batches";
import type { TrainingPatient } from "../../../src/train/cohort";

const SIDE = 16;
const model = createModel(
  {
    encoder: { imageSize: [SIDE, SIDE], patch: 8, width: 8, depth: 1, heads: 1, mlpRatio: 1 },
    tasks: { T: { title: "t", classes: ["no", "yes"] } },
    views: [
      { site: "a", magnification: "x10" },
      { site: "b", magnification: "x10" },
    ],
  },
  new Rng(1),
);
const patients: TrainingPatient[] = Array.from({ length: 5 }, (_, i) => ({
  id: `p${i}`,
  labels: { T: i % 2 },
  split: "train",
  images: () => [],
}));
const length = 2 * SIDE * SIDE * 3;
const pixelsOf = ({ id }: TrainingPatient) =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + 17 * Number(id.slice(1))) % 256);
const { normalisation } = model.spec;
const options: BatchOptions = {
  spec: model.spec,
  source: "images",
  augmenter: new Augmenter("histology", { width: SIDE, height: SIDE, normalisation }, { threads: 0 }),
  classWeights: {},
  labelSmoothing: 0,
  read: async (patient) => pixelsOf(patient),
};

/** Each showing of a patient in an epoch, by patient and turn. */
async function shown(order: readonly TrainingPatient[], epoch: number, batch: number, size: number) {
  const seen = new Map<string, Float32Array>();
  const turns = new Map<string, number>();
  for (const pass of epochPasses(order, { epoch, batch, size })) {
    const { images } = await passInputs(pass, options, new Rng("run"));
    pass.patients.slice(pass.from, pass.from + size).forEach(({ id }, i) => {
      const turn = turns.get(id) ?? 0;
      turns.set(id, turn + 1);
      seen.set(`${id} ${turn}`, images!.slice(i * length, (i + 1) * length));
    });
  }
  return seen;
}

const order = [0, 1, 2, 0, 3, 4, 0].map((i) => patients[i]!);

test("batch and pass sizes, and who else is in the batch, do not matter", async () => {
  const one = await shown(order, 3, 4, 2);
  expect(await shown(order, 3, 7, 7)).toEqual(one);
  const other = await shown([...order].reverse(), 3, 3, 1);
  for (const [key, pixels] of one) expect(other.get(key)).toEqual(pixels);
});

test("a patient shown again in an epoch, and in the next epoch, looks different", async () => {
  const now = await shown(order, 0, 4, 4);
  const later = await shown(order, 1, 4, 4);
  expect(now.get("p0 1")).not.toEqual(now.get("p0 0"));
  expect(now.get("p0 2")).not.toEqual(now.get("p0 1"));
  expect(later.get("p0 0")).not.toEqual(now.get("p0 0"));
});
