/** The kernels that are needed, each once. */
import type { Expression } from "./expression";
import { kernelModule } from "./kernel";

export class Kernels {
  readonly modules: Uint8Array[] = [];
  private readonly known = new Map<string, number>();

  /** The number of an expression's kernel; equal expressions share one. */
  of(expression: Expression): number {
    const key = JSON.stringify(expression);
    const kernel = this.known.get(key) ?? this.modules.push(kernelModule(expression)) - 1;
    this.known.set(key, kernel);
    return kernel;
  }
}
