/** Features on disk: one file a patient, named after everything they were made from. */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";
import { cacheFolder } from "../core/paths";

const CHECKSUM_BYTES = 4;

/** The kept features, or `undefined` when there are none or they are damaged. */
export async function readFeatures(key: string, length: number): Promise<Float32Array | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(fileOf(key));
  } catch {
    return undefined;
  }
  const end = length * Float32Array.BYTES_PER_ELEMENT;
  if (bytes.length !== end + CHECKSUM_BYTES) return undefined;
  const values = bytes.subarray(0, end);
  if (crc32(values) !== bytes.readUInt32LE(end)) return undefined;
  return new Float32Array(Uint8Array.from(values).buffer);
}

/** Keep features. A cache that cannot be written (full or read-only disk) is no error: the features are here. */
export async function writeFeatures(key: string, features: Float32Array): Promise<void> {
  const file = fileOf(key);
  const draft = `${file}.${randomUUID()}`;
  const values = Buffer.from(features.buffer, features.byteOffset, features.byteLength);
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32LE(crc32(values));
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(draft, Buffer.concat([values, checksum]));
    await rename(draft, file); // readers see the whole file or none
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

function fileOf(key: string): string {
  return path.join(cacheFolder(), "features", key.slice(0, 2), `${key}.f32`);
}
