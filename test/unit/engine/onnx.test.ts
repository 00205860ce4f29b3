import { describe, expect, it } from "vitest";
import { Dependencies } from "../../../src/engine/onnx/dependencies";
import { Graph } from "../../../src/engine/onnx/graph";
import { inRunningOrder } from "../../../src/engine/onnx/order";
import { ProtobufMessage } from "../../../src/engine/onnx/protobuf";

describe("protocol buffers", () => {
  it("writes the examples of the format's documentation", () => {
    // https://protobuf.dev/programming-guides/encoding: field 1 = 150; field 2 = "testing"; field 3 = { 1: 150 }.
    expect(hex(new ProtobufMessage().integer(1, 150))).toBe("089601");
    expect(hex(new ProtobufMessage().text(2, "testing"))).toBe("120774657374696e67");
    expect(hex(new ProtobufMessage().message(3, new ProtobufMessage().integer(1, 150)))).toBe("1a03089601");
    expect(hex(new ProtobufMessage().integer(1, -2))).toBe("08feffffffffffffffff01");
    expect(hex(new ProtobufMessage().float(1, 1.5))).toBe("0d0000c03f");
  });

  it("writes large numbers and long fields", () => {
    expect(hex(new ProtobufMessage().integer(1, 2 ** 40))).toBe("08808080808020");
    const long = new ProtobufMessage().bytes(1, new Uint8Array(1000).fill(7)).finish();
    expect(long.length).toBe(1003);
    expect(long.at(-1)).toBe(7);
  });
});

describe("the order of nodes in a file", () => {
  const node = (made: string, ...inputs: string[]) => ({
    operator: "Gemm",
    domain: "",
    inputs,
    outputs: [made],
    attributes: {},
  });
  /** What the runtime does: backwards from the last node that nothing waits for, of what it needs the last first. */
  const run = (nodes: readonly ReturnType<typeof node>[]) => {
    const order: string[] = [];
    const visit = (name: string) => {
      const at = nodes.findIndex(({ outputs }) => outputs.includes(name));
      if (at < 0 || order.includes(name)) return;
      const sources = nodes[at]!.inputs.map((input) =>
        nodes.findIndex((other) => other.outputs.includes(input)),
      );
      for (const source of sources.filter((index) => index >= 0).sort((a, b) => b - a))
        visit(nodes[source]!.outputs[0]!);
      order.push(name);
    };
    const read = new Set(nodes.flatMap(({ inputs }) => inputs));
    for (const { outputs } of nodes.toReversed()) if (!read.has(outputs[0]!)) visit(outputs[0]!);
    return order;
  };

  it("has each gradient of weights made as soon as what it needs is there", () => {
    // The way back through three layers, as it is drawn: the gradients of weights beside those that are handed on.
    const drawn = [
      node("weights 3", "dy", "x3"),
      node("dx3", "dy", "w3"),
      node("weights 2", "dx3", "x2"),
      node("dx2", "dx3", "w2"),
      node("weights 1", "dx2", "x1"),
      node("dx1", "dx2", "w1"),
    ];
    expect(run(drawn).slice(-2)).toEqual(["weights 2", "weights 3"]); // at the end, all that they need kept until then
    const ordered = inRunningOrder(drawn);
    expect(run(ordered)).toEqual(["weights 3", "dx3", "weights 2", "dx2", "dx1", "weights 1"]);
    const place = new Map(ordered.flatMap(({ outputs }, i) => outputs.map((name) => [name, i])));
    for (const { inputs, outputs } of ordered)
      for (const input of inputs) expect(place.get(input) ?? -1).toBeLessThan(place.get(outputs[0]!)!);
  });
});

describe("a graph", () => {
  const info = { type: "float32", shape: [2] } as const;

  it("stores equal constants once, and drops nodes and constants that lead to no output", () => {
    const graph = new Graph();
    graph.input({ name: "x", ...info });
    const [a, b] = [
      graph.constant([1, 2], [2], "float32"),
      graph.constant(Float32Array.of(1, 2), [2], "float32"),
    ];
    expect(a).toBe(b);
    expect(graph.constant([1, 2], [1, 2], "float32")).not.toBe(a);
    const sum = graph.node("Add", ["x", a]);
    graph.node("Exp", [graph.node("Mul", ["x", graph.constant([9, 9], [2], "float32")])]);
    graph.finish([{ name: "y", ...info, value: sum }]);
    expect(graph.nodes.map((node) => node.operator)).toEqual(["Add"]);
    expect([...graph.constants.keys()]).toEqual([a]);
  });

  it("gives outputs their names, and copies a value only where it must", () => {
    const graph = new Graph();
    graph.input({ name: "x", ...info });
    const twice = graph.node("Add", ["x", "x"]);
    graph.finish([
      { name: "twice", ...info, value: twice },
      { name: "again", ...info, value: twice },
      { name: "same", ...info, value: "x" },
    ]);
    expect(
      graph.nodes.map(({ operator, inputs, outputs }) => [operator, ...inputs, "->", ...outputs].join(" ")),
    ).toEqual(["Add x x -> twice", "Identity twice -> again", "Identity x -> same"]);
  });

  it("knows which nodes must run before which", () => {
    const graph = new Graph();
    graph.input({ name: "x", ...info });
    const early = graph.node("Neg", ["x"]);
    const middle = graph.node("Exp", [early]);
    const aside = graph.node("Sqrt", ["x"]);
    const late = graph.node("Add", [middle, "x"]);
    graph.finish([
      { name: "late", ...info, value: late },
      { name: "aside", ...info, value: aside },
    ]);
    const [neg, exp, sqrt, add] = graph.nodes as [never, never, never, never];
    const dependencies = new Dependencies(graph);
    expect(dependencies.needsAll(add, [neg, exp])).toBe(true);
    expect(dependencies.needsAll(add, [neg, sqrt])).toBe(false);
    expect(dependencies.needsAll(exp, [add])).toBe(false);
    expect(dependencies.readers("x").length).toBe(3);
    expect(dependencies.producerOf("late")).toBe(add);
    expect(dependencies.producerOf("x")).toBeUndefined();
  });
});

function hex(message: ProtobufMessage): string {
  return Buffer.from(message.finish()).toString("hex");
}
