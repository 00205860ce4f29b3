/**
 * Notebooks as files: read, execute, write. Outputs are exactly what nbformat 4.5 wants.
 *
 * @see https://nbformat.readthedocs.io
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { OsccError } from "../core/errors";
import type { MimeBundle } from "../core/host";
import { type CellOutput, type CellResult, type KernelClient, startKernel } from "./client";

/** Text in a notebook file is one string or a list of lines with their line ends. */
export type MultilineText = string | string[];

export type NotebookOutput =
  | { output_type: "stream"; name: "stdout" | "stderr"; text: MultilineText }
  | { output_type: "display_data"; data: MimeBundle; metadata: Record<string, unknown> }
  | {
      output_type: "execute_result";
      data: MimeBundle;
      metadata: Record<string, unknown>;
      execution_count: number | null;
    }
  | { output_type: "error"; ename: string; evalue: string; traceback: string[] };

export interface CodeCell {
  cell_type: "code";
  id?: string;
  source: MultilineText;
  metadata: Record<string, unknown>;
  outputs: NotebookOutput[];
  execution_count: number | null;
}

export interface TextCell {
  cell_type: "markdown" | "raw";
  id?: string;
  source: MultilineText;
  metadata: Record<string, unknown>;
  attachments?: Record<string, MimeBundle>;
}

export type NotebookCell = CodeCell | TextCell;

export interface Notebook {
  nbformat: 4;
  nbformat_minor: number;
  metadata: Record<string, unknown>;
  cells: NotebookCell[];
}

/** A cell that did not succeed. */
export interface FailedCell {
  /** Its place in the notebook, from 0, text cells counted. */
  index: number;
  id: string | undefined;
  status: "error" | "aborted";
  ename: string;
  evalue: string;
  traceback: string[];
}

export interface ExecuteNotebookOptions {
  /** Where to write the executed notebook. Default: nowhere. */
  out?: string;
  /** The kernel's working folder. Default: the notebook's. */
  cwd?: string;
  /** Environment variables beside those of this process. */
  env?: Record<string, string | undefined>;
  /** The kernel specification folder. Default: this package's kernel. */
  spec?: string;
  /** Fail when the kernel says nothing for so many seconds. Default 600. */
  timeoutS?: number;
  /** Go on after a failed cell. Default `false`: the cells after it stay without outputs. */
  allowErrors?: boolean;
  /** Called before each code cell and after it (then with its result). */
  onCell?: (progress: CellProgress) => void;
}

export interface CellProgress {
  index: number;
  /** How many code cells were begun, this one included, and how many there are. */
  done: number;
  total: number;
  cell: CodeCell;
  /** Absent while the cell is about to run. */
  result?: CellResult;
  elapsedMs?: number;
}

export interface ExecutedNotebook {
  notebook: Notebook;
  failed: FailedCell[];
}

/**
 * Read a notebook file.
 *
 * @throws OsccError `Kernel` when it is missing, not JSON, or not of notebook format 4
 */
export function readNotebook(file: string): Notebook {
  let found: Partial<Notebook>;
  try {
    found = JSON.parse(readFileSync(file, "utf8")) as Partial<Notebook>;
  } catch (cause) {
    throw new OsccError(
      "Kernel",
      [`${file} cannot be read as a notebook.`, "Expected a JSON file with the extension .ipynb."],
      { detail: "unreadable notebook" },
      { cause },
    );
  }
  if (found.nbformat !== 4 || !Array.isArray(found.cells))
    throw new OsccError(
      "Kernel",
      [
        `${file} has notebook format ${String(found.nbformat)}; expected format 4.`,
        "Open and save it in JupyterLab to convert it.",
      ],
      { detail: "unknown notebook format" },
    );
  return found as Notebook;
}

/** Write a notebook as Jupyter does: one space of indentation, text as lists of lines, so that a diff can be read. */
export function writeNotebook(file: string, notebook: Notebook): void {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  const onDisk = { ...notebook, cells: notebook.cells.map(cellOnDisk) };
  writeFileSync(file, `${JSON.stringify(onDisk, null, 1)}\n`);
}

/** The text of a cell or output, whichever way it is stored. */
export function textOf(source: MultilineText): string {
  return Array.isArray(source) ? source.join("") : source;
}

/**
 * Execute a notebook in a fresh kernel, top to bottom.
 *
 * @example
 * const { failed } = await executeNotebook("notebooks/01-patients.ipynb", { out: "out/01-patients.ipynb" });
 * if (failed.length > 0) process.exitCode = 1;
 */
export async function executeNotebook(
  file: string,
  options: ExecuteNotebookOptions = {},
): Promise<ExecutedNotebook> {
  const notebook = readNotebook(file);
  const kernel = await startKernel({
    cwd: options.cwd ?? path.dirname(path.resolve(file)),
    ...(options.spec !== undefined && { spec: options.spec }),
    ...(options.env !== undefined && { env: options.env }),
  });
  try {
    notebook.metadata = { ...notebook.metadata, language_info: (await kernel.info()).language_info };
    const failed = await executeCells(notebook, kernel, options);
    return { notebook, failed };
  } finally {
    await kernel.shutdown();
    if (options.out !== undefined) writeNotebook(options.out, notebook);
  }
}

async function executeCells(
  notebook: Notebook,
  kernel: KernelClient,
  options: ExecuteNotebookOptions,
): Promise<FailedCell[]> {
  const failed: FailedCell[] = [];
  const displays: Displays = new Map();
  for (const cell of notebook.cells) if (cell.cell_type === "code") clearCell(cell);
  const todo = notebook.cells.flatMap((cell, index) =>
    cell.cell_type === "code" && textOf(cell.source).trim() !== "" ? [{ cell, index }] : [],
  );
  for (const [order, { cell, index }] of todo.entries()) {
    const progress = { index, done: order + 1, total: todo.length, cell };
    options.onCell?.(progress);
    const started = performance.now();
    const result = await executeCell(cell, kernel, displays, options.timeoutS ?? 600);
    options.onCell?.({ ...progress, result, elapsedMs: performance.now() - started });
    if (result.status === "ok") continue;
    const error = result.error ?? { ename: "Aborted", evalue: "the cell was not run", traceback: [] };
    failed.push({ index, id: cell.id, status: result.status, ...error });
    if (!options.allowErrors) break;
  }
  return failed;
}

async function executeCell(
  cell: CodeCell,
  kernel: KernelClient,
  displays: Displays,
  timeoutS: number,
): Promise<CellResult> {
  const recorder = new OutputRecorder(cell.outputs, displays);
  try {
    const result = await kernel.execute(textOf(cell.source), {
      timeoutS,
      onOutput: (output) => recorder.add(output),
    });
    cell.execution_count = result.executionCount;
    return result;
  } catch (cause) {
    // The kernel died or hangs: that belongs into the notebook as this cell's error.
    const error = {
      ename: cause instanceof Error ? cause.name : "Error",
      evalue: cause instanceof Error ? cause.message : String(cause),
      traceback: [cause instanceof Error ? cause.message : String(cause)],
    };
    recorder.add({ type: "error", ...error });
    return { status: "error", executionCount: null, outputs: [], userExpressions: {}, error };
  }
}

type ShownOutput = Extract<NotebookOutput, { output_type: "display_data" }>;

/** Which outputs, anywhere in the notebook, show the display with this id. */
type Displays = Map<string, ShownOutput[]>;

/** Turns what a kernel sends into the outputs of a notebook cell. */
export class OutputRecorder {
  private clearBeforeNext = false;

  /**
   * @param outputs  the cell's outputs; they are changed in place
   * @param displays shared by all cells of a notebook, because a later cell may update an earlier one's display
   */
  constructor(
    private readonly outputs: NotebookOutput[],
    private readonly displays: Displays = new Map(),
  ) {}

  add(output: CellOutput): void {
    switch (output.type) {
      case "clear_output":
        if (output.wait) this.clearBeforeNext = true;
        else this.clear();
        return;
      case "update_display_data":
        for (const shown of this.displays.get(output.displayId) ?? []) {
          shown.data = output.data;
          shown.metadata = output.metadata;
        }
        return;
      case "stream":
        this.addStream(output.name, output.text);
        return;
      case "display_data": {
        const shown: ShownOutput = {
          output_type: "display_data",
          data: output.data,
          metadata: output.metadata,
        };
        this.push(shown);
        if (output.displayId !== undefined)
          this.displays.set(output.displayId, [...(this.displays.get(output.displayId) ?? []), shown]);
        return;
      }
      case "execute_result":
        this.push({
          output_type: "execute_result",
          data: output.data,
          metadata: output.metadata,
          execution_count: output.executionCount,
        });
        return;
      case "error":
        this.push({
          output_type: "error",
          ename: output.ename,
          evalue: output.evalue,
          traceback: output.traceback,
        });
    }
  }

  /** Consecutive pieces of one stream are one output, as front ends show them. */
  private addStream(name: "stdout" | "stderr", text: string): void {
    if (this.clearBeforeNext) this.clear();
    const last = this.outputs.at(-1);
    if (last?.output_type === "stream" && last.name === name) last.text = textOf(last.text) + text;
    else this.outputs.push({ output_type: "stream", name, text });
  }

  private push(output: NotebookOutput): void {
    if (this.clearBeforeNext) this.clear();
    this.outputs.push(output);
  }

  private clear(): void {
    this.outputs.length = 0;
    this.clearBeforeNext = false;
  }
}

function clearCell(cell: CodeCell): void {
  cell.outputs = [];
  cell.execution_count = null;
}

/** nbformat 4.5 wants an id for each cell; text is stored by lines. */
function cellOnDisk(cell: NotebookCell): NotebookCell {
  const common = { id: cell.id ?? randomUUID().slice(0, 8), source: lines(textOf(cell.source)) };
  return cell.cell_type === "code"
    ? { ...cell, ...common, outputs: cell.outputs.map(outputOnDisk) }
    : { ...cell, ...common };
}

function outputOnDisk(output: NotebookOutput): NotebookOutput {
  switch (output.output_type) {
    case "stream":
      return { ...output, text: lines(textOf(output.text)) };
    case "display_data":
    case "execute_result":
      return { ...output, data: Object.fromEntries(Object.entries(output.data).map(entryOnDisk)) };
    default:
      return output;
  }
}

/** Text is stored by lines; JSON and base64 as they are. */
function entryOnDisk([type, value]: [string, unknown]): [string, unknown] {
  const isText = type.startsWith("text/") || type === "image/svg+xml" || type === "application/javascript";
  return [type, isText && typeof value === "string" ? lines(value) : value];
}

function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}
