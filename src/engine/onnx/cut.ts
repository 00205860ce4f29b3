/**
 * Cutting a graph that computes a value and its gradient into two: one up to the value, and one for the gradient, which
 * is run later.
 *
 * Between the two something has to be kept. What is worth it is the result of a product with a long inner axis: much
 * work for each number. All else (normalisations, non-linearities, attention weights, which are many numbers for
 * little work) is computed again. Where a product is only rearranged afterwards, the rearranged one is kept.
 */
import { Dependencies } from "./dependencies";
import { Graph, type Node, type ValueInfo } from "./graph";

/** Products with at least so many multiplications for each element of their result are kept. Heads are narrower. */
const LONG_INNER_AXIS = 128;

export interface CutGraph {
  readonly forward: Graph;
  readonly backward: Graph;
  /** What the forward graph gives beside the value, and the backward graph takes. */
  readonly kept: readonly ValueInfo[];
}

/** Cut at the output named `value`; all other outputs are computed by the backward graph. */
export function cutGraph(joint: Graph, value: string): CutGraph {
  const dependencies = new Dependencies(joint);
  const forward = ancestors(dependencies, [value]);
  const kept = new Map<string, ValueInfo>();
  // A product of half precision is kept in the single precision that it is converted to.
  const productOf = (node: Node) =>
    (node.operator === "Cast" && dependencies.producerOf(node.inputs[0]!)) || node;
  const isKept = (name: string, node: Node) =>
    name === value || (forward.has(node) && innerAxis(joint, productOf(node)) >= LONG_INNER_AXIS);
  const gradients = joint.outputs.filter((output) => output.name !== value);
  const backward = ancestors(
    dependencies,
    gradients.map((output) => output.name),
    (name, node) => {
      if (!isKept(name, node)) return false;
      const shape = name === value ? outputShape(joint, value) : joint.shapes.get(name)!;
      kept.set(name, { name, type: "float32", shape });
      return true;
    },
  );
  keepRearranged(joint, { forward, backward, kept }, value);
  const results = [...kept.values()].filter(({ name }) => name !== value);
  return {
    forward: subgraph(joint, forward, [...joint.outputs.filter(({ name }) => name === value), ...results]),
    backward: subgraph(joint, backward, gradients, [...kept.values()]),
    kept: [...kept.values()],
  };
}

/** Operators that only put numbers elsewhere, or leave some out. Their other inputs are constants. */
const REARRANGING: ReadonlySet<string> = new Set(["Concat", "Reshape", "Slice", "Transpose"]);

/**
 * What the way back only rearranges (queries, keys and values into heads, say) is kept rearranged: the way there has done
 * that already.
 */
function keepRearranged(
  joint: Graph,
  cut: {
    readonly forward: ReadonlySet<Node>;
    readonly backward: Set<Node>;
    readonly kept: Map<string, ValueInfo>;
  },
  value: string,
): void {
  const { forward, backward, kept } = cut;
  const sizeOf = (name: string) => joint.shapes.get(name)?.reduce((n, length) => n * length, 1) ?? Infinity;
  const asked = new Set(joint.outputs.map((output) => output.name));
  const moved = (node: Node) => node.inputs.filter((name) => !joint.constants.has(name));
  const readers = (name: string) => [...backward].filter((node) => node.inputs.includes(name));
  const rearranges = (node: Node) => forward.has(node) && REARRANGING.has(node.operator);

  // In the order of the nodes: what one rearranges, a later one may rearrange further.
  for (const node of joint.nodes) {
    if (!backward.has(node) || !rearranges(node)) continue;
    const sources = moved(node);
    const among = new Set(sources.flatMap(readers)); // one node, or many that each take a slice
    const known = sources.every((name) => kept.has(name) && name !== value);
    const alike = [...among].every(
      (other) => rearranges(other) && String(moved(other)) === String(sources) && other.outputs.length === 1,
    );
    const results = [...among].map((other) => other.outputs[0]!);
    const isAsked = results.some((name) => name !== value && asked.has(name));
    const total = (names: readonly string[]) => names.reduce((sum, name) => sum + sizeOf(name), 0);
    if (!known || !alike || isAsked || total(results) > total(sources)) continue;
    for (const name of sources) kept.delete(name);
    for (const other of among) backward.delete(other);
    for (const name of results) kept.set(name, { name, type: "float32", shape: joint.shapes.get(name)! });
  }

  // The same numbers under another shape are kept as they were made: as an output of the graph they would be copied.
  for (const node of joint.nodes.toReversed()) {
    const [result, source] = [node.outputs[0]!, node.inputs[0]!];
    const shape = joint.shapes.get(source);
    if (node.operator !== "Reshape" || !kept.has(result) || result === value || !shape) continue;
    if (joint.inputs.some((input) => input.name === source)) continue;
    kept.delete(result);
    kept.set(source, { name: source, type: "float32", shape });
    backward.add(node);
  }
}

/** The nodes that `values` are computed by, as far back as `stop` lets the search go. */
function ancestors(
  dependencies: Dependencies,
  values: readonly string[],
  stop: (name: string, node: Node) => boolean = () => false,
): Set<Node> {
  const found = new Set<Node>();
  const open = [...values];
  const wanted = new Set(values);
  while (open.length > 0) {
    const name = open.pop()!;
    const node = dependencies.producerOf(name);
    if (!node || found.has(node)) continue;
    if (!wanted.has(name) && stop(name, node)) continue;
    found.add(node);
    open.push(...node.inputs);
  }
  return found;
}

/** How many multiplications an element of the node's result takes; 0 when it is no product, or not known. */
function innerAxis(graph: Graph, { operator, inputs, outputs, attributes }: Node): number {
  if (operator !== "Gemm" && operator !== "MatMul" && operator !== "FusedMatMul") return 0;
  const shape = graph.shapes.get(inputs[0]!);
  if (!shape || !graph.shapes.has(outputs[0]!)) return 0;
  return shape.at(attributes.transA ? -2 : -1) ?? 0;
}

function outputShape(graph: Graph, name: string): readonly number[] {
  return graph.outputs.find((output) => output.name === name)!.shape;
}

/** Some nodes of a graph, in their order, with the inputs and constants that they read. */
function subgraph(
  whole: Graph,
  nodes: ReadonlySet<Node>,
  outputs: readonly ValueInfo[],
  inputs: readonly ValueInfo[] = [],
): Graph {
  const part = new Graph();
  part.nodes = whole.nodes
    .filter((node) => nodes.has(node))
    .map((node) => ({ ...node, inputs: [...node.inputs], outputs: [...node.outputs] }));
  for (const [name, shape] of whole.shapes) part.shapes.set(name, shape);
  const read = new Set(part.nodes.flatMap((node) => node.inputs));
  for (const input of [...whole.inputs, ...inputs]) if (read.has(input.name)) part.input(input);
  for (const [name, constant] of whole.constants) if (read.has(name)) part.constants.set(name, constant);
  part.outputs.push(...outputs);
  return part;
}

/**
 * Let products add to what is there: where an output is the sum of an input and a product, the product starts from the
 * input instead. Saves a pass over the result, and lets it be written in place.
 */
export function foldSums(graph: Graph): void {
  const dependencies = new Dependencies(graph);
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const inputs = new Set(graph.inputs.map((input) => input.name));
  const dropped = new Set<Node>();
  for (const sum of graph.nodes) {
    const [total, term] = sum.inputs as [string, string];
    if (sum.operator !== "Add" || !outputs.has(sum.outputs[0]!) || !inputs.has(total)) continue;
    const product = dependencies.producerOf(term);
    if (product?.operator !== "Gemm" || product.inputs.length > 2) continue;
    if (dependencies.readers(term).length > 1 || outputs.has(term)) continue;
    if (String(graph.shapes.get(term)) !== String(graph.shapes.get(total))) continue;
    product.inputs.push(total);
    product.outputs = [sum.outputs[0]!];
    dropped.add(sum);
  }
  graph.nodes = graph.nodes.filter((node) => !dropped.has(node));
}
