/** Something that is computed from widgets, and computed again whenever one of them changes. */
import { inspect } from "node:util";
import { isOsccError } from "../../core/errors";
import { type DisplayHandle, host, type MimeBundle } from "../../core/host";
import { inBackground } from "../notebook-api";
import { isDrawable, represent } from "../results";
import type { Widget } from "./widget";

/** Widgets by name. */
export type Inputs = Readonly<Record<string, Widget<never>>>;

/** The values of widgets by name. */
export type ValuesOf<I> = { readonly [K in keyof I]: I[K] extends { readonly value: infer V } ? V : never };

/** A result that follows its inputs. Made by {@link live}. */
export class Live<I extends object, R> {
  readonly #inputs: I;
  readonly #compute: (values: ValuesOf<I>, signal: AbortSignal) => R | Promise<R>;
  /** One for each thing in the result. */
  readonly #outputs: DisplayHandle[] = [];
  #running: AbortController | undefined;
  #result: R | undefined;
  #isListening = false;

  constructor(inputs: I, compute: (values: ValuesOf<I>, signal: AbortSignal) => R | Promise<R>) {
    this.#inputs = inputs;
    this.#compute = compute;
  }

  /** The last result; `undefined` until the first is there. */
  get result(): R | undefined {
    return this.#result;
  }

  /** Called when it ends a cell: shows the inputs, and under them the result, which follows them from then on. */
  async _display_(): Promise<void> {
    this.#listen();
    for (const input of this.#widgets) input.show();
    this.#outputs.length = 0;
    this.#show([{ "text/plain": "computing ..." }]);
    await this.update({ rethrow: true });
  }

  /**
   * Compute again now. A computation that is still running for older values is stopped.
   *
   * @param options `rethrow` an error instead of showing it in place of the result; default `false`
   */
  async update({ rethrow = false } = {}): Promise<void> {
    this.#running?.abort();
    const controller = new AbortController();
    this.#running = controller;
    const { signal } = controller;
    try {
      const bundles = await inBackground(controller, async () => {
        const result = await this.#busy(async () => this.#compute(this.#values(), signal));
        if (signal.aborted) return undefined;
        this.#result = result;
        return bundlesOf(result);
      });
      if (bundles && !signal.aborted) this.#show(bundles);
    } catch (error) {
      // Older values are no news.
      if (this.#running !== controller) return;
      this.#show([problem(error)]);
      if (rethrow) throw error;
    } finally {
      if (this.#running === controller) this.#running = undefined;
    }
  }

  [inspect.custom](): string {
    return inspect(this.#result);
  }

  /** In the places of the former result; more are added, and those that are too many are emptied. */
  #show(bundles: readonly MimeBundle[]): void {
    for (const [i, bundle] of bundles.entries())
      if (this.#outputs[i]) this.#outputs[i].update(bundle);
      else this.#outputs.push(host().display(bundle));
    for (const surplus of this.#outputs.slice(bundles.length)) surplus.update({ "text/plain": "" });
  }

  get #widgets(): readonly Widget<unknown>[] {
    return Object.values(this.#inputs) as Widget<unknown>[];
  }

  #values(): ValuesOf<I> {
    const entries = Object.entries(this.#inputs as Record<string, Widget<unknown>>);
    return Object.fromEntries(entries.map(([name, input]) => [name, input.value])) as ValuesOf<I>;
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    for (const input of this.#widgets) input.onChange(() => this.update());
  }

  /** The inputs show that something is computed from them. */
  #busy<T>(work: () => Promise<T>): Promise<T> {
    const done = work();
    for (const input of this.#widgets) input.during(() => done).catch(() => {}); // the caller hears of it
    return done;
  }
}

/**
 * Show widgets and, under them, what is computed from their values; it is computed again when one of them changes.
 * Of changes that come quickly only the last counts: computations for older values are stopped through their signal.
 *
 * @param inputs  widgets by name
 * @param compute from their values to anything that a cell can show, or a list of figures, one below the other; takes
 *                the signal of this computation, which operations of this package obey without being told. Progress and
 *                training panels of the computation are not shown (the inputs show that they work); what it prints is
 * @example
 * const task = widget.select(["TD", "TI"], { label: "Task" });
 * widget.live({ task }, ({ task }) => plot.classCounts(cohort.classCounts().filter((row) => row.task === task)))
 */
export function live<I extends { readonly [name: string]: { readonly value: unknown } }, R>(
  inputs: I,
  compute: (values: ValuesOf<I>, signal: AbortSignal) => R | Promise<R>,
): Live<I, R> {
  return new Live(inputs, compute);
}

/** A list of things that draw themselves is shown as so many outputs. */
async function bundlesOf(result: unknown): Promise<MimeBundle[]> {
  const parts = Array.isArray(result) && result.every(isDrawable) ? result : [result];
  return Promise.all(parts.map(async (part) => (await represent(part)).data));
}

function problem(error: unknown): MimeBundle {
  const text =
    error instanceof Error
      ? isOsccError(error)
        ? error.message
        : `${error.name}: ${error.message}`
      : String(error);
  return { "text/plain": text };
}
