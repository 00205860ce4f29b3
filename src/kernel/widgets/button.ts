import { invalidArgument } from "../../core/errors";
import { Widget, type WidgetListener, type WidgetOptions } from "./widget";

/** A button; its value is how often it was pressed. Made by {@link button}. */
export class Button extends Widget<number> {
  readonly kind = "button";

  constructor(
    label: string,
    pressed: WidgetListener<number> | undefined,
    options: Omit<WidgetOptions, "label"> = {},
  ) {
    super(0, { ...options, label });
    if (pressed) this.onChange((count) => this.during(async () => pressed(count)));
  }

  protected words(): string {
    return "button";
  }

  protected check(value: unknown): number {
    if (!Number.isInteger(value)) throw invalidArgument("value", value, "how often the button was pressed");
    return value as number;
  }

  protected override receive(data: Record<string, unknown>): void {
    if (data.event === "press" && !this.disabled) this.value = this.value + 1;
  }
}

/**
 * A button that does something each time it is pressed.
 *
 * @param label   the words on it
 * @param pressed called with how often it was pressed; while its promise is open, the button shows that it works
 * @example
 * widget.button("Another patient", (count) => console.log("pressed", count))
 */
export function button(
  label: string,
  pressed?: WidgetListener<number>,
  options: Omit<WidgetOptions, "label"> = {},
): Button {
  return new Button(label, pressed, options);
}

/** On or off. Made by {@link checkbox}. */
export class Checkbox extends Widget<boolean> {
  readonly kind = "checkbox";

  protected words(): string {
    return this.value ? "yes" : "no";
  }

  protected check(value: unknown): boolean {
    if (typeof value !== "boolean") throw invalidArgument("value", value, "true or false");
    return value;
  }
}

/**
 * Something that is on or off.
 *
 * @param label   the words beside it
 * @param options `value` at the start, default `false`; `disabled`
 * @example
 * const band = widget.checkbox("Show the 95 % band", { value: true });
 */
export function checkbox(
  label: string,
  { value = false, ...options }: Omit<WidgetOptions, "label"> & { readonly value?: boolean } = {},
): Checkbox {
  return new Checkbox(value, { ...options, label });
}
