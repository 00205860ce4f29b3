/**
 * Dividing a plan among lanes.
 *
 * The calls of a stage serve groups of items that have nothing to do with one another. Each lane takes some groups through all
 * stages, on a thread of its own: what it works on stays in that core's cache, where threads that share every operator
 * would hand it to and fro. Lane 0 is the compute worker; the others are its mates, who have the buffers of their groups
 * for themselves. All else (weights, inputs, sums of gradients, results) the compute worker has.
 */
import type { PlanRequest, WireCall } from "../protocol";

export type DividedPlan = Pick<PlanRequest, "views" | "inputs" | "state" | "phases">;

/** What a mate does in a stage. Calls are given by their place in the phase, views by their index. */
export interface Share {
  readonly calls: readonly number[];
  /** Views it only reads: it is given a copy. */
  readonly lent: readonly number[];
  /** Views it adds to: it begins at zero, and what it made is added to what is there. */
  readonly summed: readonly number[];
  /** Views it only writes: it gives them back. */
  readonly returned: readonly number[];
}

/** A stage: the calls of lane 0, and the shares of lanes 1, 2, ... */
export interface Stage {
  readonly own: readonly number[];
  readonly shares: readonly Share[];
}

/** A phase in order: calls outside stages one by one, and stages that follow one another together, a pass. */
export function divided(plan: DividedPlan, phase: number, lanes: number): (number | Stage[])[] {
  const { calls } = plan.phases[phase]!;
  const common = commonBuffers(plan);
  const parts: (number | Stage[])[] = [];
  for (let at = 0; at < calls.length; ) {
    const first = at++;
    const { stage } = calls[first]!;
    if (stage === undefined) {
      parts.push(first);
      continue;
    }
    while (calls[at]?.stage === stage) at++;
    const inStage = Array.from({ length: at - first }, (_, i) => first + i);
    const ofLane = (lane: number) => inStage.filter((call) => laneOf(calls[call]!, lanes) === lane);
    const shares = Array.from({ length: lanes - 1 }, (_, mate) =>
      shareOf(plan, phase, ofLane(mate + 1), common),
    );
    const pass = parts.at(-1);
    if (Array.isArray(pass)) pass.push({ own: ofLane(0), shares });
    else parts.push([{ own: ofLane(0), shares }]);
  }
  return parts;
}

/** The buffers that only the calls of a lane use. */
export function buffersOfLane(plan: DividedPlan, lane: number, lanes: number): number[] {
  const common = commonBuffers(plan);
  const calls = plan.phases.flatMap((phase) => phase.calls);
  const used = calls.filter((call) => laneOf(call, lanes) === lane).flatMap(viewsOf);
  return [...new Set(used.map((view) => plan.views[view]!.buffer))].filter((buffer) => !common.has(buffer));
}

/** The lane that makes a call; none for a call outside stages. */
export function laneOf({ group }: WireCall, lanes: number): number | undefined {
  return group === undefined ? undefined : group % lanes;
}

function shareOf(
  { views, phases }: DividedPlan,
  phase: number,
  calls: readonly number[],
  common: ReadonlySet<number>,
): Share {
  const isCommon = (view: number) => common.has(views[view]!.buffer);
  const all = calls.map((call) => phases[phase]!.calls[call]!);
  const fed = new Set(all.flatMap(({ feeds }) => Object.values(feeds)).filter(isCommon));
  const fetched = new Set(all.flatMap(({ fetches }) => Object.values(fetches)).filter(isCommon));
  return {
    calls,
    lent: [...fed].filter((view) => !fetched.has(view)),
    summed: [...fed].filter((view) => fetched.has(view)),
    returned: [...fetched].filter((view) => !fed.has(view)),
  };
}

/** Buffers of inputs and state, and those that calls outside stages use. */
function commonBuffers({ views, inputs, state, phases }: DividedPlan): Set<number> {
  const outside = phases.flatMap(({ calls }) => calls.filter(({ stage }) => stage === undefined));
  const seen = [...Object.values(inputs), ...Object.values(state), ...outside.flatMap(viewsOf)];
  return new Set(seen.map((view) => views[view]!.buffer));
}

function viewsOf({ feeds, fetches, update }: WireCall): number[] {
  return [...Object.values(feeds), ...Object.values(fetches), ...(update?.tensors ?? [])];
}
