/**
 * The part of ZIP that torch files use: stored (uncompressed) entries, sizes and offsets taken from the
 * central directory because local headers may leave them zero, ZIP64 for files above 4 GB.
 *
 * Source: APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14-16 (end records).
 */
import { invalidCheckpoint } from "./checkpoint";

const END_RECORD = 0x06054b50;
const END_RECORD_BYTES = 22;
const ZIP64_LOCATOR = 0x07064b50;
const ZIP64_END_RECORD = 0x06064b50;
const CENTRAL_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const ZIP64_EXTRA_FIELD = 1;
const IN_ZIP64 = 0xffffffff;

/** The entries of an archive, by name; each is a view into `file`. */
export function readStoredZip(path: string, file: Buffer): Map<string, Buffer> {
  try {
    return readEntries(path, file);
  } catch (error) {
    // Buffer reads past the end throw RangeError: the directory points outside the file.
    if (error instanceof RangeError) throw truncated(path);
    throw error;
  }
}

function readEntries(path: string, file: Buffer): Map<string, Buffer> {
  const entries = new Map<string, Buffer>();
  const directory = findDirectory(path, file);
  let at = directory.offset;
  for (let i = 0; i < directory.entries; i++) {
    if (file.readUInt32LE(at) !== CENTRAL_ENTRY) throw corrupt(path, "its ZIP directory is damaged");
    const method = file.readUInt16LE(at + 10);
    const nameBytes = file.readUInt16LE(at + 28);
    const extraBytes = file.readUInt16LE(at + 30);
    const commentBytes = file.readUInt16LE(at + 32);
    const name = file.toString("utf8", at + 46, at + 46 + nameBytes);
    const { size, headerOffset } = sizeAndOffset(file, at, at + 46 + nameBytes, extraBytes);
    if (method !== 0)
      throw corrupt(path, `its entry "${name}" is compressed; torch stores entries uncompressed`);
    if (file.readUInt32LE(headerOffset) !== LOCAL_ENTRY)
      throw corrupt(path, `its entry "${name}" has no local header`);
    const start =
      headerOffset + 30 + file.readUInt16LE(headerOffset + 26) + file.readUInt16LE(headerOffset + 28);
    if (start + size > file.length) throw truncated(path);
    entries.set(name, file.subarray(start, start + size));
    at += 46 + nameBytes + extraBytes + commentBytes;
  }
  return entries;
}

function findDirectory(path: string, file: Buffer): { entries: number; offset: number } {
  const end = findEndRecord(file);
  if (end === undefined) throw truncated(path);
  const entries = file.readUInt16LE(end + 10);
  const offset = file.readUInt32LE(end + 16);
  if (entries !== 0xffff && offset !== IN_ZIP64) return { entries, offset };
  const locator = end - 20;
  if (locator < 0 || file.readUInt32LE(locator) !== ZIP64_LOCATOR) return { entries, offset };
  const record = Number(file.readBigUInt64LE(locator + 8));
  if (file.readUInt32LE(record) !== ZIP64_END_RECORD) throw corrupt(path, "its ZIP64 end record is damaged");
  return {
    entries: Number(file.readBigUInt64LE(record + 32)),
    offset: Number(file.readBigUInt64LE(record + 48)),
  };
}

/** The end record is last, before a comment of at most 65,535 bytes. */
function findEndRecord(file: Buffer): number | undefined {
  const first = Math.max(0, file.length - END_RECORD_BYTES - 0xffff);
  for (let at = file.length - END_RECORD_BYTES; at >= first; at--)
    if (file.readUInt32LE(at) === END_RECORD) return at;
  return undefined;
}

/** Size and header offset of a central entry; each that does not fit 32 bits stands in the ZIP64 extra field. */
function sizeAndOffset(file: Buffer, entry: number, extraStart: number, extraBytes: number) {
  let size = file.readUInt32LE(entry + 20);
  const fullSize = file.readUInt32LE(entry + 24);
  let headerOffset = file.readUInt32LE(entry + 42);
  for (let at = extraStart; at + 4 <= extraStart + extraBytes; at += 4 + file.readUInt16LE(at + 2)) {
    if (file.readUInt16LE(at) !== ZIP64_EXTRA_FIELD) continue;
    let field = at + 4;
    const next = () => {
      const value = Number(file.readBigUInt64LE(field));
      field += 8;
      return value;
    };
    if (fullSize === IN_ZIP64) next();
    if (size === IN_ZIP64) size = next();
    if (headerOffset === IN_ZIP64) headerOffset = next();
  }
  return { size, headerOffset };
}

function truncated(path: string) {
  return invalidCheckpoint(path, "truncated", [
    "ends before its contents do.",
    "Expected a whole torch file (a ZIP archive with its directory at the end).",
    "Download or copy the file again and compare its size.",
  ]);
}

function corrupt(path: string, what: string) {
  return invalidCheckpoint(path, "corrupt", [`cannot be read: ${what}.`, "Download or copy the file again."]);
}
