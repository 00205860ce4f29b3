import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { loadPixels, loadTensor, openCohort, patientStatistics } from "../../../src/cohort";
import { mapParallel } from "../../../src/cohort/parallel";
import { RgbImage, readImage } from "../../../src/image";
import { picture, put, rawCohort, somePatients, temporaryFolder } from "./make-cohort";

const former = process.env.OSCC_CACHE;
let cache: string;
beforeEach(() => {
  cache = temporaryFolder();
  process.env.OSCC_CACHE = cache;
});
afterAll(() => {
  if (former === undefined) delete process.env.OSCC_CACHE;
  else process.env.OSCC_CACHE = former;
});

function cachedFiles(): string[] {
  return readdirSync(cache, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".rgb"))
    .map((name) => path.join(cache, name));
}

describe("loadPixels", () => {
  test("has the images' order and shape, and equals resizing each by itself", async () => {
    const patient = (await openCohort(await rawCohort(somePatients(3)))).patient(1);
    const { shape, data } = await loadPixels(patient.images(), { size: [18, 24] });
    expect(shape).toEqual([6, 18, 24, 3]);
    for (const [i, image] of patient.images().entries()) {
      const one = await loadPixels([image], { size: [18, 24], cache: false });
      expect(data.subarray(i * 18 * 24 * 3, (i + 1) * 18 * 24 * 3)).toEqual(one.data);
    }
    const slow = await (await patient.images()[2]!.load()).resize(24, 18);
    const worst = Math.max(...slow.data.map((v, i) => Math.abs(v - data[2 * slow.data.length + i]!)));
    expect(worst).toBeLessThanOrEqual(4); // a JPEG decoded at reduced scale against one decoded whole
  });

  test("is the same from the cache, for another order, and as floats", async () => {
    const images = (await openCohort(await rawCohort(somePatients(3)))).patient(1).images();
    const first = await loadPixels(images, { size: [16, 16] });
    expect(cachedFiles()).toHaveLength(6);
    expect(await loadPixels(images, { size: [16, 16] })).toEqual(first);
    const reversed = await loadPixels([...images].reverse(), { size: [16, 16] });
    expect(reversed.data.subarray(0, 768)).toEqual(first.data.subarray(5 * 768));
    expect(await loadTensor(images, { size: [16, 16] })).toEqual(Float32Array.from(first.data));
  });

  test("the cache knows settings, changed files and damaged entries", async () => {
    const folder = await rawCohort(somePatients(3));
    const [image] = (await openCohort(folder)).patient(1).images();
    const original = await loadPixels([image!], { size: [16, 16] });
    await loadPixels([image!], { size: [16, 16], fit: "crop" });
    expect(cachedFiles()).toHaveLength(2);

    for (const file of cachedFiles()) {
      const bytes = readFileSync(file);
      bytes[5]! ^= 0xff;
      writeFileSync(file, bytes);
    }
    expect(await loadPixels([image!], { size: [16, 16] })).toEqual(original);

    writeFileSync(image!.path!, await picture(48, 36, 999).toJpeg());
    utimesSync(image!.path!, 1, 1);
    const changed = await loadPixels([image!], { size: [16, 16] });
    expect(changed.data).not.toEqual(original.data);
  });

  test("a file that was touched or copied is found again, one with other bytes and the old date is not", async () => {
    const folder = await rawCohort(somePatients(3));
    const [image] = (await openCohort(folder)).patient(1).images();
    const original = await loadPixels([image!], { size: [16, 16] });
    const [kept] = cachedFiles();
    // Marked, so that it shows whether pixels come from the cache: other pixels with their right checksum.
    const marked = Buffer.alloc(16 * 16 * 3 + 4, 9);
    marked.writeUInt32LE(crc32(marked.subarray(0, -4)), 16 * 16 * 3);
    writeFileSync(kept!, marked);
    const fromCache = async () => (await loadPixels([image!], { size: [16, 16] })).data.every((v) => v === 9);
    expect(await fromCache()).toBe(true);
    utimesSync(image!.path!, 1, 1);
    expect(await fromCache()).toBe(true);
    copyFileSync(image!.path!, `${image!.path}.copy`);
    renameSync(`${image!.path}.copy`, image!.path!);
    expect(await fromCache()).toBe(true);

    const { atime, mtime, size } = statSync(image!.path!);
    const other = await picture(48, 36, 999).toJpeg();
    writeFileSync(image!.path!, Buffer.concat([other, Buffer.alloc(Math.max(0, size - other.length))]));
    utimesSync(image!.path!, atime, mtime);
    const changed = await loadPixels([image!], { size: [16, 16] });
    expect(changed.data.every((v) => v === 9)).toBe(false);
    expect(changed.data).not.toEqual(original.data);
  });

  test("a cache that cannot be written is no error", async () => {
    writeFileSync(path.join(cache, "pixels"), "a file where a folder should be");
    const [image] = (await openCohort(await rawCohort(somePatients(3)))).patient(1).images();
    expect((await loadPixels([image!], { size: [8, 8] })).data).toHaveLength(192);
  });

  test("every unreadable file is named in one error", async () => {
    const folder = await rawCohort(somePatients(3));
    const jpeg = readFileSync(path.join(folder, "1_a", "01_2X.jpg"));
    put(folder, { "1_a/01_4X.jpg": "text", "1_a/02_4X.jpg": jpeg.subarray(0, jpeg.length / 2) });
    const images = (await openCohort(folder)).patient(1).images();
    await expect(loadPixels(images, { size: [8, 8] })).rejects.toMatchObject({
      code: "UnreadableImage",
      message: expect.stringMatching(/^2 of 6 images cannot be read: .*01_4X\.jpg, .*02_4X\.jpg\./),
    });
  });

  test("stops when it is told to", async () => {
    const images = (await openCohort(await rawCohort(somePatients(3)))).patient(1).images();
    const signal = AbortSignal.abort();
    await expect(loadPixels(images, { size: [8, 8], signal })).rejects.toMatchObject({ code: "Aborted" });
  });

  test("refuses sizes that are none", async () => {
    const images = (await openCohort(await rawCohort(somePatients(3)))).patient(1).images();
    await expect(loadPixels(images, { size: [0, 8] })).rejects.toThrow("height is 0");
    await expect(loadPixels(images, { size: [8, 8.5] })).rejects.toThrow("width is 8.5");
  });
});

describe("cohort.tensor", () => {
  test("is patients by views, with what was skipped marked and zero", async () => {
    const folder = await rawCohort([{ pid: 1 }, { pid: 2, views: ["01_2X", "02_2X"] }, { pid: 3 }]);
    const cohort = await openCohort(folder);
    const views = [
      { site: "core", magnification: "x200" },
      { site: "core", magnification: "x400" },
    ] as const;
    const tensor = await cohort.tensor(cohort.patients, { size: [6, 8], views, onMissing: "skip" });
    expect(tensor.shape).toEqual([3, 2, 6, 8, 3]);
    expect([...tensor.present]).toEqual([1, 1, 1, 0, 1, 1]);
    const slot = (i: number) => tensor.data.subarray(i * 144, (i + 1) * 144);
    expect(slot(3).every((value) => value === 0)).toBe(true);
    const alone = await loadPixels([cohort.patient(3).image("core", "x200")], { size: [6, 8] });
    expect(slot(4)).toEqual(alone.data);
    await expect(cohort.tensor(cohort.patients, { size: [6, 8], views })).rejects.toThrow(
      "patient 2 has no x400",
    );
    await expect(cohort.tensor([], { size: [6, 8] })).rejects.toThrow("at least one patient");
  });
});

test("statistics: mean over patients of each patient's mean and deviation", async () => {
  const folder = await rawCohort(somePatients(4));
  const flat = (value: number) => new RgbImage(4, 4, new Uint8Array(48).fill(value)).toPng();
  for (const name of ["1_a", "2_a"])
    for (const view of ["01_2X", "01_4X", "01_10X", "02_2X", "02_4X", "02_10X"]) {
      const isBright = view.startsWith("02") && name === "1_a";
      put(folder, { [`${name}/${view}.jpg`]: await flat(isBright ? 200 : 100) });
    }
  const cohort = await openCohort(folder);
  // Patient 1: half 100, half 200: mean 150, deviation 50. Patient 2: 100, 0. Both train.
  const statistics = await cohort.channelStatistics({ size: [4, 4] });
  expect(statistics).toEqual({
    mean: [125, 125, 125],
    std: [25, 25, 25],
    patients: 2,
    remembered: 0,
    withoutImages: 0,
  });
  await expect(patientStatistics([])).rejects.toMatchObject({ code: "Undefined" });
});

test("statistics go on where they were stopped, and look again at what changed", async () => {
  const folder = await rawCohort(somePatients(8));
  const options = { size: [6, 8] } as const;
  const whole = await patientStatistics((await openCohort(folder)).patients, { ...options, resume: false });
  const stop = new AbortController();
  const cohort = await openCohort(folder);
  Object.defineProperty(cohort.patients[5]!.image("core", "x200"), "loadResized", {
    value: async () => {
      stop.abort();
      throw new Error("stopped");
    },
  });
  await expect(patientStatistics(cohort.patients, { ...options, signal: stop.signal })).rejects.toThrow();
  const rest = await patientStatistics((await openCohort(folder)).patients, options);
  expect(rest.remembered).toBeGreaterThanOrEqual(4);
  expect(rest.remembered).toBeLessThan(8);
  expect(rest.mean).toEqual(whole.mean);
  expect(rest.std).toEqual(whole.std);
  put(folder, { "1_a/01_2X.jpg": await picture(48, 36, 99).toJpeg() });
  const changed = await patientStatistics((await openCohort(folder)).patients, options);
  expect(changed.remembered).toBe(7);
  expect(changed.mean).not.toEqual(whole.mean);
});

test("work in parallel keeps order, respects its limit, and stops at a failure", async () => {
  let running = 0;
  let most = 0;
  const results = await mapParallel(
    [5, 1, 4, 2, 3],
    async (ms, i) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, ms));
      running--;
      return i;
    },
    { limit: 2, what: "test" },
  );
  expect(results).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
  const seen: number[] = [];
  const work = async (_: number, i: number) => {
    seen.push(i);
    if (i === 1) throw new Error("second");
  };
  await expect(mapParallel([1, 2, 3, 4, 5, 6], work, { limit: 1, what: "test" })).rejects.toThrow("second");
  expect(seen).toEqual([0, 1]);
});

test("a file written in BGR order is loaded as RGB", async () => {
  const folder = temporaryFolder();
  const image = picture(30, 20);
  put(folder, {
    "all_metadata.json": { datainfo: [{ pid: 4, TD: 0, CE: 0, TI: 0, PI: 0, LNM: 0, REC: 0 }] },
    "samples/4_slot4_rb-swapped.png": await image.swapRedBlue().toPng(),
    "samples/4_slot-unknown.png": await image.toPng(),
    "samples/5_slot1_rb-swapped.png": await image.toPng(),
  });
  const cohort = await openCohort(folder);
  const view = cohort.patient(4).image("edge", "x400");
  expect(view.channels).toBe("bgr");
  expect((await view.load()).data).toEqual(image.data);
  const viaLoader = await loadPixels([view], { size: [20, 30] });
  expect(viaLoader.data).toEqual((await readImage(path.join(folder, "samples/4_slot-unknown.png"))).data);
  expect(cohort.looseImages.map(({ patient, note }) => [patient, note])).toEqual([
    ["4", "site and magnification unknown"],
    [undefined, "patient 5 has no labels here"],
  ]);
});
