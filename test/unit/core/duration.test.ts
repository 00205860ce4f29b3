import { expect, it } from "vitest";
import { duration } from "../../../src/core/progress";

it.each([
  [40, "0.0 s"],
  [400, "0.4 s"],
  [9_940, "9.9 s"],
  [9_960, "10 s"],
  [59_400, "59 s"],
  [59_600, "1 min 0 s"],
  [119_700, "2 min 0 s"],
  [200_000, "3 min 20 s"],
  [3_599_600, "1 h 00 min"],
  [7_500_000, "2 h 05 min"],
  [86_399_000, "24 h 00 min"],
])("%i ms reads as %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
