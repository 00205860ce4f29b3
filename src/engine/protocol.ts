/** What the main thread and the compute worker say to each other. Plain data only. */
import type { DType, TensorData } from "./tensors";

/** Devices that ONNX Runtime drives. */
export type SessionDevice = "cpu" | "webgpu" | "cuda";

export interface WirePort {
  readonly name: string;
  /** The value's name in the graph. */
  readonly value: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export interface WireState extends WirePort {
  /** The value's name after the step; absent when the graph does not change it. */
  readonly next: string | undefined;
  readonly inPlace: boolean;
}

/** What the worker answers where there is no address space for the memory of kernels; the graph can do their work. */
export const NO_KERNEL_MEMORY = "no address space for the memory of kernels";

/** Updates of state that are computed once the graph has run (see updates/). Values are named as in the graph. */
export interface WireUpdates {
  /** Modules of WebAssembly. */
  readonly kernels: readonly Uint8Array[];
  /** What they work on: states, and outputs of the graph that are handed to them. */
  readonly tensors: readonly {
    readonly value: string;
    readonly shape: readonly number[];
    readonly handed: boolean;
  }[];
  /** In order: a kernel, its tensors, and its numbers, scalars that go into the graph or come out. */
  readonly calls: readonly {
    readonly kernel: number;
    readonly tensors: readonly string[];
    readonly numbers: readonly string[];
  }[];
}

/** A program to hold ready: the graph, the names in it, and where it runs. */
export interface LoadRequest {
  readonly name: string;
  /** Equal graphs have equal keys, and share one session. */
  readonly key: string;
  readonly model: Uint8Array;
  readonly fence: string;
  readonly device: SessionDevice;
  readonly threads: number;
  /** Run the graph node by node as it is: loaded sooner, slower to run. */
  readonly asItIs?: boolean;
  readonly inputs: readonly WirePort[];
  readonly outputs: readonly WirePort[];
  readonly state: readonly WireState[];
  readonly updates: WireUpdates;
  readonly values: Readonly<Record<string, TensorData>>;
}

/** A part of a buffer, seen as a tensor. Buffers hold single-precision numbers. */
export interface WireView {
  /** Index of the buffer. */
  readonly buffer: number;
  /** In elements. */
  readonly offset: number;
  readonly shape: readonly number[];
}

/** One run of a graph on views, given by index, by the names of the graph's values. */
export interface WireCall {
  readonly graph: number;
  readonly feeds: Readonly<Record<string, number>>;
  readonly fetches: Readonly<Record<string, number>>;
  /** An update that is done once the graph has run; on the processor. */
  readonly update?: WireUpdate;
  /**
   * Calls of one stage stand one after the other, each for a group of items, and may be made in any order or at the same
   * time. What a call makes for its group only calls for that group and calls outside stages read; to what calls for
   * several groups write, they add.
   */
  readonly stage?: number;
  readonly group?: number;
}

/** A kernel, with the views it works on, the scalars it takes, and what it makes by name. */
export interface WireUpdate {
  readonly kernel: number;
  readonly tensors: readonly number[];
  readonly numbers: readonly number[];
  readonly results: Readonly<Record<string, number>>;
}

/** Calls in order, after some views are set to zero. */
export interface WirePhase {
  /** The name of a scalar input: the phase is left out while it is zero. */
  readonly onlyIf?: string;
  readonly clear: readonly number[];
  readonly calls: readonly WireCall[];
}

/**
 * A program of many small graphs that work on shared buffers. On another device than the processor, buffers that are
 * only ever seen whole stay there.
 */
export interface PlanRequest {
  readonly name: string;
  readonly device: SessionDevice;
  readonly threads: number;
  /** How many groups are worked on at the same time, each by so many times fewer threads; on the processor. */
  readonly lanes: number;
  readonly graphs: readonly { readonly key: string; readonly model: Uint8Array; readonly fence: string }[];
  /** Modules of WebAssembly, and the buffers that they work on, by index. */
  readonly kernels: readonly Uint8Array[];
  readonly kernelBuffers: readonly number[];
  /** Lengths in elements. */
  readonly buffers: readonly number[];
  readonly views: readonly WireView[];
  readonly inputs: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, number>>;
  readonly state: Readonly<Record<string, number>>;
  readonly values: Readonly<Record<string, TensorData>>;
  readonly phases: readonly WirePhase[];
}

/** A value that a call of a plan makes: which phase, which call of it, and the value's name in the graph. */
export interface PlanPlace {
  readonly phase: number;
  readonly call: number;
  readonly value: string;
}

/** Requests by kind, with their answers. */
export interface Requests {
  load: { request: LoadRequest; answer: { program: number; copiesOutputs: boolean } };
  loadPlan: { request: PlanRequest; answer: { program: number; copiesOutputs: boolean } };
  run: {
    request: { program: number; inputs: Readonly<Record<string, TensorData>> };
    answer: { outputs: Readonly<Record<string, TensorData>> };
  };
  /** Run a plan and stop at the first call that makes a value which is not finite. */
  inspect: {
    request: { program: number; inputs: Readonly<Record<string, TensorData>> };
    answer: PlanPlace | undefined;
  };
  read: {
    request: { program: number; names: readonly string[] };
    answer: Readonly<Record<string, TensorData>>;
  };
  write: { request: { program: number; values: Readonly<Record<string, TensorData>> }; answer: undefined };
  unload: { request: { program: number }; answer: undefined };
}

export type RequestKind = keyof Requests;

export type Message = {
  [K in RequestKind]: { readonly id: number; readonly kind: K; readonly payload: Requests[K]["request"] };
}[RequestKind];

export type Reply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: string };
