/** A function of tensors as an `.onnx` file of its own: weights inside, standard operators only. */
import { writeFile } from "node:fs/promises";
import { OsccError } from "../core/errors";
import { type EncodeOptions, encodeModel } from "./onnx/encode";
import type { OnnxType } from "./onnx/graph";
import { completeSpecs, type Tensors } from "./program";
import { type HostTensor, sizeOf, type TensorSpec } from "./tensors";
import { traceGraph } from "./trace/trace";

/** A protocol buffer cannot be longer. */
const MOST_BYTES = 2 ** 31 - 1;

/** An input or output of the file. */
export interface OnnxPort {
  /** For whoever opens the file: axes, units, range. */
  readonly description?: string;
}

/** What `saveOnnx` writes. */
export interface OnnxFile {
  /** The graph's name. */
  readonly name: string;
  /** What it computes, in words. */
  readonly description?: string;
  readonly inputs: Readonly<Record<string, TensorSpec & OnnxPort>>;
  /** Tensors that go into the file, by the name they have there. */
  readonly weights?: Readonly<Record<string, HostTensor>>;
  /** Descriptions of outputs, by name. */
  readonly outputs?: Readonly<Record<string, OnnxPort>>;
  /** Text for programs, by key. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Write a pure function of tensors as an `.onnx` file: traced once, with its weights as initializers under their own
 * names. It holds operators of the standard set 17 only, so any runtime that knows them runs it.
 *
 * (`Program.save` writes the graph that this package runs: weights outside, operators of ONNX Runtime's own.)
 *
 * @param path  where; an existing file is replaced
 * @param fn    from inputs and weights to outputs, by name
 * @param file  see `OnnxFile`
 * @throws UnsupportedOperation  for an operation that cannot be traced
 * @throws InvalidArgument       for weights that are too large for the format (2 GiB)
 * @example
 * const { tf } = engine;
 * await engine.saveOnnx("double.onnx", ({ x }) => ({ y: tf.mul(x!, 2) }), {
 *   name: "double",
 *   inputs: { x: { shape: [3] } },
 * });
 */
export async function saveOnnx(
  path: string,
  fn: (inputs: Tensors, weights: Tensors) => Tensors,
  file: OnnxFile,
): Promise<void> {
  await writeFile(path, onnxBytes(fn, file));
}

function onnxBytes(fn: Parameters<typeof saveOnnx>[1], file: OnnxFile): Uint8Array {
  const { name, weights = {}, outputs = {}, metadata = {} } = file;
  checkSize(name, weights);
  const names = Object.keys(weights);
  const prefixed = (key: string) => `weights/${key}`;
  const graph = traceGraph(
    (given) =>
      fn(
        Object.fromEntries(Object.keys(file.inputs).map((key) => [key, given[key]!])),
        Object.fromEntries(names.map((key) => [key, given[prefixed(key)]!])),
      ),
    completeSpecs(name, {
      ...file.inputs,
      ...Object.fromEntries(names.map((key) => [prefixed(key), weights[key]!])),
    }),
    "webgpu", // the one device for which only standard operators are traced
  );
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  const described = (ports: Readonly<Record<string, OnnxPort>>) => (info: (typeof graph.inputs)[number]) => {
    const { description } = ports[info.name] ?? {};
    return description === undefined ? info : { ...info, description };
  };
  const inputs = graph.inputs
    .filter((info) => Object.hasOwn(file.inputs, info.name))
    .map(described(file.inputs));
  graph.inputs.splice(0, graph.inputs.length, ...inputs);
  graph.outputs.splice(0, graph.outputs.length, ...graph.outputs.map(described(outputs)));
  for (const [key, { shape, dtype, data }] of Object.entries(weights))
    if (read.has(prefixed(key)))
      graph.constants.set(prefixed(key), {
        name: key,
        type: dtype satisfies OnnxType,
        shape,
        bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      });
  for (const node of graph.nodes)
    node.inputs = node.inputs.map((input) => graph.constants.get(input)?.name ?? input);
  const options: EncodeOptions = {
    name,
    metadata,
    ...(file.description === undefined ? {} : { description: file.description }),
  };
  return encodeModel(graph, options);
}

function checkSize(name: string, weights: Readonly<Record<string, HostTensor>>): void {
  const bytes = Object.values(weights).reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  if (bytes < MOST_BYTES) return;
  throw new OsccError(
    "InvalidArgument",
    [
      `the weights of ${name} take ${(bytes / 2 ** 30).toFixed(1)} GiB.`,
      "Expected less than 2 GiB: an .onnx file cannot hold more.",
      "Write them as safetensors.",
    ],
    { argument: "weights", found: bytes },
  );
}
