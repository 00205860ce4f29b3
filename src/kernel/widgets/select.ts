import { invalidArgument, unknownName } from "../../core/errors";
import { Widget, type WidgetOptions } from "./widget";

/** What a select takes beside its choices. */
export interface SelectOptions<C> extends WidgetOptions {
  /** The choice at the start. Default: the first. */
  readonly value?: C;
}

/** One of several choices. Made by {@link select}. */
export class Select<C extends string | number> extends Widget<C> {
  readonly kind = "select";

  constructor(
    /** What can be chosen, in order. */
    readonly choices: readonly C[],
    options: SelectOptions<C> = {},
  ) {
    if (choices.length === 0) throw invalidArgument("choices", "none", "at least one");
    super(options.value ?? choices[0]!, options);
    this.check(this.value);
  }

  protected override details() {
    return { choices: this.choices };
  }

  protected words(): string {
    return String(this.value);
  }

  protected check(value: unknown): C {
    const found = this.choices.find((choice) => choice === value);
    if (found === undefined) throw unknownName("choice", String(value), this.choices.map(String));
    return found;
  }
}

/**
 * A choice among several values, with the type of their union.
 *
 * @param choices texts or numbers, at least one
 * @param options `label`; `value` at the start, default the first; `disabled`
 * @throws OsccError `UnknownName` when `value` is not among the choices
 * @example
 * const fusion = widget.select(["concat", "lmf", "gated", "transformer"], { label: "Fusion" });
 * fusion.value // "concat" | "lmf" | "gated" | "transformer"
 */
export function select<const C extends string | number>(
  choices: readonly C[],
  options: SelectOptions<NoWiden<C>> = {},
): Select<C> {
  return new Select<C>(choices, options as SelectOptions<C>);
}

/** The options must not widen what the choices say. */
type NoWiden<C> = [C][C extends unknown ? 0 : never];
