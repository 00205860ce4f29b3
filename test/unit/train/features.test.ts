/** Features computed once: kept by what they were made from, trained on in their own right. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fileContent } from "../../../src/core/content";
import { auc, defined } from "../../../src/evaluate";
import { modelSpec, patchGrid, tokenCount, type ViewImage, vitConfig } from "../../../src/model";
import {
  type EpochRecord,
  type FeatureOptions,
  type FitOptions,
  features,
  fit,
  tileViews,
  wholePhotographs,
} from "../../../src/train";
import { decodeTiles } from "../../../src/train/tiles";
import { TOY_ENCODER, TOY_SIZE, TOY_VIEWS, type ToyTask, toyCohort } from "./toy-cohort";

const ENCODER: FeatureOptions<ToyTask> = {
  preset: "notebook",
  encoder: TOY_ENCODER,
  imageSize: TOY_SIZE,
  device: "cpu",
};
const HEAD: FitOptions<ToyTask> = {
  preset: "notebook",
  tasks: "SIGN",
  fusionWidth: 32,
  epochs: 12,
  batch: 4,
  learningRate: { encoder: 3e-3, rest: 3e-3 },
  device: "cpu",
};
const strip = (history: readonly EpochRecord[]) => history.map(({ seconds: _, ...rest }) => rest);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-features-"));
  vi.stubEnv("OSCC_CACHE", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
const filesKept = () =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".f32"));

describe("a table of features", () => {
  test("has a row for each patient and says what it is", async () => {
    const table = await features(toyCohort(), ENCODER);
    expect(table.shape).toEqual([20, 2, 16]);
    expect(table.of("T3")).toHaveLength(32);
    expect(table.of({ id: "T3" })).toBe(table.of("T3"));
    expect(inspect(table)).toBe("Features · 20 patients · 2 images of 16 values · 16 x 16 px");
    expect(() => table.of("T33")).toThrow(/no patient in this table of features "T33"/);
  });

  test("of class token and mean of the patches is twice as wide, and a head learns from it", async () => {
    const table = await features(toyCohort(), {
      ...ENCODER,
      encoder: { ...TOY_ENCODER, pooling: "class+mean" },
    });
    expect(table.shape).toEqual([20, 2, 32]);
    for (const mode of ["linear-probe", "frozen"] as const) {
      const run = await fit(toyCohort(), { ...HEAD, mode, features: table });
      expect(run.model.spec.encoder.pooling).toBe("class+mean");
      expect(defined(auc(await run.predict("test")), "AUC")).toBeGreaterThan(0.9);
    }
  });

  test("is read back where it is known: by weights, settings and what the images hold", async () => {
    const first = await features(toyCohort(), ENCODER);
    expect(filesKept()).toHaveLength(20);
    const again = await features(toyCohort(), ENCODER);
    expect(filesKept()).toHaveLength(20);
    expect(again.of("T7")).toEqual(first.of("T7"));

    await features(toyCohort(), { ...ENCODER, seed: 8, patients: toyCohort().patients.slice(0, 3) });
    expect(filesKept()).toHaveLength(23); // other weights
    await features(toyCohort(), { ...ENCODER, views: TOY_VIEWS.slice(0, 1) });
    expect(filesKept()).toHaveLength(43); // other settings
    await features(toyCohort({ noise: 20 }), { ...ENCODER, normalisation: first.spec.normalisation });
    expect(filesKept()).toHaveLength(63); // other images under the same names
  });

  test("a damaged file is made again", async () => {
    const first = await features(toyCohort(), ENCODER);
    for (const name of filesKept())
      writeFileSync(path.join(folder, name), new Uint8Array(4 * 32 + 4).fill(1));
    expect((await features(toyCohort(), ENCODER)).of("T2")).toEqual(first.of("T2"));
  });
});

describe("training on features", () => {
  test("gives the run that a frozen encoder gives, and predicts from the table", async () => {
    const cohort = toyCohort({ patients: 30 });
    const table = await features(cohort, ENCODER);
    const run = await fit(cohort, { ...HEAD, features: table });
    const frozen = await fit(cohort, { ...HEAD, ...ENCODER, mode: "frozen" });
    expect(strip(run.history)).toEqual(strip(frozen.history));
    expect(run.model.parameters).toEqual(frozen.model.parameters);
    expect(run.options).toMatchObject({ mode: "frozen", seed: 7, imageSize: [16, 16] });
    // From the table here, from images there.
    const [a, b] = [await run.predict("test"), await frozen.predict("test")];
    a.probabilities.flat().forEach((p, i) => {
      expect(p).toBeCloseTo(b.probabilities.flat()[i]!, 5);
    });
  });

  test("a linear probe has one layer a task and no fusion, and finds what the features hold", async () => {
    const cohort = toyCohort({ patients: 30 });
    const table = await features(cohort, ENCODER);
    const run = await fit(cohort, {
      ...HEAD,
      features: table,
      mode: "linear-probe",
      epochs: 40,
      learningRate: { encoder: 0, rest: 0.02 },
    });
    const learned = Object.keys(run.model.parameters).filter((name) => !name.startsWith("encoder."));
    expect(learned).toEqual(["heads.SIGN.fc1.weight", "heads.SIGN.fc1.bias"]);
    expect(run.model.parameters["heads.SIGN.fc1.weight"]!.shape).toEqual([2, 32]);
    expect(defined(auc(await run.predict("test")), "AUC")).toBeGreaterThan(0.8);
    expect(run.options.fusion).toBe("side-by-side");
  });

  test.each([
    [{ encoder: "tiny" }, /encoder is .*given beside features/],
    [{ imageSize: 32 }, /imageSize is .*given beside features/],
    [{ mode: "full" }, /frozen or linear-probe with features/],
    [{ mode: { lora: {} } }, /frozen or linear-probe with features/],
    [{ mode: "linear-probe", fusion: "gated" }, /fusion is "gated"; expected none with a linear probe/],
    [{ mode: "linear-probe", tasks: ["SIGN", "COIN"], balancing: "pareto" }, /share nothing that is trained/],
    [{ split: { train: ["T0", "T1"], valid: ["T9"] } }, /no patient in this table of features "T9"/],
  ])("refuses %j", async (change, message) => {
    const cohort = toyCohort();
    const table = await features(cohort, { ...ENCODER, patients: cohort.patients.slice(0, 8) });
    const split = { train: ["T0", "T1", "T2", "T3"], valid: ["T4", "T5"] };
    const options = { ...HEAD, epochs: 1, features: table, split, ...change } as FitOptions<ToyTask>;
    await expect(fit(cohort, options)).rejects.toThrow(message);
  });
});

describe("tiles", () => {
  /** Each pixel says where it is: red its column, green its row. */
  const photograph: ViewImage = {
    load: async () => ({
      width: 20,
      height: 10,
      data: Uint8Array.from({ length: 20 * 10 * 3 }, (_, i) => {
        const [pixel, channel] = [Math.floor(i / 3), i % 3];
        return channel === 0 ? pixel % 20 : channel === 1 ? Math.floor(pixel / 20) + 100 : 255;
      }),
      resize: () => Promise.reject(new Error("tiles are not resized")),
    }),
  };
  const views = tileViews([{ site: "core", magnification: "x200" }], { size: 8, width: 20, height: 10 });
  const spec = modelSpec({
    encoder: { ...TOY_ENCODER, imageSize: [8, 8] },
    tasks: { SIGN: { title: "sign", classes: ["no", "yes"] } },
    views,
  });

  test("of the study's photographs: 24 each, 144 a patient, row by row", () => {
    const six = [1, 2, 3, 4, 5, 6].map((n) => ({ site: "core", magnification: `x${n}` }));
    const tiles = tileViews(six);
    expect(tiles).toHaveLength(144);
    expect(tiles[7]).toEqual({ site: "core", magnification: "x1", tile: [1, 1] });
    expect(tiles[24]).toEqual({ site: "core", magnification: "x2", tile: [0, 0] });
  });

  test("hold the pixels of their place; what lies outside is zero", async () => {
    expect(views).toHaveLength(6);
    const pixels = await decodeTiles(
      spec,
      views.map(() => photograph),
    );
    const at = (tile: number, y: number, x: number) => [
      ...pixels.subarray(((tile * 8 + y) * 8 + x) * 3, ((tile * 8 + y) * 8 + x) * 3 + 3),
    ];
    expect(at(0, 0, 0)).toEqual([0, 100, 255]);
    expect(at(1, 3, 2)).toEqual([10, 103, 255]);
    expect(at(2, 0, 3)).toEqual([19, 100, 255]);
    expect(at(2, 0, 4)).toEqual([0, 0, 0]); // right of the photograph
    expect(at(5, 1, 3)).toEqual([19, 109, 255]);
    expect(at(5, 2, 0)).toEqual([0, 0, 0]); // below it
  });

  test("that lie outside of the photograph are an error that names its size", async () => {
    const small: ViewImage = {
      load: async () => ({ ...(await photograph.load()), width: 8, height: 8 }),
    };
    await expect(
      decodeTiles(
        spec,
        views.map(() => small),
      ),
    ).rejects.toThrow(/8 x 8 pixels has no tile in row 0, column 1[\s\S]*tileViews/);
  });

  test("whole photographs: the study's as 121 x 162 patches, the last 8 rows left out", () => {
    const whole = wholePhotographs([{ site: "core", magnification: "x200" }]);
    expect(whole.views).toEqual([{ site: "core", magnification: "x200", tile: "whole" }]);
    const encoder = vitConfig("vit-s/16", { imageSize: whole.imageSize });
    expect(patchGrid(encoder)).toEqual([121, 162]);
    expect(tokenCount(encoder)).toBe(19_603);
    expect(() => wholePhotographs(views, { patch: 16, width: 12, height: 40 })).toThrow(
      /patch is 16; expected at most 12/,
    );
  });

  test("whole photographs keep their pixels where they are, but for an end that fills no patch", async () => {
    const whole = wholePhotographs([{ site: "core", magnification: "x200" }], {
      patch: 4,
      width: 20,
      height: 10,
    });
    const cut = modelSpec({
      encoder: { ...TOY_ENCODER, imageSize: whole.imageSize },
      tasks: { SIGN: { title: "sign", classes: ["no", "yes"] } },
      views: whole.views,
    });
    const { data } = await photograph.load();
    expect(await decodeTiles(cut, [photograph])).toEqual(data.subarray(0, 8 * 20 * 3));
    const wider: ViewImage = { load: async () => ({ ...(await photograph.load()), width: 25, height: 8 }) };
    await expect(decodeTiles(cut, [wider])).rejects.toThrow(
      /25 x 8 pixels is not of the size[\s\S]*20 to 23 x 8 to 11[\s\S]*wholePhotographs/,
    );
  });

  test("a model of whole photographs gives the features of their pixels, image by image", async () => {
    const cohort = toyCohort({ patients: 4 });
    const whole = wholePhotographs(TOY_VIEWS, { patch: 4, width: TOY_SIZE, height: TOY_SIZE });
    const resized = await features(cohort, ENCODER);
    const table = await features(cohort, { ...ENCODER, ...whole });
    // Photographs of the model's own size: to resize them is to leave them as they are.
    for (const id of table.patients) expect(table.of(id)).toEqual(resized.of(id));
  });

  test("a model of tiles trains and predicts", async () => {
    const tiles = tileViews(TOY_VIEWS, { size: 8, width: 16, height: 16 });
    const table = await features(toyCohort(), {
      ...ENCODER,
      encoder: { ...TOY_ENCODER, imageSize: [8, 8] },
      imageSize: 8,
      views: tiles,
    });
    expect(table.shape).toEqual([20, 8, 16]);
    const run = await fit(toyCohort(), { ...HEAD, epochs: 2, features: table, fusion: "abmil" });
    expect(run.model.spec.views[5]).toEqual({ site: "edge", magnification: "x200", tile: [0, 1] });
    expect((await run.predict("test")).probabilities).toHaveLength(4);
  });
});

test("a file is known by its bytes, not by its name", async () => {
  const [a, b] = [path.join(folder, "a"), path.join(folder, "b")];
  writeFileSync(a, "tissue");
  writeFileSync(b, "tissue");
  expect(await fileContent(a)).toBe(await fileContent(b));
  writeFileSync(b, "other tissue");
  expect(await fileContent(a)).not.toBe(await fileContent(b));
});
