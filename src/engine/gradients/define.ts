/** How a gradient is written in this folder: the kernel's name, what it needs, and the rule. */
import * as tf from "@tensorflow/tfjs-core";

/** What a gradient rule may look at. Ask only for what the formula uses: everything asked for is kept in memory. */
export interface Needs {
  readonly inputs?: readonly string[];
  readonly output?: boolean;
}

/** From the gradient of the output, the kept tensors (inputs, then output) and the attributes: one gradient per input. */
export type Rule = (
  dy: tf.Tensor,
  kept: readonly tf.Tensor[],
  attributes: Readonly<Record<string, unknown>>,
) => Record<string, () => tf.Tensor>;

export interface Gradient {
  readonly kernel: string;
  readonly needs: Needs;
  readonly rule: Rule;
}

export function gradient(kernel: string, needs: Needs, rule: Rule): Gradient {
  return { kernel, needs, rule };
}

/** The gradient of an element-wise function of one input `x`, from its derivative. */
export function elementwise(
  kernel: string,
  from: "x" | "y",
  derivative: (kept: tf.Tensor, attributes: Readonly<Record<string, unknown>>) => tf.Tensor,
  input = "x",
): Gradient {
  return gradient(
    kernel,
    from === "x" ? { inputs: [input] } : { output: true },
    (dy, [kept], attributes) => ({
      [input]: () => tf.mul(dy, derivative(tf.cast(kept!, "float32"), attributes)),
    }),
  );
}

/** The gradient of a function that is constant almost everywhere. */
export function flat(kernel: string, ...inputs: string[]): Gradient {
  return gradient(kernel, { inputs }, (_dy, kept) =>
    Object.fromEntries(inputs.map((name, i) => [name, () => tf.zerosLike(tf.cast(kept[i]!, "float32"))])),
  );
}

/** Sum a gradient over the axes along which its input was broadcast, back to the input's shape. */
export function sumTo(value: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes([...shape], value.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(value, axes) : value, [...shape]);
}

/** The axes of a reduction as sorted, non-negative numbers; none given means all. */
export function axesOf(axis: unknown, shape: readonly number[]): number[] {
  return tf.util.parseAxisParam(axis as number | number[], [...shape]).sort((a, b) => a - b);
}

/** The shape with the reduced axes kept at length 1. */
export function keptShape(shape: readonly number[], axes: readonly number[]): number[] {
  return shape.map((length, i) => (axes.includes(i) ? 1 : length));
}

/** Tell TensorFlow.js about a gradient. */
export function register({ kernel, needs, rule }: Gradient): void {
  tf.registerGradient({
    kernelName: kernel,
    ...(needs.inputs ? { inputsToSave: [...needs.inputs] } : {}),
    ...(needs.output ? { outputsToSave: [true] } : {}),
    gradFunc: (dy, saved, attributes) => rule(dy as tf.Tensor, saved, attributes),
  });
}
