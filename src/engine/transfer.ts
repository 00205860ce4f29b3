/**
 * Moving tensors between main memory and a device.
 *
 * Asking a tensor on a device for its data is not safe in this runtime, so they move through graphs that copy: what
 * goes in on one side comes out on the other.
 */
import { encodeModel } from "./onnx/encode";
import { Graph } from "./onnx/graph";
import type { SessionDevice } from "./protocol";
import { closeSession, type InferenceSession, openSession, runSession, type Tensor } from "./runtime";

type Place = "cpu" | "gpu-buffer";

/** Copies single-precision tensors, with one graph for each shape and direction. */
export class Transfer {
  private readonly copiers = new Map<string, Promise<InferenceSession>>();

  constructor(private readonly device: Exclude<SessionDevice, "cpu">) {}

  /** The elements of a tensor, wherever it lies, in an array of their own. */
  async toHost(tensor: Tensor): Promise<Float32Array> {
    const onHost = tensor.location === "cpu" ? tensor : await this.copied(tensor, "cpu");
    return (onHost.data as Float32Array).slice();
  }

  /** A tensor on the device, where this runtime can hold one there; else the tensor given. */
  async toDevice(tensor: Tensor): Promise<Tensor> {
    return this.device === "webgpu" ? this.copied(tensor, "gpu-buffer") : tensor;
  }

  async close(): Promise<void> {
    for (const opening of this.copiers.values()) await closeSession(await opening);
    this.copiers.clear();
  }

  private async copied(tensor: Tensor, to: Place): Promise<Tensor> {
    const key = `${to} ${tensor.dims.join(",")}`;
    const opening = this.copiers.get(key) ?? this.openCopier(tensor.dims, to);
    this.copiers.set(key, opening);
    const { y } = await runSession(await opening, { x: tensor }, ["y"]);
    return y!;
  }

  private openCopier(shape: readonly number[], to: Place): Promise<InferenceSession> {
    const graph = new Graph();
    const info = { type: "float32", shape } as const;
    graph.input({ name: "x", ...info });
    graph.finish([{ name: "y", ...info, value: "x" }]);
    return openSession(encodeModel(graph, { name: "copy" }), {
      executionProviders: [this.device],
      logSeverityLevel: 3,
      ...(this.device === "webgpu" ? { preferredOutputLocation: { y: to } } : {}),
    });
  }
}
