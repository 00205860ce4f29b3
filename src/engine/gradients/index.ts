/**
 * The gradient of each operation, registered with TensorFlow.js's automatic differentiation.
 *
 * TensorFlow.js keeps its own gradients outside the core that Node loads, in a form that Node cannot load, so
 * they are written here; every one is tested against finite differences. They use only operations
 * that the tracing backend can express, so a gradient can be compiled wherever its function can.
 * Gradients of convolutions, pooling and batch normalisation have their place here when those blocks come.
 */
import { ARITHMETIC } from "./arithmetic";
import { register } from "./define";
import { ELEMENTWISE } from "./elementwise";
import { MATRICES } from "./matrices";
import { REDUCTIONS } from "./reductions";
import { registerJoinsAndSplits, SHAPE } from "./shape";

let registered = false;

/** Register every gradient, once. */
export function registerGradients(): void {
  if (registered) return;
  registered = true;
  for (const gradient of [...ARITHMETIC, ...ELEMENTWISE, ...REDUCTIONS, ...SHAPE, ...MATRICES])
    register(gradient);
  registerJoinsAndSplits();
}

/** The kernels that have a gradient here. */
export const DIFFERENTIABLE: readonly string[] = [
  ...ARITHMETIC,
  ...ELEMENTWISE,
  ...REDUCTIONS,
  ...SHAPE,
  ...MATRICES,
].map((gradient) => gradient.kernel);
