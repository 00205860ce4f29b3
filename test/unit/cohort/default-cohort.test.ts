/** `openCohort()` with neither a folder nor OSCC_DATA opens the phantom. */
import { expect, test, vi } from "vitest";
import { openCohort } from "../../../src/cohort";
import { phantomCohort } from "../../../src/cohort/phantom";
import { rawCohort, somePatients } from "./make-cohort";

vi.mock("../../../src/cohort/phantom", () => ({ phantomCohort: vi.fn() }));

test("the phantom is asked for once, with its defaults, and only then", async () => {
  const folder = await rawCohort(somePatients(3), { "phantom.json": { generator: "phantom-1" } });
  vi.mocked(phantomCohort).mockResolvedValue(folder);
  vi.stubEnv("OSCC_DATA", undefined);
  await openCohort(folder);
  expect(phantomCohort).not.toHaveBeenCalled();
  const cohort = await openCohort();
  expect(phantomCohort).toHaveBeenCalledExactlyOnceWith();
  expect(cohort.folder).toBe(folder);
  expect(cohort.provenance.synthetic).toBe(true);
  vi.unstubAllEnvs();
});
