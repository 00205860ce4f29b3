import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import type * as Content from "../../../src/core/content";
import {
  bytesContent,
  fileContent,
  fileState,
  knownContent,
  rememberContent,
} from "../../../src/core/content";

const former = process.env.OSCC_CACHE;
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "oscc-content-"));
  process.env.OSCC_CACHE = path.join(folder, "cache");
  file = path.join(folder, "a");
});
afterAll(() => {
  if (former === undefined) delete process.env.OSCC_CACHE;
  else process.env.OSCC_CACHE = former;
});

/** A few seconds later, when the file is older than any clock's tick. */
async function later<T>(work: () => Promise<T>): Promise<T> {
  const now = Date.now();
  const clock = vi.spyOn(Date, "now").mockReturnValue(now + 5000);
  try {
    return await work();
  } finally {
    clock.mockRestore();
  }
}

const list = () => readFileSync(path.join(folder, "cache", "contents"), "latin1");

describe("the fingerprint of a file", () => {
  test("is that of its bytes, and SHA-256", async () => {
    writeFileSync(file, "abc");
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-2, appendix B.1
    expect(await fileContent(file)).toBe(abc);
    expect(await bytesContent(Buffer.from("abc"))).toBe(abc);
  });

  test("is known without reading while nothing changed, also after a restart", async () => {
    writeFileSync(file, "tissue");
    const content = await later(() => fileContent(file));
    expect(await knownContent(await fileState(file))).toBe(content);
    vi.resetModules();
    const restarted = await vi.importActual<typeof Content>("../../../src/core/content");
    expect(restarted.fileState).not.toBe(fileState);
    expect(await restarted.knownContent(await restarted.fileState(file))).toBe(content);
  });

  test("of a file written over with as many bytes and given its old date is noticed", async () => {
    writeFileSync(file, "tissue");
    const { atime, mtime } = statSync(file);
    const before = await later(() => fileContent(file));
    writeFileSync(file, "muscle");
    utimesSync(file, atime, mtime);
    expect(await knownContent(await fileState(file))).toBeUndefined();
    expect(await fileContent(file)).not.toBe(before);
  });

  test("of one put in its place is noticed, of a copy is the same", async () => {
    writeFileSync(file, "tissue");
    const before = await later(() => fileContent(file));
    copyFileSync(file, `${file}-copy`);
    expect(await later(() => fileContent(`${file}-copy`))).toBe(before);
    writeFileSync(`${file}-other`, "muscle");
    renameSync(`${file}-other`, file);
    expect(await fileContent(file)).not.toBe(before);
  });

  test("of a file that is younger than its clock can tell is not relied upon", async () => {
    writeFileSync(file, "tissue");
    await fileContent(file);
    expect(await knownContent(await fileState(file))).toBeUndefined();
  });

  test("is not remembered for a state that passed while the file was read", async () => {
    writeFileSync(file, "tissue");
    const state = await later(() => fileState(file));
    writeFileSync(file, "muscle!");
    await rememberContent(state, await bytesContent(Buffer.from("tissue")));
    expect(await knownContent(await fileState(file))).toBeUndefined();
  });

  test("is asked for many times at once, and read once", async () => {
    writeFileSync(file, Buffer.alloc(1 << 20, 7));
    const found = await later(() => Promise.all(Array.from({ length: 8 }, () => fileContent(file))));
    expect(new Set(found).size).toBe(1);
    expect(list().trim().split("\n")).toHaveLength(1);
  });

  test("survives a list that was cut off or holds something else", async () => {
    writeFileSync(file, "tissue");
    const content = await later(() => fileContent(file));
    const whole = list();
    writeFileSync(path.join(folder, "cache", "contents"), `${whole.slice(0, -9)}\nnonsense${whole}`);
    vi.resetModules();
    const restarted = await vi.importActual<typeof Content>("../../../src/core/content");
    expect(restarted.fileState).not.toBe(fileState);
    expect(await restarted.knownContent(await restarted.fileState(file))).toBe(content);
  });
});
