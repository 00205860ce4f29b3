/** Which nodes of a finished graph depend on which. */
import type { Graph, Node } from "./graph";

/** Answers questions about the order in which a runtime may run the nodes. */
export class Dependencies {
  private readonly indexOf = new Map<Node, number>();
  private readonly producer = new Map<string, number>();
  private readonly readersOf = new Map<string, Node[]>();
  /** For each node, the nodes whose outputs it reads. Nodes stand in the order they were added, producers first. */
  private readonly sources: readonly number[][];

  constructor(private readonly graph: Graph) {
    graph.nodes.forEach((node, index) => {
      this.indexOf.set(node, index);
      for (const output of node.outputs) this.producer.set(output, index);
      for (const input of new Set(node.inputs))
        this.readersOf.set(input, [...(this.readersOf.get(input) ?? []), node]);
    });
    this.sources = graph.nodes.map((node) => node.inputs.flatMap((input) => this.producer.get(input) ?? []));
  }

  /** The node that makes a value; none for inputs and constants. */
  producerOf(value: string): Node | undefined {
    const index = this.producer.get(value);
    return index === undefined ? undefined : this.graph.nodes[index];
  }

  /** The place of a node in the graph: whatever it reads from stands before it. */
  order(node: Node): number {
    return this.indexOf.get(node)!;
  }

  readers(value: string): readonly Node[] {
    return this.readersOf.get(value) ?? [];
  }

  /** Whether every order of running the nodes has all of `earlier` before `later`, because `later` needs them. */
  needsAll(later: Node, earlier: readonly Node[]): boolean {
    const wanted = new Set(earlier.map((node) => this.indexOf.get(node)!));
    const first = Math.min(...wanted);
    const seen = new Set<number>();
    const open = [this.indexOf.get(later)!];
    while (open.length > 0 && wanted.size > 0) {
      for (const source of this.sources[open.pop()!]!) {
        // Nothing that was added before the first wanted node can lead to one.
        if (source < first || seen.has(source)) continue;
        seen.add(source);
        wanted.delete(source);
        open.push(source);
      }
    }
    return wanted.size === 0;
  }
}
