/**
 * Integrated gradients (Sundararajan, Taly and Yan, ICML 2017). From a blank patient x' to the patient x:
 *
 *   IG_i = (x_i - x'_i) integral over a from 0 to 1 of df/dx_i (x' + a (x - x'))   (equation 1)
 *
 * by the midpoint rule; all images of the patient go along the path together, so the values of all their pixels sum to
 * f(x) - f(x') (completeness, proposition 1): the sum and the difference are noted where they are apart. Blank is the
 * model's mean colour. A patch gets the sum of its pixels, which keeps the completeness.
 */
import { tf } from "../../engine";
import { encodeEach } from "../../model";
import { blankImage } from "../masks";
import type { Subject } from "../subject";
import type { MapMethod, MethodSettings } from "./method";

/** Steps of the path: completeness within a percent or so for the encoders here. */
export const DEFAULT_STEPS = 32;
/** A sum further from the difference than this share of it is noted. */
const NOTED_GAP = 0.05;

export const integratedGradientsMethod: MapMethod = {
  title: "Integrated gradients",
  paper: "Sundararajan, Taly and Yan, ICML 2017",
  usesLayers: false,
  followsScore: true,
  isSigned: true,
  async maps(subject, settings) {
    const values = await integrate(subject, settings);
    return { layers: [values], notes: await completenessNotes(subject, values) };
  },
};

async function integrate(subject: Subject, { steps = DEFAULT_STEPS, onProgress }: MethodSettings) {
  const { probe, pixels, target } = subject;
  const pass = patchGradients(subject);
  const blank = blankPatient(subject);
  const { rows, columns } = probe.grid;
  const sums = Array.from({ length: probe.images }, () => new Float64Array(rows * columns));
  for (let step = 0; step < steps; step++) {
    const share = (step + 0.5) / steps;
    const between = pixels.map((value, i) => blank[i]! + share * (value - blank[i]!));
    const slopes = await probe.slopes(await probe.encode(between), target);
    const images = await pass(between, slopes);
    images.forEach(({ values }, image) => {
      // x - x' is (between - x') / share, and the pass gave its product with the gradient.
      for (let p = 0; p < values.length; p++) sums[image]![p]! += values[p]! / share / steps;
    });
    onProgress?.(step + 1, steps);
  }
  return sums;
}

/** The sum over each patch of normalised value times gradient: normalised, the blank is zero. */
function patchGradients({ probe }: Subject) {
  const { spec, grid } = probe;
  const [height, width] = spec.encoder.imageSize;
  return probe.overImages("patch gradients", (images, parameters, slopes) => {
    const gradient = tf.grad((x: tf.Tensor) =>
      tf.reshape(tf.sum(tf.mul(encodeEach(spec, parameters, x), slopes)), []),
    )(images);
    const count = images.shape[0]!;
    const perPixel = tf.reshape(tf.sum(tf.mul(gradient, images), 3), [
      count * grid.rows,
      height / grid.rows,
      grid.columns,
      width / grid.columns,
    ]);
    return { values: tf.reshape(tf.sum(tf.sum(perPixel, 3), 1), [count, grid.rows * grid.columns]) };
  });
}

function blankPatient({ probe }: Subject): Float32Array {
  return blankImage(probe.images * probe.imageValues, probe.spec.normalisation);
}

async function completenessNotes(subject: Subject, values: readonly Float64Array[]): Promise<string[]> {
  const { probe, target, scoreValue } = subject;
  const features = await probe.encode(blankPatient(subject));
  const blank = (await probe.answers(features, target)).scores[0]!;
  const difference = scoreValue - blank;
  const sum = values.reduce((all, image) => all + image.reduce((a, b) => a + b, 0), 0);
  if (Math.abs(sum - difference) <= NOTED_GAP * Math.abs(difference)) return [];
  return [
    `The values sum to ${sum.toPrecision(3)}; they should sum to ${difference.toPrecision(3)}, the score’s distance from a blank patient. Take more steps.`,
  ];
}
