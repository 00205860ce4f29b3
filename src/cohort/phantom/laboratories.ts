/**
 * Laboratories and stains. A phantom patient's slides come from one of four laboratories; each has its own
 * stain vectors, strengths and white point, spread around what was measured on the real samples (Macenko).
 */
import type { Rng } from "../../core/random";

export type Rgb = readonly [number, number, number];

interface Laboratory {
  readonly name: string;
  /** Optical density of red, green and blue for one unit of hematoxylin. */
  readonly hematoxylin: Rgb;
  readonly eosin: Rgb;
  /** Mean strength of each stain. */
  readonly hematoxylinStrength: number;
  readonly eosinStrength: number;
  /** Eosin that chromatin takes up, for each unit of hematoxylin: dark nuclei are never pure blue. */
  readonly nuclearEosin: number;
  /** Grey level of empty glass; never 255 in the study's photographs. */
  readonly white: Rgb;
  readonly jpegQuality: number;
}

export const LABORATORIES: readonly Laboratory[] = [
  {
    name: "A",
    hematoxylin: [0.67, 0.735, 0.1],
    eosin: [0.045, 0.98, 0.15],
    hematoxylinStrength: 1,
    eosinStrength: 1.2,
    nuclearEosin: 0.9,
    white: [206, 204, 203],
    jpegQuality: 90,
  },
  {
    name: "B",
    hematoxylin: [0.655, 0.73, 0.19],
    eosin: [0.08, 0.97, 0.18],
    hematoxylinStrength: 0.85,
    eosinStrength: 1.02,
    nuclearEosin: 0.75,
    white: [204, 202, 205],
    jpegQuality: 88,
  },
  {
    name: "C",
    hematoxylin: [0.7, 0.7, 0.15],
    eosin: [0.07, 0.975, 0.15],
    hematoxylinStrength: 1.12,
    eosinStrength: 1.12,
    nuclearEosin: 0.6,
    white: [214, 214, 216],
    jpegQuality: 92,
  },
  {
    name: "D",
    hematoxylin: [0.62, 0.765, 0.17],
    eosin: [0.03, 0.97, 0.2],
    hematoxylinStrength: 0.92,
    eosinStrength: 1.28,
    nuclearEosin: 0.8,
    white: [208, 205, 200],
    jpegQuality: 86,
  },
];

/** The third stain, "orange": keratin and haemoglobin absorb blue light that eosin alone lets through. */
const ORANGE: Rgb = [0.03, 0.82, 0.57];

/** Chromatin eosin when laboratories are all alike. */
const COMMON_NUCLEAR_EOSIN = 0.6;

/** How one patient's slides take up and show stain. */
export interface Stain {
  /** Unit vectors of optical density. */
  readonly hematoxylin: Rgb;
  readonly eosin: Rgb;
  readonly orange: Rgb;
  readonly hematoxylinStrength: number;
  readonly eosinStrength: number;
  readonly nuclearEosin: number;
  readonly white: Rgb;
  readonly jpegQuality: number;
}

/**
 * Draw one patient's laboratory and stain.
 *
 * @param variation  0: every patient alike; 1: as between real laboratories; above 1 exaggerates.
 */
export function drawStain(rng: Rng, variation: number): { laboratory: string; stain: Stain } {
  const laboratory = LABORATORIES[rng.integer(LABORATORIES.length)]!;
  const common = LABORATORIES[0]!;
  const between = (own: Rgb, shared: Rgb): Rgb =>
    variation >= 1 ? own : mapRgb(own, (x, i) => x * variation + shared[i]! * (1 - variation));
  const jitter = (vector: Rgb, sd: number): Rgb =>
    unit(mapRgb(vector, (x) => Math.max(0.01, x + rng.normal(0, sd * variation))));
  const strength = (mean: number) => (1 + (mean - 1) * variation) * Math.exp(rng.normal(0, 0.13 * variation));
  return {
    laboratory: laboratory.name,
    stain: {
      hematoxylin: jitter(between(laboratory.hematoxylin, common.hematoxylin), 0.02),
      eosin: jitter(between(laboratory.eosin, common.eosin), 0.018),
      orange: jitter(ORANGE, 0.02),
      hematoxylinStrength: strength(laboratory.hematoxylinStrength),
      eosinStrength: strength(laboratory.eosinStrength),
      nuclearEosin: laboratory.nuclearEosin * variation + COMMON_NUCLEAR_EOSIN * (1 - variation),
      white: between(laboratory.white, common.white),
      jpegQuality: laboratory.jpegQuality,
    },
  };
}

function mapRgb(vector: Rgb, f: (x: number, i: number) => number): Rgb {
  return [f(vector[0], 0), f(vector[1], 1), f(vector[2], 2)];
}

function unit(vector: Rgb): Rgb {
  const length = Math.hypot(...vector);
  return mapRgb(vector, (x) => x / length);
}
