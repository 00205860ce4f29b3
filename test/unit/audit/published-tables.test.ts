import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { publishedClassCounts, publishedCorrelations } from "../../../src/audit";
import { openCohort } from "../../../src/cohort";

const shared = process.env.OSCC_SHARED_DATA ?? path.resolve(__dirname, "../../../../shared/data");
const study = path.join(shared, "multi-oscc");

// Skipped where the study's label file is not at hand: it is not ours to ship.
describe.skipIf(!existsSync(study))("the paper's tables against the published label file", () => {
  it("table 4 agrees but for TI in valid and test, which are exchanged", async () => {
    const cells = publishedClassCounts(await openCohort(study));
    expect(cells).toHaveLength(39);
    const wrong = cells.filter((cell) => !cell.agrees);
    expect(wrong.map((cell) => [cell.cell, cell.printed, cell.computed])).toEqual([
      ["TI / not invaded / valid", "103", 97],
      ["TI / not invaded / test", "101", 99],
      ["TI / invaded / valid", "97", 103],
      ["TI / invaded / test", "99", 101],
    ]);
  });

  it("table 3 is recomputed for all fifteen pairs", async () => {
    const cells = publishedCorrelations(await openCohort(study));
    expect(cells).toHaveLength(30);
    const r = cells.filter((cell) => cell.cell.endsWith("/ r"));
    for (const cell of r) expect(Math.abs(cell.computed! - Number(cell.printed))).toBeLessThan(0.02);
    expect(r.filter((cell) => !cell.agrees).map((cell) => cell.cell)).toMatchInlineSnapshot(`
      [
        "TD / REC / r",
        "TD / LNM / r",
        "TI / TD / r",
        "CE / TD / r",
        "PI / TD / r",
      ]
    `);
  });
});
