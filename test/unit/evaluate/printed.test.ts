import { expect, it } from "vitest";
import { compareWithPrinted } from "../../../src/evaluate";

it("agrees when the computed value rounds to the print", () => {
  const rows = compareWithPrinted({ r: 0.48077, p: 1.3e-77, n: 97 }, { r: 0.4808, p: "1e-77", n: 97 });
  expect(rows.map((row) => row.agrees)).toEqual([true, true, true]);
  expect(rows.map((row) => row.note)).toEqual(["", "", ""]);
});

it("takes the precision of each number, of a string with its zeros, or the one that is given", () => {
  expect(compareWithPrinted({ r: 0.1024 }, { r: 0.102 })[0]!.agrees).toBe(true);
  expect(compareWithPrinted({ r: 0.1024 }, { r: "0.1020" })[0]!.agrees).toBe(false);
  expect(compareWithPrinted({ r: 0.1024 }, { r: 0.102 }, { decimals: 4 })[0]!.agrees).toBe(false);
  expect(compareWithPrinted({ p: 1.84e-15 }, { p: 1.8e-15 }, { decimals: 4 })[0]!.agrees).toBe(true);
});

it("counts an exact half as agreeing with either neighbour", () => {
  expect(compareWithPrinted({ a: 0.125, b: 2.675 }, { a: 0.13, b: 2.68 }).every((row) => row.agrees)).toBe(
    true,
  );
});

it("marks cells that do not agree, with the slip that explains them", () => {
  const computed = { TI: { 0: { valid: 97, test: 99 }, 1: { valid: 103, test: 101 } }, r: 0.4879 };
  const printed = { TI: { 0: { valid: 103, test: 101 }, 1: { valid: 97, test: 99 } }, r: 0.487 };
  const notes = compareWithPrinted(computed, printed).map((row) => [row.cell, row.agrees, row.note]);
  // Integer keys come first in an object; paths stay whole.
  expect(notes).toEqual([
    ["TI / 0 / valid", false, "exchanged with TI / 1 / valid"],
    ["TI / 0 / test", false, "exchanged with TI / 1 / test"],
    ["TI / 1 / valid", false, "exchanged with TI / 0 / valid"],
    ["TI / 1 / test", false, "exchanged with TI / 0 / test"],
    ["r", false, "cut off instead of rounded"],
  ]);
  expect(compareWithPrinted({ r: 0.52 }, { r: 0.487 })[0]!.note).toBe("differs by 0.033");
});

it("keeps cells that only one side has", () => {
  expect(compareWithPrinted({ a: 1 }, { b: 2 })).toEqual([
    { cell: "b", printed: "2", agrees: false, note: "not computed" },
    { cell: "a", computed: 1, agrees: false, note: "not printed" },
  ]);
});

it("refuses a printed cell that is no number", () => {
  expect(() => compareWithPrinted({ p: 0 }, { p: "<0.001" })).toThrow(
    /printed cell "p" is "<0.001"; expected a number/,
  );
});
