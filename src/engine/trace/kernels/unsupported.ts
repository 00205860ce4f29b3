/** Operations that cannot be compiled, and what to do instead. */
import { OsccError } from "../../../core/errors";
import { callSite } from "../call-site";

const NEEDS_VALUES =
  "The shape of its result depends on values, which a compiled graph does not know; use a mask and tf.where.";
const NEEDS_RANDOM =
  "Random numbers would be the same in every run; draw them outside (with Rng) and pass them in as an input.";
const CONVOLUTION =
  "Convolutions and pooling over images come with the convolutional models; a convolution whose stride equals its " +
  "kernel is tf.reshape, tf.transpose and linear.";

/** What to use instead, by kernel. */
const ADVICE: Readonly<Record<string, string>> = {
  Where: NEEDS_VALUES,
  Unique: NEEDS_VALUES,
  Bincount: NEEDS_VALUES,
  DenseBincount: NEEDS_VALUES,
  NonMaxSuppressionV3: NEEDS_VALUES,
  NonMaxSuppressionV4: NEEDS_VALUES,
  NonMaxSuppressionV5: NEEDS_VALUES,
  Multinomial: NEEDS_RANDOM,
  Conv2D: CONVOLUTION,
  Conv2DBackpropInput: CONVOLUTION,
  Conv2DBackpropFilter: CONVOLUTION,
  DepthwiseConv2dNative: CONVOLUTION,
  FusedConv2D: CONVOLUTION,
  FusedDepthwiseConv2D: CONVOLUTION,
  MaxPool: CONVOLUTION,
  AvgPool: CONVOLUTION,
  FusedBatchNorm:
    "In evaluation a batch normalisation is a multiplication and an addition; write it with tf.mul and tf.add.",
  SparseToDense: "Use tf.scatterND.",
  TensorScatterUpdate: "Use tf.scatterND and tf.where.",
};

export function unsupportedOperation(kernel: string): OsccError<"UnsupportedOperation"> {
  return new OsccError(
    "UnsupportedOperation",
    [
      `the operation ${kernel} cannot be compiled${callSite()}.`,
      ADVICE[kernel] ??
        "Write it with operations that can: arithmetic, reductions, reshaping, matMul, gather, where, softmax.",
      'Or run the whole function as it is: compile(fn, signature, { device: "eager" }).',
    ],
    { operation: kernel },
  );
}
