/**
 * A model opened for questions. The encoder is run image by image (or a few at a time), fusion and heads on features:
 * so the memory does not grow with the number of images, and a question about one image encodes that image only.
 *
 * The gradient of a score through the whole model is exact all the same: what the score's gradient is with respect to an
 * image's feature (`slopes`) is carried on through the encoder as the gradient of feature times slope.
 *
 * Letters: I images, M images a patient, R patients, D feature width, C classes.
 */
import {
  compile,
  type Device,
  type HostTensor,
  type Program,
  type StepFunction,
  type TensorSpec,
  tf,
} from "../engine";
import {
  encodeEach,
  featureWidth,
  forwardFeatures,
  type LiveParameters,
  type Model,
  type ModelSpec,
  normalise,
  type Parameters,
} from "../model";
import { encodeFrom, encodeUpTo } from "../model/encoder-parts";
import { type Score, scoreOf } from "./score";
import { type TokenGrid, tokenGrid } from "./tokens";

/** Rows of tokens in one pass: enough for fast products, few enough for small buffers. */
const ROWS = 1200;
/** Patients in one pass of fusion and heads. */
const PATIENTS = 32;

/**
 * Images [I, h, w, 3], normalised, or what goes into a later link of the encoder, tokens [T, I, D], with the parameters and
 * the slopes [I, D], to outputs with the images along axis 0.
 */
export type ImageFunction<K extends string = string> = (
  images: tf.Tensor,
  parameters: LiveParameters,
  slopes: tf.Tensor,
) => Record<K, tf.Tensor>;

/** What is asked of a model, and where it runs. */
export interface ProbeOptions {
  readonly task: string;
  readonly score: Score;
  readonly device?: Device | "auto" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Images on their way through the encoder: what goes into one of its links. */
export interface Underway {
  /** Of the encoder's chain; 0: the images themselves. */
  readonly link: number;
  /** Pixels [I, h, w, 3], 0-255, at link 0, else tokens [I, T, width]. */
  readonly values: Float32Array;
}

/** What fusion and heads say of some patients. */
export interface Answers {
  /** [R] */
  readonly scores: Float32Array;
  /** Logits of the task, [R, C] */
  readonly logits: Float32Array;
  /** The share of each image, [R, M], where the fusion block has such shares. */
  readonly attention?: Float32Array;
}

interface OpenProgram {
  readonly program: Program;
  /** Which of the model's parameters it has. */
  readonly reads: (parameter: string) => boolean;
}

export class Probe {
  readonly spec: ModelSpec;
  readonly grid: TokenGrid;
  readonly options: ProbeOptions;
  /** Values of one image. */
  readonly imageValues: number;
  /** T, all tokens of an image. */
  readonly tokens: number;
  /** M */
  readonly images: number;
  /** D */
  readonly featureWidth: number;
  /** Images that go through the encoder together, where there are many. */
  readonly group: number;
  private parameters: Parameters;
  private readonly programs = new Map<string, OpenProgram>();

  constructor({ spec, parameters }: Model, options: ProbeOptions) {
    this.spec = spec;
    this.parameters = parameters;
    this.options = options;
    this.grid = tokenGrid(spec.encoder);
    const [height, width] = spec.encoder.imageSize;
    this.imageValues = height * width * 3;
    this.images = spec.views.length;
    this.featureWidth = featureWidth(spec.encoder);
    this.tokens = this.grid.prefix + this.grid.rows * this.grid.columns;
    this.group = Math.max(1, Math.floor(ROWS / this.tokens));
  }

  /** Names of the task's classes. */
  get classes(): readonly string[] {
    return this.spec.tasks[this.options.task]!.classes;
  }

  /** The features of images, [I, D]. */
  async encode(pixels: Float32Array): Promise<Float32Array> {
    const rows = await this.overImages("features", (images, parameters) => ({
      features: encodeEach(this.spec, parameters, images),
    }))(pixels);
    return joined(rows.map(({ features }) => features));
  }

  /** The features of images, [I, D], and what went into a link of the encoder on the way there. */
  async encodeThrough(pixels: Float32Array, link: number): Promise<{ features: Float32Array; at: Underway }> {
    if (link === 0) return { features: await this.encode(pixels), at: { link, values: pixels } };
    const rows = await this.overImages(`features through link ${link}`, (images, parameters) => {
      const tokens = encodeUpTo(this.spec, parameters, images, link); // [T, I, D]
      return {
        features: encodeFrom(this.spec, parameters, tokens, link),
        tokens: tf.transpose(tokens, [1, 0, 2]),
      };
    })(pixels);
    return {
      features: joined(rows.map(({ features }) => features)),
      at: { link, values: joined(rows.map(({ tokens }) => tokens)) },
    };
  }

  /**
   * A function of images as a function of arrays: pixels [I, h, w, 3], 0-255, and slopes [I, D] where it reads them, to
   * the outputs of each image. Compiled once under its name.
   */
  overImages<K extends string>(
    name: string,
    fn: ImageFunction<K>,
  ): (pixels: Float32Array, slopes?: Float32Array) => Promise<Record<K, Float32Array>[]> {
    return (pixels, slopes) => this.over({ link: 0, values: pixels }, name, fn, slopes);
  }

  /** The same of images that are on their way already. */
  async over<K extends string>(
    { link, values }: Underway,
    name: string,
    fn: ImageFunction<K>,
    slopes?: Float32Array,
  ): Promise<Record<K, Float32Array>[]> {
    const each = link === 0 ? this.imageValues : this.tokens * this.spec.encoder.width;
    const count = values.length / each;
    // A patient's own images are fewer than could go together; to fill up with nothing would take time.
    const group = count > this.images ? this.group : Math.min(this.group, this.images);
    const program = await this.imageProgram(name, { link, group, readsSlopes: slopes !== undefined }, fn);
    const rows: Record<K, Float32Array>[] = [];
    for (let first = 0; first < count; first += group) {
      const outputs = await program.run({
        images: padded(values, first, group, each),
        ...(slopes ? { slopes: padded(slopes, first, group, this.featureWidth) } : {}),
      });
      for (let i = 0; i < group && first + i < count; i++) rows.push(rowOf(outputs, i, group));
    }
    return rows;
  }

  /** Score and logits of patients from their features, [R, M * D]. */
  async answers(features: Float32Array, target: number): Promise<Answers> {
    const width = this.images * this.featureWidth;
    const count = features.length / width;
    const together = count === 1 ? 1 : PATIENTS;
    const program = await this.fusionProgram(`answers to ${together}`, together, (x, state, target) =>
      this.answer(x, state, target),
    );
    const parts: Record<string, Float32Array[]> = {};
    for (let first = 0; first < count; first += together) {
      const some = Math.min(together, count - first);
      const outputs = await program.run({
        features: padded(features, first, together, width),
        target: this.oneHot(target),
      });
      for (const [name, { data }] of Object.entries(outputs)) {
        const rows = (data as Float32Array).slice(0, (some * data.length) / together);
        parts[name] = [...(parts[name] ?? []), rows];
      }
    }
    const { attention } = parts;
    return {
      scores: joined(parts.scores!),
      logits: joined(parts.logits!),
      ...(attention ? { attention: joined(attention) } : {}),
    };
  }

  /** The gradient of one patient's score with respect to the features, [M * D]. */
  async slopes(features: Float32Array, target: number): Promise<Float32Array> {
    const program = await this.fusionProgram("slopes", 1, (x, state, target) => ({
      slopes: tf.grad((varied: tf.Tensor) => tf.reshape(this.answer(varied, state, target).scores, []))(x),
    }));
    const outputs = await program.run({ features, target: this.oneHot(target) });
    return outputs.slopes!.data as Float32Array;
  }

  /** Ask the same of other parameters of the same shapes. */
  async setParameters(parameters: Parameters): Promise<void> {
    this.parameters = parameters;
    for (const { program, reads } of this.programs.values())
      await program.writeState(chosen(parameters, reads));
  }

  /** Give back all memory. */
  async dispose(): Promise<void> {
    for (const { program } of this.programs.values()) await program.dispose();
    this.programs.clear();
  }

  private answer(features: tf.Tensor, state: LiveParameters, target: tf.Tensor) {
    const flat = tf.reshape(features, [-1, this.featureWidth]); // [R * M, D]
    const { logits, attention } = forwardFeatures(this.spec, state, flat);
    const { score, task } = this.options;
    return {
      scores: scoreOf(score, task, logits, target),
      logits: logits[task]!,
      ...(attention ? { attention } : {}),
    };
  }

  private imageProgram(
    name: string,
    {
      link,
      group,
      readsSlopes,
    }: { readonly link: number; readonly group: number; readonly readsSlopes: boolean },
    fn: ImageFunction,
  ): Promise<Program> {
    const [height, width] = this.spec.encoder.imageSize;
    const step: StepFunction = ({ images, slopes }, state) => {
      const given =
        link === 0 ? normalise(images!, this.spec.normalisation) : tf.transpose(images!, [1, 0, 2]); // [T, I, D]
      return { outputs: fn(given, state, slopes!) };
    };
    return this.program(`${name} of ${group} from ${link}`, step, isEncoder, {
      images: {
        shape: link === 0 ? [group, height, width, 3] : [group, this.tokens, this.spec.encoder.width],
      },
      ...(readsSlopes ? { slopes: { shape: [group, this.featureWidth] } } : {}),
    });
  }

  private fusionProgram(
    name: string,
    patients: number,
    fn: (features: tf.Tensor, state: LiveParameters, target: tf.Tensor) => Record<string, tf.Tensor>,
  ): Promise<Program> {
    const step: StepFunction = ({ features, target }, state) => ({ outputs: fn(features!, state, target!) });
    return this.program(name, step, (parameter) => !isEncoder(parameter), {
      features: { shape: [patients, this.images * this.featureWidth] },
      target: { shape: [1, this.classes.length] },
    });
  }

  /** Compiled at first use. */
  private async program(
    name: string,
    step: StepFunction,
    reads: (parameter: string) => boolean,
    inputs: Readonly<Record<string, TensorSpec>>,
  ): Promise<Program> {
    const known = this.programs.get(name);
    if (known) return known.program;
    const { device = "auto", signal } = this.options;
    const program = await compile(
      step,
      { inputs, state: chosen(this.parameters, reads) },
      { device, name: `explain: ${name}`, ...(signal ? { signal } : {}) },
    );
    this.programs.set(name, { program, reads });
    return program;
  }

  private oneHot(target: number): Float32Array {
    return Float32Array.from(this.classes, (_, c) => (c === target ? 1 : 0));
  }
}

const isEncoder = (parameter: string) => parameter.startsWith("encoder.");

function chosen(parameters: Parameters, wanted: (name: string) => boolean): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => wanted(name)));
}

/** Rows `first` to `first + rows`, with zeros where there are no more. */
function padded(data: Float32Array, first: number, rows: number, width: number): Float32Array {
  const from = data.subarray(first * width, (first + rows) * width);
  if (from.length === rows * width) return from;
  const out = new Float32Array(rows * width);
  out.set(from);
  return out;
}

/** What the outputs of a group say of one of its images. */
function rowOf<K extends string>(
  outputs: Readonly<Record<string, HostTensor>>,
  index: number,
  group: number,
): Record<K, Float32Array> {
  const parts = Object.entries(outputs).map(([name, { data }]) => [
    name,
    part(data as Float32Array, index, group),
  ]);
  return Object.fromEntries(parts) as Record<K, Float32Array>;
}

/** One of the equal parts of an array. */
function part(data: Float32Array, index: number, parts: number): Float32Array {
  const length = data.length / parts;
  return data.slice(index * length, (index + 1) * length);
}

/** Arrays one after the other. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const values of parts) {
    out.set(values, at);
    at += values.length;
  }
  return out;
}
