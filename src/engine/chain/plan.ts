/** A plan under construction: buffers, views of them, graphs, and the calls in their order. */
import type { PlanPlace, PlanRequest, WireCall, WirePhase, WireView } from "../protocol";
import { sizeOf } from "../tensors";
import { Kernels } from "../updates/kernels";
import type { Link } from "./link";
import type { Target, Unit } from "./units";

/** A buffer or view of the plan, by index. */
export type Buffer = number & { readonly __buffer?: never };
export type View = number & { readonly __view?: never };

/** What the values of units are, see units.ts. */
const TITLES: Readonly<Record<string, string>> = {
  y: "the result",
  dx: "the gradient of the input",
  dresults: "the gradient of the results",
};

export class Plan {
  readonly buffers: number[] = [];
  readonly views: WireView[] = [];
  readonly units: Unit[] = [];
  readonly phases: WirePhase[] = [];
  readonly inputs: Record<string, View> = {};
  readonly outputs: Record<string, View> = {};
  readonly state: Record<string, View> = {};
  private readonly kernels = new Kernels();

  constructor(readonly target: Target) {}

  buffer(length: number): Buffer {
    return this.buffers.push(length) - 1;
  }

  view(buffer: Buffer, offset: number, shape: readonly number[]): View {
    return this.views.push({ buffer, offset, shape }) - 1;
  }

  /** A view of a buffer of its own. */
  tensor(shape: readonly number[]): View {
    return this.view(this.buffer(sizeOf(shape)), 0, shape);
  }

  /** The same elements, or a run of them, under another shape. */
  part(view: View, offset: number, shape: readonly number[]): View {
    const whole = this.views[view]!;
    return this.view(whole.buffer, whole.offset + offset, shape);
  }

  /** A call of a unit. Views that its graph does not read are left out. */
  call(unit: Unit, feeds: Readonly<Record<string, View>>, fetches: Readonly<Record<string, View>>): WireCall {
    if (!this.units.includes(unit)) this.units.push(unit);
    const pick = (views: Readonly<Record<string, View>>, ports: readonly { readonly name: string }[]) =>
      Object.fromEntries(
        ports.map(({ name }) => {
          const view = views[name];
          if (view === undefined) throw new Error(`${unit.name}: there is no buffer for ${name}`);
          return [name, view];
        }),
      );
    const graph = this.units.indexOf(unit);
    const { update } = unit;
    if (!update) return { graph, feeds: pick(feeds, unit.inputs), fetches: pick(fetches, unit.outputs) };
    // The graph is left with what the update takes of it, numbers.
    const made = Object.fromEntries(unit.outputs.map(({ name }) => [name, this.tensor([])]));
    return {
      graph,
      feeds: pick(feeds, unit.inputs),
      fetches: made,
      update: {
        kernel: this.kernels.of(update.expression),
        tensors: update.tensors.map((name) => feeds[name]!),
        numbers: update.numbers.map((name) => made[name] ?? feeds[name]!),
        results: fetches,
      },
    };
  }

  phase(calls: readonly WireCall[], options: { clear?: readonly View[]; onlyIf?: string } = {}): void {
    const { clear = [], onlyIf } = options;
    this.phases.push({ calls, clear, ...(onlyIf === undefined ? {} : { onlyIf }) });
  }

  /** How to speak of a value that a call makes: by the state or output it goes into, else by what the call reads. */
  titleOf({ phase, call, value }: PlanPlace): string {
    const { graph, feeds, fetches, update } = this.phases[phase]!.calls[call]!;
    const nameOf = (views: Readonly<Record<string, View>>, view: View) =>
      Object.keys(views).find((name) => views[name] === view);
    const made = (fetches[value] ?? update?.results[value])!;
    const goesInto = nameOf(this.state, made) ?? nameOf(this.outputs, made);
    if (goesInto !== undefined) return goesInto;
    const [first] = Object.values(feeds).flatMap((view) => nameOf(this.state, view) ?? []);
    const what = TITLES[value] ?? "a value";
    return `${what} of ${this.units[graph]!.name}${first === undefined ? "" : ` (reads ${first} and others)`}`;
  }

  /** The plan as the worker takes it. */
  request(
    name: string,
    values: PlanRequest["values"],
  ): Omit<PlanRequest, "threads" | "lanes" | "graphs"> & {
    readonly graphs: readonly { readonly model: Uint8Array; readonly fence: string }[];
  } {
    const { device } = this.target;
    const { buffers, views, inputs, outputs, state, phases } = this;
    const graphs = this.units.map(({ model, fence }) => ({ model, fence }));
    const kernels = this.kernels.modules;
    const worked = phases.flatMap(({ calls }) => calls.flatMap(({ update }) => update?.tensors ?? []));
    const kernelBuffers = [...new Set(worked.map((view) => views[view]!.buffer))];
    return {
      name,
      device,
      graphs,
      kernels,
      kernelBuffers,
      buffers,
      views,
      inputs,
      outputs,
      state,
      values,
      phases,
    };
  }
}

/** Entries of the state under the names that a unit has for a link's parameters. */
export function viewsOf(
  plan: Plan,
  link: Pick<Link, "parameters">,
  valueName: (local: string) => string,
  entryName: (full: string) => string = (full) => full,
): Record<string, View> {
  return Object.fromEntries(
    Object.entries(link.parameters).map(([local, full]) => [valueName(local), plan.state[entryName(full)]!]),
  );
}
