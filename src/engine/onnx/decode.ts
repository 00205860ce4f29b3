/**
 * Reading `.onnx` files as far as a saved program needs it: the metadata, the values given to inputs, and the graph with
 * a fence put in. Everything else is passed on as the bytes it is.
 */
import { encodeConstant, encodeFence, encodeFenceNode } from "./encode";
import type { Constant } from "./graph";
import { ProtobufMessage } from "./protobuf";

/** A field of a protocol buffer: its number, its content if that has a length, and its bytes with the tag. */
export interface Field {
  readonly number: number;
  readonly content: Uint8Array | undefined;
  readonly value: number;
  readonly bytes: Uint8Array;
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** The fields of a message in their order. @throws RangeError when the bytes end inside one, or are no message */
export function fieldsOf(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new RangeError("the message ends inside a number");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const start = at;
    const tag = varint();
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    let value = 0;
    let content: Uint8Array | undefined;
    if (wire === VARINT) value = varint();
    else if (wire === LENGTH_DELIMITED) {
      const length = varint();
      content = message.subarray(at, at + length);
      at += length;
    } else if (wire === FIXED_32 || wire === FIXED_64) at += wire === FIXED_32 ? 4 : 8;
    else throw new RangeError("the bytes are no message");
    if (number === 0 || at > message.length) throw new RangeError("the message ends inside a field");
    fields.push({ number, content, value, bytes: message.subarray(start, at) });
  }
  return fields;
}

/** An ONNX model, as far as it is looked into. */
export interface DecodedModel {
  readonly metadata: Readonly<Record<string, string>>;
  readonly nodes: number;
  /** The little-endian elements of initial values, by name. */
  readonly initial: ReadonlyMap<string, Uint8Array>;
  /** The model with other initial values for some names (none: `undefined`), and with a fence if one is given. */
  rebuilt(initial: ReadonlyMap<string, Constant | undefined>, fence?: string): Uint8Array;
}

/** Field numbers, see encode.ts. */
const MODEL = { graph: 7, metadata: 14 } as const;
const GRAPH = { node: 1, initializer: 5, output: 12 } as const;
const TENSOR = { name: 8, bytes: 9 } as const;

/** @throws RangeError when the file ends too early, or is no ONNX model */
export function decodeModel(file: Uint8Array): DecodedModel {
  const model = fieldsOf(file);
  const graphField = model.find(({ number }) => number === MODEL.graph);
  if (!graphField?.content) throw new RangeError("there is no graph in it");
  const graph = fieldsOf(graphField.content);
  const initializers = graph
    .filter(({ number }) => number === GRAPH.initializer)
    .map((field) => {
      const parts = fieldsOf(field.content!);
      return { field, name: textOf(parts, TENSOR.name), bytes: contentOf(parts, TENSOR.bytes) };
    });
  const nameOf = new Map(initializers.map(({ field, name }) => [field, name]));
  return {
    metadata: Object.fromEntries(
      model
        .filter(({ number }) => number === MODEL.metadata)
        .map(({ content }) => {
          const parts = fieldsOf(content!);
          return [textOf(parts, 1), textOf(parts, 2)];
        }),
    ),
    nodes: graph.filter(({ number }) => number === GRAPH.node).length,
    initial: new Map(initializers.map(({ name, bytes }) => [name, bytes])),
    rebuilt: (initial, fence) => {
      const kept = graph.filter((field) => !initial.has(nameOf.get(field) ?? ""));
      const outputs = kept.findIndex(({ number }) => number === GRAPH.output);
      const nodes = kept.findLastIndex(({ number }) => number === GRAPH.node) + 1;
      const body = new ProtobufMessage();
      for (const [index, { bytes }] of kept.entries()) {
        if (fence && index === nodes) body.message(GRAPH.node, encodeFenceNode(fence));
        if (fence && index === outputs) body.message(GRAPH.output, encodeFence(fence));
        body.raw(bytes);
      }
      for (const constant of initial.values())
        if (constant) body.message(GRAPH.initializer, encodeConstant(constant));
      const whole = new ProtobufMessage();
      for (const field of model)
        if (field === graphField) whole.message(MODEL.graph, body);
        else whole.raw(field.bytes);
      return whole.finish();
    },
  };
}

function textOf(fields: readonly Field[], number: number): string {
  return Buffer.from(contentOf(fields, number)).toString("utf8");
}

function contentOf(fields: readonly Field[], number: number): Uint8Array {
  return fields.find((field) => field.number === number)?.content ?? new Uint8Array();
}
