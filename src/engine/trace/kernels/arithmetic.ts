/** Functions of two tensors, with broadcasting. */
import { tf } from "../../tensors";
import { asNumber, type Build, composed, type Inputs, type Kernels } from "./define";

/** The common shape of two tensors, axes counted from the last; the error names the axis that does not fit. */
function broadcastShape({ a, b }: Inputs): number[] {
  const rank = Math.max(a!.rank, b!.rank);
  const [left, right] = [a!, b!].map(
    ({ shape }) => [...Array(rank - shape.length).fill(1), ...shape] as number[],
  );
  return left!.map((length, axis) => {
    const other = right![axis]!;
    if (length === other || other === 1) return length;
    if (length === 1) return other;
    throw new Error(
      `Axis ${axis - rank} (from the end) is ${length} in one and ${other} in the other; expected equal lengths, or 1.`,
    );
  });
}

/** An operator on numbers, which keeps their kind. */
const ofNumbers =
  (operator: string): Build =>
  (inputs, _attributes, trace) => {
    const { a, b } = inputs;
    const value = trace.node(operator, [asNumber(trace, a!), asNumber(trace, b!)]);
    return trace.tensor(value, broadcastShape(inputs), a!.dtype === "bool" ? "int32" : a!.dtype);
  };

const comparison =
  (operator: string): Build =>
  (inputs, _attributes, trace) =>
    trace.tensor(
      trace.node(operator, [asNumber(trace, inputs.a!), asNumber(trace, inputs.b!)]),
      broadcastShape(inputs),
      "bool",
    );

const ofBooleans =
  (operator: string): Build =>
  (inputs, _attributes, trace) =>
    trace.tensor(trace.node(operator, [inputs.a!, inputs.b!]), broadcastShape(inputs), "bool");

export const ARITHMETIC_KERNELS: Kernels = {
  Add: (inputs, attributes, trace) => {
    const shape = broadcastShape(inputs);
    // Gradients of comparisons and rounding are zeros; a sum with them is the other term.
    for (const [term, other] of [
      [inputs.a!, inputs.b!],
      [inputs.b!, inputs.a!],
    ] as const)
      if (
        trace.graph.zeros.has(trace.name(term)) &&
        tf.util.arraysEqual(other.shape, shape) &&
        other.dtype !== "bool"
      )
        return trace.tensor(trace.name(other), shape, other.dtype);
    return ofNumbers("Add")(inputs, attributes, trace);
  },
  Sub: ofNumbers("Sub"),
  Multiply: ofNumbers("Mul"),
  RealDiv: ofNumbers("Div"),
  Maximum: ofNumbers("Max"),
  Minimum: ofNumbers("Min"),
  Pow: ofNumbers("Pow"),
  AddN: (inputs, _attributes, trace) => {
    const terms = Object.values(inputs);
    return trace.tensor(trace.node("Sum", terms), terms[0]!.shape, terms[0]!.dtype);
  },
  SquaredDifference: composed(({ a, b }) => tf.square(tf.sub(a!, b!))),

  // Rounded towards minus infinity, always whole; ONNX divides whole numbers towards zero.
  FloorDiv: composed(({ a, b }) => {
    if (a!.dtype === "float32") return tf.cast(tf.floor(tf.div(a!, b!)), "int32");
    const quotient = divideWhole(a!, b!);
    const remainder = tf.sub(a!, tf.mul(quotient, b!));
    const rounds = tf.logicalAnd(
      tf.notEqual(remainder, 0),
      tf.notEqual(tf.less(remainder, 0), tf.less(b!, 0)),
    );
    return tf.sub(quotient, tf.cast(rounds, "int32"));
  }),
  // The sign of the divisor, as in Python; ONNX's Mod of floating point has the sign of the dividend.
  Mod: (inputs, _attributes, trace) => {
    const { a, b } = inputs;
    const fmod = a!.dtype === "float32" ? 1 : 0;
    const remainder = trace.node("Mod", [a!, b!], { attributes: { fmod } });
    if (!fmod) return trace.tensor(remainder, broadcastShape(inputs), a!.dtype);
    const shifted = trace.node("Mod", [trace.node("Add", [remainder, b!]), b!], { attributes: { fmod } });
    return trace.tensor(shifted, broadcastShape(inputs), a!.dtype);
  },
  Atan2: composed(({ a, b }) => {
    // The angle of (b, a): the arc tangent, turned by half a circle in the left half-plane.
    const bothZero = tf.logicalAnd(tf.equal(a!, 0), tf.equal(b!, 0));
    const arc = tf.where(bothZero, tf.zerosLike(tf.add(a!, b!)), tf.atan(tf.div(a!, b!)));
    const half = tf.where(tf.greaterEqual(a!, 0), tf.fill(a!.shape, Math.PI), tf.fill(a!.shape, -Math.PI));
    return tf.add(arc, tf.mul(half, tf.cast(tf.less(b!, 0), "float32")));
  }),

  Equal: comparison("Equal"),
  NotEqual: composed(({ a, b }) => tf.logicalNot(tf.equal(a!, b!))),
  Greater: comparison("Greater"),
  GreaterEqual: comparison("GreaterOrEqual"),
  Less: comparison("Less"),
  LessEqual: comparison("LessOrEqual"),
  LogicalAnd: ofBooleans("And"),
  LogicalOr: ofBooleans("Or"),
};

/** Division of whole numbers towards zero: tf.div of whole numbers would come back to FloorDiv. */
function divideWhole(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.engine().runKernel(tf.RealDiv, { a, b });
}
