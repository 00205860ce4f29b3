/**
 * safetensors: an 8-byte header length, a JSON header, then the raw values.
 * Source: https://github.com/huggingface/safetensors, "Format" (version 0.4).
 */
import { open } from "node:fs/promises";
import {
  CHECKPOINT_DTYPES,
  type Checkpoint,
  type CheckpointDtype,
  type CheckpointTensor,
  decode,
  invalidCheckpoint,
  sizeOf,
} from "./checkpoint";

/** The format's own limit; a longer header is an attack or another file. */
const MOST_HEADER_BYTES = 100_000_000;
const ALIGNMENT = 8;

const DTYPES: Readonly<Record<string, CheckpointDtype>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
};

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** Does the file start like a safetensors file? */
export function looksLikeSafetensors(file: Buffer): boolean {
  return file.length >= 10 && file.readBigUInt64LE(0) <= MOST_HEADER_BYTES && file[8] === 0x7b;
}

/** Read a safetensors file that is in memory. Every offset is checked before a value is touched. */
export function readSafetensors(path: string, file: Buffer): Checkpoint {
  const headerBytes = Number(file.readBigUInt64LE(0));
  if (8 + headerBytes > file.length) throw truncated(path);
  const { metadata, entries } = parseHeader(path, file.toString("utf8", 8, 8 + headerBytes));
  const values = file.subarray(8 + headerBytes);
  checkOffsets(path, entries, values.length);
  const tensors: Record<string, CheckpointTensor> = {};
  for (const [name, entry] of entries) {
    const dtype = dtypeOf(path, name, entry);
    tensors[name] = {
      dtype,
      shape: entry.shape,
      data: decode(values, entry.data_offsets[0], sizeOf(entry.shape), dtype),
    };
  }
  return { path, format: "safetensors", tensors, wrappers: [], metadata };
}

/**
 * Write float32 tensors, with text metadata.
 *
 * @example
 * await model.writeSafetensors("bias.safetensors", { bias: { shape: [2], data: Float32Array.of(0, 1) } });
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: { format: "pt", ...metadata } };
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / ALIGNMENT) * ALIGNMENT, " ");
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = await open(path, "w");
  try {
    await file.write(length);
    await file.write(padded);
    for (const { data } of Object.values(tensors))
      await file.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  } finally {
    await file.close();
  }
}

function parseHeader(path: string, text: string) {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw corrupt(path, `its header is not JSON (${(cause as Error).message})`);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw corrupt(path, "its header is not a JSON object");
  const { __metadata__, ...rest } = header as Record<string, unknown>;
  const entries = new Map<string, Entry>();
  for (const [name, entry] of Object.entries(rest)) {
    if (!isEntry(entry)) throw corrupt(path, `its entry "${name}" lacks a dtype, a shape or offsets`, [name]);
    entries.set(name, entry);
  }
  const metadata = Object.fromEntries(
    Object.entries((__metadata__ ?? {}) as Record<string, unknown>).map(([k, v]) => [k, String(v)]),
  );
  return { metadata, entries };
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { dtype, shape, data_offsets } = value as Partial<Entry>;
  const whole = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  return (
    typeof dtype === "string" &&
    Array.isArray(shape) &&
    shape.every(whole) &&
    Array.isArray(data_offsets) &&
    data_offsets.length === 2 &&
    data_offsets.every(whole)
  );
}

/** Offsets must lie in the file, match the shape, and not overlap: otherwise one tensor could disguise another. */
function checkOffsets(path: string, entries: ReadonlyMap<string, Entry>, available: number): void {
  const ordered = [...entries].sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  let end = 0;
  let before = "";
  for (const [name, entry] of ordered) {
    const [from, to] = entry.data_offsets;
    const bytes = sizeOf(entry.shape) * CHECKPOINT_DTYPES[dtypeOf(path, name, entry)].bytes;
    if (to > available) throw truncated(path, name);
    if (to - from !== bytes)
      throw corrupt(path, `tensor "${name}" has ${to - from} bytes where its shape needs ${bytes}`, [name]);
    if (from < end) throw corrupt(path, `tensors "${before}" and "${name}" overlap`, [before, name]);
    end = to;
    before = name;
  }
}

function dtypeOf(path: string, name: string, entry: Entry): CheckpointDtype {
  const dtype = DTYPES[entry.dtype];
  if (dtype) return dtype;
  throw invalidCheckpoint(
    path,
    "unsupported-dtype",
    [
      `holds tensor "${name}" of type ${entry.dtype}, which is not supported.`,
      `Supported: ${Object.keys(DTYPES).join(", ")}.`,
    ],
    [name],
  );
}

function corrupt(path: string, what: string, names?: readonly string[]) {
  return invalidCheckpoint(
    path,
    "corrupt",
    [`cannot be read: ${what}.`, "Download or copy the file again."],
    names,
  );
}

function truncated(path: string, name?: string) {
  return invalidCheckpoint(
    path,
    "truncated",
    [
      name === undefined ? "ends inside its header." : `ends before the values of tensor "${name}" do.`,
      "Download or copy the file again and compare its size.",
    ],
    name === undefined ? undefined : [name],
  );
}
