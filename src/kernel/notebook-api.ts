/**
 * What code in a cell can ask of the notebook it runs in.
 *
 * The kernel puts these on a global symbol, because a notebook may import another copy of this package than the one
 * that runs it.
 */
import { OsccError } from "../core/errors";
import type { MimeBundle } from "../core/host";
import type { Comm, CommSendOptions, CommTarget } from "./comms";
import type { DisplayOptions } from "./display";
import type { InputOptions } from "./input";

export type { Comm, CommHandler, CommMessage, CommSendOptions, CommTarget } from "./comms";
export type { DisplayOptions } from "./display";
export type { InputOptions } from "./input";

/** What a kernel offers to cells. */
export interface NotebookApi {
  display(bundle: MimeBundle, options?: DisplayOptions): void;
  clearOutput(wait?: boolean): void;
  input(prompt?: string, options?: InputOptions): Promise<string>;
  openComm(target: string, data?: Record<string, unknown>, options?: CommSendOptions): Comm;
  onComm(target: string, opened: CommTarget): () => void;
  inBackground<T>(stop: AbortController, work: () => Promise<T>): Promise<T>;
}

const KEY = Symbol.for("oscc-lab.notebook");

/** Called by the kernel. Returns how to take it back. */
export function installNotebookApi(api: NotebookApi): () => void {
  const holder = globalThis as { [KEY]?: NotebookApi };
  holder[KEY] = api;
  return () => {
    if (holder[KEY] === api) delete holder[KEY];
  };
}

function notebook(): NotebookApi {
  const api = (globalThis as { [KEY]?: NotebookApi })[KEY];
  if (api) return api;
  throw new OsccError(
    "Kernel",
    ["this is not running in a notebook.", "Displays, input and comms need the oscc-lab kernel."],
    { detail: "no kernel" },
  );
}

/**
 * Show something in several forms at once; the front end picks the best it can draw.
 *
 * @example
 * display({ "text/markdown": "**bold**", "text/plain": "bold" });
 */
export function display(bundle: MimeBundle, options?: DisplayOptions): void {
  notebook().display(bundle, options);
}

/** Remove what this cell has shown; with `wait`, only when the next output comes (no flicker). Default `false`. */
export function clearOutput(wait = false): void {
  notebook().clearOutput(wait);
}

/**
 * Ask the reader for a line of text.
 *
 * @throws OsccError `Kernel` when the notebook runs without a reader
 * @example
 * const name = await input("Patient? ");
 */
export function input(prompt = "", options?: InputOptions): Promise<string> {
  return notebook().input(prompt, options);
}

/** Open a two-way channel to the front end's widget of that name. */
export function openComm(target: string, data?: Record<string, unknown>, options?: CommSendOptions): Comm {
  return notebook().openComm(target, data, options);
}

/** Say what to do when the front end opens a channel of that name. Returns how to stop. */
export function onComm(target: string, opened: CommTarget): () => void {
  return notebook().onComm(target, opened);
}

/**
 * Work that goes on beside the cells, as an answer to a widget. It belongs to the cell that it is started from, an
 * interrupt stops it, and operations of this package obey `stop` without being told. Their progress is not shown.
 */
export function inBackground<T>(stop: AbortController, work: () => Promise<T>): Promise<T> {
  const api = (globalThis as { [KEY]?: NotebookApi })[KEY];
  return api ? api.inBackground(stop, work) : work();
}
