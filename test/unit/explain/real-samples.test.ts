/** The whole way on photographs of the study, 2592 x 1944: pixels to maps, overlay and contributions. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { cam, contributions, type ExplainablePatient } from "../../../src/explain";
import { readImage } from "../../../src/image";
import { createModel, type ViewImage } from "../../../src/model";

const SAMPLES = path.resolve(__dirname, "../../../../shared/data/multi-oscc/samples");
const files = existsSync(SAMPLES)
  ? readdirSync(SAMPLES).filter((name) => name.endsWith("rb-swapped.jpg"))
  : [];
const why = files.length === 0 ? ": the study's sample images are not here" : "";

describe.skipIf(files.length === 0)(`photographs of the study${why}`, () => {
  const views = files.map((_, i) => ({
    site: i < 2 ? "core" : "edge",
    magnification: `x${200 * (1 + (i % 2))}`,
  }));
  const model = createModel(
    {
      encoder: { imageSize: [480, 640], patch: 16, width: 48, depth: 2, heads: 2, mlpRatio: 2 },
      fusion: "gated",
      fusionWidth: 32,
      tasks: { REC: { title: "recurrence", classes: ["no", "yes"] } },
      views,
    },
    new Rng("samples"),
  );
  const patient: ExplainablePatient = {
    id: "samples",
    provenance: { cohort: "Multi-OSCC samples", synthetic: false },
    images: () =>
      files.map((name): ViewImage => {
        const file = path.join(SAMPLES, name);
        return { path: file, load: () => readImage(file, { channels: "bgr" }) };
      }),
  };

  test("give maps of every photograph, in its proportions", async () => {
    const { width, height } = await readImage(path.join(SAMPLES, files[0]!));
    expect([width, height]).toEqual([2592, 1944]);
    for (const method of ["gradCamPlusPlus", "relevance"] as const) {
      const { maps, inputAspect, notes } = await cam(model, patient, { method, targetClass: 1 });
      expect(maps).toHaveLength(files.length);
      expect(inputAspect).toBe(0.75);
      expect(notes).toEqual([]);
      for (const { grid, isFlat } of maps) {
        expect([grid.length, grid[0]!.length]).toEqual([30, 40]);
        expect(grid.flat().every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
        expect(isFlat).toBe(false);
      }
    }
  });

  test("and contributions that sum to the score", async () => {
    const { images, all, none } = await contributions(model, patient, { targetClass: 1 });
    expect(images.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(all - none, 5);
  });
});
