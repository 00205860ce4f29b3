/**
 * Tensors, in two forms: `tf.Tensor` inside a computation, `HostTensor` outside of it.
 *
 * `tf` is the TensorFlow.js core namespace with its gradients and the pure JavaScript `cpu` backend registered.
 * Nothing else in this package names a `@tensorflow/*` package.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { invalidArgument, OsccError } from "../core/errors";
import { registerGradients } from "./gradients";

registerGradients();
startQuietly();

export { tf };

/** Start the `cpu` backend without its advertisement for native ones; which backend runs is decided in devices.ts. */
function startQuietly(): void {
  if (!tf.engine().backendName) tf.setBackend("cpu");
  const backend: { firstUse?: boolean } = tf.engine().findBackend("cpu") as object;
  backend.firstUse = false;
}

/** What an element of a tensor can be. */
export type DType = "float32" | "int32" | "bool";

/** The array that holds the elements of each kind. */
export interface ArrayOfDType {
  float32: Float32Array;
  int32: Int32Array;
  bool: Uint8Array;
}

/** The array of any kind of tensor. */
export type TensorData = Float32Array | Int32Array | Uint8Array;

/** The shape and kind of a tensor that a compiled function takes or gives. `dtype` is `float32` unless said. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype?: DType;
}

/**
 * A tensor as plain data: it can be stored, sent to another thread, and has no owner.
 * `data` is in row-major order; a `bool` is one byte, 0 or 1.
 */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: TensorData;
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** Make the array for a number of elements of a kind, all zero. */
export function emptyData(dtype: DType, size: number): TensorData {
  if (dtype === "float32") return new Float32Array(size);
  return dtype === "int32" ? new Int32Array(size) : new Uint8Array(size);
}

/**
 * A tensor of plain data, checked.
 *
 * @param data   the elements in row-major order; numbers are converted, a typed array is kept, not copied
 * @param shape  default: a vector as long as the data
 * @param dtype  default: what the typed array holds; `float32` for plain numbers
 * @throws ShapeMismatch  when the number of elements is not the product of the shape
 * @example
 * const gain = engine.hostTensor([1, 1, 1]);
 * const batch = engine.hostTensor(new Float32Array(2 * 3), [2, 3]);
 */
export function hostTensor(
  data: TensorData | readonly number[],
  shape: readonly number[] = [data.length],
  dtype: DType = dtypeOfData(data),
): HostTensor {
  if (sizeOf(shape) !== data.length)
    throw new OsccError(
      "ShapeMismatch",
      [
        `${data.length} elements cannot fill a tensor of shape [${shape.join(", ")}].`,
        `Expected ${sizeOf(shape)} elements.`,
      ],
      { expected: shape, found: [data.length] },
    );
  return { shape: [...shape], dtype, data: asData(data, dtype) };
}

/** A tensor filled with one value (default 0, `float32`). */
export function filledTensor(shape: readonly number[], value = 0, dtype: DType = "float32"): HostTensor {
  const data = emptyData(dtype, sizeOf(shape));
  if (value !== 0) data.fill(value);
  return { shape: [...shape], dtype, data };
}

/** A tensor for a computation, from plain data (copied). The caller disposes it, or a surrounding `tf.tidy` does. */
export function toTensor(host: HostTensor): tf.Tensor {
  return tf.tensor(host.data.slice(), [...host.shape], host.dtype);
}

/** The plain data of a computed tensor; waits for the device. Does not dispose the tensor. */
export async function fromTensor(tensor: tf.Tensor): Promise<HostTensor> {
  return pack(tensor, (await tensor.data()) as TensorData);
}

/** The plain data of a computed tensor, blocking until the device is done. Does not dispose the tensor. */
export function fromTensorSync(tensor: tf.Tensor): HostTensor {
  return pack(tensor, tensor.dataSync() as TensorData);
}

/** A copy that shares nothing with the original. */
export function copyTensor(host: HostTensor): HostTensor {
  return { shape: [...host.shape], dtype: host.dtype, data: host.data.slice() };
}

/** The kind of a computed tensor, or an error for those that have no plain form (strings, complex numbers). */
export function dtypeOf(tensor: { dtype: string }): DType {
  if (tensor.dtype === "float32" || tensor.dtype === "int32" || tensor.dtype === "bool") return tensor.dtype;
  throw invalidArgument("dtype", tensor.dtype, "float32, int32 or bool", "Convert it with tf.cast first.");
}

function pack(tensor: tf.Tensor, data: TensorData): HostTensor {
  return { shape: [...tensor.shape], dtype: dtypeOf(tensor), data: asData(data.slice(), dtypeOf(tensor)) };
}

function dtypeOfData(data: TensorData | readonly number[]): DType {
  if (data instanceof Int32Array) return "int32";
  return data instanceof Uint8Array ? "bool" : "float32";
}

function asData(data: TensorData | readonly number[], dtype: DType): TensorData {
  if (dtype === "float32") return data instanceof Float32Array ? data : Float32Array.from(data);
  if (dtype === "int32") return data instanceof Int32Array ? data : Int32Array.from(data);
  return data instanceof Uint8Array ? data : Uint8Array.from(data, (v) => (v ? 1 : 0));
}
