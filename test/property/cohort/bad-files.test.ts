import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Cohort, openCohort, parseNpy } from "../../../src/cohort";
import { insideFolder } from "../../../src/cohort/layout/plain";
import { isOsccError } from "../../../src/core/errors";
import { labelEntry, PLAIN_DECLARATION, put } from "../../unit/cohort/make-cohort";
import { npy } from "../../unit/cohort/npy-bytes";

/** A folder with these files opens, or fails with one of our errors; nothing is written either way. */
async function opensOrSaysWhy(
  files: Record<string, string | Uint8Array | object>,
): Promise<Cohort | undefined> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "oscc-fuzz-"));
  try {
    put(folder, files);
    const before = readdirSync(folder, { recursive: true });
    const cohort = await openCohort(folder).catch((error: unknown) => {
      if (!isOsccError(error, "InvalidDataset") && !isOsccError(error, "MissingDataset")) throw error;
      if (isOsccError(error, "InvalidDataset")) expect(error.data.problems.length).toBeGreaterThan(0);
      return undefined;
    });
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
    return cohort;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const labels = { datainfo: [1, 2, 3].map((pid) => labelEntry({ pid })) };
const bytes = fc.uint8Array({ minLength: 0, maxLength: 200 });

test("random bytes as label file, split file, clinical table, phantom.json", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("all_metadata.json", "split.json", "clinical.csv", "phantom.json"),
      bytes,
      async (name, content) => {
        const cohort = await opensOrSaysWhy({ "all_metadata.json": labels, [name]: content });
        if (name !== "clinical.csv") expect(cohort).toBeUndefined();
      },
    ),
    { numRuns: 60, seed: 1 },
  );
});

test("random JSON as label file, split file, cohort.json", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("all_metadata.json", "split.json", "cohort.json"),
      fc.json(),
      async (name, text) => {
        await opensOrSaysWhy({ "all_metadata.json": labels, [name]: text });
      },
    ),
    { numRuns: 60, seed: 2 },
  );
});

const pids = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom("3", -1, 1.5, null, "x")), {
  maxLength: 6,
});

test("random labels and splits: a cohort, if any, has each patient once, in one part, with valid labels", async () => {
  const entry = fc.record({
    pid: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constantFrom("2", "x", null)),
    TD: fc.integer({ min: -2, max: 3 }),
    REC: fc.integer({ min: -1, max: 1 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 5 }),
      fc.record({ train: pids, valid: pids, test: pids }),
      async (entries, split) => {
        const datainfo = entries.map(({ pid, TD, REC }) => ({
          ...labelEntry({ pid: 0, labels: { TD, REC } }),
          pid,
        }));
        const cohort = await opensOrSaysWhy({ "all_metadata.json": { datainfo }, "split.json": split });
        if (!cohort) return;
        const ids = cohort.patients.map((patient) => patient.id);
        expect(new Set(ids).size).toBe(ids.length);
        const parts = (["train", "valid", "test"] as const).flatMap((name) => cohort.split(name));
        expect(new Set(parts).size).toBe(parts.length);
        for (const label of cohort.labels("TD")) expect([-1, 0, 1, 2]).toContain(label);
      },
    ),
    { numRuns: 100, seed: 3 },
  );
});

test("random manifests never reach outside the folder", async () => {
  const cell = fc.oneof(
    fc.constantFrom(
      "tissue",
      "x100",
      "x400",
      "images/1.png",
      "../1.png",
      "/etc/hosts",
      "train",
      "normal",
      "1",
      '"',
      "",
    ),
    fc.string({ maxLength: 8 }),
  );
  const row = fc.array(cell, { minLength: 5, maxLength: 8 }).map((cells) => cells.join(","));
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 4 }), async (rows) => {
      const manifest = ["patient,site,magnification,path,split,OSCC,GRADE", ...rows].join("\n");
      const cohort = await opensOrSaysWhy({ "cohort.json": PLAIN_DECLARATION, "manifest.csv": manifest });
      for (const patient of cohort?.patients ?? [])
        for (const image of patient.allImages())
          if (image.path) expect(image.path.startsWith(cohort!.folder + path.sep)).toBe(true);
    }),
    { numRuns: 80, seed: 4 },
  );
});

test("a path is inside the folder or is refused", () => {
  const step = fc.oneof(
    fc.constantFrom("..", ".", "", "a", "b.png", "..\\", "C:", "\0"),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), fc.constantFrom("/", "\\"), (steps, separator) => {
      const file = insideFolder("/some/cohort", steps.join(separator));
      if (file !== undefined) expect(path.resolve(file).startsWith("/some/cohort/")).toBe(true);
    }),
    { numRuns: 500, seed: 5 },
  );
});

test("random and damaged NumPy files are an array or UnreadableArray", () => {
  const whole = npy("<f4", [2, 3], [1, 2, 3, 4, 5, 6]);
  const damaged = fc
    .tuple(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 5 }), fc.nat(whole.length))
    .map(([changes, length]) => {
      const copy = Buffer.from(whole);
      for (const [at, value] of changes) copy[at] = value;
      return copy.subarray(0, length);
    });
  fc.assert(
    fc.property(fc.oneof(bytes, damaged), (content) => {
      try {
        const { shape, data } = parseNpy(content);
        expect(shape.reduce((product, length) => product * length, 1)).toBe(data.length);
      } catch (error) {
        if (!isOsccError(error, "UnreadableArray")) throw error;
      }
    }),
    { numRuns: 500, seed: 6 },
  );
});
