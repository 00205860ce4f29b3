/**
 * Programs of many small graphs, held ready in the compute worker.
 *
 * The graphs work on views of buffers that are allocated once. Which graph runs when, on which views, is a plan made
 * by the main thread (see chain/plan.ts); here it is only carried out.
 */
import { loadDevicePlan } from "./device-plan";
import { allFinite } from "./finite";
import type { PlanPlace, PlanRequest, WireCall, WireUpdate } from "./protocol";
import { type InferenceSession, type Tensor, tensor } from "./runtime";
import { type Fetches, type ResidentProgram, runFenced, type Sessions } from "./sessions";
import type { TensorData } from "./tensors";
import { KernelMemory } from "./updates/kernel-memory";

export async function loadPlan(
  sessions: Sessions,
  { values, ...request }: PlanRequest,
): Promise<ResidentProgram> {
  if (request.device !== "cpu") return loadDevicePlan(sessions, { values, ...request });
  const { buffers, kernels, kernelBuffers } = request;
  const memory =
    kernels.length === 0
      ? undefined
      : new KernelMemory(
          kernels,
          kernelBuffers.map((buffer) => buffers[buffer]!),
        );
  const opened: InferenceSession[] = [];
  for (const { key, model, fence } of request.graphs)
    opened.push(
      await sessions.acquire({
        key,
        model,
        fence,
        device: "cpu",
        threads: request.threads,
        outputs: [],
        state: [],
      }),
    );
  return new PlannedProgram(opened, request, values, memory, await sessions.fenceWorks(), async () => {
    for (const { key } of request.graphs) await sessions.release(key);
  });
}

class PlannedProgram implements ResidentProgram {
  private readonly views: readonly Tensor[];
  private readonly phases: readonly { onlyIf?: string; clear: readonly number[]; calls: readonly Call[] }[];
  /** Why the state can no longer be trusted: a run failed in the middle of writing it. */
  private torn: string | undefined;

  constructor(
    private readonly sessions: readonly InferenceSession[],
    private readonly request: Omit<PlanRequest, "values">,
    values: PlanRequest["values"],
    private readonly kernels: KernelMemory | undefined,
    private readonly fenced: boolean,
    private readonly release: () => Promise<void>,
  ) {
    const buffers = request.buffers.map((length, buffer) => {
      const inMemory = request.kernelBuffers.indexOf(buffer);
      return kernels && inMemory >= 0 ? kernels.arrays[inMemory]! : new Float32Array(length);
    });
    this.views = request.views.map(({ buffer, offset, shape }) => {
      const length = shape.reduce((n, side) => n * side, 1);
      return tensor("float32", buffers[buffer]!.subarray(offset, offset + length), [...shape]);
    });
    this.phases = request.phases.map((phase) => ({
      ...phase,
      calls: phase.calls.map((call) => this.prepared(call)),
    }));
    for (const [name, data] of Object.entries(values)) this.data(request.state[name]!).set(data);
  }

  get copiesOutputs(): boolean {
    return !this.fenced;
  }

  async run(inputs: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>> {
    if (this.torn)
      throw new Error(
        `an earlier run failed half way (${this.torn}); write the whole state again before the next run`,
      );
    try {
      await this.carryOut(inputs);
    } catch (error) {
      this.torn = (error as Error).message;
      throw error;
    }
    return this.copies(this.request.outputs, Object.keys(this.request.outputs));
  }

  async inspect(inputs: Readonly<Record<string, TensorData>>): Promise<PlanPlace | undefined> {
    this.torn = "it was stopped to be looked into";
    let found: PlanPlace | undefined;
    await this.carryOut(inputs, (phase, call, { fetches, results }) => {
      const broken = Object.entries({ ...fetches, ...results }).find(
        ([, tensor]) => tensor && !allFinite(tensor.data as Float32Array),
      );
      if (broken) found = { phase, call, value: broken[0] };
      return found === undefined;
    });
    return found;
  }

  /** Make all calls in their order; `goOn` sees each when it is done, and may stop them. */
  private async carryOut(
    inputs: Readonly<Record<string, TensorData>>,
    goOn?: (phase: number, call: number, made: Call) => boolean,
  ): Promise<void> {
    for (const [name, view] of Object.entries(this.request.inputs)) this.data(view).set(inputs[name]!);
    for (const [phase, { onlyIf, clear, calls }] of this.phases.entries()) {
      if (onlyIf !== undefined && inputs[onlyIf]![0] === 0) continue;
      for (const view of clear) this.data(view).fill(0);
      for (const [index, call] of calls.entries()) {
        await runFenced(call.session, call.feeds, call.fetches, this.fenced);
        call.update?.();
        if (goOn && !goOn(phase, index, call)) return;
      }
    }
  }

  async read(names: readonly string[]): Promise<Record<string, TensorData>> {
    return this.copies(this.request.state, names);
  }

  async write(values: Readonly<Record<string, TensorData>>): Promise<void> {
    for (const [name, data] of Object.entries(values)) this.data(this.request.state[name]!).set(data);
    if (Object.keys(this.request.state).every((name) => name in values)) this.torn = undefined;
  }

  close(): Promise<void> {
    return this.release();
  }

  private data(view: number): Float32Array {
    return this.views[view]!.data as Float32Array;
  }

  private copies(
    views: Readonly<Record<string, number>>,
    names: readonly string[],
  ): Record<string, Float32Array> {
    return Object.fromEntries(names.map((name) => [name, this.data(views[name]!).slice()]));
  }

  private prepared({ graph, feeds, fetches, update }: WireCall): Call {
    const tensors = (views: Readonly<Record<string, number>>) =>
      Object.fromEntries(Object.entries(views).map(([value, view]) => [value, this.views[view]!]));
    const fence = this.fenced ? { [this.request.graphs[graph]!.fence]: null } : {};
    return {
      session: this.sessions[graph]!,
      feeds: tensors(feeds),
      fetches: { ...fence, ...tensors(fetches) },
      ...(update ? { update: this.preparedUpdate(update), results: tensors(update.results) } : {}),
    };
  }

  private preparedUpdate({ kernel, tensors, numbers }: WireUpdate): () => void {
    const arrays = tensors.map((view) => this.data(view));
    const scalars = numbers.map((view) => this.data(view));
    return () =>
      this.kernels!.run(
        kernel,
        arrays,
        scalars.map((scalar) => scalar[0]!),
      );
  }
}

interface Call {
  readonly session: InferenceSession;
  readonly feeds: Record<string, Tensor>;
  readonly fetches: Fetches;
  /** What is done once the graph has run, and what that makes. */
  readonly update?: () => void;
  readonly results?: Readonly<Record<string, Tensor>>;
}
