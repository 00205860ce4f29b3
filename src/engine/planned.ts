/**
 * Programs of many small graphs, held ready in the compute worker.
 *
 * The graphs work on views of buffers that are allocated once. Which graph runs when, on which views, is a plan made
 * by the main thread (see chain/plan.ts); here it is only carried out.
 */
import { loadDevicePlan } from "./device-plan";
import { allFinite } from "./finite";
import { buffersOfLane, divided, laneOf, type Stage } from "./lanes/division";
import type { TaskDone } from "./lanes/mate";
import { Mates } from "./lanes/mates";
import type { PlanPlace, PlanRequest, WireCall, WireUpdate } from "./protocol";
import { type InferenceSession, type Tensor, tensor } from "./runtime";
import { type Fetches, type ResidentProgram, runFenced, type Sessions } from "./sessions";
import type { TensorData } from "./tensors";
import { KernelMemory } from "./updates/kernel-memory";
import { lengthOf } from "./views";

export async function loadPlan(sessions: Sessions, plan: PlanRequest): Promise<ResidentProgram> {
  if (plan.device !== "cpu") return loadDevicePlan(sessions, plan);
  const { values, ...request } = plan;
  const { buffers, kernels, kernelBuffers, phases, lanes } = request;
  const parts = phases.map((_, phase) => divided(request, phase, lanes));
  const mates = lanes > 1 ? await Mates.open(request, parts.flat(2), threadsOfLane(request)) : undefined;
  if (lanes > 1 && !mates) return loadPlan(sessions, { ...plan, lanes: 1 });
  try {
    const lengths = kernelBuffers.map((buffer) => buffers[buffer]!);
    const memory = kernels.length === 0 ? undefined : new KernelMemory(kernels, lengths);
    const opened = await openGraphs(sessions, request);
    const fenced = await sessions.fenceWorks();
    return new PlannedProgram(opened.graphs, request, values, memory, { parts, mates }, fenced, async () => {
      await mates?.close();
      await opened.release();
    });
  } catch (error) {
    await mates?.close();
    throw error;
  }
}

function threadsOfLane({ threads, lanes }: Pick<PlanRequest, "threads" | "lanes">): number {
  return Math.max(1, Math.floor(threads / lanes));
}

/** The sessions of a plan's graphs: a lane's threads for those of stages, all threads for the others. */
async function openGraphs(
  sessions: Sessions,
  { graphs, phases, threads, lanes }: Pick<PlanRequest, "graphs" | "phases" | "threads" | "lanes">,
) {
  const calls = phases.flatMap((phase) => phase.calls);
  const staged = new Set(calls.filter(({ stage }) => stage !== undefined).map(({ graph }) => graph));
  const opened: InferenceSession[] = [];
  const keys: string[] = [];
  for (const [graph, { key: ofGraph, model, fence }] of graphs.entries()) {
    const inLane = lanes > 1 && staged.has(graph);
    const key = inLane ? `${ofGraph} in ${lanes} lanes` : ofGraph;
    const own = { key, threads: inLane ? threadsOfLane({ threads, lanes }) : threads };
    opened.push(await sessions.acquire({ ...own, model, fence, device: "cpu", outputs: [], state: [] }));
    keys.push(key);
  }
  const release = async () => {
    for (const key of keys) await sessions.release(key);
  };
  return { graphs: opened, release };
}

/** Who makes which calls. */
interface Division {
  readonly parts: readonly (readonly (number | readonly Stage[])[])[];
  readonly mates: Mates | undefined;
}

class PlannedProgram implements ResidentProgram {
  /** None where a mate has the buffer. */
  private readonly views: readonly (Tensor | undefined)[];
  /** None for those that a mate makes. */
  private readonly calls: readonly (readonly (Call | undefined)[])[];
  /** Why the state can no longer be trusted: a run failed in the middle of writing it. */
  private torn: string | undefined;

  constructor(
    private readonly sessions: readonly InferenceSession[],
    private readonly request: Omit<PlanRequest, "values">,
    values: PlanRequest["values"],
    private readonly kernels: KernelMemory | undefined,
    private readonly division: Division,
    private readonly fenced: boolean,
    private readonly release: () => Promise<void>,
  ) {
    const { lanes } = request;
    const others = Array.from({ length: lanes - 1 }, (_, i) => buffersOfLane(request, i + 1, lanes));
    const elsewhere = new Set(others.flat());
    const buffers = request.buffers.map((length, buffer) => {
      if (elsewhere.has(buffer)) return undefined;
      const inMemory = request.kernelBuffers.indexOf(buffer);
      return kernels && inMemory >= 0 ? kernels.arrays[inMemory]! : new Float32Array(length);
    });
    this.views = request.views.map((view) => {
      const data = buffers[view.buffer]?.subarray(view.offset, view.offset + lengthOf(view));
      return data && tensor("float32", data, view.shape);
    });
    this.calls = request.phases.map(({ calls }) =>
      calls.map((call) => ((laneOf(call, lanes) ?? 0) === 0 ? this.prepared(call) : undefined)),
    );
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
      await this.carryOut(inputs, false);
    } catch (error) {
      this.torn = (error as Error).message;
      throw error;
    }
    return this.copies(this.request.outputs, Object.keys(this.request.outputs));
  }

  async inspect(inputs: Readonly<Record<string, TensorData>>): Promise<PlanPlace | undefined> {
    this.torn = "it was stopped to be looked into";
    return this.carryOut(inputs, true);
  }

  /** Make all calls. With a look at what each makes: up to the first value that is not finite, which is returned. */
  private async carryOut(
    inputs: Readonly<Record<string, TensorData>>,
    look: boolean,
  ): Promise<PlanPlace | undefined> {
    for (const [name, view] of Object.entries(this.request.inputs)) this.data(view).set(inputs[name]!);
    for (const [phase, { onlyIf, clear }] of this.request.phases.entries()) {
      if (onlyIf !== undefined && inputs[onlyIf]![0] === 0) continue;
      for (const view of clear) this.data(view).fill(0);
      for (const part of this.division.parts[phase]!) {
        const found =
          typeof part === "number"
            ? await this.make(phase, [part], look)
            : await this.pass(phase, part, look);
        if (found) return { phase, ...found };
      }
    }
    return undefined;
  }

  /**
   * Carry out stages. Mates are told of a stage before this thread is done with the one before, and their sums are taken one
   * stage later, at the same place in every run: so nobody waits for a little, and the same is added in the same order.
   */
  private async pass(phase: number, stages: readonly Stage[], look: boolean): Promise<Broken | undefined> {
    const { mates } = this.division;
    const numbers = (view: number) => this.data(view);
    const begun: Promise<readonly TaskDone[]>[] = [];
    const begin = (i: number) => {
      if (!mates || begun.length > i || i >= stages.length) return;
      const answers = mates.begin(phase, stages[i]!, numbers, look);
      answers.catch(() => {}); // It is waited for below, perhaps after something else has failed.
      begun.push(answers);
    };
    const take = async (i: number) => {
      if (!mates || i < 0) return [];
      const done = await begun[i]!;
      mates.take(stages[i]!, done, numbers);
      return done.flatMap(({ broken }) => broken ?? []);
    };
    try {
      for (const [i, { own }] of stages.entries()) {
        begin(i);
        if (!look) begin(i + 1);
        const found = await this.make(phase, own, look);
        if (look) {
          const all = [...(found ? [found] : []), ...(await take(i))];
          if (all.length > 0) return all.reduce((a, b) => (a.call < b.call ? a : b));
        } else await take(i - 1);
      }
      if (!look) await take(stages.length - 1);
    } finally {
      await Promise.allSettled(begun);
    }
    return undefined;
  }

  /** Make calls of this thread. */
  private async make(phase: number, calls: readonly number[], look: boolean): Promise<Broken | undefined> {
    for (const index of calls) {
      const call = this.calls[phase]![index]!;
      await runFenced(call.session, call.feeds, call.fetches, this.fenced);
      call.update?.();
      if (!look) continue;
      const made = Object.entries({ ...call.fetches, ...call.results });
      const broken = made.find(([, tensor]) => tensor && !allFinite(tensor.data as Float32Array));
      if (broken) return { call: index, value: broken[0] };
    }
    return undefined;
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

type Broken = Omit<PlanPlace, "phase">;

interface Call {
  readonly session: InferenceSession;
  readonly feeds: Record<string, Tensor>;
  readonly fetches: Fetches;
  /** What is done once the graph has run, and what that makes. */
  readonly update?: () => void;
  readonly results?: Readonly<Record<string, Tensor>>;
}
