/** Stain concentrations -> optical density -> light -> lens -> sensor. */
import { Rng } from "../../core/random";
import type { Canvas } from "./canvas";
import type { Rgb, Stain } from "./laboratories";

/** One exposure's camera settings. */
export interface Camera {
  /** Standard deviation of the lens blur, px. */
  readonly blurPx: number;
  /** Loss of light in the corners. */
  readonly vignette: number;
  /** Difference of illumination from side to side. */
  readonly tiltX: number;
  readonly tiltY: number;
  /** Gain of red, green and blue: exposure and white balance. */
  readonly gain: Rgb;
  /** Standard deviation of the sensor's noise, grey levels. */
  readonly noise: number;
}

/** Transmitted light for an optical density of 0 to 4, in 4096 steps: below half a grey level each. */
const OD_STEPS = 4096;
const OD_MAX = 4;
const STEPS_PER_OD = OD_STEPS / OD_MAX;
const TRANSMISSION = Float32Array.from({ length: OD_STEPS + 1 }, (_, i) => 10 ** ((-i * OD_MAX) / OD_STEPS));

/** Normal deviates, read from a random place on for each row: a draw for each pixel would cost more than the lens. */
const DEVIATES = 65536;
const NORMAL = deviates();
function deviates(): Float32Array {
  const rng = new Rng("gauss");
  return Float32Array.from({ length: DEVIATES }, () => rng.normal());
}

/**
 * Photograph a canvas.
 *
 * @returns RGB, `[height, width, 3]` uint8
 */
export function expose(canvas: Canvas, stain: Stain, camera: Camera, rng: Rng): Uint8Array {
  const { width, height, hematoxylin, eosin, orange } = canvas;
  const pixels = width * height;
  const rgb = new Uint8Array(pixels * 3);
  const light = new Float32Array(pixels);
  const scratch = new Float32Array(pixels);
  const kernel = gaussian(camera.blurPx);
  for (let channel = 0; channel < 3; channel++) {
    const perH = stain.hematoxylin[channel]! * stain.hematoxylinStrength * STEPS_PER_OD;
    const perE = stain.eosin[channel]! * stain.eosinStrength * STEPS_PER_OD;
    const perO = stain.orange[channel]! * stain.eosinStrength * STEPS_PER_OD;
    for (let i = 0; i < pixels; i++) {
      const density = hematoxylin[i]! * perH + eosin[i]! * perE + orange[i]! * perO;
      light[i] = TRANSMISSION[density < 0 ? 0 : density > OD_STEPS ? OD_STEPS : density | 0]!;
    }
    blurRows(light, scratch, width, height, kernel);
    blurColumns(scratch, light, width, height, kernel);
    sense(light, rgb, channel, width, height, stain.white[channel]! * camera.gain[channel]!, camera, rng);
  }
  return rgb;
}

/** Illumination, noise and rounding of one channel. */
function sense(
  light: Float32Array,
  rgb: Uint8Array,
  channel: number,
  width: number,
  height: number,
  white: number,
  camera: Camera,
  rng: Rng,
): void {
  const { tiltX, tiltY, vignette, noise } = camera;
  const acrossColumns = Float64Array.from({ length: width }, (_, column) => {
    const u = column / width - 0.5;
    return tiltX * u - vignette * u * u;
  });
  for (let row = 0; row < height; row++) {
    const v = row / height - 0.5;
    const inRow = 1 + tiltY * v - vignette * v * v;
    const deviate = rng.integer(DEVIATES);
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      const transmitted = light[i]!;
      // Photon noise grows with the square root of the light; read-out noise does not.
      const grain =
        NORMAL[(deviate + column) & (DEVIATES - 1)]! * noise * (0.5 + 0.5 * Math.sqrt(transmitted));
      const value = white * transmitted * (inRow + acrossColumns[column]!) + grain + 0.5;
      rgb[i * 3 + channel] = Math.min(Math.max(value, 0), 255);
    }
  }
}

/** Half of a normalised Gaussian kernel, centre first. */
function gaussian(sigma: number): Float32Array {
  const radius = Math.max(1, Math.ceil(sigma * 2.4));
  const kernel = new Float32Array(radius + 1);
  let sum = 0;
  for (let i = 0; i <= radius; i++) {
    kernel[i] = Math.exp((-i * i) / (2 * sigma * sigma));
    sum += i ? 2 * kernel[i]! : kernel[i]!;
  }
  for (let i = 0; i <= radius; i++) kernel[i]! /= sum;
  return kernel;
}

function blurRows(
  from: Float32Array,
  to: Float32Array,
  width: number,
  height: number,
  kernel: Float32Array,
): void {
  const radius = Math.min(kernel.length - 1, width >> 1);
  const centre = kernel[0]!;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const end = start + width;
    for (let i = start; i < end; i++) to[i] = from[i]! * centre;
    for (let k = 1; k <= radius; k++) {
      const weight = kernel[k]!;
      for (let i = start + k; i < end - k; i++) to[i]! += weight * (from[i - k]! + from[i + k]!);
      // Beyond the border the border pixel goes on.
      for (let i = start; i < start + k; i++) to[i]! += weight * (from[start]! + from[i + k]!);
      for (let i = end - k; i < end; i++) to[i]! += weight * (from[i - k]! + from[end - 1]!);
    }
  }
}

function blurColumns(
  from: Float32Array,
  to: Float32Array,
  width: number,
  height: number,
  kernel: Float32Array,
): void {
  const centre = kernel[0]!;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    for (let x = 0; x < width; x++) to[start + x] = from[start + x]! * centre;
    for (let k = 1; k < kernel.length; k++) {
      const weight = kernel[k]!;
      const above = Math.max(0, row - k) * width;
      const below = Math.min(height - 1, row + k) * width;
      for (let x = 0; x < width; x++) to[start + x]! += weight * (from[above + x]! + from[below + x]!);
    }
  }
}
