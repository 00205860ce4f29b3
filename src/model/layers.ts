/**
 * The engine's blocks, given their tensors by name. Weights lie as in torch: `weight` [out, in], `bias` [out].
 *
 * Tokens are stored sequence first, [T, I, D] (T tokens of an image, I images, D width): the class tokens of
 * all images are then one block, and attention reads queries, keys and values where they lie.
 */
import { layerNorm, linear, mlp, selfAttention, tf } from "../engine";

/** Tensors inside a computation, by parameter name. */
export type LiveParameters = Readonly<Record<string, tf.Tensor>>;

/** LayerNorm epsilon of timm's and torchvision's transformers. */
export const TRANSFORMER_EPSILON = 1e-6;
/** LayerNorm epsilon of `torch.nn.LayerNorm` by default: fusion blocks and heads. */
export const TORCH_EPSILON = 1e-5;

/** The tensor `name` of `parameters`; a missing one is a mistake in the program, not of the user. */
export function parameter(parameters: LiveParameters, name: string): tf.Tensor {
  const found = parameters[name];
  if (!found)
    throw new Error(`parameter ${name} is missing; there are ${Object.keys(parameters).join(", ")}`);
  return found;
}

/** [..., in] -> [..., out] */
export function linearLayer(x: tf.Tensor, parameters: LiveParameters, name: string): tf.Tensor {
  return linear(x, parameter(parameters, `${name}.weight`), parameter(parameters, `${name}.bias`));
}

/** Normalise over the last axis, then gain and bias. */
export function layerNormLayer(
  x: tf.Tensor,
  parameters: LiveParameters,
  name: string,
  epsilon: number,
): tf.Tensor {
  return layerNorm(
    x,
    parameter(parameters, `${name}.weight`),
    parameter(parameters, `${name}.bias`),
    epsilon,
  );
}

/** What an attention layer needs to know beside its tensors. */
export interface AttentionShape {
  readonly heads: number;
  /** Only the first so many tokens ask; default all. */
  readonly queries?: number;
  /** Added to the scores, [I, 1, 1, T]: keeps tokens from being read. */
  readonly bias?: tf.Tensor;
  /** See `engine.selfAttention`. */
  readonly watch?: (weights: tf.Tensor) => tf.Tensor;
}

/**
 * Self-attention with its output projection: [T, I, D] -> [queries, I, D]. With `q_norm` and `k_norm` among its
 * tensors, the queries and keys of each head are normalised first (Dehghani et al., ICML 2023).
 */
export function attentionLayer(
  x: tf.Tensor,
  parameters: LiveParameters,
  name: string,
  shape: AttentionShape,
): tf.Tensor {
  const normaliseBy = (norm: string) => (heads: tf.Tensor) =>
    layerNormLayer(heads, parameters, `${name}.${norm}`, TRANSFORMER_EPSILON);
  const mixed = selfAttention(
    x,
    parameter(parameters, `${name}.qkv.weight`),
    parameter(parameters, `${name}.qkv.bias`),
    `${name}.q_norm.weight` in parameters
      ? { ...shape, normalise: { queries: normaliseBy("q_norm"), keys: normaliseBy("k_norm") } }
      : shape,
  );
  return linearLayer(mixed, parameters, `${name}.proj`);
}

/** Two linear layers with a GELU between: [..., D] -> [..., D] */
export function mlpLayer(x: tf.Tensor, parameters: LiveParameters, name: string): tf.Tensor {
  const tensor = (part: string) => parameter(parameters, `${name}.${part}`);
  return mlp(x, tensor("fc1.weight"), tensor("fc1.bias"), tensor("fc2.weight"), tensor("fc2.bias"));
}

/**
 * A gated MLP with SiLU as its gate (Shazeer 2020), in DINOv2's form: w12 gives gate and value side by side, w3 leads
 * back. [..., D] -> [..., D]
 */
export function swigluLayer(x: tf.Tensor, parameters: LiveParameters, name: string): tf.Tensor {
  const [gates, values] = tf.split(linearLayer(x, parameters, `${name}.w12`), 2, x.rank - 1) as [
    tf.Tensor,
    tf.Tensor,
  ];
  const passed = tf.mul(tf.mul(gates, tf.sigmoid(gates)), values);
  return linearLayer(passed, parameters, `${name}.w3`);
}
