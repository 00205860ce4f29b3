/** Looking into a graph: which of its values are finite. */
import { Dependencies } from "./dependencies";
import type { Graph, Node, ValueInfo } from "./graph";

/** A floating-point value inside a graph, and how to speak of it. */
export interface InspectedValue {
  readonly value: string;
  /** Its name when it was made. */
  readonly made: string;
  /** What the user's code calls it, else what it was made by and of. */
  readonly title: string;
  /** Where the user's code made it, ` at model.ts:12:7`, or empty. */
  readonly place: string;
}

/**
 * Every floating-point value that the nodes of a finished graph make, in the order of computation.
 *
 * @param nameOf  what people call an input of the graph
 */
export function inspectedValues(
  graph: Graph,
  nameOf: (value: string) => string | undefined,
): readonly InspectedValue[] {
  const dependencies = new Dependencies(graph);
  const known = (value: string) => nameOf(value) ?? graph.notes.get(value)?.label;
  return graph.nodes.flatMap((node) =>
    node.outputs.flatMap((value) => {
      const note = graph.notes.get(value);
      if (note?.type !== "float32" || MOVES.has(node.operator)) return [];
      const title = note.label ?? titleOf(node, dependencies, known);
      return [{ value, made: note.made, title, place: note.place ?? "" }];
    }),
  );
}

/** Replace the outputs of a finished graph by one vector: for each value 0 if all its elements are finite, else NaN. */
export function inspectFinite(graph: Graph, values: readonly string[]): ValueInfo {
  const zero = graph.constant([0], [], "float32");
  const one = graph.constant([1], [1], "int64");
  // Zero times a number is zero; zero times infinity or NaN is NaN, which no sum loses.
  const checks = values.map((value) =>
    graph.node("Reshape", [
      graph.node("ReduceSum", [graph.node("Mul", [value, zero])], { attributes: { keepdims: 0 } }),
      one,
    ]),
  );
  const output: ValueInfo = { name: "finite", type: "float32", shape: [values.length] };
  graph.outputs.length = 0;
  graph.finish([{ ...output, value: graph.node("Concat", checks, { attributes: { axis: 0 } }) }]);
  return output;
}

/** `Gemm of encoder.blocks.0.attn.qkv.weight`: the operator, and the nearest of what it is made from that has a name. */
function titleOf(
  node: Node,
  dependencies: Dependencies,
  known: (value: string) => string | undefined,
): string {
  let nodes: readonly Node[] = [node];
  const seen = new Set<Node>();
  while (nodes.length > 0) {
    const inputs = nodes.flatMap((one) => one.inputs);
    const names = new Set(inputs.flatMap((input) => known(input) ?? []));
    if (names.size > 0) return `${node.operator} of ${[...names].slice(0, MOST_NAMES).join(" and ")}`;
    nodes = inputs.flatMap((input) => dependencies.producerOf(input) ?? []).filter((one) => !seen.has(one));
    for (const one of nodes) seen.add(one);
  }
  return `a result of ${node.operator}`;
}

/** Operators that move elements and compute none: what they give is finite when what they take is. */
const MOVES = new Set([
  "Concat",
  "Expand",
  "Gather",
  "Identity",
  "Reshape",
  "Slice",
  "Split",
  "Tile",
  "Transpose",
]);

/** A sum may have many terms. */
const MOST_NAMES = 2;
