import { describe, expect, it } from "vitest";
import { makeCohort, PHANTOM_PRESETS, phantomCohort, renderPhantomView } from "../../../src/cohort/phantom";
import { isOsccError } from "../../../src/core/errors";

const PATIENTS = 400;
const cohorts = {
  easy: makeCohort("test", PATIENTS, PHANTOM_PRESETS.easy),
  default: makeCohort("test", PATIENTS, PHANTOM_PRESETS.default),
  hard: makeCohort("test", PATIENTS, PHANTOM_PRESETS.hard),
};
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const sd = (values: readonly number[]) => Math.sqrt(mean(values.map((x) => (x - mean(values)) ** 2)));

describe("presets", () => {
  it("keep the labels and change how they show", () => {
    for (let i = 0; i < PATIENTS; i++) expect(cohorts.easy[i]!.labels).toEqual(cohorts.hard[i]!.labels);
  });

  it("easy shows every sign, hard hides one in five", () => {
    const shown = (preset: keyof typeof cohorts) =>
      mean(cohorts[preset].filter((p) => p.labels.TI).map((p) => (p.traits.invadesMuscle ? 1 : 0)));
    expect(shown("easy")).toBe(1);
    expect(shown("default")).toBeGreaterThan(0.82);
    expect(shown("hard")).toBeGreaterThan(0.7);
    expect(shown("hard")).toBeLessThan(0.88);
  });

  it("no negative shows a sign, whatever the preset", () => {
    for (const patients of Object.values(cohorts))
      for (const { labels, traits } of patients) {
        if (!labels.TI) expect(traits.invadesMuscle).toBe(false);
        if (!labels.PI) expect(traits.invadesNerve).toBe(false);
        if (!labels.CE) expect(traits.plugsVessels).toBe(false);
      }
  });

  it("hard has more look-alikes and more varied stain than easy", () => {
    const decoys = (preset: keyof typeof cohorts) =>
      mean(cohorts[preset].map((p) => (p.traits.bareNerve ? 1 : 0)));
    expect(decoys("easy")).toBeLessThan(0.3);
    expect(decoys("hard")).toBeGreaterThan(0.6);
    const stain = (preset: keyof typeof cohorts) => sd(cohorts[preset].map((p) => p.stain.eosinStrength));
    expect(stain("easy")).toBeLessThan(0.5 * stain("default"));
    expect(stain("hard")).toBeGreaterThan(1.2 * stain("default"));
  });

  it("separate metastasis by budding: more in easy than in hard", () => {
    const separation = (preset: keyof typeof cohorts) => {
      const budding = (lnm: number) =>
        cohorts[preset].filter((p) => p.labels.LNM === lnm).map((p) => p.traits.budding);
      return mean(budding(1)) - mean(budding(0));
    };
    expect(separation("easy")).toBeGreaterThan(separation("default"));
    expect(separation("default")).toBeGreaterThan(separation("hard"));
  });
});

describe("bad options", () => {
  const failure = async (work: () => unknown) => {
    try {
      await work();
    } catch (error) {
      return error;
    }
    throw new Error("nothing was thrown");
  };

  it.each([
    ["patients", { patients: 0 }],
    ["patients", { patients: 2.5 }],
    ["width", { width: 8 }],
    ["width", { width: 100_000 }],
    ["height", { width: 400, height: 400 }],
    ["seed", { seed: "" }],
    ["workers", { patients: 1, workers: 0 }],
  ])("%s out of range is an InvalidArgument that names it: %o", async (argument, options) => {
    const error = await failure(() => phantomCohort(options));
    expect(isOsccError(error, "InvalidArgument") && error.data.argument).toBe(argument);
  });

  it("a mistyped preset gets the nearest one", async () => {
    const error = await failure(() => phantomCohort({ preset: "esay" as "easy" }));
    expect(isOsccError(error, "UnknownName")).toBe(true);
    expect(String(error)).toContain('Did you mean "easy"?');
  });

  it("single views check labels, site and magnification", async () => {
    const view = (options: object) => failure(() => renderPhantomView(options));
    expect(isOsccError(await view({ labels: { TD: 3 } }), "InvalidArgument")).toBe(true);
    expect(isOsccError(await view({ labels: { XY: 1 } }), "UnknownName")).toBe(true);
    expect(isOsccError(await view({ site: "rim" }), "UnknownName")).toBe(true);
    expect(isOsccError(await view({ magnification: "x100" }), "UnknownName")).toBe(true);
  });
});
