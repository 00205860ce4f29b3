/** All kernels of the tracing backend, registered with TensorFlow.js. */
import { isOsccError, OsccError } from "../../../core/errors";
import { tf } from "../../tensors";
import { requireTrace, TRACE_BACKEND } from "../backend";
import { callSite } from "../call-site";
import { ARITHMETIC_KERNELS } from "./arithmetic";
import type { Attributes, Inputs, Kernels } from "./define";
import { ELEMENTWISE_KERNELS } from "./elementwise";
import { INDEXING_KERNELS } from "./indexing";
import { MATRIX_KERNELS } from "./matrices";
import { REDUCTION_KERNELS } from "./reductions";
import { SHAPE_KERNELS } from "./shape";
import { unsupportedOperation } from "./unsupported";

const KERNELS: Kernels = {
  ...ELEMENTWISE_KERNELS,
  ...ARITHMETIC_KERNELS,
  ...REDUCTION_KERNELS,
  ...SHAPE_KERNELS,
  ...MATRIX_KERNELS,
  ...INDEXING_KERNELS,
};

/** The kernels that can be compiled, by the name TensorFlow.js calls them. */
export const TRACED_KERNELS: readonly string[] = Object.keys(KERNELS);

for (const [kernelName, build] of Object.entries(KERNELS))
  tf.registerKernel({
    kernelName,
    backendName: TRACE_BACKEND,
    kernelFunc: ({ inputs, attrs }) =>
      placed(kernelName, inputs as unknown as Inputs, () =>
        build(inputs as unknown as Inputs, (attrs ?? {}) as Attributes, requireTrace()),
      ),
  });

// Every other operation that TensorFlow.js knows is answered with advice instead of "kernel not found".
for (const { kernelName } of tf.getKernelsForBackend("cpu"))
  if (!(kernelName in KERNELS))
    tf.registerKernel({
      kernelName,
      backendName: TRACE_BACKEND,
      kernelFunc: () => {
        throw unsupportedOperation(kernelName);
      },
    });

/** Run a kernel; what does not fit in it becomes an error with the shapes and the user's line. */
function placed<T>(kernelName: string, inputs: Inputs, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (isOsccError(error)) throw error;
    const shapes = Object.values(inputs).map((tensor) => `[${tensor.shape.join(", ")}]`);
    throw new OsccError(
      "ShapeMismatch",
      [`${kernelName} of ${shapes.join(" and ")}${callSite()}.`, (error as Error).message],
      { expected: [], found: Object.values(inputs)[0]?.shape ?? [] },
      { cause: error },
    );
  }
}
