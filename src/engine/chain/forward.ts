/** A chain run forward only: nothing is kept, and two buffers take turns between links. */
import type { Tensors } from "../program";
import type { WireCall } from "../protocol";
import { type HostTensor, sizeOf, type tf } from "../tensors";
import { type Chain, parametersOf } from "./link";
import { Plan, type View, viewsOf } from "./plan";
import { parameterValue, type Target, traceForward, traceUnit, type Unit } from "./units";

type Shape = readonly number[];

/** A chain that is run forward only: what `compileChain` compiles. */
export interface ChainForward {
  readonly chain: Chain;
  /** The input that goes through the chain, and how many items of it go together. Axis 0 are the items. */
  readonly items: { readonly input: string; readonly group: number };
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly parameters: Readonly<Record<string, HostTensor>>;
  /** From the chain's results, the items along axis 0, the parameters that are not in the chain and all inputs to outputs. */
  readonly outputs: (parameters: Tensors, results: tf.Tensor, inputs: Tensors) => Tensors;
}

/** The plan: the inputs given, the outputs that `outputs` makes; the parameters as state. */
export function planForward(
  { chain, items, inputs, parameters, outputs }: ChainForward,
  target: Target,
): Plan {
  const plan = new Plan(target);
  for (const [name, shape] of Object.entries(inputs)) plan.inputs[name] = plan.tensor(shape);
  for (const [name, { shape }] of Object.entries(parameters)) plan.state[name] = plan.tensor(shape);
  const [count, ...rest] = inputs[items.input]!;
  const units = traceLinks(target, chain, [items.group, ...rest], parameters);
  const resultShape = units[units.length - 1]!.outputs[0]!.shape;
  const results = plan.tensor([count!, ...resultShape.slice(1)]);

  const between = new Map<string, View>();
  const turning = (shape: Shape, turn: number) => {
    const key = `${turn % 2}:${shape}`;
    const view = between.get(key) ?? plan.tensor(shape);
    between.set(key, view);
    return view;
  };
  const calls: WireCall[] = [];
  for (let group = 0; group < count! / items.group; group++) {
    const from = group * items.group * sizeOf(rest);
    let x = plan.part(plan.inputs[items.input]!, from, [items.group, ...rest]);
    chain.forEach((link, i) => {
      const { shape } = units[i]!.outputs[0]!;
      const isLast = i === chain.length - 1;
      const y = isLast ? plan.part(results, group * sizeOf(shape), shape) : turning(shape, i);
      calls.push(plan.call(units[i]!, { x, ...viewsOf(plan, link, parameterValue) }, { y }));
      x = y;
    });
  }
  plan.phase([...calls, endCall(plan, results, parameters, outputs)]);
  return plan;
}

/** The links' graphs; links that are the same function on the same shapes share theirs. */
function traceLinks(
  target: Target,
  chain: Chain,
  first: Shape,
  parameters: Readonly<Record<string, HostTensor>>,
): Unit[] {
  const known = new Map<string, Unit>();
  let shape = first;
  return chain.map((link) => {
    const shapes = Object.fromEntries(
      Object.entries(parametersOf(link, parameters)).map(([name, tensor]) => [name, tensor.shape]),
    );
    const key = JSON.stringify([link.kind, shape, shapes]);
    const unit = known.get(key) ?? traceForward(target, link, shape, shapes);
    known.set(key, unit);
    shape = unit.outputs[0]!.shape;
    return unit;
  });
}

/** The chain's results in the graph at its end. Not a name that an output may have. */
const RESULTS = "chain/results";

const inputValue = (name: string) => `input/${name}`;

/** What is made of the results: one more unit, which sees all parameters and takes those it reads. */
function endCall(
  plan: Plan,
  results: View,
  parameters: Readonly<Record<string, HostTensor>>,
  outputs: ChainForward["outputs"],
): WireCall {
  const names = Object.keys(parameters);
  const own = { parameters: Object.fromEntries(names.map((name) => [name, name])) };
  const inputs = Object.keys(plan.inputs);
  const inputShapes = inputs.map((name) => [inputValue(name), plan.views[plan.inputs[name]!]!.shape]);
  const shapes = names.map((name) => [parameterValue(name), parameters[name]!.shape]);
  const unit = traceUnit(
    plan.target,
    "end",
    (given) =>
      outputs(
        Object.fromEntries(names.map((name) => [name, given[parameterValue(name)]!])),
        given[RESULTS]!,
        Object.fromEntries(inputs.map((name) => [name, given[inputValue(name)]!])),
      ),
    { [RESULTS]: plan.views[results]!.shape, ...Object.fromEntries([...shapes, ...inputShapes]) },
  );
  for (const { name, shape } of unit.outputs) plan.outputs[name] = plan.tensor(shape);
  const given = Object.fromEntries(inputs.map((name) => [inputValue(name), plan.inputs[name]!]));
  return plan.call(
    unit,
    { [RESULTS]: results, ...given, ...viewsOf(plan, own, parameterValue) },
    plan.outputs,
  );
}
