/** The part of a 2D canvas that Plotly's heat maps use: fillRect, putImageData, toDataURL. Pure JavaScript. */
import { crc32, deflateSync } from "node:zlib";

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row. */
  readonly data: Uint8ClampedArray;
}

const blank = (width: number, height: number): Pixels => ({
  width,
  height,
  data: new Uint8ClampedArray(width * height * 4),
});

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Eight bits a channel, colour type 6: RGBA. */
const EIGHT_BIT_RGBA = [8, 6];

function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

/** A PNG file of RGBA pixels, each row unfiltered. */
export function encodePng({ width, height, data }: Pixels): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set(EIGHT_BIT_RGBA, 8);
  const stride = width * 4;
  const rows = Buffer.alloc(height * (stride + 1));
  for (let y = 0; y < height; y++)
    rows.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  return Buffer.concat([
    PNG_SIGNATURE,
    pngChunk("IHDR", header),
    pngChunk("IDAT", deflateSync(rows)),
    pngChunk("IEND", new Uint8Array()),
  ]);
}

/** `rgb(1, 2, 3)` or `rgba(1, 2, 3, 0.5)` as four bytes. */
function parseColour(css: string): readonly number[] {
  const [red = 0, green = 0, blue = 0, alpha = 1] = (css.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue, alpha * 255];
}

/** Give a jsdom `<canvas>` pixels of its own. Returns the same element. */
export function asCanvas<T extends object>(element: T): T {
  let pixels = blank(300, 150);
  const context = {
    fillStyle: "rgb(0,0,0)",
    drawImage() {},
    clearRect() {
      pixels = blank(pixels.width, pixels.height);
    },
    createImageData: blank,
    getImageData: (_x: number, _y: number, width: number, height: number) => blank(width, height),
    putImageData(from: Pixels) {
      pixels.data.set(from.data);
    },
    fillRect(x: number, y: number, width: number, height: number) {
      const colour = parseColour(this.fillStyle);
      const right = Math.min(pixels.width, x + width);
      const bottom = Math.min(pixels.height, y + height);
      for (let row = Math.max(0, y); row < bottom; row++)
        for (let column = Math.max(0, x); column < right; column++)
          pixels.data.set(colour, (row * pixels.width + column) * 4);
    },
  };
  const whole = (size: number) => Math.max(1, Math.trunc(size));
  return Object.defineProperties(element, {
    width: {
      get: () => pixels.width,
      set: (width: number) => {
        pixels = blank(whole(width), pixels.height);
      },
    },
    height: {
      get: () => pixels.height,
      set: (height: number) => {
        pixels = blank(pixels.width, whole(height));
      },
    },
    getContext: { value: (kind: string) => (kind === "2d" ? context : null) },
    toDataURL: { value: () => `data:image/png;base64,${encodePng(pixels).toString("base64")}` },
  });
}
