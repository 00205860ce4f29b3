/** Functions of each element of one tensor. */
import { float } from "../../onnx/graph";
import { tf } from "../../tensors";
import { asFloat, asNumber, type Build, cast, composed, type Kernels } from "./define";

/** An operator for floating point only. */
const ofFloats =
  (operator: string): Build =>
  ({ x }, _attributes, trace) =>
    trace.tensor(trace.node(operator, [asFloat(trace, x!)]), x!.shape, "float32");

/** An operator for any kind of number, which keeps the kind. */
const ofNumbers =
  (operator: string): Build =>
  ({ x }, _attributes, trace) =>
    trace.tensor(
      trace.node(operator, [asNumber(trace, x!)]),
      x!.shape,
      x!.dtype === "bool" ? "int32" : x!.dtype,
    );

/** A test of each element. */
const test =
  (operator: string): Build =>
  ({ x }, _attributes, trace) =>
    trace.tensor(trace.node(operator, [asFloat(trace, x!)]), x!.shape, "bool");

/** The self-normalising unit's constants (Klambauer et al., NeurIPS 2017). */
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

export const ELEMENTWISE_KERNELS: Kernels = {
  Abs: ofNumbers("Abs"),
  Acos: ofFloats("Acos"),
  Acosh: ofFloats("Acosh"),
  Asin: ofFloats("Asin"),
  Asinh: ofFloats("Asinh"),
  Atan: ofFloats("Atan"),
  Atanh: ofFloats("Atanh"),
  Ceil: ofFloats("Ceil"),
  Cos: ofFloats("Cos"),
  Cosh: ofFloats("Cosh"),
  Erf: ofFloats("Erf"),
  Exp: ofFloats("Exp"),
  Floor: ofFloats("Floor"),
  Log: ofFloats("Log"),
  Neg: ofNumbers("Neg"),
  Reciprocal: ofFloats("Reciprocal"),
  Round: ofFloats("Round"),
  Sigmoid: ofFloats("Sigmoid"),
  Sign: ofNumbers("Sign"),
  Sin: ofFloats("Sin"),
  Sinh: ofFloats("Sinh"),
  Softplus: ofFloats("Softplus"),
  Sqrt: ofFloats("Sqrt"),
  Tan: ofFloats("Tan"),
  Tanh: ofFloats("Tanh"),

  Square: composed(({ x }) => tf.mul(x!, x!)),
  Rsqrt: composed(({ x }) => tf.reciprocal(tf.sqrt(x!))),
  // exp(x) - 1 without cancellation near 0.
  Expm1: composed(({ x }) => tf.mul(tf.tanh(tf.mul(x!, 0.5)), tf.add(tf.exp(x!), 1))),
  // log(1 + x) without cancellation near 0 (Goldberg 1991, theorem 4): exact where 1 + x rounds to 1.
  Log1p: composed(({ x }) => {
    const sum = tf.add(x!, 1);
    const lost = tf.equal(sum, 1);
    const step = tf.where(lost, tf.onesLike(sum), tf.sub(sum, 1));
    return tf.where(lost, x!, tf.div(tf.mul(tf.log(sum), x!), step));
  }),

  Relu: ({ x }, _attributes, trace) =>
    x!.dtype === "float32"
      ? trace.tensor(trace.node("Relu", [x!]), x!.shape, x!.dtype)
      : trace.tensor(trace.node("Max", [x!, trace.scalar(0, "int32")]), x!.shape, x!.dtype),
  Relu6: ({ x }, _attributes, trace) =>
    trace.tensor(
      trace.node("Clip", [asFloat(trace, x!), trace.scalar(0, "float32"), trace.scalar(6, "float32")]),
      x!.shape,
      "float32",
    ),
  ClipByValue: ({ x }, { clipValueMin, clipValueMax }, trace) => {
    const type = x!.dtype === "int32" ? "int32" : "float32";
    const bounds = [clipValueMin, clipValueMax].map((bound) => trace.scalar(bound as number, type));
    return trace.tensor(trace.node("Clip", [x!, ...bounds]), x!.shape, x!.dtype);
  },
  LeakyRelu: ({ x }, { alpha }, trace) =>
    trace.tensor(
      trace.node("LeakyRelu", [asFloat(trace, x!)], { attributes: { alpha: float(alpha as number) } }),
      x!.shape,
      "float32",
    ),
  Elu: ofFloats("Elu"),
  EluGrad: composed(({ dy, y }) =>
    tf.mul(dy!, tf.where(tf.greaterEqual(y!, 0), tf.onesLike(y!), tf.add(y!, 1))),
  ),
  Selu: ({ x }, _attributes, trace) =>
    trace.tensor(
      trace.node("Selu", [asFloat(trace, x!)], {
        attributes: { alpha: float(SELU_ALPHA), gamma: float(SELU_SCALE) },
      }),
      x!.shape,
      "float32",
    ),
  Prelu: composed(({ x, alpha }) => tf.where(tf.greaterEqual(x!, 0), x!, tf.mul(x!, alpha!))),
  Step: composed(({ x }, { alpha }) =>
    tf.where(tf.greater(x!, 0), tf.onesLike(x!), tf.fill(x!.shape, (alpha as number) ?? 0)),
  ),

  IsNan: test("IsNaN"),
  IsInf: test("IsInf"),
  IsFinite: composed(({ x }) => tf.logicalNot(tf.logicalOr(tf.isNaN(x!), tf.isInf(x!)))),
  LogicalNot: ({ x }, _attributes, trace) => trace.tensor(trace.node("Not", [x!]), x!.shape, "bool"),

  Identity: ({ x }, _attributes, trace) => trace.tensor(trace.name(x!), x!.shape, x!.dtype),
  Cast: ({ x }, { dtype }, trace) =>
    x!.dtype === dtype
      ? trace.tensor(trace.name(x!), x!.shape, x!.dtype)
      : trace.tensor(cast(trace, x!, dtype as "float32"), x!.shape, dtype as string),
};
