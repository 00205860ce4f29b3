import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parseNpy, readNpy } from "../../../src/cohort";
import { temporaryFolder } from "./make-cohort";
import { npy } from "./npy-bytes";

describe("types", () => {
  test.each([
    ["|u1", "uint8", [0, 7, 255]],
    ["|i1", "int8", [-128, 0, 127]],
    ["<u2", "uint16", [0, 258, 65535]],
    [">u2", "uint16", [0, 258, 65535]],
    ["<i4", "int32", [-(2 ** 31), 5, 2 ** 31 - 1]],
    ["<i8", "int64", [-(2 ** 53) + 1, 0, 2 ** 53 - 1]],
    [">i8", "int64", [-3, 0, 12345678901]],
    ["<f4", "float32", [-1.5, 0, 3.25]],
    [">f8", "float64", [Math.PI, -0.1, 1e300]],
    ["|b1", "bool", [0, 1, 1]],
  ])("%s", (descr, dtype, values) => {
    const array = parseNpy(npy(descr, [3], values));
    expect(array.dtype).toBe(dtype);
    expect([...array.data]).toEqual(values);
  });

  test("half precision, with subnormals and infinities", () => {
    const bits = [0x3c00, 0xc000, 0x0001, 0x7c00, 0x3555];
    const array = parseNpy(npy("<f2", [5], bits));
    expect([...array.data]).toEqual([1, -2, 2 ** -24, Number.POSITIVE_INFINITY, Math.fround(0.333251953125)]);
  });

  test("a 64-bit integer that a double cannot hold is an error", () => {
    expect(() => parseNpy(npy("<i8", [1], [2 ** 60]))).toThrow("cannot hold exactly");
  });
});

describe("shapes", () => {
  test("a scalar, an empty array, four axes, a long header of version 2", () => {
    expect(parseNpy(npy("|u1", [], [9])).shape).toEqual([]);
    expect(parseNpy(npy("|u1", [0, 3], [])).data).toHaveLength(0);
    expect(parseNpy(npy("|u1", [1, 2, 1, 3], [1, 2, 3, 4, 5, 6])).shape).toEqual([1, 2, 1, 3]);
    expect([...parseNpy(npy("|u1", [2], [4, 5], { version: 2 })).data]).toEqual([4, 5]);
  });

  test("Fortran order becomes row-major", () => {
    // numpy.asfortranarray([[1, 2, 3], [4, 5, 6]]) is stored as 1 4 2 5 3 6
    const array = parseNpy(npy("<i4", [2, 3], [1, 4, 2, 5, 3, 6], { fortran: true }));
    expect([...array.data]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("what is no such file", () => {
  test.each([
    ["text", Buffer.from("patient,label\n1,2 and more text"), "does not begin as a .npy file does"],
    ["nothing", Buffer.alloc(0), "does not begin"],
    ["cut off", npy("<f4", [4], [1, 2, 3, 4]).subarray(0, -3), "needs 16 bytes and 13 are there"],
    ["too long", Buffer.concat([npy("|u1", [1], [1]), Buffer.from([1])]), "needs 1 bytes and 2 are there"],
    ["a huge shape", npy("|u1", [2 ** 40, 2 ** 40], []), "and 0 are there"],
    ["Python objects as NumPy writes them", npy("|O", [1], []), "elements are Python objects (dtype=object)"],
    ["Python objects of a size", npy("|O8", [1], []), 'elements are of type "O8"'],
    ["complex numbers", npy("<c8", [1], []), 'elements are of type "c8"'],
  ])("%s", (_, bytes, message) => {
    expect(() => parseNpy(bytes, "x.npy")).toThrow(message);
    expect(() => parseNpy(bytes, "x.npy")).toThrow(/^x\.npy cannot be read as a NumPy array/);
  });

  test("a missing file", async () => {
    const folder = temporaryFolder();
    await expect(readNpy(path.join(folder, "x.npy"))).rejects.toMatchObject({ code: "UnreadableArray" });
    writeFileSync(path.join(folder, "y.npy"), npy("|u1", [2], [4, 5]));
    expect([...(await readNpy(path.join(folder, "y.npy"))).data]).toEqual([4, 5]);
  });
});
