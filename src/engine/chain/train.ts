/**
 * A training step of a chain, link by link.
 *
 * The items (images) go through each link in groups, one group after the other; after the last link the loss of all
 * results; then the groups go back. Between the two, what lies between links and what each link keeps stays in plain
 * buffers. Gradients are added to sums, over groups and over as many runs as a batch takes; then the optimiser goes over
 * all parameters piece by piece, in place.
 */

import { chosen, judgeGradients, LOSS_SCALE, SOUND_STEPS } from "../precision";
import type { Tensors } from "../program";
import type { WireCall } from "../protocol";
import { type HostTensor, sizeOf, tf } from "../tensors";
import { flatLayout } from "./layout";
import { type Chain, type Link, parametersOf } from "./link";
import { Plan, type View, viewsOf } from "./plan";
import {
  type ChainLoss,
  type ChainMeasures,
  nextSumValue,
  parameterValue,
  sumValue,
  type Target,
  type TrainedLink,
  traceElementwise,
  traceLoss,
  traceTrainedLink,
  traceUnit,
  type Unit,
} from "./units";

type Shape = readonly number[];

/** How parameters change, as functions of tensors. */
export interface Optimiser {
  /** What is kept of each parameter beside its value: the role in `update`, and the name in the state. */
  readonly moments: Readonly<Record<string, (parameter: string) => string>>;
  /** The name in the state of a parameter's gradient sum. */
  readonly sum: (parameter: string) => string;
  /** Parameters of one group have the same rates. */
  readonly groupOf: (parameter: string) => string;
  /** The scalars of a group: the name in `update`, and the name of the program's input. */
  readonly rates: (group: string) => Readonly<Record<string, string>>;
  /** From `value`, `gradient` and the moments to new `value` and moments, element by element. */
  readonly update: (tensors: Tensors, rates: Tensors) => Tensors;
  /** A factor for all gradients together: made from the sum of a measure of each. */
  readonly scale?: {
    readonly measure: (gradient: tf.Tensor) => tf.Tensor;
    readonly factor: (total: tf.Tensor) => tf.Tensor;
  };
}

/** A chain with its loss and update: what `compileChainStep` compiles. */
export interface ChainTraining {
  readonly chain: Chain;
  /** The input that goes through the chain: its name, and how many items of it go together. Axis 0 are the items. */
  readonly items: { readonly input: string; readonly group: number };
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly parameters: Readonly<Record<string, HostTensor>>;
  readonly loss: ChainLoss;
  /** Further outputs of each run, made from what the loss is made from. */
  readonly measures?: ChainMeasures;
  readonly optimiser: Optimiser;
  /** An input that is 1 in the last run of a batch and 0 before; absent: each run is a batch. */
  readonly apply?: string;
}

/** The plan of a training step: the inputs given, output `loss`; parameters, moments and gradient sums as state. */
export function planTraining(training: ChainTraining, target: Target): Plan {
  const plan = new Plan(target);
  const { inputs, apply } = training;
  for (const [name, shape] of Object.entries(inputs)) plan.inputs[name] = plan.tensor(shape);
  if (target.precision === "f16")
    for (const name of [LOSS_SCALE, SOUND_STEPS]) plan.state[name] = plan.tensor([]);
  const { pieces, sums } = target.device === "cpu" ? placeFlat(plan, training) : placeApart(plan, training);
  plan.phase(passCalls(plan, training));
  const conditional = apply === undefined ? {} : { onlyIf: apply };
  const total = plan.tensor([]);
  plan.phase(updateCalls(plan, pieces, total, training), { ...conditional, clear: [total] });
  plan.phase([], { ...conditional, clear: sums });
  return plan;
}

/** Parameters that are updated by one call: what lies where, by role. */
interface Piece {
  readonly group: string;
  readonly shape: Shape;
  readonly views: Readonly<Record<string, View>>;
}

interface PlacedState {
  readonly pieces: readonly Piece[];
  /** Views of all sums of gradients. */
  readonly sums: readonly View[];
}

/** The roles of what is kept of each parameter, with the names in the state. */
function rolesOf({ sum, moments }: Optimiser): Record<string, (parameter: string) => string> {
  return { value: (name) => name, gradient: sum, ...moments };
}

/** In main memory: one long vector for each role, updated in equal pieces. Each parameter's part is an entry of the state. */
function placeFlat(plan: Plan, { parameters, optimiser }: ChainTraining): PlacedState {
  const { length, piece, offsets, pieces } = flatLayout(parameters, optimiser.groupOf);
  const roles = rolesOf(optimiser);
  const vectors: Record<string, number> = {};
  for (const [role, nameOf] of Object.entries(roles)) {
    vectors[role] = plan.buffer(length);
    for (const [name, { shape }] of Object.entries(parameters))
      plan.state[nameOf(name)] = plan.view(vectors[role], offsets[name]!, shape);
  }
  const viewsAt = (offset: number) =>
    Object.fromEntries(Object.keys(roles).map((role) => [role, plan.view(vectors[role]!, offset, [piece])]));
  return {
    pieces: pieces.map(({ offset, group }) => ({ group, shape: [piece], views: viewsAt(offset) })),
    sums: [plan.view(vectors.gradient!, 0, [length])],
  };
}

/** On a device, where a part of a buffer cannot be handed to a graph: each parameter is a piece. */
function placeApart(plan: Plan, { parameters, optimiser }: ChainTraining): PlacedState {
  const pieces = Object.entries(parameters).map(([name, { shape }]): Piece => {
    const views = Object.entries(rolesOf(optimiser)).map(([role, nameOf]) => {
      const view = plan.tensor(shape);
      plan.state[nameOf(name)] = view;
      return [role, view] as const;
    });
    return { group: optimiser.groupOf(name), shape, views: Object.fromEntries(views) };
  });
  return { pieces, sums: pieces.map(({ views }) => views.gradient!) };
}

/**
 * Forward of all groups, the loss, and all groups back. Each link serves all groups before the next one does: its weights
 * and sums of gradients, some ten megabytes, then stay in the processor's cache.
 */
function passCalls(plan: Plan, training: ChainTraining): WireCall[] {
  const { chain, items, inputs, parameters } = training;
  const [count, ...rest] = inputs[items.input]!;
  const groups = Array.from({ length: count! / items.group }, (_, group) => group);
  const links = traceLinks(plan.target, chain, [items.group, ...rest], parameters);
  const [, ...resultShape] = links[links.length - 1]!.result;
  const results = plan.tensor([count!, ...resultShape]);
  const slopes = plan.tensor([count!, ...resultShape]);
  const ofGroups = (view: View, shape: Shape) =>
    groups.map((group) => plan.part(view, group * sizeOf(shape), shape));

  const forward: WireCall[] = [];
  const backward: WireCall[] = [];
  let ends: LinkEnds = { xs: ofGroups(plan.inputs[items.input]!, [items.group, ...rest]), dxs: undefined };
  const between = new Map<string, readonly View[]>();
  chain.forEach((link, i) => {
    const traced = links[i]!;
    const { result } = traced;
    const isLast = i === chain.length - 1;
    // Gradients between links are needed by the next link only: two sets of buffers of each shape take turns.
    const key = `${i % 2}:${result}`;
    if (!isLast && !between.has(key))
      between.set(
        key,
        groups.map(() => plan.tensor(result)),
      );
    const ys = isLast ? ofGroups(results, result) : groups.map(() => plan.tensor(result));
    const dys = isLast ? ofGroups(slopes, result) : between.get(key)!;
    const calls = linkCalls(plan, training, link, traced, { ...ends, ys, dys });
    const stage = (number: number, calls: readonly WireCall[]) =>
      calls.map((call, group) => ({ ...call, stage: number, group }));
    forward.push(...stage(i, calls.forward));
    backward.unshift(...stage(2 * chain.length - 1 - i, calls.backward));
    ends = { xs: ys, dxs: dys };
  });
  return [...forward, lossCall(plan, training, results, slopes), ...backward];
}

/** What each group comes to a link with: its values and, unless the link is the first, where their gradients go. */
interface LinkEnds {
  readonly xs: readonly View[];
  readonly dxs: readonly View[] | undefined;
}

/** A link's calls for all groups. */
function linkCalls(
  plan: Plan,
  { optimiser }: ChainTraining,
  link: Link,
  { forward: ahead, backward: behind, kept }: TrainedLink,
  { xs, dxs, ys, dys }: LinkEnds & { readonly ys: readonly View[]; readonly dys: readonly View[] },
): { readonly forward: readonly WireCall[]; readonly backward: readonly WireCall[] } {
  const weights = viewsOf(plan, link, parameterValue);
  const sums = viewsOf(plan, link, sumValue, optimiser.sum);
  const nextSums = viewsOf(plan, link, nextSumValue, optimiser.sum);
  const calls = xs.map((x, group) => {
    const [y, dy] = [ys[group]!, dys[group]!];
    const memory = Object.fromEntries(kept.map(({ name, shape }) => [name, plan.tensor(shape)]));
    const dx = dxs ? { dx: dxs[group]! } : {};
    return {
      forward: plan.call(ahead, { x, ...weights }, { y, ...memory }),
      backward: plan.call(behind, { x, y, dy, ...memory, ...weights, ...sums }, { ...dx, ...nextSums }),
    };
  });
  return { forward: calls.map(({ forward }) => forward), backward: calls.map(({ backward }) => backward) };
}

/** The loss of all results, with its gradients. */
function lossCall(
  plan: Plan,
  { chain, items, inputs, parameters, loss, measures, optimiser }: ChainTraining,
  results: View,
  slopes: View,
): WireCall {
  const inChain = new Set(chain.flatMap((link) => Object.values(link.parameters)));
  const others = Object.keys(parameters).filter((name) => !inChain.has(name));
  const end = { parameters: Object.fromEntries(others.map((name) => [name, name])) };
  const unit = traceLoss(
    plan.target,
    loss,
    plan.views[results]!.shape,
    Object.fromEntries(others.map((name) => [name, parameters[name]!.shape])),
    Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== items.input)),
    measures,
  );
  plan.outputs.loss = plan.tensor([]);
  const own = new Set(["loss", "dresults", ...others.map(nextSumValue)]);
  for (const { name, shape } of unit.outputs) if (!own.has(name)) plan.outputs[name] = plan.tensor(shape);
  return plan.call(
    unit,
    {
      results,
      ...plan.inputs,
      ...scalingViews(plan),
      ...viewsOf(plan, end, parameterValue),
      ...viewsOf(plan, end, sumValue, optimiser.sum),
    },
    {
      ...plan.outputs,
      dresults: slopes,
      ...viewsOf(plan, end, nextSumValue, optimiser.sum),
    },
  );
}

/** The graphs of each link; links that are the same function on the same shapes share theirs. */
function traceLinks(
  target: Target,
  chain: Chain,
  first: Shape,
  parameters: Readonly<Record<string, HostTensor>>,
): TrainedLink[] {
  const known = new Map<string, TrainedLink>();
  let shape = first;
  return chain.map((link, i) => {
    const shapes = Object.fromEntries(
      Object.entries(parametersOf(link, parameters)).map(([name, tensor]) => [name, tensor.shape]),
    );
    const key = JSON.stringify([link.kind, i === 0, shape, shapes]);
    const traced = known.get(key) ?? traceTrainedLink(target, link, shape, shapes, i === 0);
    known.set(key, traced);
    shape = traced.result;
    return traced;
  });
}

/** The optimiser over all pieces, with the common factor of the gradients before it. */
function updateCalls(
  plan: Plan,
  pieces: readonly Piece[],
  total: View,
  { optimiser }: ChainTraining,
): WireCall[] {
  const { scale } = optimiser;
  const { target } = plan;
  const half = target.precision === "f16";
  const [factor, sound] = [plan.tensor([]), plan.tensor([])];
  const calls: WireCall[] = [];
  if (scale || half) {
    // Half precision asks for the sum of squares, which is what clipping measures, too.
    const measured = half ? (g: tf.Tensor) => tf.sum(tf.square(g)) : scale!.measure;
    const measureOf = perShape((shape) =>
      traceUnit(
        target,
        unitName(target, "measure", shape),
        ({ gradient, total }) => ({ sum: tf.add(total!, measured(gradient!)) }),
        { gradient: shape, total: [] },
      ),
    );
    for (const { shape, views } of pieces)
      calls.push(plan.call(measureOf(shape), { ...views, total }, { sum: total }));
    const finish = half ? traceVerdict(target, scale) : traceFactor(target, scale!);
    const scaling = scalingViews(plan);
    const nextScaling = Object.entries(scaling).map(([name, view]) => [`next/${name}`, view]);
    const results = { scale: factor, sound, ...Object.fromEntries(nextScaling) };
    calls.push(plan.call(finish, { total, ...scaling }, results));
  }
  const rateNames = Object.keys(optimiser.rates(pieces[0]!.group));
  const updateOf = perShape((shape) => traceUpdate(target, optimiser, rateNames, shape));
  for (const { shape, views, group } of pieces) {
    const rates = Object.entries(optimiser.rates(group)).map(([name, input]) => [name, plan.inputs[input]!]);
    const next = Object.fromEntries(Object.entries(views).map(([role, view]) => [`next/${role}`, view]));
    calls.push(
      plan.call(updateOf(shape), { ...views, ...Object.fromEntries(rates), scale: factor, sound }, next),
    );
  }
  return calls;
}

/** The state of loss scaling, in half precision. */
function scalingViews({ state, target }: Plan): Record<string, View> {
  return target.precision === "f16"
    ? { [LOSS_SCALE]: state[LOSS_SCALE]!, [SOUND_STEPS]: state[SOUND_STEPS]! }
    : {};
}

type Scale = NonNullable<Optimiser["scale"]>;

/** From the total of the gradients' measures to their common factor. */
function traceFactor(target: Target, { factor }: Scale): Unit {
  return traceUnit(target, "scale", ({ total }) => ({ scale: factor(total!) }), { total: [] });
}

/** In half precision: from the sum of squares of scaled gradients to their factor, whether they are sound, and the scale. */
function traceVerdict(target: Target, scale: Scale | undefined): Unit {
  return traceUnit(
    target,
    "scale",
    (inputs) => {
      const verdict = judgeGradients(inputs[LOSS_SCALE]!, inputs[SOUND_STEPS]!, inputs.total!);
      const clipped = scale ? tf.mul(verdict.factor, scale.factor(verdict.squares)) : verdict.factor;
      return {
        scale: clipped,
        sound: tf.cast(verdict.sound, "float32"),
        [`next/${LOSS_SCALE}`]: verdict.scale,
        [`next/${SOUND_STEPS}`]: verdict.steps,
      };
    },
    { total: [], [LOSS_SCALE]: [], [SOUND_STEPS]: [] },
  );
}

/** The optimiser's update of parameters of a shape. In half precision, nothing changes where gradients are not sound. */
function traceUpdate(target: Target, optimiser: Optimiser, rates: readonly string[], shape: Shape): Unit {
  const roles = Object.keys(rolesOf(optimiser));
  const scalars = [...rates, "scale", "sound"].map((name) => [name, []]);
  const half = target.precision === "f16";
  return traceElementwise(
    target,
    unitName(target, "update", shape),
    (inputs) => {
      const gradient = optimiser.scale || half ? tf.mul(inputs.gradient!, inputs.scale!) : inputs.gradient!;
      const next = optimiser.update({ ...inputs, gradient }, inputs);
      const kept = (role: string, to: tf.Tensor) =>
        half ? chosen(tf.greater(inputs.sound!, 0), to, inputs[role]!) : to;
      return Object.fromEntries(
        Object.entries(next).map(([role, tensor]) => [`next/${role}`, kept(role, tensor)]),
      );
    },
    { ...Object.fromEntries(roles.map((role) => [role, shape])), ...Object.fromEntries(scalars) },
  );
}

/** In main memory there is one shape only, that of a piece. */
function unitName({ device }: Target, work: string, shape: Shape): string {
  return device === "cpu" ? work : `${work}.${shape.join("x")}`;
}

/** What `make` makes of a shape, made once. */
function perShape<T>(make: (shape: Shape) => T): (shape: Shape) => T {
  const made = new Map<string, T>();
  return (shape) => {
    const known = made.get(String(shape)) ?? make(shape);
    made.set(String(shape), known);
    return known;
  };
}
