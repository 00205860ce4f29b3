/** The generated cohort, opened like any other. */
import { expect, test } from "vitest";
import { openCohort } from "../../../src/cohort";
import { phantomCohort } from "../../../src/cohort/phantom";
import { temporaryFolder } from "./make-cohort";

test("a phantom cohort opens whole: images, labels, clinical table, pixel sizes, truth", async () => {
  const folder = await phantomCohort({
    patients: 3,
    width: 64,
    height: 48,
    workers: 1,
    folder: `${temporaryFolder()}/phantom`,
  });
  const cohort = await openCohort(folder);
  expect(cohort.warnings).toEqual([]);
  expect(cohort.provenance).toMatchObject({ synthetic: true, notice: "phantom cohort, not patient data" });
  expect(cohort.patients).toHaveLength(3);
  expect(cohort.clinical?.rows).toHaveLength(3);
  for (const patient of cohort.patients) {
    expect(patient.imageCount).toBe(6);
    expect(patient.split).toBeDefined();
    expect(patient.labels.REC === 1).toBe(typeof patient.clinical?.recurrenceDays === "number");
  }
  const image = cohort.patients[0]!.image("edge", "x1000");
  const [pixels, mask] = await Promise.all([image.load(), image.mask()]);
  expect([mask?.width, mask?.height]).toEqual([pixels.width, pixels.height]);
  expect(mask?.fraction("tissue")).toBeGreaterThan(0.2);
  const { x200, x1000 } = cohort.umPerPx ?? {};
  expect(x200! / x1000!).toBeCloseTo(5, 6);
});
