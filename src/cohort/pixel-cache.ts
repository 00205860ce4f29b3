/**
 * Decoded and resized images on disk, so that an image is decoded once for each setting.
 *
 * The key is what the pixels depend on: the bytes of the file, the setting, the decoder's version. A photograph that
 * was copied, renamed or touched is found again; one that was changed is not mistaken for what it was. A file holds the
 * pixels and a checksum; one that does not fit is made again.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";
import { cacheFolder } from "../core/paths";

/** Change this when the pixels that a setting gives change. */
const CACHE_VERSION = 2;
const CHECKSUM_BYTES = 4;

/**
 * The name under which an image's pixels are kept.
 *
 * @param content  fingerprint of the file's bytes
 * @param setting  everything else that decides the pixels
 */
export function pixelKey(content: string, setting: string): string {
  return createHash("sha256")
    .update(JSON.stringify([CACHE_VERSION, content, setting]))
    .digest("hex");
}

/** The kept pixels, or `undefined` when there are none or they are damaged. */
export async function readPixels(key: string, length: number): Promise<Uint8Array | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(fileOf(key));
  } catch {
    return undefined;
  }
  if (bytes.length !== length + CHECKSUM_BYTES) return undefined;
  const pixels = bytes.subarray(0, length);
  return crc32(pixels) === bytes.readUInt32LE(length) ? pixels : undefined;
}

/** Keep pixels. A cache that cannot be written (full or read-only disk) is no error: the pixels are here. */
export async function writePixels(key: string, pixels: Uint8Array): Promise<void> {
  const file = fileOf(key);
  const draft = `${file}.${randomUUID()}`;
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32LE(crc32(pixels));
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(draft, Buffer.concat([pixels, checksum]));
    await rename(draft, file); // readers see the whole file or none
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

function fileOf(key: string): string {
  return path.join(cacheFolder(), "pixels", key.slice(0, 2), `${key}.rgb`);
}
