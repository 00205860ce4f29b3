/** Kept runs and held-out studies: found again when nothing changed, made again when anything did. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { installHost } from "../../../src/core/host";
import { crossEntropy, type FitOptions, heldOut, keptFit } from "../../../src/train";
import { TOY_ENCODER, TOY_SIZE, type ToyCohort, type ToyTask, toyCohort } from "./toy-cohort";

const QUICK: FitOptions<ToyTask> = {
  preset: "notebook",
  tasks: "SIGN",
  encoder: TOY_ENCODER,
  imageSize: TOY_SIZE,
  fusionWidth: 16,
  epochs: 2,
  batch: 4,
  device: "cpu",
};

let folder: string;
let restore: () => void;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-kept-"));
  vi.stubEnv("OSCC_CACHE", folder);
  restore = installHost({ display: () => ({ update: () => {} }), signal: () => undefined, warn: () => {} });
});
afterEach(() => {
  restore();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** The toy cohort with a file behind each image, as a cohort on disk has. */
function onDisk(cohort: ToyCohort = toyCohort()): ToyCohort {
  return {
    ...cohort,
    patients: cohort.patients.map((patient) => ({
      ...patient,
      images: (options: { views: readonly { site: string; magnification: string }[] }) =>
        patient.images(options).map((image) => ({ ...image, path: imageFile(patient.id, image.site) })),
    })),
  };
}

function imageFile(id: string, site: string): string {
  return path.join(folder, `${id}-${site}.png`);
}

function writeImages(cohort: ToyCohort): void {
  for (const { id } of cohort.patients)
    for (const site of ["core", "edge"]) writeFileSync(imageFile(id, site), id);
}

/** How many epochs were really computed while `work` ran. */
async function epochsIn(work: (onEpoch: () => void) => Promise<unknown>): Promise<number> {
  let epochs = 0;
  await work(() => {
    epochs++;
  });
  return epochs;
}

describe("keptFit", () => {
  test("the same run is read back, equal, without training", async () => {
    const cohort = onDisk();
    writeImages(cohort);
    const first = await keptFit(cohort, QUICK);
    let again = first;
    const epochs = await epochsIn(async (onEpoch) => {
      again = await keptFit(cohort, { ...QUICK, onEpoch });
    });
    expect(epochs).toBe(0);
    expect(JSON.parse(JSON.stringify(again))).toEqual(JSON.parse(JSON.stringify(first)));
    expect(await again.predict("test")).toEqual(await first.predict("test"));
  });

  test("an interrupted run goes on when it is asked for again, and leaves nothing behind but itself", async () => {
    const cohort = onDisk();
    writeImages(cohort);
    const controller = new AbortController();
    const stop = () => controller.abort();
    await expect(keptFit(cohort, { ...QUICK, signal: controller.signal, onEpoch: stop })).rejects.toThrow(
      /stopped/,
    );
    expect(await epochsIn((onEpoch) => keptFit(cohort, { ...QUICK, onEpoch }))).toBe(1);
    expect(readdirSync(path.join(folder, "runs")).filter((name) => name.includes("."))).toEqual([]);
  });

  test("another option, an image that changed, another label: trained again", async () => {
    const cohort = onDisk();
    writeImages(cohort);
    await keptFit(cohort, QUICK);
    expect(await epochsIn((onEpoch) => keptFit(cohort, { ...QUICK, seed: 8, onEpoch }))).toBe(2);
    writeFileSync(imageFile("T0", "core"), "another picture");
    expect(await epochsIn((onEpoch) => keptFit(cohort, { ...QUICK, onEpoch }))).toBe(2);
    const relabelled = onDisk(toyCohort({ unlabelled: 1 }));
    expect(await epochsIn((onEpoch) => keptFit(relabelled, { ...QUICK, onEpoch }))).toBe(2);
  });

  test("what cannot be recognised is not kept: a loss of one's own, images that come from no file", async () => {
    const cohort = onDisk();
    writeImages(cohort);
    for (const [from, options] of [
      [cohort, { ...QUICK, loss: crossEntropy }],
      [toyCohort(), QUICK],
    ] as const) {
      await keptFit(from, options);
      expect(await epochsIn((onEpoch) => keptFit(from, { ...options, onEpoch }))).toBe(2);
    }
  });
});

describe("heldOut", () => {
  test("with an official split: trained once, judged on its test patients", async () => {
    const cohort = toyCohort({ patients: 30 });
    const study = await heldOut(cohort, QUICK);
    expect(study.design).toBe("official split");
    expect(study.runs).toHaveLength(1);
    const test = cohort.patients.filter((patient) => patient.split === "test").map(({ id }) => id);
    expect(study.predictions("SIGN").patients).toEqual(test);
    expect(study.runFor({ id: test[0]! })).toBe(study.runs[0]);
    expect(() => study.runFor({ id: "T0" })).toThrow(/held-out patient "T0"/);
  });

  test("without a split: cross-validation, every patient judged once by a run that never saw them", async () => {
    const cohort = toyCohort({ patients: 18 });
    const bare = {
      ...cohort,
      patients: cohort.patients.map((patient) => ({ ...patient, split: undefined })),
    };
    const study = await heldOut(bare, { ...QUICK, folds: 3 });
    expect(study.design).toBe("cross-validation");
    expect([...study.predictions("SIGN").patients].sort()).toEqual(
      cohort.patients.map(({ id }) => id).sort(),
    );
    for (const { id } of cohort.patients) expect(study.runFor({ id }).trainIds).not.toContain(id);
  });
});
