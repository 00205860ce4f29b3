/** What every checkpoint reader returns, and the error they all throw. */
import { type CheckpointProblem, OsccError } from "../../core/errors";

/** Element types a checkpoint file can hold, by their NumPy-like names. */
export const CHECKPOINT_DTYPES = {
  float64: { bytes: 8 },
  float32: { bytes: 4 },
  float16: { bytes: 2 },
  bfloat16: { bytes: 2 },
  int64: { bytes: 8 },
  int32: { bytes: 4 },
  int16: { bytes: 2 },
  int8: { bytes: 1 },
  uint8: { bytes: 1 },
  bool: { bytes: 1 },
} as const;
/** Element types that checkpoint files use. */
export type CheckpointDtype = keyof typeof CHECKPOINT_DTYPES;

/** The values of a tensor as the file holds them. */
export type CheckpointData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array;

/**
 * One named array of a checkpoint, contiguous and row-major.
 * `dtype` is the type in the file; half-precision values are widened to float32, bool is 0 or 1 in bytes.
 */
export interface CheckpointTensor {
  readonly dtype: CheckpointDtype;
  readonly shape: readonly number[];
  readonly data: CheckpointData;
}

/** File formats that `readCheckpoint` reads. */
export type CheckpointFormat = "safetensors" | "torch-zip" | "torch-legacy";

/** The tensors of a checkpoint file, in file order. */
export interface Checkpoint {
  readonly path: string;
  readonly format: CheckpointFormat;
  readonly tensors: Readonly<Record<string, CheckpointTensor>>;
  /** Keys that were opened to reach the tensors, outermost first: `["teacher"]` for a DINO checkpoint. */
  readonly wrappers: readonly string[];
  /** Text metadata of a safetensors file; empty for the torch formats. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** An error about a checkpoint file; the first line names the file, the others say what is wrong and what to do. */
export function invalidCheckpoint(
  path: string,
  reason: CheckpointProblem,
  lines: readonly [string, ...string[]],
  names?: readonly string[],
): OsccError<"InvalidCheckpoint"> {
  const [found, ...rest] = lines;
  return new OsccError("InvalidCheckpoint", [`${path} ${found}`, ...rest], {
    path,
    reason,
    ...(names ? { names } : {}),
  });
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/**
 * Read `count` elements at `offset` of `bytes`, without copying when the alignment allows it.
 * The caller has checked that they are there.
 */
export function decode(
  bytes: Uint8Array,
  offset: number,
  count: number,
  dtype: CheckpointDtype,
): CheckpointData {
  const length = count * CHECKPOINT_DTYPES[dtype].bytes;
  const start = bytes.byteOffset + offset;
  // A typed array must start at a multiple of its element size: take a copy where the file does not.
  const aligned = start % CHECKPOINT_DTYPES[dtype].bytes === 0;
  const buffer = aligned ? bytes.buffer : new Uint8Array(bytes.subarray(offset, offset + length)).buffer;
  const at = aligned ? start : 0;
  switch (dtype) {
    case "float64":
      return new Float64Array(buffer, at, count);
    case "float32":
      return new Float32Array(buffer, at, count);
    case "float16":
      return halfToFloat32(new Uint16Array(buffer, at, count));
    case "bfloat16":
      return bfloat16ToFloat32(new Uint16Array(buffer, at, count));
    case "int64":
      return new BigInt64Array(buffer, at, count);
    case "int32":
      return new Int32Array(buffer, at, count);
    case "int16":
      return new Int16Array(buffer, at, count);
    case "int8":
      return new Int8Array(buffer, at, count);
    case "uint8":
    case "bool":
      return new Uint8Array(buffer, at, count);
  }
}

/** The values as float32, converting when needed. int64 loses what float32 cannot hold. */
export function toFloat32(tensor: CheckpointTensor): Float32Array {
  if (tensor.data instanceof Float32Array) return tensor.data;
  if (tensor.data instanceof BigInt64Array) return Float32Array.from(tensor.data, Number);
  return Float32Array.from(tensor.data);
}

/** All half-precision numbers, by their bits; made when first needed. */
let halves: Float32Array | undefined;

function halfToFloat32(bits: Uint16Array): Float32Array {
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, i) => halfToNumber(i));
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = halves[bits[i]!]!;
  return out;
}

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 is the upper half of a float32. */
function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return new Float32Array(words.buffer);
}
