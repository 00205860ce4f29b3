/**
 * A graph as the bytes of an `.onnx` file.
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (the field numbers below)
 */
import {
  type Attribute,
  type Constant,
  Float,
  type Graph,
  type Node,
  type OnnxType,
  type ValueInfo,
} from "./graph";
import { inRunningOrder } from "./order";
import { ProtobufMessage } from "./protobuf";

/** The version of the file format, and of the operators in it. */
const IR_VERSION = 8;
const OPSET = 17;
const MICROSOFT_OPSET = 1;

/** TensorProto.DataType */
export const ELEMENT_TYPE: Readonly<Record<OnnxType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};

/** AttributeProto.AttributeType */
const ATTRIBUTE_TYPE = { float: 1, integer: 2, text: 3, integers: 7 } as const;

export interface EncodeOptions {
  /** The graph's name. */
  readonly name: string;
  /** What it computes, for a person who opens the file. */
  readonly description?: string;
  /** Text for programs, by key. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Add, as the first output, an empty sequence of this name. Fetching it makes the runtime stop before it copies
   * outputs that already lie where they should (see sessions.ts). Not for files that leave the house.
   */
  readonly fence?: string;
  /** Values that inputs have when nothing is fed, by the name of the input. */
  readonly defaults?: readonly Constant[];
}

export function encodeModel(graph: Graph, options: EncodeOptions): Uint8Array {
  const { name, description, fence, metadata = {}, defaults = [] } = options;
  const body = new ProtobufMessage();
  for (const node of inRunningOrder(graph.nodes))
    body.message(1, encodeNode(node, graph.notes.get(node.outputs[0]!)?.label));
  if (fence) body.message(1, encodeFenceNode(fence));
  body.text(2, name);
  for (const constant of [...graph.constants.values(), ...defaults])
    body.message(5, encodeConstant(constant));
  if (description) body.text(10, description);
  for (const input of graph.inputs) body.message(11, encodeValue(input));
  if (fence) body.message(12, encodeFence(fence));
  for (const output of graph.outputs) body.message(12, encodeValue(output));

  const model = new ProtobufMessage().integer(1, IR_VERSION).text(2, "oscc-lab");
  if (description) model.text(6, description);
  for (const [key, value] of Object.entries(metadata))
    model.message(14, new ProtobufMessage().text(1, key).text(2, value));
  model.message(8, new ProtobufMessage().integer(2, OPSET));
  if (graph.nodes.some(({ domain }) => domain === "com.microsoft"))
    model.message(8, new ProtobufMessage().text(1, "com.microsoft").integer(2, MICROSOFT_OPSET));
  // Last, so that a file that is cut short anywhere is seen to be.
  model.message(7, body);
  return model.finish();
}

/** The node that makes the fence, and the fence as an output. */
export function encodeFenceNode(name: string): ProtobufMessage {
  return encodeNode({ operator: "SequenceEmpty", domain: "", inputs: [], outputs: [name], attributes: {} });
}

export function encodeFence(name: string): ProtobufMessage {
  const element = new ProtobufMessage().message(1, new ProtobufMessage().integer(1, ELEMENT_TYPE.float32));
  const sequence = new ProtobufMessage().message(1, element);
  return new ProtobufMessage().text(1, name).message(2, new ProtobufMessage().message(4, sequence));
}

function encodeNode(
  { operator, domain, inputs, outputs, attributes }: Node,
  description?: string,
): ProtobufMessage {
  const node = new ProtobufMessage();
  for (const input of inputs) node.text(1, input);
  for (const output of outputs) node.text(2, output);
  node.text(3, outputs[0]!).text(4, operator);
  for (const [name, value] of Object.entries(attributes)) node.message(5, encodeAttribute(name, value));
  if (description) node.text(6, description);
  if (domain) node.text(7, domain);
  return node;
}

function encodeAttribute(name: string, value: Attribute): ProtobufMessage {
  const attribute = new ProtobufMessage().text(1, name);
  if (value instanceof Float) return attribute.float(2, value.value).integer(20, ATTRIBUTE_TYPE.float);
  if (typeof value === "number") return attribute.integer(3, value).integer(20, ATTRIBUTE_TYPE.integer);
  if (typeof value === "string") return attribute.text(4, value).integer(20, ATTRIBUTE_TYPE.text);
  for (const element of value) attribute.integer(8, element);
  return attribute.integer(20, ATTRIBUTE_TYPE.integers);
}

export function encodeConstant({ name, type, shape, bytes }: Constant): ProtobufMessage {
  const tensor = new ProtobufMessage();
  for (const length of shape) tensor.integer(1, length);
  return tensor.integer(2, ELEMENT_TYPE[type]).text(8, name).bytes(9, bytes);
}

function encodeValue({ name, type, shape, description }: ValueInfo): ProtobufMessage {
  const axes = new ProtobufMessage();
  for (const length of shape) axes.message(1, new ProtobufMessage().integer(1, length));
  const tensor = new ProtobufMessage().integer(1, ELEMENT_TYPE[type]).message(2, axes);
  const value = new ProtobufMessage().text(1, name).message(2, new ProtobufMessage().message(1, tensor));
  return description ? value.text(3, description) : value;
}
