/**
 * Plans on another device than the processor.
 *
 * There a part of a buffer cannot be handed to a graph, and a graph gives its outputs in new tensors. So a buffer that
 * is only ever seen whole is a tensor on the device, which each call that writes it replaces; the others (inputs,
 * outputs, and the few that are seen in parts) stay in main memory.
 */
import { allFinite } from "./finite";
import type { PlanPlace, PlanRequest, SessionDevice, WireCall, WireView } from "./protocol";
import { giveBack, type InferenceSession, runSession, type Tensor, tensor } from "./runtime";
import type { ResidentProgram, Sessions } from "./sessions";
import type { TensorData } from "./tensors";
import { Transfer } from "./transfer";
import { lengthOf } from "./views";

/** Open a plan on its device. */
export async function loadDevicePlan(
  sessions: Sessions,
  { values, ...request }: PlanRequest,
): Promise<ResidentProgram> {
  const onHost = hostBuffers(request);
  const keys: string[] = [];
  const opened = new Map<string, InferenceSession>();
  const sessionOf = async ({ graph, fetches }: WireCall) => {
    const isOnHost = (view: number) => onHost.has(request.views[view]!.buffer);
    const names = Object.keys(fetches);
    const places = names.map((name) => `${name}:${isOnHost(fetches[name]!)}`).join(" ");
    const { key: ofGraph, model, fence } = request.graphs[graph]!;
    const key = `${ofGraph} ${places}`;
    const known = opened.get(key);
    if (known) return known;
    const port = (name: string) => ({ name, value: name, shape: [], dtype: "float32" as const });
    const session = await sessions.acquire({
      key,
      model,
      fence,
      device: request.device,
      threads: request.threads,
      outputs: names.filter((name) => isOnHost(fetches[name]!)).map(port),
      state: names
        .filter((name) => !isOnHost(fetches[name]!))
        .map((name) => ({ ...port(name), next: name, inPlace: false })),
    });
    keys.push(key);
    opened.set(key, session);
    return session;
  };
  const phases: Phase[] = [];
  for (const phase of request.phases) {
    const calls: Call[] = [];
    for (const call of phase.calls) calls.push({ ...call, session: await sessionOf(call) });
    phases.push({ ...phase, calls });
  }
  const program = new DevicePlan(request, phases, onHost, async () => {
    for (const key of keys) await sessions.release(key);
  });
  await program.write(values);
  return program;
}

/** Buffers of inputs and outputs, and those that some view shows a part of. */
function hostBuffers({ buffers, views, inputs, outputs }: Omit<PlanRequest, "values">): Set<number> {
  const onHost = new Set([...Object.values(inputs), ...Object.values(outputs)].map((v) => views[v]!.buffer));
  for (const view of views) if (lengthOf(view) !== buffers[view.buffer]) onHost.add(view.buffer);
  return onHost;
}

type Call = WireCall & { readonly session: InferenceSession };
type Phase = { readonly onlyIf?: string; readonly clear: readonly number[]; readonly calls: readonly Call[] };

class DevicePlan implements ResidentProgram {
  readonly copiesOutputs = false;
  /** In main memory. */
  private readonly buffers = new Map<number, Float32Array>();
  /** On the device. A buffer that is not here yet, or was cleared, is all zero. */
  private readonly tensors = new Map<number, Tensor>();
  private readonly zeros: Float32Array;
  private readonly transfer: Transfer;
  /** Why the state can no longer be trusted: a run failed in the middle of writing it. */
  private torn: string | undefined;

  constructor(
    private readonly request: Omit<PlanRequest, "values">,
    private readonly phases: readonly Phase[],
    onHost: ReadonlySet<number>,
    private readonly release: () => Promise<void>,
  ) {
    for (const buffer of onHost) this.buffers.set(buffer, new Float32Array(request.buffers[buffer]!));
    const longest = request.buffers.filter((_, i) => !onHost.has(i)).reduce((a, b) => Math.max(a, b), 0);
    this.zeros = new Float32Array(longest);
    this.transfer = new Transfer(request.device as Exclude<SessionDevice, "cpu">);
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
    await this.carryOut(inputs, async (phase, call, { fetches }) => {
      for (const [value, view] of Object.entries(fetches))
        found ??= allFinite(await this.elements(view)) ? undefined : { phase, call, value };
      return found === undefined;
    });
    return found;
  }

  async read(names: readonly string[]): Promise<Record<string, TensorData>> {
    return this.copies(this.request.state, names);
  }

  async write(values: Readonly<Record<string, TensorData>>): Promise<void> {
    for (const [name, data] of Object.entries(values)) {
      const view = this.view(this.request.state[name]!);
      const tensor = await this.transfer.toDevice(tensorOf(view, data as Float32Array));
      this.replace(view.buffer, tensor);
    }
    if (Object.keys(this.request.state).every((name) => name in values)) this.torn = undefined;
  }

  async close(): Promise<void> {
    for (const tensor of this.tensors.values()) giveBack(tensor);
    this.tensors.clear();
    await this.transfer.close();
    await this.release();
  }

  /** Make all calls in their order; `goOn` sees each when it is done, and may stop them. */
  private async carryOut(
    inputs: Readonly<Record<string, TensorData>>,
    goOn?: (phase: number, call: number, made: Call) => Promise<boolean>,
  ): Promise<void> {
    for (const [name, view] of Object.entries(this.request.inputs))
      this.buffers.get(this.view(view).buffer)!.set(inputs[name]!);
    for (const [phase, { onlyIf, clear, calls }] of this.phases.entries()) {
      if (onlyIf !== undefined && inputs[onlyIf]![0] === 0) continue;
      for (const view of clear) this.clear(this.view(view).buffer);
      for (const [index, call] of calls.entries()) {
        await this.make(call);
        if (goOn && !(await goOn(phase, index, call))) return;
      }
    }
  }

  private async make({ session, feeds, fetches }: Call): Promise<void> {
    const given = Object.fromEntries(Object.entries(feeds).map(([name, view]) => [name, this.tensor(view)]));
    const results = await runSession(session, given, Object.keys(fetches));
    for (const [name, view] of Object.entries(fetches)) {
      const { buffer, offset } = this.view(view);
      const onHost = this.buffers.get(buffer);
      if (onHost) onHost.set(results[name]!.data as Float32Array, offset);
      else this.replace(buffer, results[name]!);
    }
  }

  /** What a view shows, as a graph takes it. */
  private tensor(index: number): Tensor {
    const view = this.view(index);
    const onHost = this.buffers.get(view.buffer);
    if (onHost) return tensorOf(view, onHost.subarray(view.offset, view.offset + lengthOf(view)));
    return this.tensors.get(view.buffer) ?? tensorOf(view, this.zeros.subarray(0, lengthOf(view)));
  }

  private async elements(view: number): Promise<Float32Array> {
    return this.transfer.toHost(this.tensor(view));
  }

  private async copies(
    views: Readonly<Record<string, number>>,
    names: readonly string[],
  ): Promise<Record<string, Float32Array>> {
    const copies: Record<string, Float32Array> = {};
    for (const name of names) copies[name] = await this.elements(views[name]!);
    return copies;
  }

  private clear(buffer: number): void {
    const tensor = this.tensors.get(buffer);
    this.tensors.delete(buffer);
    if (tensor) giveBack(tensor);
  }

  private replace(buffer: number, tensor: Tensor): void {
    this.clear(buffer);
    this.tensors.set(buffer, tensor);
  }

  private view(index: number): WireView {
    return this.request.views[index]!;
  }
}

function tensorOf({ shape }: WireView, data: Float32Array): Tensor {
  return tensor("float32", data, [...shape]);
}
