/**
 * Which updates of state can leave a graph, to be computed by kernels once the graph has run.
 *
 * What leaves are the nodes that work element by element and lead to new values of states: an optimiser. What they read
 * of the rest of the graph (gradients, rates) is handed out by it. All is done in place, since by then nobody reads
 * the old values any more.
 */
import { Dependencies } from "../onnx/dependencies";
import { Graph, type Node, type ValueInfo } from "../onnx/graph";
import { type Expression, isElementOperator, type Operand } from "./expression";
import { MOST_BYTES, memoryBytes } from "./layout";

/** A state of a graph: where it enters, and where its new value leaves; no `next`: it stays as it is. */
export interface StateEnds {
  readonly value: string;
  readonly next: string | undefined;
  readonly dtype: string;
}

/** An update by a kernel. Values are named as in the graph. */
export interface Update {
  readonly expression: Expression;
  /** The tensors of the expression: states, and what the graph hands out. */
  readonly tensors: readonly string[];
  /** The numbers of the expression: scalars that go into the graph or come out of it. */
  readonly numbers: readonly string[];
  /** Of each tensor. */
  readonly shape: readonly number[];
}

export interface FoundUpdates {
  /** The graph without the updates. */
  readonly graph: Graph;
  readonly updates: readonly Update[];
  /** Outputs of the graph that are tensors of updates and nothing else. */
  readonly handed: readonly ValueInfo[];
  /** States that are updated, by the names of their values. */
  readonly updated: ReadonlySet<string>;
}

/** Take the updates out of a finished graph, which is not changed; other states go through the graph as before. */
export function findUpdates(graph: Graph, states: readonly StateEnds[]): FoundUpdates {
  const facts = new Facts(graph, states);
  const regions = findRegions(facts);
  const nodes = new Set(regions.flatMap((region) => [...region.nodes]));
  const left = graph.nodes.filter((node) => !nodes.has(node));
  const none: FoundUpdates = { graph, updates: [], handed: [], updated: new Set() };
  if (regions.length === 0) return none;

  const updates = regions.map((region) => updateOf(facts, region));
  const next = new Set(regions.flatMap(({ states }) => states.map((state) => state.next!)));
  const info = (name: string): ValueInfo => ({ name, type: "float32", shape: facts.shape(name)! });
  const handed = [...new Set(updates.flatMap(({ tensors }) => tensors))]
    .filter((name) => facts.dependencies.producerOf(name))
    .map(info);
  const outputs = graph.outputs.filter(({ name }) => !next.has(name));
  const numbers = [...new Set(updates.flatMap((update) => update.numbers))]
    .filter((name) => facts.dependencies.producerOf(name) && !outputs.some((output) => output.name === name))
    .map(info);

  const rest = new Graph();
  rest.nodes = left;
  rest.outputs.push(...outputs, ...handed, ...numbers);
  if (rest.outputs.length === 0 || !fitMemory(updates)) return none;
  const read = new Set(left.flatMap((node) => node.inputs));
  rest.inputs.push(...graph.inputs.filter(({ name }) => read.has(name)));
  for (const [name, constant] of graph.constants) if (read.has(name)) rest.constants.set(name, constant);
  for (const [name, shape] of graph.shapes) rest.shapes.set(name, shape);
  for (const [name, note] of graph.notes) rest.notes.set(name, note);
  const updated = new Set(regions.flatMap(({ states }) => states.map((state) => state.value)));
  return { graph: rest, updates, handed, updated };
}

/** Whether all tensors of the updates fit the one memory that their kernels reach. */
function fitMemory(updates: readonly Update[]): boolean {
  const lengths = updates.flatMap(({ tensors, shape }) =>
    tensors.map((name) => [name, elementsOf(shape)] as const),
  );
  return memoryBytes(new Map(lengths).values()) <= MOST_BYTES;
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((n, side) => n * side, 1);
}

/** Nodes that work on tensors of one shape, element by element, and end in new values of states. */
interface Region {
  readonly shape: readonly number[];
  readonly nodes: Set<Node>;
  readonly states: StateEnds[];
}

/** What is known of a finished graph. */
class Facts {
  readonly dependencies: Dependencies;
  readonly outputs: ReadonlySet<string>;
  private readonly shapes: Map<string, readonly number[]>;

  constructor(
    readonly graph: Graph,
    readonly states: readonly StateEnds[],
  ) {
    this.dependencies = new Dependencies(graph);
    this.outputs = new Set(graph.outputs.map((output) => output.name));
    this.shapes = new Map(graph.shapes);
    for (const { name, shape } of [...graph.inputs, ...graph.outputs, ...graph.constants.values()])
      this.shapes.set(name, shape);
  }

  shape(name: string): readonly number[] | undefined {
    return this.shapes.get(name);
  }

  has(name: string, shape: readonly number[]): boolean {
    return String(this.shapes.get(name)) === String(shape);
  }

  isScalar(name: string): boolean {
    return this.shapes.get(name)?.length === 0;
  }
}

/** The regions of all states that can leave the graph. States whose updates share a value are of one region. */
function findRegions(facts: Facts): Region[] {
  const regions: Region[] = [];
  for (const state of facts.states) {
    const shape = facts.shape(state.value);
    if (state.next === undefined || state.dtype !== "float32" || !shape || shape.length === 0) continue;
    const nodes = elementwiseAncestors(facts, state.next, shape);
    if (nodes.size === 0) continue;
    const region: Region = { shape, nodes, states: [state] };
    for (const other of regions.filter((other) => touch(region, other))) {
      regions.splice(regions.indexOf(other), 1);
      for (const node of other.nodes) region.nodes.add(node);
      region.states.push(...other.states);
    }
    regions.push(region);
  }
  for (const region of regions) keepWhatOthersRead(facts, region);
  return regions.filter((region) => canLeave(facts, region));
}

function elementwiseAncestors(facts: Facts, value: string, shape: readonly number[]): Set<Node> {
  const found = new Set<Node>();
  const open = [value];
  while (open.length > 0) {
    const name = open.pop()!;
    const node = facts.dependencies.producerOf(name);
    if (!node || found.has(node) || !isElementOperator(node.operator) || !facts.has(name, shape)) continue;
    if (!node.inputs.every((input) => facts.isScalar(input) || facts.has(input, shape))) continue;
    found.add(node);
    open.push(...node.inputs);
  }
  return found;
}

/** Whether two regions share a node, or one reads a state that the other changes. */
function touch(a: Region, b: Region): boolean {
  if ([...a.nodes].some((node) => b.nodes.has(node))) return true;
  const reads = (region: Region, { states }: Region) =>
    [...region.nodes].some((node) => states.some(({ value }) => node.inputs.includes(value)));
  return reads(a, b) || reads(b, a);
}

/** Nodes whose results are read by the rest of the graph stay in it. */
function keepWhatOthersRead({ dependencies }: Facts, { nodes }: Region): void {
  // A node stands behind all that it reads, so one pass from the end sees every reader that stays.
  for (const node of [...nodes].sort((a, b) => dependencies.order(b) - dependencies.order(a)))
    if (!dependencies.readers(node.outputs[0]!).every((reader) => nodes.has(reader))) nodes.delete(node);
}

/** Whether all that a region reads can be had once the graph has run, and all that it makes is new state. */
function canLeave(facts: Facts, { nodes, states }: Region): boolean {
  const { dependencies, outputs } = facts;
  const next = new Set(states.map((state) => state.next!));
  const own = new Set([...nodes].map((node) => node.outputs[0]!));
  if (![...next].every((name) => own.has(name))) return false;
  if (![...own].every((name) => next.has(name) || !outputs.has(name))) return false;
  return [...nodes].every((node) =>
    node.inputs.every((input) => {
      if (own.has(input)) return true;
      const state = facts.states.find(({ value }) => value === input);
      if (state) return state.next === undefined || states.includes(state);
      if (facts.isScalar(input)) return true;
      return dependencies.producerOf(input) !== undefined && !outputs.has(input);
    }),
  );
}

function updateOf(facts: Facts, { nodes, states, shape }: Region): Update {
  const { graph, dependencies } = facts;
  const ordered = [...nodes].sort((a, b) => dependencies.order(a) - dependencies.order(b));
  const tensors: string[] = states.map((state) => state.value);
  const numbers: string[] = [];
  const constants: number[] = [];
  const stepOf = new Map(ordered.map((node, index) => [node.outputs[0]!, index]));
  const operandOf = (name: string): Operand => {
    const step = stepOf.get(name);
    if (step !== undefined) return ["step", step];
    const constant = graph.constants.get(name);
    if (constant) return ["constant", placeIn(constants, firstElement(constant.bytes))];
    return facts.isScalar(name) ? ["number", placeIn(numbers, name)] : ["tensor", placeIn(tensors, name)];
  };
  const steps = ordered.map(({ operator, inputs }) => {
    if (!isElementOperator(operator)) throw new Error(`${operator} does not work element by element`);
    return { operator, operands: inputs.map(operandOf) };
  });
  const results = states.map(({ value, next }) => ({
    tensor: tensors.indexOf(value),
    from: operandOf(next!),
  }));
  return {
    expression: { tensors: tensors.length, numbers: numbers.length, constants, steps, results },
    tensors,
    numbers,
    shape,
  };
}

/** The index of an element in a list; it is appended where it is not there yet. */
function placeIn<T>(list: T[], element: T): number {
  const known = list.indexOf(element);
  return known >= 0 ? known : list.push(element) - 1;
}

/** Of single-precision numbers as they lie in a file. */
function firstElement(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat32(0, true);
}
