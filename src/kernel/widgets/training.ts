import { inspect } from "node:util";
import type { Comm } from "../notebook-api";
import { Widget, type WidgetOptions } from "./widget";

/** What of an epoch the panel tells; `fit`'s history has more. */
export interface ToldEpoch {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validLoss?: number;
}

/** Whether the run goes on. */
export type TrainingState = "running" | "paused" | "stopped";

/** Pause and stop for a training run. Made by {@link training}. */
export class TrainingPanel extends Widget<TrainingState> {
  readonly kind = "training";
  readonly #stop = new AbortController();
  #history: readonly ToldEpoch[] = [];
  #goOn: (() => void) | undefined;

  constructor(options: WidgetOptions) {
    super("running", options);
    this.onChange((state) => {
      if (state === "stopped") this.#stop.abort();
      if (state !== "paused") this.#goOn?.();
    });
  }

  /** Aborted when Stop is pressed: give it to `fit`. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Give it to `fit`: tells the epoch, and waits while the run is paused. */
  readonly onEpoch = async (history: readonly ToldEpoch[]): Promise<void> => {
    this.#history = history;
    this.refresh();
    if (this.value !== "paused") return;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
  };

  protected override details() {
    const epochs = this.#history.map(({ epoch, trainLoss, validLoss }) => ({ epoch, trainLoss, validLoss }));
    return { epochs };
  }

  protected words(): string {
    const last = this.#history.at(-1);
    if (!last) return this.value;
    const valid = last.validLoss === undefined ? "" : `, validation ${last.validLoss.toFixed(3)}`;
    return `${this.value}, epoch ${last.epoch}, loss ${last.trainLoss.toFixed(3)}${valid}`;
  }

  protected check(value: unknown): TrainingState {
    // What is stopped stays stopped.
    if (this.#stop?.signal.aborted) return "stopped";
    return value === "paused" || value === "stopped" ? value : "running";
  }

  protected override receive(_data: Record<string, unknown>, _comm: Comm): void {}

  override [inspect.custom](): string {
    return `training: ${this.words()}`;
  }
}

/**
 * A panel with Pause and Stop for a training run. Pausing takes effect at the end of the epoch; stopping within a step.
 *
 * @param options `label`
 * @example
 * const panel = widget.training({ label: "TD" });
 * panel.show();
 * const run = await fit(cohort, { preset: "notebook", tasks: "TD", signal: panel.signal, onEpoch: panel.onEpoch });
 */
export function training(options: WidgetOptions = {}): TrainingPanel {
  return new TrainingPanel(options);
}
