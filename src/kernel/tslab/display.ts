/** `import { display } from "tslab"` works in cells: tslab's display writes through a hook, which is ours here. */
import type { Kernel } from "../kernel";

/** Let tslab's display show through the kernel. */
export function routeTslabDisplay(kernel: Kernel): void {
  const jupyter = require("tslab/dist/jupyter") as object;
  Object.defineProperty(jupyter, "lastWriteDisplayData", {
    get: () => kernel.showForTslab.bind(kernel),
    configurable: true,
  });
}
