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
 * Photograph a canvas: row by row, so that a row and those around it stay in the processor's nearest cache.
 *
 * @returns RGB, `[height, width, 3]` uint8
 */
export function expose(canvas: Canvas, stain: Stain, camera: Camera, rng: Rng): Uint8Array {
  const { width, height } = canvas;
  const rgb = new Uint8Array(width * height * 3);
  const kernel = gaussian(camera.blurPx);
  const row = new Float32Array(width);
  for (let channel = 0; channel < 3; channel++) {
    const blurred = new BlurredRows(canvas, channel, stain, kernel);
    const white = stain.white[channel]! * camera.gain[channel]!;
    const light = illumination(camera, width);
    for (let y = 0; y < height; y++) {
      blurred.read(y, row);
      sense(row, rgb, 3 * y * width + channel, white, y / height - 0.5, light, camera, rng);
    }
  }
  return rgb;
}

/** How the light falls off along a row, beside what it does from row to row. */
function illumination({ tiltX, vignette }: Camera, width: number): Float64Array {
  return Float64Array.from({ length: width }, (_, column) => {
    const u = column / width - 0.5;
    return tiltX * u - vignette * u * u;
  });
}

/** Illumination, noise and rounding of one row of one channel. `v`: its height in the picture, -0.5 to 0.5. */
function sense(
  transmitted: Float32Array,
  rgb: Uint8Array,
  start: number,
  white: number,
  v: number,
  light: Float64Array,
  { tiltY, vignette, noise }: Camera,
  rng: Rng,
): void {
  const inRow = 1 + tiltY * v - vignette * v * v;
  const deviate = rng.integer(DEVIATES);
  for (let column = 0; column < transmitted.length; column++) {
    const value = transmitted[column]!;
    // Photon noise grows with the square root of the light; read-out noise does not.
    const grain = NORMAL[(deviate + column) & (DEVIATES - 1)]! * noise * (0.5 + 0.5 * Math.sqrt(value));
    const grey = white * value * (inRow + light[column]!) + grain + 0.5;
    rgb[start + 3 * column] = Math.min(Math.max(grey, 0), 255);
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

/** The light of one channel behind the lens. Rows are read from top to bottom; beyond a border the border goes on. */
class BlurredRows {
  private readonly radius: number;
  /** Stain to steps of optical density. */
  private readonly steps: readonly [number, number, number];
  /** One row of light, with the border repeated on both sides. */
  private readonly padded: Float32Array;
  /** The rows around the present one, blurred from side to side; row y lies at y modulo their number. */
  private readonly rows: readonly Float32Array[];
  private made = 0;

  constructor(
    private readonly canvas: Canvas,
    channel: number,
    stain: Stain,
    private readonly kernel: Float32Array,
  ) {
    this.radius = kernel.length - 1;
    this.steps = [
      stain.hematoxylin[channel]! * stain.hematoxylinStrength * STEPS_PER_OD,
      stain.eosin[channel]! * stain.eosinStrength * STEPS_PER_OD,
      stain.orange[channel]! * stain.eosinStrength * STEPS_PER_OD,
    ];
    this.padded = new Float32Array(canvas.width + 2 * this.radius);
    this.rows = Array.from({ length: 2 * this.radius + 1 }, () => new Float32Array(canvas.width));
  }

  read(y: number, out: Float32Array): void {
    const { kernel, radius, canvas } = this;
    const last = Math.min(canvas.height - 1, y + radius);
    while (this.made <= last) this.make(this.made++);
    const own = this.row(y);
    const centre = kernel[0]!;
    for (let i = 0; i < out.length; i++) out[i] = own[i]! * centre;
    for (let k = 1; k <= radius; k++) {
      const weight = kernel[k]!;
      const above = this.row(Math.max(0, y - k));
      const below = this.row(Math.min(canvas.height - 1, y + k));
      for (let i = 0; i < out.length; i++) out[i]! += weight * (above[i]! + below[i]!);
    }
  }

  private row(y: number): Float32Array {
    return this.rows[y % this.rows.length]!;
  }

  private make(y: number): void {
    const { padded, kernel, radius } = this;
    this.expose(y);
    const out = this.row(y);
    const centre = kernel[0]!;
    for (let i = 0; i < out.length; i++) out[i] = padded[i + radius]! * centre;
    for (let k = 1; k <= radius; k++) {
      const weight = kernel[k]!;
      for (let i = 0; i < out.length; i++)
        out[i]! += weight * (padded[i + radius - k]! + padded[i + radius + k]!);
    }
  }

  /** Light that a row of the section lets through. */
  private expose(y: number): void {
    const { canvas, padded, radius } = this;
    const { width, hematoxylin, eosin, orange } = canvas;
    const [perH, perE, perO] = this.steps;
    const start = y * width;
    for (let i = 0; i < width; i++) {
      const at = start + i;
      const density = hematoxylin[at]! * perH + eosin[at]! * perE + orange[at]! * perO;
      padded[radius + i] = TRANSMISSION[density < 0 ? 0 : density > OD_STEPS ? OD_STEPS : density | 0]!;
    }
    padded.fill(padded[radius]!, 0, radius);
    padded.fill(padded[radius + width - 1]!, radius + width);
  }
}
