/** What the kernel tests share: a kernel in a folder of its own, far from this package. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import {
  type CellOutput,
  type CellResult,
  type KernelClient,
  type StartOptions,
  startKernel,
} from "../../src/kernel/client";

export interface KernelUnderTest {
  readonly kernel: KernelClient;
  /** The notebook's folder. */
  readonly folder: string;
}

/** Start a kernel before the tests of a file, and end it after them. */
export function useKernel(options: StartOptions = {}): KernelUnderTest {
  const folder = temporaryFolder();
  let kernel: KernelClient | undefined;
  beforeAll(async () => {
    kernel = await startKernel({ cwd: folder, ...options });
  });
  afterAll(async () => {
    await kernel?.shutdown();
  });
  return {
    folder,
    get kernel() {
      return kernel!;
    },
  };
}

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "oscc-notebook-")));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The text of the cell's result. */
export function resultOf(cell: CellResult): unknown {
  const result = cell.outputs.find((output) => output.type === "execute_result");
  return result?.data["text/plain"];
}

/** Everything that was printed to one stream. */
export function printed(cell: CellResult, name: "stdout" | "stderr" = "stdout"): string {
  return cell.outputs
    .filter((output): output is Extract<CellOutput, { type: "stream" }> => output.type === "stream")
    .filter((output) => output.name === name)
    .map((output) => output.text)
    .join("");
}

/** An error's traceback as a reader sees it, without colours. */
export function tracebackOf(cell: CellResult): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences
  return (cell.error?.traceback ?? []).join("\n").replace(/\x1b\[\d+m/g, "");
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
