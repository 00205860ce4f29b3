/** A picture in memory: red, green, blue, one byte each. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { inspect } from "node:util";
import type { JimpInstance } from "jimp";
import { invalidArgument } from "../core/errors";
import type { MimeBundle } from "../core/host";
import { FILTERS, FITS, type Filter, type Fit, planFit } from "./fit";
import { nativeSharp } from "./native";
import { publishedWeights, resample, triangleWeights } from "./resample";

/** Options of `RgbImage.resize`. */
export interface ResizeOptions {
  /** `"squash"` (default, as published), `"crop"` or `"fit"`. */
  fit?: Fit;
  /** `"triangle"` (default) or `"published"`. */
  filter?: Filter;
}

/** A picture wider than this is shown smaller in a notebook, so that the notebook file stays small. */
const SHOWN_WIDTH = 720;
const WHITE = 255;

/**
 * An RGB picture, `[height, width, 3]` uint8, values 0-255, rows from the top. Immutable by convention:
 * every method returns a new picture.
 *
 * @example
 * const image = await cohort.patient(17).image("core", "x400").load();
 * image.width;                                   // 2592
 * const small = await image.resize(512, 512);    // squashed, as published
 */
export class RgbImage {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** `[height, width, 3]`, interleaved red, green, blue, 0-255. */
  readonly data: Uint8Array;

  /** @throws InvalidArgument when `data` is not `width * height * 3` bytes long */
  constructor(width: number, height: number, data: Uint8Array) {
    if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0))
      throw invalidArgument("image size", `${width}x${height}`, "whole numbers of pixels above 0");
    if (data.length !== width * height * 3)
      throw invalidArgument("image data", `${data.length} bytes`, `${width} x ${height} x 3 bytes`);
    this.width = width;
    this.height = height;
    this.data = data;
  }

  /** The red, green and blue value of one pixel; `x` from the left, `y` from the top, from 0. */
  pixel(x: number, y: number): [number, number, number] {
    if (!(x >= 0 && y >= 0 && x < this.width && y < this.height))
      throw invalidArgument("pixel", `(${x}, ${y})`, `x in [0, ${this.width}), y in [0, ${this.height})`);
    const at = (y * this.width + x) * 3;
    return [this.data[at]!, this.data[at + 1]!, this.data[at + 2]!];
  }

  /** The same picture with red and blue exchanged: repairs a file that was written in BGR order. */
  swapRedBlue(): RgbImage {
    const out = new Uint8Array(this.data);
    for (let i = 0; i < out.length; i += 3) {
      out[i] = this.data[i + 2]!;
      out[i + 2] = this.data[i]!;
    }
    return new RgbImage(this.width, this.height, out);
  }

  /** A rectangle of this picture, in pixels. */
  crop(x: number, y: number, width: number, height: number): RgbImage {
    const inside =
      [x, y, width, height].every(Number.isInteger) &&
      x >= 0 &&
      y >= 0 &&
      x + width <= this.width &&
      y + height <= this.height;
    if (!inside)
      throw invalidArgument(
        "crop",
        `${width}x${height} at (${x}, ${y})`,
        `a rectangle inside ${this.width}x${this.height}`,
      );
    const out = new Uint8Array(width * height * 3);
    for (let row = 0; row < height; row++) {
      const from = ((y + row) * this.width + x) * 3;
      out.set(this.data.subarray(from, from + width * 3), row * width * 3);
    }
    return new RgbImage(width, height, out);
  }

  /**
   * Anti-aliased resize.
   *
   * @param width   in pixels
   * @param height  in pixels
   * @param options `fit`: `"squash"` (default), `"crop"` or `"fit"`; `filter`: `"triangle"` (default) or `"published"`
   * @example
   * await picture.resize(512, 512, { filter: "published" }); // the study's preprocessing, to the grey level
   * await picture.resize(224, 224, { fit: "crop" });         // keeps the shape of nuclei
   */
  async resize(width: number, height: number, options: ResizeOptions = {}): Promise<RgbImage> {
    const { fit = "squash", filter = "triangle" } = options;
    checkResize(width, height, fit, filter);
    const { source, target } = planFit(this.width, this.height, width, height, fit);
    const part =
      fit === "crop" ? this.crop(source.x, source.y, source.width, source.height) : (this as RgbImage);
    const scaled = await scale(part, target.width, target.height, filter);
    if (fit !== "fit") return scaled;
    return pad(scaled, width, height, target.x, target.y);
  }

  /** PNG file bytes: lossless. */
  async toPng(): Promise<Buffer> {
    const sharp = await nativeSharp();
    if (!sharp) return (await this.toJimp()).getBuffer("image/png");
    return sharp(this.data, { raw: this.raw }).png({ compressionLevel: 6 }).toBuffer();
  }

  /** JPEG file bytes. @param quality 1-100, default 90 */
  async toJpeg(quality = 90): Promise<Buffer> {
    if (!(quality >= 1 && quality <= 100)) throw invalidArgument("quality", quality, "a number in 1-100");
    const sharp = await nativeSharp();
    if (!sharp) return (await this.toJimp()).getBuffer("image/jpeg", { quality });
    return sharp(this.data, { raw: this.raw }).jpeg({ quality }).toBuffer();
  }

  /** Write a `.png` or `.jpg` file; the ending decides. */
  async save(file: string): Promise<void> {
    const ending = path.extname(file).toLowerCase();
    if (ending !== ".png" && ending !== ".jpg" && ending !== ".jpeg")
      throw invalidArgument("file", file, "a name that ends in .png or .jpg");
    await writeFile(file, ending === ".png" ? await this.toPng() : await this.toJpeg());
  }

  /**
   * A Jimp image with a copy of the pixels: a bitmap to poke at in a cell.
   *
   * @example
   * const bitmap = await picture.toJimp();
   * bitmap.greyscale().contrast(0.3);
   * const back = RgbImage.fromJimp(bitmap);
   */
  async toJimp(): Promise<JimpInstance> {
    const { Jimp } = await import("jimp");
    const rgba = Buffer.alloc(this.width * this.height * 4, 255);
    for (let from = 0, to = 0; from < this.data.length; from += 3, to += 4) {
      rgba[to] = this.data[from]!;
      rgba[to + 1] = this.data[from + 1]!;
      rgba[to + 2] = this.data[from + 2]!;
    }
    return Jimp.fromBitmap({ data: rgba, width: this.width, height: this.height }) as JimpInstance;
  }

  /** From a Jimp image or any RGBA bitmap; transparent parts become white. */
  static fromJimp(image: {
    readonly bitmap: { readonly width: number; readonly height: number; readonly data: Uint8Array };
  }): RgbImage {
    const { width, height, data } = image.bitmap;
    const out = new Uint8Array(width * height * 3);
    for (let from = 0, to = 0; to < out.length; from += 4, to += 3) {
      const alpha = data[from + 3]!;
      for (let c = 0; c < 3; c++)
        out[to + c] =
          alpha === 255
            ? data[from + c]!
            : Math.round((data[from + c]! * alpha + WHITE * (255 - alpha)) / 255);
    }
    return new RgbImage(width, height, out);
  }

  /** What a notebook shows: a JPEG of at most 720 pixels' width. */
  async _repr_mimebundle_(): Promise<MimeBundle> {
    const shown =
      this.width <= SHOWN_WIDTH
        ? this
        : await this.resize(SHOWN_WIDTH, Math.max(1, Math.round((this.height * SHOWN_WIDTH) / this.width)));
    return {
      "image/jpeg": (await shown.toJpeg(88)).toString("base64"),
      "text/plain": inspect(this),
    };
  }

  [inspect.custom](): string {
    return `RgbImage ${this.width} × ${this.height}`;
  }

  private get raw(): { width: number; height: number; channels: 3 } {
    return { width: this.width, height: this.height, channels: 3 };
  }
}

/** Refuse sizes and names that no resize knows; shared with the loader. */
export function checkResize(width: number, height: number, fit: Fit, filter: Filter): void {
  for (const [name, value] of [
    ["width", width],
    ["height", height],
  ] as const)
    if (!(Number.isInteger(value) && value >= 1 && value <= 16384))
      throw invalidArgument(name, value, "a whole number of pixels in 1-16384");
  if (!FITS.includes(fit)) throw invalidArgument("fit", fit, `one of ${FITS.join(", ")}`);
  if (!FILTERS.includes(filter)) throw invalidArgument("filter", filter, `one of ${FILTERS.join(", ")}`);
}

async function scale(image: RgbImage, width: number, height: number, filter: Filter): Promise<RgbImage> {
  if (image.width === width && image.height === height) return image;
  const sharp = filter === "triangle" ? await nativeSharp() : undefined;
  if (sharp) {
    const raw = { width: image.width, height: image.height, channels: 3 as const };
    const data = await sharp(image.data, { raw })
      .resize(width, height, { fit: "fill", kernel: "linear" })
      .raw()
      .toBuffer();
    return new RgbImage(width, height, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const weights = filter === "published" ? publishedWeights : triangleWeights;
  const data = resample(
    image.data,
    image.width,
    weights(image.width, width),
    weights(image.height, height),
    filter === "published" ? "floor" : "nearest",
  );
  return new RgbImage(width, height, data);
}

function pad(image: RgbImage, width: number, height: number, x: number, y: number): RgbImage {
  const out = new Uint8Array(width * height * 3).fill(WHITE);
  const row = image.width * 3;
  for (let i = 0; i < image.height; i++)
    out.set(image.data.subarray(i * row, (i + 1) * row), ((y + i) * width + x) * 3);
  return new RgbImage(width, height, out);
}
