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

/** Transmitted light for an optical density of 0 to 4, in 8192 steps. */
const OD_STEPS = 8192;
const OD_MAX = 4;
const STEPS_PER_OD = OD_STEPS / OD_MAX;
const TRANSMISSION = Float32Array.from({ length: OD_STEPS + 1 }, (_, i) => 10 ** ((-i * OD_MAX) / OD_STEPS));

/** Normal deviates, walked through with a stride: drawing one for each pixel would cost more than the lens. */
const DEVIATES = 65536;
const DEVIATE_STRIDE = 40503;
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
  let deviate = rng.uint32() & (DEVIATES - 1);
  for (let row = 0; row < height; row++) {
    const v = row / height - 0.5;
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      const u = column / width - 0.5;
      const transmitted = light[i]!;
      const illumination = 1 + tiltX * u + tiltY * v - vignette * (u * u + v * v);
      deviate = (deviate + DEVIATE_STRIDE) & (DEVIATES - 1);
      if ((i & 4095) === 0) deviate = rng.uint32() & (DEVIATES - 1);
      // Photon noise grows with the square root of the light; read-out noise does not.
      const grain = NORMAL[deviate]! * noise * (0.5 + 0.5 * Math.sqrt(transmitted));
      const value = white * transmitted * illumination + grain + 0.5;
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
  const radius = kernel.length - 1;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    for (let x = 0; x < width; x++) {
      let sum = from[start + x]! * kernel[0]!;
      if (x >= radius && x < width - radius)
        for (let k = 1; k <= radius; k++) sum += kernel[k]! * (from[start + x - k]! + from[start + x + k]!);
      else
        for (let k = 1; k <= radius; k++)
          sum += kernel[k]! * (from[start + Math.max(0, x - k)]! + from[start + Math.min(width - 1, x + k)]!);
      to[start + x] = sum;
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
  const radius = kernel.length - 1;
  for (let row = 0; row < height; row++) {
    for (let x = 0; x < width; x++) {
      let sum = from[row * width + x]! * kernel[0]!;
      for (let k = 1; k <= radius; k++) {
        const above = Math.max(0, row - k) * width + x;
        const below = Math.min(height - 1, row + k) * width + x;
        sum += kernel[k]! * (from[above]! + from[below]!);
      }
      to[row * width + x] = sum;
    }
  }
}
