/** Kernel specifications: the folder with `kernel.json` that tells Jupyter how to start a kernel. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { OsccError } from "../core/errors";
import { PACKAGE_ROOT } from "../core/paths";

export interface KernelSpec {
  argv: readonly string[];
  display_name: string;
  language: string;
  interrupt_mode?: "signal" | "message";
  env?: Record<string, string>;
  metadata?: Record<string, unknown>;
}

/** The folder of this package's own kernel specification. */
export const OSCC_KERNEL_SPEC = path.join(PACKAGE_ROOT, "kernels", "oscc-lab");

/**
 * Read `kernel.json` from a kernel specification folder.
 *
 * @throws OsccError `Kernel` when it is not there or not usable
 */
export function readKernelSpec(folder: string): KernelSpec {
  const file = path.join(folder, "kernel.json");
  try {
    const spec = JSON.parse(readFileSync(file, "utf8")) as KernelSpec;
    if (!Array.isArray(spec.argv) || spec.argv.length === 0) throw new Error("argv is missing");
    return spec;
  } catch (cause) {
    throw new OsccError(
      "Kernel",
      [
        `there is no usable kernel specification in ${folder}.`,
        "Expected a kernel.json with argv, as in kernels/oscc-lab.",
      ],
      { detail: "unreadable kernel.json" },
      { cause },
    );
  }
}

/** The command that starts a kernel, with Jupyter's placeholders filled in. A bare `node` is the Node that runs now. */
export function kernelCommand(
  folder: string,
  spec: KernelSpec,
  connectionFile: string,
): [string, ...string[]] {
  const [program, ...rest] = spec.argv.map((argument) =>
    argument
      .replaceAll("{connection_file}", connectionFile)
      .replaceAll("{resource_dir}", path.resolve(folder)),
  );
  return [program === "node" ? process.execPath : program!, ...rest];
}
