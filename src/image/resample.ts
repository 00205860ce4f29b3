/**
 * Anti-aliased resampling in plain JavaScript.
 *
 * Resizing is one linear map along x and one along y. Each axis is a short list of weighted source pixels
 * for every target pixel, so a filter is a function that makes these lists, and one routine applies them.
 */

/** For each target position: where its source pixels begin, and their weights (which sum to 1). */
export interface AxisWeights {
  readonly start: Int32Array;
  readonly weights: readonly Float64Array[];
}

/**
 * Triangle (tent) filter, widened by the reduction factor: the usual anti-aliased bilinear.
 *
 * @param from source length in pixels
 * @param to   target length in pixels
 */
export function triangleWeights(from: number, to: number): AxisWeights {
  const factor = from / to;
  const radius = Math.max(1, factor);
  return axisWeights(to, (i) => {
    const centre = (i + 0.5) * factor - 0.5;
    const first = Math.max(0, Math.ceil(centre - radius));
    const last = Math.min(from - 1, Math.floor(centre + radius));
    const taps = new Map<number, number>();
    for (let k = first; k <= last; k++) taps.set(k, Math.max(0, 1 - Math.abs(k - centre) / radius));
    return taps;
  });
}

/**
 * The filter of the Multi-OSCC study's preprocessing (`skimage.transform.resize` with its defaults):
 * a Gaussian with sigma = (factor - 1) / 2, cut at 4 sigma, edges mirrored, then bilinear interpolation.
 * At 2592x1944 to 512x512 sigma is 2.031 along x and 1.398 along y.
 */
export function publishedWeights(from: number, to: number): AxisWeights {
  const factor = from / to;
  const gaussian = gaussianKernel(Math.max(0, (factor - 1) / 2));
  const radius = (gaussian.length - 1) / 2;
  return axisWeights(to, (i) => {
    const centre = (i + 0.5) * factor - 0.5;
    const left = Math.floor(centre);
    const taps = new Map<number, number>();
    for (const [pixel, share] of [
      [left, 1 - (centre - left)],
      [left + 1, centre - left],
    ] as const) {
      const middle = mirror(pixel, from);
      for (let k = -radius; k <= radius; k++) {
        const source = mirror(middle + k, from);
        taps.set(source, (taps.get(source) ?? 0) + share * gaussian[k + radius]!);
      }
    }
    return taps;
  });
}

/**
 * Apply one filter per axis to an interleaved RGB picture.
 *
 * @param data   `[h, w, 3]` uint8
 * @param round  how the exact value becomes a grey level: `"nearest"`, or `"floor"` as a cast to uint8 does
 * @returns      `[x.weights.length by y.weights.length]` pixels, `[h', w', 3]` uint8
 */
export function resample(
  data: Uint8Array,
  width: number,
  x: AxisWeights,
  y: AxisWeights,
  round: "nearest" | "floor" = "nearest",
): Uint8Array {
  const height = data.length / (3 * width);
  const narrow = resampleRows(data, width, height, x);
  return resampleColumns(narrow, x.weights.length, y, round);
}

function resampleRows(data: Uint8Array, width: number, height: number, x: AxisWeights): Float32Array {
  const outWidth = x.weights.length;
  const out = new Float32Array(height * outWidth * 3);
  for (let i = 0; i < outWidth; i++) {
    const taps = x.weights[i]!;
    const start = x.start[i]!;
    for (let row = 0; row < height; row++) {
      let at = (row * width + start) * 3;
      let r = 0;
      let g = 0;
      let b = 0;
      for (let k = 0; k < taps.length; k++, at += 3) {
        const weight = taps[k]!;
        r += weight * data[at]!;
        g += weight * data[at + 1]!;
        b += weight * data[at + 2]!;
      }
      const to = (row * outWidth + i) * 3;
      out[to] = r;
      out[to + 1] = g;
      out[to + 2] = b;
    }
  }
  return out;
}

function resampleColumns(
  data: Float32Array,
  width: number,
  y: AxisWeights,
  round: "nearest" | "floor",
): Uint8Array {
  const stride = width * 3;
  const out = new Uint8Array(y.weights.length * stride);
  // A hair above the exact value, so that a constant picture keeps its grey level under floor.
  const shift = round === "nearest" ? 0.5 : 1e-4;
  for (let row = 0; row < y.weights.length; row++) {
    const taps = y.weights[row]!;
    const start = y.start[row]!;
    for (let column = 0; column < stride; column++) {
      let sum = 0;
      for (let k = 0; k < taps.length; k++) sum += taps[k]! * data[(start + k) * stride + column]!;
      out[row * stride + column] = Math.min(255, Math.max(0, Math.floor(sum + shift)));
    }
  }
  return out;
}

function axisWeights(to: number, tapsOf: (i: number) => Map<number, number>): AxisWeights {
  const start = new Int32Array(to);
  const weights: Float64Array[] = [];
  for (let i = 0; i < to; i++) {
    const taps = tapsOf(i);
    const first = Math.min(...taps.keys());
    const row = new Float64Array(Math.max(...taps.keys()) - first + 1);
    let sum = 0;
    for (const weight of taps.values()) sum += weight;
    for (const [source, weight] of taps) row[source - first] = weight / sum;
    start[i] = first;
    weights.push(row);
  }
  return { start, weights };
}

function gaussianKernel(sigma: number): Float64Array {
  if (sigma === 0) return new Float64Array([1]);
  const radius = Math.floor(4 * sigma + 0.5);
  const kernel = new Float64Array(2 * radius + 1);
  let sum = 0;
  for (let k = -radius; k <= radius; k++)
    sum += kernel[k + radius] = Math.exp(-(k * k) / (2 * sigma * sigma));
  return kernel.map((value) => value / sum);
}

/** Reflect an index about the first and last pixel, which are not repeated: -1 is 1, n is n - 2. */
function mirror(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const folded = ((index % period) + period) % period;
  return folded < length ? folded : period - folded;
}
