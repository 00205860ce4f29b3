/** A microscope a little out of focus. */
import { blankLike, type Pixels } from "./pixels";
import { checkRange, type Range, type StepKind } from "./step";

/** Blur with a Gaussian of random width. */
export interface BlurStep {
  readonly kind: "blur";
  /** Standard deviation in pixels of the picture that the model sees, evenly in this range. */
  readonly sigmaPx: Range;
  readonly probability?: number;
}

export interface Blur {
  readonly sigmaPx: number;
}

export const blur: StepKind<BlurStep, Blur> = {
  check: ({ sigmaPx }) => checkRange("blur.sigmaPx", sigmaPx, 0, 20),
  draw: ({ sigmaPx }, _, rng) => ({ sigmaPx: rng.range(...sigmaPx) }),
  apply: defocus,
};

/** Along rows, then along columns; cut at 4 standard deviations; edge pixels are repeated outwards. */
function defocus(image: Pixels, { sigmaPx }: Blur): Pixels {
  const kernel = gaussian(sigmaPx);
  if (kernel.length === 1) return image;
  const { width, height } = image;
  const across = blurAxis(image, kernel, { step: 3, length: width, stride: 3 * width, lines: height });
  return blurAxis(across, kernel, { step: 3 * width, length: height, stride: 3, lines: width });
}

/** `lines` lines of `length` pixels: `step` leads to the next pixel of a line, `stride` to the next line. */
interface Axis {
  readonly step: number;
  readonly length: number;
  readonly stride: number;
  readonly lines: number;
}

function blurAxis(image: Pixels, kernel: Float64Array, { step, length, stride, lines }: Axis): Pixels {
  const out = blankLike(image);
  const radius = (kernel.length - 1) / 2;
  const padded = new Float64Array(length + 2 * radius);
  for (let line = 0; line < lines; line++)
    for (let c = 0; c < 3; c++) {
      const start = line * stride + c;
      for (let i = 0; i < padded.length; i++) {
        const nearest = Math.min(length - 1, Math.max(0, i - radius));
        padded[i] = image.data[start + nearest * step]!;
      }
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let k = 0; k < kernel.length; k++) sum += kernel[k]! * padded[i + k]!;
        out.data[start + i * step] = sum;
      }
    }
  return out;
}

function gaussian(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  if (radius === 0) return new Float64Array([1]);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const sum = kernel.reduce((total, value) => total + value, 0);
  return kernel.map((value) => value / sum);
}
