/** What a value looks like at the end of a cell. */
import { inspect } from "node:util";
import type { MimeBundle } from "../core/host";
import type { Json } from "./wire";

export interface Representation {
  data: MimeBundle;
  metadata: Json;
}

/** A value that draws itself. The method may be async, and may return metadata beside the data. */
interface Drawable {
  _repr_mimebundle_(): unknown;
}

/** A value that shows itself, because what it shows will change: a widget. */
interface SelfShowing {
  _display_(): void | Promise<void>;
}

export function showsItself(value: unknown): value is SelfShowing {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<SelfShowing>)._display_ === "function"
  );
}

/**
 * The forms of a value: its own `_repr_mimebundle_()` if it has one, else what Node prints.
 *
 * @throws whatever the value's own method throws
 */
export async function represent(value: unknown): Promise<Representation> {
  if (!isDrawable(value)) return { data: { "text/plain": inText(value) }, metadata: {} };
  const drawn = await value._repr_mimebundle_();
  const [data, metadata] = Array.isArray(drawn) ? drawn : [drawn, {}];
  if (!isBundle(data)) return { data: { "text/plain": inText(value) }, metadata: {} };
  return { data: bundleOf(data), metadata: (metadata ?? {}) as Json };
}

/** The same without waiting, for values whose own form is not needed. */
export function representAsText(value: unknown): Representation {
  return { data: { "text/plain": inText(value) }, metadata: {} };
}

/** Bytes become base64, as the protocol wants them. */
export function bundleOf(data: Record<string, unknown>): MimeBundle {
  return Object.fromEntries(
    Object.entries(data).map(([type, value]) => [
      type,
      value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
    ]),
  );
}

function inText(value: unknown): string {
  return inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 88 });
}

export function isDrawable(value: unknown): value is Drawable {
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    typeof (value as Partial<Drawable>)._repr_mimebundle_ === "function"
  );
}

function isBundle(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}
