/** Gradients of functions that move, repeat, cut or join elements: the gradient takes the way back. */
import * as tf from "@tensorflow/tfjs-core";
import { flat, type Gradient, gradient } from "./define";

const X = { inputs: ["x"] } as const;

export const SHAPE: readonly Gradient[] = [
  gradient(tf.Reshape, X, (dy, [x]) => ({ x: () => tf.reshape(dy, x!.shape) })),
  gradient(tf.ExpandDims, { inputs: ["input"] }, (dy, [x]) => ({ input: () => tf.reshape(dy, x!.shape) })),
  gradient(tf.Transpose, {}, (dy, _kept, { perm }) => ({
    x: () =>
      tf.transpose(
        dy,
        (perm as number[]).map((_, i) => (perm as number[]).indexOf(i)),
      ),
  })),
  gradient(tf.Reverse, {}, (dy, _kept, { dims }) => ({ x: () => tf.reverse(dy, dims as number[]) })),
  gradient(tf.PadV2, X, (dy, [x], { paddings }) => ({
    x: () =>
      tf.slice(
        dy,
        (paddings as [number, number][]).map(([before]) => before),
        x!.shape,
      ),
  })),
  gradient(tf.Slice, X, (dy, [x], { begin, size }) => ({
    x: () => {
      const [start, length] = tf.slice_util.parseSliceParams(x!, begin as number[], size as number[]) as [
        number[],
        number[],
      ];
      return tf.pad(
        dy,
        x!.shape.map((whole, i) => [start[i]!, whole - start[i]! - length[i]!] as [number, number]),
      );
    },
  })),
  gradient(tf.Tile, X, (dy, [x], { reps }) => ({
    x: () => {
      // View each axis as [repetition, element] and add the repetitions up, one axis at a time.
      let sum = dy;
      (reps as number[]).forEach((count, axis) => {
        if (count === 1) return;
        const length = x!.shape[axis]!;
        const split = [...sum.shape.slice(0, axis), count, length, ...sum.shape.slice(axis + 1)];
        sum = tf.sum(tf.reshape(sum, split), axis);
      });
      return tf.reshape(sum, x!.shape);
    },
  })),
  flat(tf.OneHot, "indices"),
];

/** Functions with many inputs or many outputs, which have another form than the rules above. */
export function registerJoinsAndSplits(): void {
  tf.registerGradient({
    kernelName: tf.AddN,
    saveAllInputs: true,
    gradFunc: (dy, saved) => Object.fromEntries(saved.map((_, i) => [i, () => tf.clone(dy as tf.Tensor)])),
  });
  tf.registerGradient({
    kernelName: tf.Concat,
    saveAllInputs: true,
    gradFunc: (dy, saved, { axis }) => {
      const along = tf.util.parseAxisParam(axis as number, saved[0]!.shape)[0]!;
      const parts = tf.split(
        dy as tf.Tensor,
        saved.map((part) => part.shape[along]!),
        along,
      );
      return Object.fromEntries(parts.map((part, i) => [i, () => part]));
    },
  });
  tf.registerGradient({
    kernelName: tf.Pack,
    saveAllInputs: true,
    gradFunc: (dy, _saved, { axis }) => {
      const parts = tf.unstack(dy as tf.Tensor, axis as number);
      return Object.fromEntries(parts.map((part, i) => [i, () => part]));
    },
  });
  tf.registerGradient({
    kernelName: tf.SplitV,
    gradFunc: (dy, _saved, { axis }) => ({ x: () => tf.concat(dy as tf.Tensor[], axis as number) }),
  });
  tf.registerGradient({
    kernelName: tf.Unpack,
    gradFunc: (dy, _saved, { axis }) => ({ value: () => tf.stack(dy as tf.Tensor[], axis as number) }),
  });
}
