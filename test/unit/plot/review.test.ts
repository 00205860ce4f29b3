/** Review pages: which cases come in, and what the file holds. The browser's part is tested in test/lab. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { RgbImage } from "../../../src/image/rgb-image";
import * as plot from "../../../src/plot";
import { fit, type Run } from "../../../src/train";
import { TOY_ENCODER, TOY_SIZE, TOY_VIEWS, type ToyTask, toyCohort } from "../train/toy-cohort";
import * as sample from "./samples";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-review-page-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface PageData {
  readonly id: string;
  readonly cases: readonly {
    readonly patient: string;
    readonly question: string;
    readonly views: readonly {
      readonly label: string;
      readonly image?: string;
      readonly map?: string;
      readonly range?: string;
    }[];
  }[];
}
const read = (file: string) => {
  const html = readFileSync(file, "utf8");
  const data = /<script type="application\/json" id="review">(.*)<\/script>/.exec(html)![1]!;
  return { html, data: JSON.parse(data) as PageData };
};

describe("plot.reviewPage", () => {
  it("is one file that asks for nothing from outside, with every picture, map and flat map", async () => {
    const file = path.join(folder, "page.html");
    const page = await plot.reviewPage([sample.judgedMaps()], file, {
      title: "</script><script>alert(1)</script>",
    });
    const { html, data } = read(file);
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
    expect(html).not.toMatch(/https?:/);
    expect(html).toContain("default-src 'none'");
    expect(html).toContain("Phantom cohort, not patient data");
    expect(data.cases[0]!.views).toHaveLength(6);
    expect(data.cases[0]!.views.filter(({ map }) => map)).toHaveLength(5);
    expect(data.cases[0]!.views[2]!.range).toContain("flat map");
    expect(data.cases[0]!.question).toBe("Do the marked places support “recurrence”?");
    expect(page.bytes).toBe(Buffer.byteLength(html));
  });

  it("has a name that the same cases always have, and others have not", async () => {
    const id = async (about: object) =>
      (
        await plot.reviewPage([{ ...sample.judgedMaps(), ...about }], path.join(folder, "id.html"), {
          imageWidth: 64,
        })
      ).id;
    expect(await id({})).toBe(await id({}));
    expect(await id({})).not.toBe(await id({ patient: "18" }));
  });

  it("refuses no case, several tasks, another ending, and a width that is none", async () => {
    const result = sample.judgedMaps();
    const file = path.join(folder, "x.html");
    await expect(plot.reviewPage([], file)).rejects.toThrow(/no case/);
    await expect(plot.reviewPage([result, { ...result, task: "TI" }], file)).rejects.toThrow(
      /cases of one task/,
    );
    await expect(plot.reviewPage([result], path.join(folder, "x.pdf"))).rejects.toThrow(/\.html/);
    await expect(plot.reviewPage([result], file, { imageWidth: 9 })).rejects.toThrow(/64 to 2592/);
  });
});

describe("plot.review", () => {
  const cohort = toyCohort({ patients: 12, unlabelled: 2 });
  const patients = cohort.patients.map((patient) => ({
    ...patient,
    images: (options: Parameters<typeof patient.images>[0]) =>
      patient.images(options).map((image, i) => ({
        ...TOY_VIEWS[i]!,
        status: "present" as const,
        load: async () => {
          const { width, height, data } = await image.load();
          return new RgbImage(width, height, Uint8Array.from(data));
        },
      })),
  }));
  let run: Run<ToyTask>;
  beforeAll(async () => {
    run = await fit(cohort, {
      preset: "notebook",
      tasks: "SIGN",
      encoder: TOY_ENCODER,
      imageSize: TOY_SIZE,
      fusionWidth: 32,
      epochs: 3,
      augment: "none",
      device: "cpu",
      seed: 3,
    });
  });

  it("takes correct and confident predictions, in an order that the seed gives, and accounts for every patient", async () => {
    const predictions = await run.predict(patients, "SIGN");
    const confidence = predictions.probabilities.map((row) => Math.max(...row));
    const minConfidence = [...confidence].sort()[5]!;
    const expected = predictions.patients.filter((_, i) => {
      const predicted = predictions.probabilities[i]!.indexOf(confidence[i]!);
      return predictions.yTrue[i] === predicted && confidence[i]! >= minConfidence;
    });
    const file = path.join(folder, "toy.html");
    const page = await plot.review(run, patients, { file, task: "SIGN", minConfidence, imageWidth: 64 });
    expect(page.cases.map(({ patient }) => patient).sort()).toEqual([...expected].sort());
    expect(page.cases.length + page.unlabelled + page.wrong + page.belowConfidence).toBe(12);
    for (const { probability } of page.cases)
      expect(probability).toBeGreaterThanOrEqual(minConfidence - 1e-6);
    const again = await plot.review(run, patients, { file, task: "SIGN", minConfidence, imageWidth: 64 });
    expect(again.id).toBe(page.id);
    expect(read(file).html).toContain("Right answers only");
  });

  it("draws no more than asked, and says how many there were", async () => {
    const file = path.join(folder, "few.html");
    const page = await plot.review(run, patients, {
      file,
      minConfidence: 0,
      includeWrong: true,
      limit: 2,
      imageWidth: 64,
    });
    expect(page.cases).toHaveLength(2);
    expect(page.notDrawn).toBe(10);
    expect(read(file).html).toContain("10 beyond the limit, by lot");
  });

  it("says why nothing is left, and refuses what makes no sense", async () => {
    const file = path.join(folder, "none.html");
    const error = await plot.review(run, patients, { file, minConfidence: 1 }).catch((e: unknown) => e);
    expect(isOsccError(error, "Undefined") && error.message).toMatch(/includeWrong: true/);
    await expect(plot.review(run, patients, { file, minConfidence: 70 })).rejects.toThrow(/0 to 1/);
    await expect(plot.review(run, patients, { file, limit: 0 })).rejects.toThrow(/1 to 200/);
    await expect(plot.review(run, patients, { file, classes: ["presnt"] })).rejects.toThrow(/Did you mean/);
  });
});
