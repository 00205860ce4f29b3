/**
 * What the first bytes of a file say: which image format, how many pixels. Read before any decoder runs,
 * so that a text file is named as one and a decompression bomb is never opened.
 */

export type ImageFormat = "jpeg" | "png" | "tiff" | "webp" | "bmp";

export interface ImageHeader {
  readonly format: ImageFormat;
  /** In pixels, where the header gives it in a simple place; the decoder checks again. */
  readonly width?: number;
  readonly height?: number;
}

/** The format and size that an image file declares, or `undefined` when these are not the bytes of an image. */
export function readHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return { format: "jpeg", ...jpegSize(view) };
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
    return { format: "png", ...pngSize(view) };
  if (startsWith(bytes, [0x49, 0x49, 0x2a, 0x00])) return { format: "tiff", ...tiffSize(view, true) };
  if (startsWith(bytes, [0x4d, 0x4d, 0x00, 0x2a])) return { format: "tiff", ...tiffSize(view, false) };
  if (ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 12) === "WEBP") return { format: "webp" };
  if (ascii(bytes, 0, 2) === "BM" && bytes.length > 26) return { format: "bmp", ...bmpSize(view) };
  return undefined;
}

/** The beginning of a file in words, for an error message. */
export function describeStart(bytes: Uint8Array): string {
  if (bytes.length === 0) return "it is empty";
  const start = bytes.subarray(0, 24);
  const printable = start.every((b) => (b >= 0x20 && b < 0x7f) || b === 0x0a || b === 0x0d || b === 0x09);
  if (printable) return `it begins with the text ${JSON.stringify(Buffer.from(start).toString("latin1"))}`;
  return `it begins with the bytes ${Buffer.from(start.subarray(0, 8))
    .toString("hex")
    .replace(/(..)(?=.)/g, "$1 ")}`;
}

type Size = { width: number; height: number } | Record<string, never>;

/** JPEG: the first frame header (SOF0 to SOF15, without DHT, JPG and DAC) holds height and width. */
function jpegSize(view: DataView): Size {
  let at = 2;
  while (at + 9 < view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++; // padding before a marker
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return {};
}

function pngSize(view: DataView): Size {
  return view.byteLength < 24 ? {} : { width: view.getUint32(16), height: view.getUint32(20) };
}

function bmpSize(view: DataView): Size {
  return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
}

/** TIFF: tags 256 (width) and 257 (height) of the first directory. */
function tiffSize(view: DataView, little: boolean): Size {
  if (view.byteLength < 8) return {};
  const directory = view.getUint32(4, little);
  if (directory + 2 > view.byteLength) return {};
  const entries = view.getUint16(directory, little);
  const found: { width?: number; height?: number } = {};
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > view.byteLength) break;
    const tag = view.getUint16(at, little);
    const isShort = view.getUint16(at + 2, little) === 3;
    const value = isShort ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little);
    if (tag === 256) found.width = value;
    if (tag === 257) found.height = value;
  }
  return found.width !== undefined && found.height !== undefined
    ? { width: found.width, height: found.height }
    : {};
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
