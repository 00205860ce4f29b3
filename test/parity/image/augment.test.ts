/** Every augmentation step against torchvision, Pillow or SciPy, and the published pipeline as a whole. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { applyAugmentation } from "../../../src/image/augment/draw";
import { STEP_KINDS, type StepName } from "../../../src/image/augment/kinds";

interface Case {
  readonly kind: StepName;
  readonly drawn: Record<string, unknown>;
  readonly out: string;
}

interface Torchvision {
  readonly height: number;
  readonly width: number;
  readonly source: string;
  readonly floats: readonly Case[];
  readonly bytes: readonly Case[];
  readonly side: number;
  readonly pipeline: {
    readonly mean: [number, number, number];
    readonly std: [number, number, number];
    readonly source: string;
    readonly steps: readonly Omit<Case, "out">[];
    readonly greyLevels: string;
    readonly zScores: string;
  };
  readonly crops: {
    readonly shareQuantiles: number[];
    readonly logRatioQuantiles: number[];
    readonly topMean: number;
  };
}

/** Made by the scripts beside them. */
const load = (name: string) =>
  JSON.parse(readFileSync(path.join(__dirname, "../../fixtures/augment", name), "utf8"));
const torchvision: Torchvision = load("torchvision.json");
const scipy: { floats: readonly Case[] } = load("scipy.json");

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const floatsOf = (text: string) => new Float32Array(bytesOf(text).buffer);

const { width, height } = torchvision;
const source = { width, height, data: Float32Array.from(bytesOf(torchvision.source)) };
const run = ({ kind, drawn }: Omit<Case, "out">) => applyAugmentation(source, { steps: [{ kind, drawn }] });

/** How many values differ by more than `tolerance`, and the largest difference of the others. */
function compare(ours: ArrayLike<number>, theirs: ArrayLike<number>, tolerance: number) {
  expect(ours).toHaveLength(theirs.length);
  return Array.from(ours).filter((value, i) => !(Math.abs(value - theirs[i]!) <= tolerance)).length;
}

const title = ({ kind, drawn }: Case) => `${kind} ${JSON.stringify(drawn)}`;

describe("torchvision on floats, to a thousandth of a grey level", () => {
  test.each(torchvision.floats.map((one) => [title(one), one] as const))("%s", (_, one) => {
    expect(compare(run(one).data, floatsOf(one.out), 1e-3)).toBe(0);
  });
});

describe("SciPy on floats, to a thousandth of a grey level", () => {
  test.each(scipy.floats.map((one) => [title(one), one] as const))("%s", (_, one) => {
    expect(compare(run(one).data, floatsOf(one.out), 1e-3)).toBe(0);
  });
});

describe("Pillow on bytes, to the grey level by which it rounds", () => {
  test.each(torchvision.bytes.map((one) => [title(one), one] as const))("%s", (_, one) => {
    // Pillow rounds what sharpness then multiplies by (1 - 3): up to 2 levels.
    const tolerance = one.kind === "sharpness" ? 2 : 1;
    const differing = compare(run(one).data, bytesOf(one.out), tolerance + 1e-6);
    // Pillow turns in fixed point: where a point falls between two pixels it may take the other one.
    expect(differing).toBeLessThanOrEqual(one.kind === "rotation" ? 6 : 0);
  });
});

describe("the published pipeline", () => {
  const { mean, std, steps, greyLevels, zScores, source: square } = torchvision.pipeline;
  const { side } = torchvision;
  const image = { width: side, height: side, data: Float32Array.from(bytesOf(square)) };
  const filled = (colour: readonly number[]) =>
    steps.map((step) => ({
      ...step,
      drawn: step.drawn.colour === "fill" ? { ...step.drawn, colour } : step.drawn,
    }));

  test("on grey levels, as it should be", () => {
    const out = applyAugmentation(image, { steps: filled(mean) });
    expect(compare(out.data, floatsOf(greyLevels), 2e-3)).toBe(0);
  });

  test("on z-scores, as the study's code does: cut to 0-1, unlike the images it is validated on", () => {
    const out = applyAugmentation(image, { steps: filled([0, 0, 0]), upstream: { mean, std } });
    const scores = out.data.map((value, i) => (value - mean[i % 3]!) / std[i % 3]!);
    expect(compare(scores, floatsOf(zScores), 1e-4)).toBe(0);
    expect(Math.min(...scores)).toBeGreaterThan(-1e-5);
    expect(Math.max(...scores)).toBeLessThan(1 + 1e-5);
  });
});

test("crops are distributed as torchvision draws them", () => {
  const rng = new Rng("crops");
  const scene = { width: 512, height: 512, mean: [0, 0, 0] as const };
  const draws = Array.from({ length: 20_000 }, (_, i) =>
    STEP_KINDS.crop.draw({ kind: "crop", scale: [0.8, 1] }, scene, rng.split(i)),
  );
  const quantiles = (values: number[]) => {
    const sorted = values.sort((a, b) => a - b);
    return [0.1, 0.25, 0.5, 0.75, 0.9].map((q) => sorted[Math.round(q * (sorted.length - 1))]!);
  };
  const near = (ours: number[], theirs: number[], tolerance: number) =>
    ours.forEach((value, i) => void expect(Math.abs(value - theirs[i]!)).toBeLessThan(tolerance));
  // Four standard errors of a quantile of 20,000 draws.
  near(quantiles(draws.map((d) => (d.width * d.height) / 512 ** 2)), torchvision.crops.shareQuantiles, 0.003);
  near(quantiles(draws.map((d) => Math.log(d.width / d.height))), torchvision.crops.logRatioQuantiles, 0.006);
  const tops = draws.map((d) => d.y / Math.max(1, 512 - d.height));
  near([tops.reduce((a, b) => a + b, 0) / tops.length], [torchvision.crops.topMean], 0.012);
});
