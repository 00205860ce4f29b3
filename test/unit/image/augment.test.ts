/** Augmentation: what is drawn, for whom, and that chance does not depend on what runs in parallel. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { Rng } from "../../../src/core/random";
import { Threads } from "../../../src/core/threads";
import {
  AUGMENTATIONS,
  type Augmentation,
  type AugmentationName,
  Augmenter,
  augment,
  augmentationRecipe,
} from "../../../src/image";
import { drawAugmentation } from "../../../src/image/augment/draw";
import { augmentAll } from "../../../src/image/augment/task";
import { picture } from "../cohort/make-cohort";

const NAMES = Object.keys(AUGMENTATIONS) as AugmentationName[];
const normalisation = { mean: [175, 110, 177], std: [21, 39, 11] } as const;
const drawn = (name: AugmentationName, width: number, height: number, seed: string) =>
  drawAugmentation(augmentationRecipe(name), { width, height, normalisation }, new Rng(seed));

describe("draws", () => {
  test("dihedral draws all eight symmetries of a square, flips draws four, a rectangle keeps its shape", () => {
    const seen = (name: "flips" | "dihedral", width: number, height: number) =>
      new Set(
        Array.from({ length: 200 }, (_, i) => JSON.stringify(drawn(name, width, height, `d${i}`).steps)),
      );
    expect(seen("dihedral", 4, 4).size).toBe(8);
    expect(seen("dihedral", 6, 4).size).toBe(4);
    expect(seen("flips", 4, 4).size).toBe(4);
  });

  test("crop and rotation are always done as published, contrast and sharpness half of the time", () => {
    const counts: Record<string, number> = {};
    for (let i = 0; i < 1000; i++)
      for (const { kind } of drawn("published", 96, 96, `p${i}`).steps)
        counts[kind] = (counts[kind] ?? 0) + 1;
    expect(counts).toMatchObject({ crop: 1000, symmetry: 1000, rotation: 1000 });
    for (const kind of ["autocontrast", "sharpness"]) expect(Math.abs(counts[kind]! - 500)).toBeLessThan(64); // four standard deviations
  });

  test("what is drawn stays within the recipe's limits", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 8, max: 700 }), (seed, side) => {
        for (const { kind, drawn: numbers } of drawn("published", side, side, `${seed}`).steps) {
          const found = numbers as Record<string, number>;
          if (kind === "rotation") expect(Math.abs(found.degrees!)).toBeLessThanOrEqual(45);
          if (kind !== "crop") continue;
          const { x, y, width, height } = found as { x: number; y: number; width: number; height: number };
          expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
          expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(side);
          // Whole pixels: on a small picture the share is met only roughly.
          expect((width * height) / side ** 2).toBeGreaterThan(0.8 - 2 / side);
        }
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test("a step that is left out does not change the draws of the others", () => {
    const { steps } = AUGMENTATIONS.histology;
    const without = steps.map((step) => (step.kind === "stain" ? { ...step, probability: 0 } : step));
    const scene = { width: 64, height: 64 };
    const all = drawAugmentation({ steps }, scene, new Rng(3)).steps.filter(({ kind }) => kind !== "stain");
    expect(drawAugmentation({ steps: without }, scene, new Rng(3)).steps).toEqual(all);
  });
});

describe("the images of a patient", () => {
  const views = [picture(24, 24, 1), picture(24, 24, 1), picture(24, 24, 1)];

  test("are changed alike by default, each on its own where the recipe says so", () => {
    const alike = augment(views, "histology", { seed: 5 });
    expect(alike[1]!.data).toEqual(alike[0]!.data);
    const own = augment(views, { ...AUGMENTATIONS.histology, draw: "image" }, { seed: 5 });
    expect(own[1]!.data).not.toEqual(own[0]!.data);
    expect(own[2]!.data).not.toEqual(own[1]!.data);
  });

  test("keep every value under flips and quarter turns, and keep size and range under every recipe", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(...NAMES),
        fc.integer({ min: 1, max: 20 }),
        (seed, name, side) => {
          const before = picture(side, side, 3);
          const after = augment(before, name, { seed });
          expect([after.width, after.height]).toEqual([side, side]);
          const isMove = name === "none" || name === "flips" || name === "dihedral";
          if (isMove) expect([...after.data].sort()).toEqual([...before.data].sort());
          expect(augment(before, name, { seed }).data).toEqual(after.data);
        },
      ),
      { numRuns: 60, seed: 2 },
    );
  });

  test("a picture of one colour keeps it where stain and lamp are left alone", () => {
    const flat = picture(16, 16, 1);
    flat.data.fill(120);
    for (const seed of [1, 2, 3, 4])
      expect(new Set(augment(flat, "published", { seed }).data)).toEqual(new Set([120]));
  });
});

describe("chance does not depend on what runs in parallel", () => {
  const pixels = Uint8Array.from({ length: 6 * 32 * 32 * 3 }, (_, i) => (i * 37) % 251);
  const scene = { width: 32, height: 32, normalisation };

  test.each(["published", "histology", "upstream-z-scored"] as const)(
    "%s on threads gives the same bits as on this thread",
    async (name) => {
      const here = new Augmenter(name, scene, { threads: 0 });
      const there = new Augmenter(name, scene, { threads: 2 });
      onTestFinished(() => there.dispose());
      const streams = Array.from({ length: 8 }, (_, i) => new Rng("patients").split(i));
      const expected = await Promise.all(streams.map((rng) => here.run(pixels, rng)));
      const backwards = await Promise.all([...streams].reverse().map((rng) => there.run(pixels, rng)));
      expect(backwards.reverse()).toEqual(expected);
      expect(expected[1]).not.toEqual(expected[0]);
    },
  );

  test("the pixels that were given stay as they are", async () => {
    const copy = pixels.slice();
    const there = new Augmenter("published", scene, { threads: 1 });
    onTestFinished(() => there.dispose());
    await there.run(pixels, new Rng(1));
    expect(pixels).toEqual(copy);
  });
});

describe("threads", () => {
  test("a task that fails is an error of ours, and the next one is answered", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "oscc-threads-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const script = path.join(folder, "script.cjs");
    writeFileSync(
      script,
      `const { parentPort } = require("node:worker_threads");
       parentPort.on("message", (n) => {
         if (n === 13) process.exit(1);
         parentPort.postMessage(n < 0 ? { error: "negative" } : { answer: n * n });
       });`,
    );
    const threads = new Threads<number, number>(script, 2);
    onTestFinished(() => threads.close());
    const answers = await Promise.allSettled([1, -2, 3, 4].map((n) => threads.run(n)));
    expect(answers.map((one) => (one.status === "fulfilled" ? one.value : one.reason.code))).toEqual([
      1,
      "WorkerCrashed",
      9,
      16,
    ]);
    const ended = await threads.run(13).catch((error: unknown) => error);
    expect(isOsccError(ended, "WorkerCrashed")).toBe(true);
    expect(await threads.run(5)).toBe(25);
  });
});

test("the task is the same whether bytes or floats are sent", () => {
  const bytes = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 29) % 256);
  const task = { width: 8, height: 8, drawn: [drawn("published", 8, 8, "t")] };
  expect(augmentAll({ ...task, pixels: bytes })).toEqual(
    augmentAll({ ...task, pixels: Float32Array.from(bytes) }),
  );
});

describe("what is refused, and how", () => {
  const refusal = (recipe: unknown) => {
    try {
      augmentationRecipe(recipe as Augmentation);
    } catch (error) {
      if (isOsccError(error)) return `${error.code}: ${error.message}`;
    }
    return "nothing";
  };

  test.each([
    ["publishd", /^UnknownName: .*Did you mean "published"\?/s],
    [{ steps: [{ kind: "rotate", degrees: 3 }] }, /UnknownName: .*Did you mean "rotation"\?/s],
    [{ steps: [{ kind: "rotation", degrees: 400 }] }, /rotation\.degrees is 400/],
    [{ steps: [{ kind: "rotation", degrees: 4, fill: "black" }] }, /rotation\.fill .*mirror, mean/],
    [{ steps: [{ kind: "crop", scale: [0.9, 0.5] }] }, /crop\.scale/],
    [{ steps: [{ kind: "blur", sigmaPx: [0, Number.NaN] }] }, /blur\.sigmaPx/],
    [{ steps: [{ kind: "autocontrast", probability: 2 }] }, /autocontrast\.probability is 2/],
    [{ draw: "site", steps: [] }, /draw is "site"/],
    [{}, /a recipe's name or \{ steps/],
    [null, /a recipe's name or \{ steps/],
  ])("%o", (recipe, message) => {
    expect(refusal(recipe)).toMatch(message);
  });

  test("pictures of two sizes, none, and a recipe that needs to know the scale", () => {
    expect(() => augment([picture(8, 8), picture(9, 8)], "flips")).toThrow(/9x8 beside 8x8/);
    expect(() => augment([], "flips")).toThrow(/at least one picture/);
    const scene = { width: 8, height: 8 };
    expect(() => drawAugmentation(augmentationRecipe("published"), scene, new Rng(1))).toThrow(
      /normalisation is undefined/,
    );
  });
});
