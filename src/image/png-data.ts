/**
 * Does a PNG hold as many pixels as it declares? The JavaScript decoder fills what is missing with black, and takes the
 * memory for what is declared first; so this is asked before it runs.
 */
import { inflateSync } from "node:zlib";

/** Samples a pixel has, by PNG colour type: grey, RGB, palette, grey and alpha, RGB and alpha. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Adam7: where each pass begins, and how far apart its pixels are. */
const PASSES = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
] as const;
const SIGNATURE_BYTES = 8;

/** Why the pixel data cannot be whole, in words; `undefined` when they are. */
export function missingPngData(bytes: Uint8Array): string | undefined {
  const { header, data } = chunksOf(bytes);
  if (!header) return "it has no header";
  const needed = bytesNeeded(header);
  if (needed === undefined) return "its header is damaged";
  try {
    // No more than that is unpacked, whatever is packed in there.
    inflateSync(data, { maxOutputLength: Math.max(1, needed - 1) });
  } catch (error) {
    // More than one byte too few: that is what a whole picture has.
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return undefined;
    return "its pixel data are damaged";
  }
  return "it holds fewer pixels than it declares";
}

interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

/** The header and the packed pixels, put together. */
function chunksOf(bytes: Uint8Array): { header?: PngHeader; data: Buffer } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let header: PngHeader | undefined;
  for (let at = SIGNATURE_BYTES; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const start = at + 8;
    if (start + length + 4 > bytes.length) break;
    const type = Buffer.from(bytes.subarray(at + 4, start)).toString("latin1");
    if (type === "IHDR" && length >= 13)
      header = {
        width: view.getUint32(start),
        height: view.getUint32(start + 4),
        bits: bytes[start + 8]!,
        colour: bytes[start + 9]!,
        interlaced: bytes[start + 12] === 1,
      };
    if (type === "IDAT") parts.push(bytes.subarray(start, start + length));
    at = start + length + 4;
  }
  return { ...(header ? { header } : {}), data: Buffer.concat(parts) };
}

/** Each row is one byte for its filter and its samples, rounded up to whole bytes. */
function bytesNeeded({ width, height, bits, colour, interlaced }: PngHeader): number | undefined {
  const samples = SAMPLES[colour];
  if (samples === undefined) return undefined;
  const rows = (w: number, h: number) => (w > 0 && h > 0 ? h * (1 + Math.ceil((w * samples * bits) / 8)) : 0);
  if (!interlaced) return rows(width, height);
  return PASSES.reduce(
    (sum, { x, y, dx, dy }) => sum + rows(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)),
    0,
  );
}
