/**
 * The order of nodes in a file, which decides the order in which ONNX Runtime runs them.
 *
 * It goes backwards: of the nodes that nothing waits for it takes the last first, with all that this one needs, then the one
 * before it. Left as they are drawn, the gradients of weights would be made at the very end, and what they are made
 * from would be kept until then, long out of the cache.
 */
import type { Node } from "./graph";

/** The nodes, producers first, so that each one that nothing waits for is run as soon as what it needs is there. */
export function inRunningOrder(nodes: readonly Node[]): Node[] {
  const madeAt = new Map(nodes.flatMap(({ outputs }, index) => outputs.map((name) => [name, index])));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const isEnd = ({ outputs }: Node) => !outputs.some((name) => read.has(name));
  const readyAt = ({ inputs }: Node) => Math.max(-1, ...inputs.map((name) => madeAt.get(name) ?? -1));
  const ends = nodes.filter(isEnd).sort((a, b) => readyAt(b) - readyAt(a));
  return [...nodes.filter((node) => !isEnd(node)), ...ends];
}
