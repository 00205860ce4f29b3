/** The runtime, as the compute worker uses it: whatever is native code is done behind the door. */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { enter, inside, leave } from "./door";

export type { InferenceSession, Tensor };

const ort = behindTheDoor(() => require("onnxruntime-node") as typeof import("onnxruntime-node"));

/** A tensor in main memory; its elements are not copied. */
export function tensor(dtype: Tensor.Type, data: Tensor.DataType, shape: readonly number[]): Tensor {
  return new ort.Tensor(dtype, data, shape);
}

export function openSession(
  model: Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  return inside(() => ort.InferenceSession.create(model, options));
}

/** @param fetches names of outputs, or buffers for them */
export function runSession(
  session: InferenceSession,
  feeds: InferenceSession.FeedsType,
  fetches: InferenceSession.FetchesType,
): Promise<InferenceSession.ReturnType> {
  return inside(() => session.run(feeds, fetches));
}

export function closeSession(session: InferenceSession): Promise<void> {
  return inside(() => session.release());
}

/** Give a tensor on a device back; one in main memory is the garbage collector's. */
export function giveBack(tensor: Tensor): void {
  if (tensor.location !== "cpu") behindTheDoor(() => tensor.dispose());
}

function behindTheDoor<T>(work: () => T): T {
  enter();
  try {
    return work();
  } finally {
    leave();
  }
}
