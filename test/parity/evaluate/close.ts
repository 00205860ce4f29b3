import { expect } from "vitest";

/** Both sides compute in double precision; only the order of additions differs. */
export const EXACT = 1e-12;

/** Within `tolerance`, absolute below 1 and relative above. */
export function close(found: unknown, expected: number, tolerance = EXACT) {
  expect(found).toBeTypeOf("number");
  expect(Math.abs((found as number) - expected)).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(expected)),
  );
}

export function closeRelative(found: unknown, expected: number, tolerance: number) {
  expect(found).toBeTypeOf("number");
  expect(Math.abs((found as number) - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected));
}

export function allClose(found: readonly unknown[], expected: readonly number[], tolerance = EXACT) {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) close(found[i], value, tolerance);
}
