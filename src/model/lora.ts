/**
 * Low-rank adaptation of a ViT (Hu et al., "LoRA", arXiv 2106.09685, 2021, equation 3): the encoder's weights stay as
 * they are, and a product of two thin matrices is learned beside each chosen one.
 *
 *   W' = W + (alpha / rank) B A        A [rank, in] normal, B [out, rank] zero, so W' = W before the first step
 *
 * The sum is formed before the product with the tokens: one small matrix product a step, where the other order would
 * take two more for every token. What is learned can be merged into the weights, and is then as quick as they were.
 *
 * Letters: D width of a token, H hidden width of the MLP.
 */
import { invalidArgument, unknownName } from "../core/errors";
import { type Chain, tf } from "../engine";
import { type LiveParameters, parameter } from "./layers";
import type { ParameterDeclarations, Parameters } from "./parameters";
import { mlpWidth, type ViTConfig } from "./vit-config";

/** The linear maps of a block that can be adapted: queries, keys, values, the attention's output, the MLP's two layers. */
export const LORA_PROJECTIONS = ["q", "k", "v", "proj", "fc1", "fc2"] as const;
/** See `LORA_PROJECTIONS`. */
export type LoraProjection = (typeof LORA_PROJECTIONS)[number];

/** How an encoder is adapted. */
export interface LoraOptions {
  /** Rank of the change of a weight, default 8. */
  readonly rank?: number;
  /** The change is scaled by `alpha / rank`, default 16. */
  readonly alpha?: number;
  /** Which maps of each block, default queries and values, the paper's choice (section 4.2). */
  readonly projections?: readonly LoraProjection[];
}

/** The paper's choices where it makes one. */
export const LORA_DEFAULTS = { rank: 8, alpha: 16, projections: ["q", "v"] } as const satisfies LoraOptions;

/** Prefix of the adapters' names among a model's tensors: `lora.blocks.0.attn.q.a`. */
export const LORA_PREFIX = "lora";

/**
 * The options with defaults, checked.
 *
 * @throws InvalidArgument  for a rank below 1 or no projection
 * @throws UnknownName      for a projection that is not there
 * @example
 * model.loraOptions({ rank: 4 }); // { rank: 4, alpha: 16, projections: ["q", "v"] }
 */
export function loraOptions(options: LoraOptions = {}): Required<LoraOptions> {
  const { rank, alpha, projections } = { ...LORA_DEFAULTS, ...options };
  if (!(Number.isInteger(rank) && rank >= 1))
    throw invalidArgument("lora.rank", rank, "a whole number from 1", "The paper finds 4 or 8 enough.");
  if (!(alpha > 0 && Number.isFinite(alpha)))
    throw invalidArgument("lora.alpha", alpha, "a number above 0", "Twice the rank is usual.");
  if (projections.length === 0)
    throw invalidArgument("lora.projections", "empty", `some of ${LORA_PROJECTIONS.join(", ")}`);
  for (const name of projections)
    if (!LORA_PROJECTIONS.includes(name)) throw unknownName("projection", String(name), LORA_PROJECTIONS);
  return { rank, alpha, projections: LORA_PROJECTIONS.filter((name) => projections.includes(name)) };
}

/** One adapter of a block: which rows of which weight it changes. */
interface Adapter {
  /** `attn.q`, without block and prefix. */
  readonly name: string;
  readonly weight: string;
  readonly firstRow: number;
  readonly rows: number;
  readonly columns: number;
}

function adaptersOfBlock(config: ViTConfig, projections: readonly LoraProjection[]): Adapter[] {
  const { width } = config;
  const hidden = mlpWidth(config);
  // A gated MLP's first layer gives gate and value side by side.
  const [fc1, fc2, fc1Rows] =
    config.mlp === "swiglu" ? ["mlp.w12", "mlp.w3", 2 * hidden] : ["mlp.fc1", "mlp.fc2", hidden];
  const places: Record<LoraProjection, Adapter> = {
    q: attention("q", 0, width),
    k: attention("k", width, width),
    v: attention("v", 2 * width, width),
    proj: { name: "attn.proj", weight: "attn.proj.weight", firstRow: 0, rows: width, columns: width },
    fc1: { name: fc1, weight: `${fc1}.weight`, firstRow: 0, rows: fc1Rows, columns: width },
    fc2: { name: fc2, weight: `${fc2}.weight`, firstRow: 0, rows: width, columns: hidden },
  };
  return projections.map((name) => places[name]);
}

function attention(name: string, firstRow: number, width: number): Adapter {
  return { name: `attn.${name}`, weight: "attn.qkv.weight", firstRow, rows: width, columns: width };
}

/**
 * The adapters of an encoder as declarations, `lora.blocks.<i>.<map>.a` and `.b`.
 *
 * @throws InvalidArgument  for a rank that is no smaller than the width: then nothing is saved
 * @example
 * const adapters = model.loraParameters(model.vitConfig("tiny"), { rank: 4 });
 */
export function loraParameters(config: ViTConfig, options: LoraOptions = {}): ParameterDeclarations {
  const { rank, projections } = loraOptions(options);
  if (rank >= config.width)
    throw invalidArgument("lora.rank", rank, `less than the encoder's width ${config.width}`);
  const adapters = adaptersOfBlock(config, projections);
  return Object.fromEntries(
    Array.from({ length: config.depth }, (_, i) => i).flatMap((i) =>
      adapters.flatMap(({ name, rows, columns }) => [
        [`${LORA_PREFIX}.blocks.${i}.${name}.a`, { shape: [rank, columns], initial: normalFor(columns) }],
        [`${LORA_PREFIX}.blocks.${i}.${name}.b`, { shape: [rows, rank], initial: { constant: 0 } }],
      ]),
    ),
  );
}

/** The paper says "random Gaussian"; so that A x has the size of x, its deviation is 1 / sqrt(in). */
const normalFor = (inputs: number) => ({ normal: 1 / Math.sqrt(inputs) });

/** Live tensors by full name with the adapters added to the weights they belong to. Eager or traced. */
export function withLora(config: ViTConfig, live: LiveParameters, options: LoraOptions): LiveParameters {
  const adapted: Record<string, tf.Tensor> = { ...live };
  for (let i = 0; i < config.depth; i++)
    for (const [weight, value] of Object.entries(
      adaptedWeights(
        config,
        (name) => parameter(live, `encoder.blocks.${i}.${name}`),
        (name) => parameter(live, `${LORA_PREFIX}.blocks.${i}.${name}`),
        options,
      ),
    ))
      adapted[`encoder.blocks.${i}.${weight}`] = value;
  return adapted;
}

/** The adapted weights of one block, by name in the block. */
function adaptedWeights(
  config: ViTConfig,
  base: (name: string) => tf.Tensor,
  factor: (name: string) => tf.Tensor,
  options: LoraOptions,
): Record<string, tf.Tensor> {
  const { rank, alpha, projections } = loraOptions(options);
  const adapters = adaptersOfBlock(config, projections);
  const names = [...new Set(adapters.map(({ weight }) => weight))];
  return Object.fromEntries(
    names.map((weight) => {
      const changes = adapters
        .filter((adapter) => adapter.weight === weight)
        .map(({ name, ...place }) => ({
          ...place,
          value: tf.mul(tf.matMul(factor(`${name}.b`), factor(`${name}.a`)), alpha / rank), // [rows, columns]
        }));
      return [weight, tf.add(base(weight), stacked(changes, base(weight).shape as [number, number]))];
    }),
  );
}

/** Changes of some rows, in order, as a matrix of the whole weight's shape, zero elsewhere. */
function stacked(
  changes: readonly { readonly firstRow: number; readonly rows: number; readonly value: tf.Tensor }[],
  [rows, columns]: readonly [number, number],
): tf.Tensor {
  const parts: tf.Tensor[] = [];
  let at = 0;
  const zerosUpTo = (row: number) => {
    if (row > at) parts.push(tf.zeros([row - at, columns]));
  };
  for (const change of changes) {
    zerosUpTo(change.firstRow);
    parts.push(change.value);
    at = change.firstRow + change.rows;
  }
  zerosUpTo(rows);
  return parts.length === 1 ? parts[0]! : tf.concat(parts, 0);
}

/**
 * An encoder's chain with adapters: each block also reads its own, and its weights have no gradient.
 *
 * @param chain  of `encoderChain`, parameters by full name
 */
export function loraChain(config: ViTConfig, chain: Chain, options: LoraOptions): Chain {
  const { projections } = loraOptions(options);
  const adapters = adaptersOfBlock(config, projections);
  return chain.map((link) => {
    const block = blockOf(Object.values(link.parameters));
    const own = block === undefined ? [] : adapters.flatMap(({ name }) => [`${name}.a`, `${name}.b`]);
    return {
      ...link,
      parameters: {
        ...link.parameters,
        ...Object.fromEntries(own.map((name) => [name, `${LORA_PREFIX}.${block}.${name}`])),
      },
      apply: (parameters, x) => {
        const base = Object.fromEntries(
          Object.keys(link.parameters).map((name) => [name, fixed(parameters[name]!)]),
        );
        if (own.length === 0) return link.apply(base, x);
        const factor = (name: string) => parameter(parameters, name);
        const weights = adaptedWeights(config, (name) => parameter(base, name), factor, options);
        return link.apply({ ...base, ...weights }, x);
      },
    };
  });
}

/** `blocks.3`, if a link's parameters are a block's. */
function blockOf(names: readonly string[]): string | undefined {
  return names
    .map((name) => /^encoder\.(blocks\.\d+)\./.exec(name)?.[1])
    .find((block) => block !== undefined);
}

/** The same value; no gradient passes. */
function fixed(x: tf.Tensor): tf.Tensor {
  return tf.customGrad((value) => ({
    value: tf.mul(value as tf.Tensor, 1),
    gradFunc: () => tf.zerosLike(value as tf.Tensor),
  }))(x);
}

/**
 * The encoder's weights with what the adapters learned, and without adapters: a plain model again.
 *
 * @param parameters  a model's parameters together with its adapters, by full name
 * @returns           new arrays for what was adapted; the others are shared
 * @example
 * const merged = model.mergeLora(run.model.spec.encoder, run.model.parameters, { rank: 4 });
 */
export function mergeLora(config: ViTConfig, parameters: Parameters, options: LoraOptions = {}): Parameters {
  const { rank, alpha, projections } = loraOptions(options);
  const merged = Object.fromEntries(
    Object.entries(parameters).filter(([name]) => !name.startsWith(`${LORA_PREFIX}.`)),
  );
  const touched = new Set<string>();
  for (let i = 0; i < config.depth; i++)
    for (const { name, weight, firstRow, rows, columns } of adaptersOfBlock(config, projections)) {
      const full = `encoder.blocks.${i}.${weight}`;
      const [a, b] = ["a", "b"].map((part) => parameters[`${LORA_PREFIX}.blocks.${i}.${name}.${part}`]?.data);
      const base = merged[full];
      if (!a || !b || !base)
        throw invalidArgument("parameters", `without the adapter of ${full}`, "all of them");
      if (!touched.has(full)) merged[full] = { ...base, data: base.data.slice() };
      touched.add(full);
      addProduct(merged[full]!.data.subarray(firstRow * columns), {
        a,
        b,
        rows,
        columns,
        rank,
        scale: alpha / rank,
      });
    }
  return merged;
}

interface Factors {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  readonly scale: number;
}

/** target += scale * B A */
function addProduct(target: Float32Array, { a, b, rows, columns, rank, scale }: Factors): void {
  const row = new Float64Array(columns);
  for (let r = 0; r < rows; r++) {
    row.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = scale * b[r * rank + k]!;
      if (factor === 0) continue;
      for (let c = 0; c < columns; c++) row[c]! += factor * a[k * columns + c]!;
    }
    for (let c = 0; c < columns; c++) target[r * columns + c]! += row[c]!;
  }
}
