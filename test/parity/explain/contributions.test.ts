/** Shapley values of a patient's images against the definition, order by order; see test/fixtures/explain/methods.py. */
import { expect, test } from "vitest";
import { contributions } from "../../../src/explain";
import { reference, tinyModel, tinyPatient } from "./tiny";

test("contributions equal the mean over all orders of joining within 1e-5", async () => {
  const { shapley, target } = reference;
  const found = await contributions(tinyModel(), tinyPatient(), { targetClass: target, device: "cpu" });
  expect(found.all).toBeCloseTo(shapley.all, 5);
  expect(found.none).toBeCloseTo(shapley.none, 5);
  found.images.forEach(({ value }, i) => {
    expect(Math.abs(value - shapley.values[i]!)).toBeLessThan(1e-5);
  });
});
