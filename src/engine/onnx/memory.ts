/** How much memory a graph takes, before it is run: an estimate for messages. */
import { Dependencies } from "./dependencies";
import type { Graph } from "./graph";

const BYTES = 4;

/** Operators whose result lies where their input does. */
const VIEWS = new Set(["Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"]);

/**
 * The most bytes that are needed at one time when the nodes run in their order: inputs and outputs throughout, and each
 * value between them from when it is made to when it is last read. Values whose shape is not known count nothing.
 */
export function peakBytes(graph: Graph): number {
  const dependencies = new Dependencies(graph);
  const bytes = (shape: readonly number[]) => BYTES * shape.reduce((n, length) => n * length, 1);
  const bytesOf = (value: string) => bytes(graph.shapes.get(value) ?? [0]);
  const lasting = [...graph.inputs, ...graph.outputs].reduce((sum, { shape }) => sum + bytes(shape), 0);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const unread = new Map<string, number>();
  let [live, peak] = [0, 0];
  for (const { operator, inputs, outputs: made } of graph.nodes) {
    for (const value of made) {
      if (outputs.has(value) || VIEWS.has(operator)) continue;
      unread.set(value, dependencies.readers(value).length);
      live += bytesOf(value);
    }
    peak = Math.max(peak, live);
    for (const value of new Set(inputs)) {
      const left = unread.get(value);
      if (left === undefined) continue;
      unread.set(value, left - 1);
      if (left === 1) live -= bytesOf(value);
    }
  }
  return lasting + peak;
}
