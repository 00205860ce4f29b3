/** The published files of the Multi-OSCC study against what the paper prints. Skipped where they are not at hand. */
import { existsSync, readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { openCohort, PRINTED_CLASS_COUNTS, PRINTED_CORRELATIONS, SPLITS } from "../../../src/cohort";
import { sharedData } from "./make-cohort";

const folder = sharedData("multi-oscc");

describe.skipIf(!existsSync(folder))("the published Multi-OSCC files (needs shared data)", () => {
  test("1,325 patients open, with one warning: no images", async () => {
    const cohort = await openCohort(folder);
    expect(cohort.patients).toHaveLength(1325);
    expect(SPLITS.map((split) => cohort.split(split).length)).toEqual([925, 200, 200]);
    expect(cohort.warnings).toEqual([expect.stringContaining("no patient folder with images was found")]);
  });

  test("class counts equal table 4 as printed, but for TI, whose valid and test are exchanged", async () => {
    const counts = (await openCohort(folder)).classCounts();
    const differing = PRINTED_CLASS_COUNTS.flatMap((printed) => {
      const row = counts.find(({ task, label }) => task === printed.task && label === printed.label)!;
      return SPLITS.filter((split) => row[split] !== printed[split]).map(
        (split) => `${printed.task} ${printed.label} ${split}: printed ${printed[split]}, file ${row[split]}`,
      );
    });
    expect(differing).toEqual([
      "TI 0 valid: printed 103, file 97",
      "TI 0 test: printed 101, file 99",
      "TI 1 valid: printed 97, file 103",
      "TI 1 test: printed 99, file 101",
    ]);
  });

  test("the clinical table: 1,325 rows and the known gaps", async () => {
    const { clinical } = await openCohort(folder);
    expect(clinical?.rows).toHaveLength(1325);
    const gaps = clinical!.missingness().filter((row) => row.missing > 0);
    expect(Object.fromEntries(gaps.map((row) => [row.column, row.missing]))).toEqual({
      ageYears: 8,
      weightKg: 10,
      heightCm: 45,
      surgicalMethod: 8,
      hpv: 297,
      radiotherapy: 155,
      chemotherapy: 180,
    });
    expect(inspect(clinical)).toContain("hpv 297");
  });

  test("recurrence is labelled exactly where a time of recurrence is given", async () => {
    const { patients } = await openCohort(folder);
    for (const { labels, clinical } of patients) {
      expect(labels.REC === 1).toBe(clinical?.recurrenceDays !== null);
      if (labels.REC === 1) expect(clinical?.followUpDays).toBe(clinical?.recurrenceDays);
    }
  });

  test("samples with a known slot fill their view, the others are loose", async () => {
    const cohort = await openCohort(folder);
    expect(cohort.patient(219011).image("core", "x400")).toMatchObject({
      status: "present",
      channels: "bgr",
    });
    expect(cohort.patient(662768).imageCount).toBe(1);
    expect(cohort.looseImages.map((loose) => loose.patient)).toEqual(["296482", "959986"]);
  });
});

const paper = sharedData("paper", "multi-oscc-tables.json");
test.skipIf(!existsSync(paper))("the printed numbers are those of the paper (needs shared data)", () => {
  const tables = JSON.parse(readFileSync(paper, "utf8"));
  expect(PRINTED_CORRELATIONS).toHaveLength(15);
  for (const { tasks, r, p } of PRINTED_CORRELATIONS)
    expect(tables.table3_task_correlation[tasks[0]][tasks[1]]).toEqual({ r, p });
  expect(PRINTED_CLASS_COUNTS).toHaveLength(13);
  for (const { task, label, ...counts } of PRINTED_CLASS_COUNTS)
    expect(tables.table4_class_counts[task][label]).toEqual(counts);
});
