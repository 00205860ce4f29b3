/** The study's own preprocessed arrays: `[6, 3, h, w]`, one file for each patient. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openCohort, SLOTS } from "../../../src/cohort";
import { isOsccError } from "../../../src/core/errors";
import { labelEntry, picture, put, temporaryFolder } from "./make-cohort";
import { npy } from "./npy-bytes";

const [HEIGHT, WIDTH] = [12, 16];
const pictures = (pid: number) => SLOTS.map((_, slot) => picture(WIDTH, HEIGHT, 10 * pid + slot));

/** Values in the arrays' order: image, channel, row, column. */
function values(pid: number, change: (value: number) => number = (value) => value): number[] {
  return pictures(pid).flatMap(({ data }) =>
    [0, 1, 2].flatMap((c) => Array.from({ length: HEIGHT * WIDTH }, (_, i) => change(data[3 * i + c]!))),
  );
}

const SHAPE = [6, 3, HEIGHT, WIDTH];

function arrayCohort(
  files: Record<string, Uint8Array>,
  entries = [1, 2, 3].map((pid) => labelEntry({ pid })),
): string {
  const folder = path.join(temporaryFolder(), "cohort");
  put(folder, {
    "all_metadata.json": { num: entries.length, datainfo: entries },
    "split_seed=2024.json": { train: [1], valid: [2], test: [3] },
    ...files,
  });
  return folder;
}

describe("a folder of arrays", () => {
  it("opens like any other: six images for each patient, from slices of bytes or floats", async () => {
    const cohort = await openCohort(
      arrayCohort({
        "1.npy": npy("|u1", SHAPE, values(1)),
        "2.npy": npy(
          "<f4",
          SHAPE,
          values(2, (value) => value + 0.75),
        ), // cut, as the study does, not rounded
        "3.npy": npy(
          "<f8",
          SHAPE,
          values(3, (value) => value / 255),
        ),
      }),
    );
    expect(cohort.patients.map((patient) => patient.imageCount)).toEqual([6, 6, 6]);
    expect(cohort.warnings).toEqual([]);
    expect(cohort.caveats.join()).toContain("squashed");
    for (const patient of cohort.patients)
      for (const [slot, { site, magnification }] of SLOTS.entries()) {
        const image = await patient.image(site, magnification).load();
        const wanted = pictures(Number(patient.id))[slot]!;
        expect([image.width, image.height]).toEqual([WIDTH, HEIGHT]);
        const apart = Math.max(...image.data.map((value, i) => Math.abs(value - wanted.data[i]!)));
        expect(apart).toBeLessThanOrEqual(patient.id === "3" ? 1 : 0);
      }
  });

  it("trains from slices: a tensor of all views, and the cache keeps them apart", async () => {
    const cohort = await openCohort(
      arrayCohort(Object.fromEntries([1, 2, 3].map((pid) => [`${pid}.npy`, npy("|u1", SHAPE, values(pid))]))),
    );
    const size = [HEIGHT, WIDTH] as const;
    const first = await cohort.tensor(cohort.patients, { size });
    expect(first.shape).toEqual([3, 6, HEIGHT, WIDTH, 3]);
    const wanted = [1, 2, 3].flatMap((pid) => pictures(pid).flatMap(({ data }) => [...data]));
    expect([...first.data]).toEqual(wanted);
    expect([...(await cohort.tensor(cohort.patients, { size })).data]).toEqual(wanted);
  });

  it("finds the files that the label file names, inside the folder only", async () => {
    const folder = arrayCohort(
      { "arrays/one.npy": npy("|u1", SHAPE, values(1)), "Data/NpyData/2.npy": npy("|u1", SHAPE, values(2)) },
      [
        { ...labelEntry({ pid: 1 }), path: "./arrays/one.npy" },
        { ...labelEntry({ pid: 2 }), path: "./Data/NpyData/2.npy" },
        { ...labelEntry({ pid: 3 }), path: "../outside.npy" },
      ],
    );
    writeFileSync(path.join(path.dirname(folder), "outside.npy"), npy("|u1", SHAPE, values(3)));
    const cohort = await openCohort(folder);
    expect(cohort.patients.map((patient) => patient.imageCount)).toEqual([6, 6, 0]);
  });

  it("prefers photographs to arrays made from them", async () => {
    const folder = arrayCohort({
      "1.npy": npy("|u1", SHAPE, values(1)),
      "1_a/01_2X.jpg": await picture(48, 36).toJpeg(),
    });
    const [patient] = (await openCohort(folder)).patients;
    expect(patient!.imageCount).toBe(1);
    expect((await patient!.image("core", "x200").load()).width).toBe(48);
  });

  it("reads arrays in Fortran order", async () => {
    const rowMajor = values(1);
    const strides = [1, 6, 18, 18 * HEIGHT];
    const fortran = new Array<number>(rowMajor.length);
    let from = 0;
    for (let n = 0; n < 6; n++)
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < HEIGHT; y++)
          for (let x = 0; x < WIDTH; x++)
            fortran[n + c * strides[1]! + y * strides[2]! + x * strides[3]!] = rowMajor[from++]!;
    const folder = arrayCohort({ "1.npy": npy("|u1", SHAPE, fortran, { fortran: true }) });
    const image = await (await openCohort(folder)).patient(1).image("edge", "x400").load();
    expect(image.data).toEqual(pictures(1)[4]!.data);
  });

  it.each([
    [
      "an image that is zero throughout",
      npy(
        "|u1",
        SHAPE,
        values(1, () => 0),
      ),
      "UnreadableImage",
      /zero throughout/,
    ],
    [
      "values that are no grey levels",
      npy(
        "<f4",
        SHAPE,
        values(1, (v) => v * 2),
      ),
      "UnreadableImage",
      /from 0 to 255/,
    ],
    [
      "not-a-number",
      npy(
        "<f4",
        SHAPE,
        values(1, () => Number.NaN),
      ),
      "UnreadableImage",
      /value NaN/,
    ],
    [
      "channels last",
      npy("|u1", [6, HEIGHT, WIDTH, 3], values(1)),
      "UnreadableImage",
      /not \[3, height, width\]/,
    ],
    [
      "five images",
      npy("|u1", [5, 3, HEIGHT, WIDTH], values(1).slice(0, 5 * 3 * HEIGHT * WIDTH)),
      "UnreadableArray",
      /item 5 was asked for and it holds 5/,
    ],
    ["a file cut off", npy("|u1", SHAPE, values(1)).subarray(0, 900), "UnreadableArray", /needs 3456 bytes/],
    ["text", Buffer.from("not an array"), "UnreadableArray", /does not begin as a \.npy file/],
    ["nothing", Buffer.alloc(0), "UnreadableArray", /does not begin/],
  ] as const)("names %s", async (_, bytes, code, message) => {
    const cohort = await openCohort(arrayCohort({ "1.npy": bytes }));
    const error = await cohort
      .patient(1)
      .image("edge", "x1000")
      .load()
      .catch((caught: unknown) => caught);
    expect(isOsccError(error, code)).toBe(true);
    expect(String(error)).toMatch(message);
    const report = await cohort.verify({ resume: false });
    expect(
      report.problems.filter(({ kind }) => kind === "unreadable").map(({ patient }) => patient),
    ).toContain("1");
  });

  it("is verified slice by slice: a view that the preprocessing filled is a duplicate", async () => {
    const perImage = 3 * HEIGHT * WIDTH;
    const filled = values(2);
    filled.splice(4 * perImage, perImage, ...filled.slice(perImage, 2 * perImage)); // edge x400 = core x400
    const folder = arrayCohort({ "1.npy": npy("|u1", SHAPE, values(1)), "2.npy": npy("|u1", SHAPE, filled) });
    expect(readFileSync(path.join(folder, "2.npy")).length).toBeGreaterThan(6 * perImage);
    const { problems } = await (await openCohort(folder)).verify({ resume: false });
    expect(problems.filter(({ kind }) => kind === "duplicate")).toMatchObject([
      {
        patient: "2",
        site: "edge",
        magnification: "x400",
        detail: expect.stringContaining("may stand in for a missing one"),
      },
    ]);
  });
});
