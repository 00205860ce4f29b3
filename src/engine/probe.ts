/**
 * Self-test of a device, run in a process of its own: a graphics driver may crash or hang, and must not take the
 * notebook with it. Prints one line of JSON.
 */
import * as ort from "onnxruntime-node";
import { encodeModel } from "./onnx/encode";
import { Graph } from "./onnx/graph";

/** What the self-test found. */
export interface ProbeResult {
  /** The device computed the right numbers. */
  readonly works: boolean;
  /** Time of one pass on the device and on the CPU. */
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  readonly error?: string;
}

/** Side of the matrices of the first pass, which asks for right numbers only. */
const SMALL = 128;
/** Side of the matrices that are timed: large enough that a real GPU wins clearly. */
const LARGE = 1024;
const LAYERS = 4;
/** A device that needs longer than this for the small matrices is not timed on the large ones. */
const SLOW_MS = 60;

/** A chain of products with a non-linearity, as in a network. */
function model(side: number): Uint8Array {
  const graph = new Graph();
  const shape = [side, side];
  let x = graph.input({ name: "x", type: "float32", shape });
  const w = graph.input({ name: "w", type: "float32", shape });
  for (let i = 0; i < LAYERS; i++) x = graph.node("Tanh", [graph.node("MatMul", [x, w])]);
  graph.finish([{ name: "y", type: "float32", shape, value: x }]);
  return encodeModel(graph, { name: "self-test" });
}

async function run(device: string, side: number): Promise<{ values: Float32Array; milliseconds: number }> {
  const session = await ort.InferenceSession.create(model(side), {
    executionProviders: [device],
    logSeverityLevel: 3,
    ...(device === "cpu" ? {} : { extra: { session: { disable_cpu_ep_fallback: "1" } } }),
  });
  const wave = (step: number) =>
    Float32Array.from({ length: side * side }, (_, i) => Math.sin(i * step) / 16);
  const feeds = {
    x: new ort.Tensor("float32", wave(0.37), [side, side]),
    w: new ort.Tensor("float32", wave(0.11), [side, side]),
  };
  await session.run(feeds); // The first pass prepares shaders and memory.
  const started = performance.now();
  const { y } = await session.run(feeds);
  return { values: y!.data as Float32Array, milliseconds: performance.now() - started };
}

async function probe(device: string): Promise<ProbeResult> {
  try {
    const [expected, found] = [await run("cpu", SMALL), await run(device, SMALL)];
    const error = expected.values.reduce((worst, v, i) => Math.max(worst, Math.abs(v - found.values[i]!)), 0);
    const works = error < 1e-3;
    const timing =
      works && found.milliseconds < SLOW_MS
        ? [await run("cpu", LARGE), await run(device, LARGE)]
        : [expected, found];
    return {
      works,
      cpuMilliseconds: timing[0]!.milliseconds,
      milliseconds: timing[1]!.milliseconds,
      ...(works ? {} : { error: `wrong numbers: off by ${error}` }),
    };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { works: false, milliseconds: 0, cpuMilliseconds: 0, error: text };
  }
}

if (require.main === module)
  probe(process.argv[2] ?? "cpu").then((result) => {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    process.exit(0); // Do not wait for the driver's threads.
  });
