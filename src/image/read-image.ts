/** Read image files: JPEG, PNG, TIFF, BMP and (with sharp) WebP. */
import { open, stat } from "node:fs/promises";
import { OsccError } from "../core/errors";
import type { Filter, Fit } from "./fit";
import { describeStart, type ImageHeader, readHeader } from "./header";
import { chooseDecoder, type Decoder, nativeSharp } from "./native";
import { missingPngData } from "./png-data";
import { checkResize, RgbImage } from "./rgb-image";

/** The order in which a file stores its colours. */
export type ChannelOrder = "rgb" | "bgr";

/** Options of `readImage`. */
export interface ReadOptions {
  /** `"rgb"` (default); `"bgr"` for a file that was written with red and blue exchanged. */
  channels?: ChannelOrder;
  /** Which library decodes. Default: sharp, or jimp where sharp's native part is missing. */
  decoder?: Decoder;
  /** More pixels than this are refused before decoding. Default `MAX_PIXELS`. */
  maxPixels?: number;
}

/** Options of `readResized`. */
export interface ReadResizedOptions extends ReadOptions {
  /** `[height, width]` in pixels. */
  size: readonly [height: number, width: number];
  fit?: Fit;
  filter?: Filter;
}

/** 100 megapixels, twenty times a Multi-OSCC image: beyond it a file is taken for a decompression bomb. */
export const MAX_PIXELS = 100_000_000;
/** A larger image file is not read into memory. */
export const MAX_FILE_BYTES = 1_000_000_000;

/**
 * Read one image file as RGB.
 *
 * Stored colour values are taken as they are (embedded colour profiles are not applied, so that pixels equal
 * those other analysis tools read); camera orientation is applied; transparent parts become white; grey
 * pictures get three equal channels.
 *
 * @param file    path of a JPEG, PNG, TIFF, BMP or WebP file
 * @param options `channels`: `"rgb"` (default) or `"bgr"`; `decoder`; `maxPixels`, default 100 million
 * @throws UnreadableImage  when the file is missing, is no image, is cut off or damaged, or is too large
 * @example
 * const image = await readImage("17_1/01_4X.jpg");
 * const sample = await readImage("219011_slot1_rb-swapped.jpg", { channels: "bgr" });
 */
export async function readImage(file: string, options: ReadOptions = {}): Promise<RgbImage> {
  return decodeImage(await readImageBytes(file), { ...options, name: file });
}

/**
 * Decode image bytes as `readImage` does.
 *
 * @param bytes   the content of an image file
 * @param options as for `readImage`; `name` stands in error messages
 * @throws UnreadableImage
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: ReadOptions & { name?: string } = {},
): Promise<RgbImage> {
  const name = options.name ?? "image";
  const header = checkHeader(bytes, name, options.maxPixels ?? MAX_PIXELS);
  const image =
    (await decoderFor(header, options.decoder)) === "sharp"
      ? await decodeWithSharp(bytes, name, options.maxPixels ?? MAX_PIXELS)
      : await decodeWithJimp(bytes, header, name);
  return options.channels === "bgr" ? image.swapRedBlue() : image;
}

/**
 * Read and resize in one go, off the main thread. With the default filter a large JPEG is decoded at a
 * reduced scale first, which is several times faster than decoding all of it.
 *
 * @param file    path of an image file
 * @param options `size` `[height, width]`; `fit`, default `"squash"`; `filter`, default `"triangle"`; and those of `readImage`
 * @throws UnreadableImage
 * @example
 * import { images } from "oscc-lab";
 * const small = await images.readResized("17_1/01_4X.jpg", { size: [224, 224], fit: "crop" });
 */
export async function readResized(file: string, options: ReadResizedOptions): Promise<RgbImage> {
  const { size, fit = "squash", filter = "triangle" } = options;
  checkResize(size[1], size[0], fit, filter); // before the file is looked at
  return decodeResized(await readImageBytes(file), { ...options, name: file });
}

/**
 * Decode and resize image bytes as `readResized` does.
 *
 * @param bytes   the content of an image file
 * @param options as for `readResized`; `name` stands in error messages
 * @throws UnreadableImage
 */
export async function decodeResized(
  bytes: Uint8Array,
  options: ReadResizedOptions & { name?: string },
): Promise<RgbImage> {
  const { size, fit = "squash", filter = "triangle", maxPixels = MAX_PIXELS, name = "image" } = options;
  const [height, width] = size;
  checkResize(width, height, fit, filter);
  const header = checkHeader(bytes, name, maxPixels);
  const decoder = await decoderFor(header, options.decoder);
  if (decoder === "jimp" || filter === "published") {
    const image = await decodeImage(bytes, { ...options, decoder });
    return image.resize(width, height, { fit, filter });
  }
  const image = await decodeWithSharp(bytes, name, maxPixels, { width, height, fit });
  return options.channels === "bgr" ? image.swapRedBlue() : image;
}

/** The bytes of an image file. @throws UnreadableImage when it is missing, no plain file, or too large */
export async function readImageBytes(file: string): Promise<Buffer> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    // Before it is opened: to open a pipe is to wait for somebody to write into it.
    const kind = await stat(file);
    if (!kind.isFile() && !kind.isDirectory()) throw new Error("it is a device or a pipe, not a file");
    handle = await open(file, "r");
  } catch (cause) {
    throw unreadable(file, `it cannot be opened (${reasonOf(cause)})`, cause);
  }
  try {
    const { size } = await handle.stat();
    if (size > MAX_FILE_BYTES)
      throw unreadable(file, `it has ${size} bytes; at most ${MAX_FILE_BYTES} are read`);
    return await handle.readFile();
  } catch (cause) {
    if (cause instanceof OsccError) throw cause;
    throw unreadable(file, `it cannot be read (${reasonOf(cause)})`, cause);
  } finally {
    await handle.close();
  }
}

function checkHeader(bytes: Uint8Array, name: string, maxPixels: number): ImageHeader {
  const header = readHeader(bytes);
  if (!header) throw unreadable(name, `${describeStart(bytes)}, which is no image format that can be read`);
  if (header.width !== undefined && header.height !== undefined) {
    if (header.width === 0 || header.height === 0)
      throw unreadable(name, `it declares ${header.width} x ${header.height} pixels`);
    if (header.width * header.height > maxPixels)
      throw unreadable(
        name,
        `it declares ${header.width} x ${header.height} pixels; at most ${maxPixels} are decoded`,
      );
  }
  return header;
}

async function decoderFor(header: ImageHeader, asked: Decoder | undefined): Promise<Decoder> {
  // libvips, as sharp ships it, has no BMP reader.
  return header.format === "bmp" ? "jimp" : chooseDecoder(asked);
}

async function decodeWithSharp(
  bytes: Uint8Array,
  name: string,
  maxPixels: number,
  resize?: { width: number; height: number; fit: Fit },
): Promise<RgbImage> {
  const sharp = await nativeSharp();
  if (!sharp) throw unreadable(name, 'sharp\'s native part is missing; use { decoder: "jimp" }');
  try {
    // failOn "warning": a cut-off or damaged file is an error, not half a picture with a grey rest.
    let pipeline = sharp(bytes, { failOn: "warning", limitInputPixels: maxPixels, ignoreIcc: true })
      .autoOrient()
      .flatten({ background: "white" })
      .toColourspace("srgb");
    if (resize)
      pipeline = pipeline.resize(resize.width, resize.height, {
        fit: SHARP_FIT[resize.fit],
        kernel: "linear",
        background: "white",
      });
    const { data, info } = await pipeline.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return new RgbImage(info.width, info.height, threeChannels(data, info.channels));
  } catch (cause) {
    throw unreadable(name, `it is cut off or damaged (${reasonOf(cause)})`, cause);
  }
}

const SHARP_FIT = { squash: "fill", crop: "cover", fit: "contain" } as const;

/** jimp decodes on the main thread and fills four channels; a cut-off file is refused by its strict mode. */
async function decodeWithJimp(bytes: Uint8Array, header: ImageHeader, name: string): Promise<RgbImage> {
  if (header.format === "webp")
    throw unreadable(name, "WebP needs sharp's native part, which is missing or was not asked for");
  const missing = header.format === "png" ? missingPngData(bytes) : undefined;
  if (missing !== undefined) throw unreadable(name, `it is cut off or damaged (${missing})`);
  const { Jimp } = await import("jimp");
  const strict = {
    "image/jpeg": { tolerantDecoding: false, maxMemoryUsageInMB: 2048, maxResolutionInMP: 1e4 },
  };
  try {
    return RgbImage.fromJimp(await Jimp.fromBuffer(Buffer.from(bytes), strict));
  } catch (cause) {
    throw unreadable(name, `it is cut off or damaged (${reasonOf(cause)})`, cause);
  }
}

function threeChannels(data: Buffer, channels: number): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (channels === 3) return bytes;
  const pixels = bytes.length / channels;
  const out = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < 3; c++) out[3 * i + c] = bytes[i * channels + (channels < 3 ? 0 : c)]!;
  return out;
}

function unreadable(file: string, found: string, cause?: unknown): OsccError<"UnreadableImage"> {
  return new OsccError(
    "UnreadableImage",
    [
      `${file} cannot be read as an image: ${found}.`,
      "Expected a whole JPEG, PNG, TIFF, BMP or WebP file.",
      "Copy or download the file again; to leave it out, remove it from the folder (a missing view can be substituted or skipped).",
    ],
    { path: file },
    cause === undefined ? undefined : { cause },
  );
}

function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/\s+/g, " ").trim().slice(0, 160);
}
