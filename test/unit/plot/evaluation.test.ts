/** What the figures of evaluation and survival say, beside what every figure must. */
import { expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import { decisionCurve } from "../../../src/evaluate/decision-curve";
import { kaplanMeier, survivalAt } from "../../../src/evaluate/kaplan-meier";
import { logRank } from "../../../src/evaluate/log-rank";
import { precisionRecall } from "../../../src/evaluate/precision-recall";
import * as plot from "../../../src/plot";
import { textBoxes } from "./boxes";
import * as sample from "./samples";

const textsOf = async (figure: plot.Figure) => (await textBoxes(figure)).map(({ text }) => text);

it("prints the numbers at risk at each tick, and the log-rank test", async () => {
  const groups = sample.followUp();
  const curves = Object.fromEntries(
    Object.entries(groups).map(([name, times]) => [name, kaplanMeier(times)]),
  );
  const test = logRank(groups);
  const texts = await textsOf(plot.kaplanMeier(curves, { unit: "years", logRank: test }));
  for (const curve of Object.values(curves))
    for (const years of [2, 4, 6, 8])
      expect(texts).toContain(String(survivalAt(curve, years * 365.25).atRisk));
  expect(texts.join(" ")).toContain("log-rank p < 0.001");
});

it("shows time as it is in the data unless another unit is asked for", () => {
  const curve = kaplanMeier({ time: [100, 200, 730.5], event: [1, 0, 1] });
  const ends = (unit: plot.TimeUnit) =>
    (plot.kaplanMeier(curve, { unit }).spec.data as { x: number[] }[]).flatMap(({ x }) => x);
  expect(Math.max(...ends("days"))).toBe(730.5);
  expect(Math.max(...ends("years"))).toBe(2);
});

it("draws a precision-recall curve whose area is the average precision", () => {
  const result = precisionRecall(sample.predictions("area"), { bootstrap: 20 });
  const traces = plot.precisionRecall(result).spec.data as unknown as {
    x: number[];
    y: number[];
    line: { shape?: string };
  }[];
  const { x, y } = traces.find(({ line }) => line.shape === "vh")!;
  const area = x.reduce((sum, at, k) => (k === 0 ? 0 : sum + (at - x[k - 1]!) * y[k]!), 0);
  // A figure's numbers are rounded for a smaller file.
  expect(area).toBeCloseTo(result.averagePrecision.value, 6);
});

it("says in words where acting on the model helps", () => {
  const curve = decisionCurve(sample.predictions("strong", { strength: 3 }));
  expect(plot.decisionCurve(curve).alt).toMatch(
    /better than acting on everyone and on no one at \d+ of 99 thresholds/,
  );
});

it("names what is missing when there is no curve", () => {
  for (const draw of [plot.precisionRecall, plot.calibration, plot.decisionCurve, plot.kaplanMeier])
    try {
      draw({});
      expect.unreachable();
    } catch (error) {
      expect(isOsccError(error, "InvalidArgument") && error.message).toMatch(
        /one curve or more[\s\S]*evaluate\./,
      );
    }
});
