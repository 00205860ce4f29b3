/**
 * Bytes in the state of a widget. JSON has none, so they travel beside it: each is taken out of the state, and a path says
 * where it belongs.
 *
 * @see https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md, "buffer_paths"
 */

/** Where a buffer belongs: names of properties and places in lists. */
export type BufferPath = (string | number)[];

export interface SeparatedState {
  state: Record<string, unknown>;
  buffer_paths: BufferPath[];
  buffers: Uint8Array[];
}

type Container = Record<string | number, unknown>;

/** Take the bytes out of a state. What is given stays as it is. */
export function withoutBuffers(state: Record<string, unknown>): SeparatedState {
  const buffer_paths: BufferPath[] = [];
  const buffers: Uint8Array[] = [];
  const copy = (value: unknown, path: BufferPath): unknown => {
    if (isBytes(value)) {
      buffer_paths.push(path);
      buffers.push(bytesOf(value));
      return undefined;
    }
    // In a list the place stays, or the others would move up.
    if (Array.isArray(value)) return value.map((item, i) => copy(item, [...path, i]) ?? null);
    if (!isPlain(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, copy(item, [...path, name])]),
    );
  };
  return { state: copy(state, []) as Record<string, unknown>, buffer_paths, buffers };
}

/**
 * Put bytes back to where they belong.
 *
 * @param like what was there before: where that was a `Float32Array`, bytes become one again
 */
export function withBuffers(
  state: Record<string, unknown>,
  paths: readonly BufferPath[],
  buffers: readonly Uint8Array[],
  like: object,
): Record<string, unknown> {
  const whole = structuredClone(state);
  for (const [i, path] of paths.entries()) {
    const bytes = buffers[i];
    const name = path.at(-1);
    const parent = path.slice(0, -1).reduce<unknown>(step, whole) as Container | undefined;
    if (bytes && name !== undefined && isContainer(parent))
      parent[name] = typedLike(bytes, path.reduce<unknown>(step, like));
  }
  return whole;
}

function step(container: unknown, name: string | number): unknown {
  return isContainer(container) && Object.hasOwn(container, name) ? container[name] : undefined;
}

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

function isBytes(value: unknown): value is ArrayBuffer | ArrayBufferView {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

function bytesOf(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  return value instanceof ArrayBuffer
    ? new Uint8Array(value)
    : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** An object of properties, no class of its own. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The bytes as the kind of array that they were; as `Uint8Array` where that is unknown, or does not fit. */
function typedLike(bytes: Uint8Array, former: unknown): ArrayBuffer | ArrayBufferView {
  const own = bytes.slice(); // aligned, and nobody else's
  if (former instanceof ArrayBuffer) return own.buffer;
  if (former instanceof DataView) return new DataView(own.buffer);
  if (!ArrayBuffer.isView(former) || former instanceof Uint8Array) return own;
  const Kind = former.constructor as {
    new (buffer: ArrayBuffer): ArrayBufferView;
    BYTES_PER_ELEMENT: number;
  };
  return own.byteLength % Kind.BYTES_PER_ELEMENT === 0 ? new Kind(own.buffer) : own;
}
