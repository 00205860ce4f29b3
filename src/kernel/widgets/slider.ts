import { invalidArgument } from "../../core/errors";
import { Widget, type WidgetOptions } from "./widget";

/** Limits of a slider. */
export interface SliderOptions<V> extends WidgetOptions {
  /** Least value. Default 0. */
  readonly min?: number;
  /** Greatest value. Default 1. */
  readonly max?: number;
  /** Distance of neighbouring values. Default: a hundredth of the way. */
  readonly step?: number;
  /** The value at the start. Default: the least value; for a range, all of it. */
  readonly value?: V;
}

interface Limits {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** A number between two limits. Made by {@link slider}. */
export class Slider extends Widget<number> {
  readonly kind = "slider";
  readonly #limits: Limits;

  constructor(options: SliderOptions<number> = {}) {
    const limits = limitsOf(options);
    super(options.value ?? limits.min, options);
    this.#limits = limits;
    this.check(this.value);
  }

  protected override details() {
    return { ...this.#limits };
  }

  protected words(): string {
    return String(this.value);
  }

  protected check(value: unknown): number {
    return within(value, this.#limits, "value");
  }
}

/** Two numbers between two limits, the lesser first. Made by {@link range}. */
export class Range extends Widget<readonly [number, number]> {
  readonly kind = "range";
  readonly #limits: Limits;

  constructor(options: SliderOptions<readonly [number, number]> = {}) {
    const limits = limitsOf(options);
    super(options.value ?? [limits.min, limits.max], options);
    this.#limits = limits;
    this.check(this.value);
  }

  protected override details() {
    return { ...this.#limits };
  }

  protected words(): string {
    return `${this.value[0]} to ${this.value[1]}`;
  }

  protected check(value: unknown): readonly [number, number] {
    if (!Array.isArray(value) || value.length !== 2)
      throw invalidArgument("value", value, "two numbers, the lesser first");
    const [low, high] = value.map((end) => within(end, this.#limits, "value")) as [number, number];
    if (low > high) throw invalidArgument("value", value, "two numbers, the lesser first");
    return [low, high];
  }
}

/**
 * A number, chosen with a slider.
 *
 * @param options `min` default 0, `max` default 1, `step` default a hundredth of the way, `value` default `min`, `label`
 * @throws OsccError `InvalidArgument` when the limits are no interval, or `value` is outside of them
 * @example
 * const threshold = widget.slider({ label: "Threshold", value: 0.5 });
 * threshold.onChange((value) => console.log(value));
 */
export function slider(options: SliderOptions<number> = {}): Slider {
  return new Slider(options);
}

/**
 * An interval, chosen with two handles.
 *
 * @param options as for `slider`; `value` is `[low, high]`, default all of it
 * @throws OsccError `InvalidArgument` when the limits are no interval, or `value` is outside of them
 * @example
 * const age = widget.range({ label: "Age", min: 20, max: 90, step: 1 });
 * const [youngest, oldest] = age.value;
 */
export function range(options: SliderOptions<readonly [number, number]> = {}): Range {
  return new Range(options);
}

function limitsOf({ min = 0, max = 1, step }: SliderOptions<unknown>): Limits {
  if (!(Number.isFinite(min) && Number.isFinite(max) && min < max))
    throw invalidArgument("min, max", [min, max], "two numbers, the lesser first");
  if (step !== undefined && !(step > 0)) throw invalidArgument("step", step, "a number above 0");
  return { min, max, step: step ?? (max - min) / 100 };
}

function within(value: unknown, { min, max }: Limits, name: string): number {
  if (typeof value !== "number" || !(value >= min && value <= max))
    throw invalidArgument(name, value, `a number from ${min} to ${max}`);
  return value;
}
