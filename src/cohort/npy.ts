/** NumPy array files (`.npy`), read without Python. */
import { open, readFile, stat } from "node:fs/promises";
import { OsccError } from "../core/errors";

/** What the elements become in JavaScript. */
export type NpyData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** An array in row-major (C) order. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** NumPy's name of the stored type, such as `uint8`, `float32`. */
  readonly dtype: string;
  readonly data: NpyData;
}

/** Larger files are not read into memory. */
const MAX_BYTES = 4_000_000_000;
/** A header of at most 65,536 bytes stands behind at most 12. */
const MAX_HEADER_BYTES = 65536 + 12;
const MAGIC = "\x93NUMPY";

/**
 * Read a `.npy` file: booleans, integers and floats of any shape, either byte order, C or Fortran order.
 * 64-bit integers become doubles and must fit exactly. Nothing in the file is ever executed.
 *
 * @throws UnreadableArray when it is no such file, is cut off, or holds Python objects
 * @example
 * const { shape, data } = await readNpy("oscc126_x.npy"); // shape [126, 50, 50], data Uint8Array
 */
export async function readNpy(file: string): Promise<NpyArray> {
  let bytes: Buffer;
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error("it is a folder, a device or a pipe, not a file");
    const { size } = found;
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes; at most ${MAX_BYTES} are read`);
    bytes = await readFile(file);
  } catch (cause) {
    throw unreadable(file, (cause as Error).message, cause);
  }
  return parseNpy(bytes, file);
}

/**
 * Read one item along the first axis of a `.npy` file, and no more of the file than that.
 *
 * @returns an array with the remaining axes
 * @throws UnreadableArray, also when there is no such item
 */
export async function readNpyItem(file: string, index: number): Promise<NpyArray> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    if (!(await stat(file)).isFile()) throw new Error("it is a folder, a device or a pipe, not a file");
    handle = await open(file, "r");
  } catch (cause) {
    throw unreadable(file, (cause as Error).message, cause);
  }
  try {
    const start = Buffer.alloc(MAX_HEADER_BYTES);
    const { bytesRead } = await handle.read(start, 0, start.length, 0);
    const { size } = await handle.stat();
    const { type, shape, fortran, little, dataAt } = readHeader(start.subarray(0, bytesRead), file);
    const [items = 0, ...rest] = shape;
    const count = rest.reduce((product, length) => product * length, 1);
    const bytes = count * type.size;
    if (!Number.isSafeInteger(bytes * items) || bytes * items !== size - dataAt)
      throw unreadable(
        file,
        `shape [${shape.join(", ")}] of ${type.dtype} needs ${bytes * items} bytes and ${size - dataAt} are there`,
      );
    if (!(Number.isInteger(index) && index >= 0 && index < items))
      throw unreadable(file, `item ${index} was asked for and it holds ${items}`);
    if (bytes > MAX_BYTES)
      throw unreadable(file, `an item has ${bytes} bytes; at most ${MAX_BYTES} are read`);
    if (fortran) {
      const { data, dtype } = await readNpy(file); // items are interleaved: all of it is needed
      return { shape: rest, dtype, data: data.slice(index * count, (index + 1) * count) };
    }
    const stored = Buffer.alloc(bytes);
    await handle.read(stored, 0, bytes, dataAt + index * bytes);
    const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
    const data = type.read(view, count, little, (why) => unreadable(file, why));
    return { shape: rest, dtype: type.dtype, data };
  } finally {
    await handle.close();
  }
}

/** Read the bytes of a `.npy` file. @param name stands in error messages @throws UnreadableArray */
export function parseNpy(bytes: Uint8Array, name = "array"): NpyArray {
  const header = readHeader(bytes, name);
  const { type, shape, fortran, dataAt } = header;
  const count = shape.reduce((product, length) => product * length, 1);
  const stored = bytes.subarray(dataAt);
  if (!Number.isSafeInteger(count) || count * type.size !== stored.length)
    throw unreadable(
      name,
      `shape [${shape.join(", ")}] of ${type.dtype} needs ${count * type.size} bytes and ${stored.length} are there`,
    );
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  const data = type.read(view, count, header.little, (why) => unreadable(name, why));
  return { shape, dtype: type.dtype, data: fortran ? toRowMajor(data, shape) : data };
}

interface Header {
  readonly type: ElementType;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly dataAt: number;
}

/** The header is a Python dictionary of three keys; only exactly that is accepted. */
function readHeader(bytes: Uint8Array, name: string): Header {
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString("latin1");
  if (text(0, 6) !== MAGIC || bytes.length < 12)
    throw unreadable(name, "it does not begin as a .npy file does");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isOld = bytes[6] === 1;
  const length = isOld ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = isOld ? 10 : 12;
  const dataAt = start + length;
  if (length > 65536 || dataAt > bytes.length) throw unreadable(name, "its header is cut off");
  const header = text(start, dataAt);
  const other = /'descr':\s*(?:'\|(O)'|(\[))/.exec(header);
  if (other)
    throw unreadable(
      name,
      `its elements are ${other[1] ? "Python objects (dtype=object)" : "records of several fields"}, not numbers`,
    );
  const descr = /'descr':\s*'([<>|=])([a-zA-Z])(\d+)'/.exec(header);
  const order = /'fortran_order':\s*(True|False)/.exec(header);
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(header);
  if (!descr || !order || !shape)
    throw unreadable(name, `its header is not understood: ${header.trim().slice(0, 120)}`);
  const code = `${descr[2]}${descr[3]}`;
  const type = TYPES[code];
  if (!type)
    throw unreadable(name, `its elements are of type "${code}"; expected booleans, integers or floats`);
  const lengths = shape[1]!
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(Number);
  return { type, little: descr[1] !== ">", fortran: order[1] === "True", shape: lengths, dataAt };
}

type Fail = (why: string) => OsccError;

interface ElementType {
  readonly dtype: string;
  readonly size: number;
  readonly read: (view: DataView, count: number, little: boolean, fail: Fail) => NpyData;
}

function element<A extends NpyData>(
  dtype: string,
  size: number,
  make: (count: number) => A,
  get: (view: DataView, at: number, little: boolean, fail: Fail) => number,
): ElementType {
  return {
    dtype,
    size,
    read(view, count, little, fail) {
      const out = make(count);
      for (let i = 0; i < count; i++) out[i] = get(view, i * size, little, fail);
      return out;
    },
  };
}

const TYPES: Readonly<Record<string, ElementType>> = {
  b1: element(
    "bool",
    1,
    (n) => new Uint8Array(n),
    (v, at) => (v.getUint8(at) === 0 ? 0 : 1),
  ),
  u1: element(
    "uint8",
    1,
    (n) => new Uint8Array(n),
    (v, at) => v.getUint8(at),
  ),
  i1: element(
    "int8",
    1,
    (n) => new Int8Array(n),
    (v, at) => v.getInt8(at),
  ),
  u2: element(
    "uint16",
    2,
    (n) => new Uint16Array(n),
    (v, at, little) => v.getUint16(at, little),
  ),
  i2: element(
    "int16",
    2,
    (n) => new Int16Array(n),
    (v, at, little) => v.getInt16(at, little),
  ),
  u4: element(
    "uint32",
    4,
    (n) => new Uint32Array(n),
    (v, at, little) => v.getUint32(at, little),
  ),
  i4: element(
    "int32",
    4,
    (n) => new Int32Array(n),
    (v, at, little) => v.getInt32(at, little),
  ),
  u8: element(
    "uint64",
    8,
    (n) => new Float64Array(n),
    (v, at, little, fail) => exact(v.getBigUint64(at, little), fail),
  ),
  i8: element(
    "int64",
    8,
    (n) => new Float64Array(n),
    (v, at, little, fail) => exact(v.getBigInt64(at, little), fail),
  ),
  f2: element(
    "float16",
    2,
    (n) => new Float32Array(n),
    (v, at, little) => half(v.getUint16(at, little)),
  ),
  f4: element(
    "float32",
    4,
    (n) => new Float32Array(n),
    (v, at, little) => v.getFloat32(at, little),
  ),
  f8: element(
    "float64",
    8,
    (n) => new Float64Array(n),
    (v, at, little) => v.getFloat64(at, little),
  ),
};

function exact(value: bigint, fail: Fail): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw fail(`it holds ${value}, which a double cannot hold exactly`);
  return number;
}

/** IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Fortran order runs along the first axis first. */
function toRowMajor(data: NpyData, shape: readonly number[]): NpyData {
  const out = data.slice();
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) =>
    shape.slice(0, axis).reduce((product, length) => product * length, 1),
  );
  for (let i = 0; i < data.length; i++) {
    out[i] = data[index.reduce((sum, at, axis) => sum + at * strides[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return out;
}

function unreadable(file: string, found: string, cause?: unknown): OsccError<"UnreadableArray"> {
  return new OsccError(
    "UnreadableArray",
    [
      `${file} cannot be read as a NumPy array: ${found}.`,
      "Expected a whole .npy file of booleans, integers or floats.",
      "Write it again with  numpy.save(file, array).",
    ],
    { path: file },
    cause === undefined ? undefined : { cause },
  );
}
