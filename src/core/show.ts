/** Show a value now, in the middle of a cell, as it would be shown at the cell's end. */
import { inspect } from "node:util";
import { host, type MimeBundle } from "./host";

/** A value that knows how it looks, for example a `Figure` or an `RgbImage`. */
export interface Showable {
  _repr_mimebundle_(): MimeBundle | Promise<MimeBundle>;
}

/**
 * Show values one after the other: figures and images as pictures, anything else as text.
 *
 * @example
 * for (const view of patient.images({ onMissing: "skip" })) await show(await view.load());
 */
export async function show(...values: readonly unknown[]): Promise<void> {
  for (const value of values)
    host().display(isShowable(value) ? await value._repr_mimebundle_() : { "text/plain": inspect(value) });
}

function isShowable(value: unknown): value is Showable {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<Showable>)._repr_mimebundle_ === "function"
  );
}
