/** Turn the picture about its middle. */
import { invalidArgument } from "../../core/errors";
import { blankLike, type Pixels } from "./pixels";
import { checkNumber, type Scene, type StepKind } from "./step";

/** What stands where the turned picture does not reach: its own mirror image, the mean colour, or a colour. */
export type Fill = "mirror" | "mean" | readonly [red: number, green: number, blue: number];

/** Turn by a random angle, anti-clockwise where it is positive; the size stays, corners are cut. */
export interface RotationStep {
  readonly kind: "rotation";
  /** The angle lies evenly between minus and plus this. The study: 45. */
  readonly degrees: number;
  /** `"bilinear"` (default) keeps edges smooth; `"nearest"`, as published, leaves steps in them. */
  readonly interpolation?: "bilinear" | "nearest";
  /** Default `"mirror"`: no corner tells the model by how much a picture was turned. The study: zero after normalisation, which is the mean. */
  readonly fill?: Fill;
  readonly probability?: number;
}

export interface Rotation {
  readonly degrees: number;
  readonly nearest: boolean;
  /** Absent: the picture's mirror image. */
  readonly colour?: readonly [number, number, number];
}

export const rotation: StepKind<RotationStep, Rotation> = {
  check({ degrees, interpolation = "bilinear", fill = "mirror" }) {
    checkNumber("rotation.degrees", degrees, 0, 180);
    if (interpolation !== "bilinear" && interpolation !== "nearest")
      throw invalidArgument("rotation.interpolation", interpolation, "bilinear or nearest");
    const isColour = Array.isArray(fill) && fill.length === 3 && fill.every(Number.isFinite);
    if (fill !== "mirror" && fill !== "mean" && !isColour)
      throw invalidArgument("rotation.fill", JSON.stringify(fill), "mirror, mean or [red, green, blue]");
  },
  draw({ degrees, interpolation = "bilinear", fill = "mirror" }, scene, rng) {
    const colour = colourOf(fill, scene);
    return {
      degrees: rng.range(-degrees, degrees),
      nearest: interpolation === "nearest",
      ...(colour ? { colour } : {}),
    };
  },
  apply: turn,
};

function colourOf(fill: Fill, { mean }: Scene): readonly [number, number, number] | undefined {
  return fill === "mirror" ? undefined : fill === "mean" ? mean : fill;
}

/** For each target pixel, look up where it came from. */
function turn(image: Pixels, { degrees, nearest, colour }: Rotation): Pixels {
  const { width, height } = image;
  const out = blankLike(image);
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  const middleX = (width - 1) / 2;
  const middleY = (height - 1) / 2;
  const look = nearest ? lookNearest : lookBilinear;
  for (let y = 0; y < height; y++) {
    const startX = middleX - cos * middleX - sin * (y - middleY);
    const startY = middleY - sin * middleX + cos * (y - middleY);
    look(image, { startX, startY, stepX: cos, stepY: sin }, colour, out.data, 3 * y * width);
  }
  return out;
}

/** Where the pixels of one target row come from: a point, and the way to the next. */
interface Line {
  readonly startX: number;
  readonly startY: number;
  readonly stepX: number;
  readonly stepY: number;
}

type Colour = readonly [number, number, number] | undefined;

function lookNearest(image: Pixels, line: Line, colour: Colour, out: Float32Array, rowAt: number): void {
  const { width, height, data } = image;
  const { startX, startY, stepX, stepY } = line;
  for (let x = 0, to = rowAt; x < width; x++, to += 3) {
    const column = Math.round(startX + stepX * x);
    const row = Math.round(startY + stepY * x);
    const isInside = column >= 0 && row >= 0 && column < width && row < height;
    if (!isInside && colour) {
      out[to] = colour[0];
      out[to + 1] = colour[1];
      out[to + 2] = colour[2];
      continue;
    }
    const from = 3 * (isInside ? row * width + column : mirroredPlace(image, column, row));
    out[to] = data[from]!;
    out[to + 1] = data[from + 1]!;
    out[to + 2] = data[from + 2]!;
  }
}

function lookBilinear(image: Pixels, line: Line, colour: Colour, out: Float32Array, rowAt: number): void {
  const { width, height, data } = image;
  const { startX, startY, stepX, stepY } = line;
  for (let x = 0, to = rowAt; x < width; x++, to += 3) {
    const fromX = startX + stepX * x;
    const fromY = startY + stepY * x;
    const column = Math.floor(fromX);
    const row = Math.floor(fromY);
    if (column < 0 || row < 0 || column + 1 >= width || row + 1 >= height) {
      blendAtEdge(image, fromX, fromY, colour, out, to);
      continue;
    }
    const across = fromX - column;
    const down = fromY - row;
    const above = 3 * (row * width + column);
    const below = above + 3 * width;
    for (let c = 0; c < 3; c++) {
      const top = data[above + c]! * (1 - across) + data[above + 3 + c]! * across;
      const bottom = data[below + c]! * (1 - across) + data[below + 3 + c]! * across;
      out[to + c] = top * (1 - down) + bottom * down;
    }
  }
}

/** Of the four pixels around a point, each that lies outside counts as the colour. */
function blendAtEdge(
  image: Pixels,
  x: number,
  y: number,
  colour: Colour,
  out: Float32Array,
  to: number,
): void {
  const { width, height, data } = image;
  const column = Math.floor(x);
  const row = Math.floor(y);
  for (let c = 0; c < 3; c++) out[to + c] = 0;
  for (let corner = 0; corner < 4; corner++) {
    const i = column + (corner & 1);
    const j = row + (corner >> 1);
    const weight = (1 - Math.abs(x - i)) * (1 - Math.abs(y - j));
    const isInside = i >= 0 && j >= 0 && i < width && j < height;
    const from = 3 * mirroredPlace(image, i, j);
    for (let c = 0; c < 3; c++) out[to + c]! += weight * (isInside || !colour ? data[from + c]! : colour[c]!);
  }
}

function mirroredPlace({ width, height }: Pixels, column: number, row: number): number {
  return mirrored(row, height) * width + mirrored(column, width);
}

/** Reflect an index about the first and last pixel, which are not repeated: -1 is 1, n is n - 2. */
function mirrored(index: number, length: number): number {
  if (index >= 0 && index < length) return index;
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const folded = ((index % period) + period) % period;
  return folded < length ? folded : period - folded;
}
