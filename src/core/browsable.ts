/**
 * What has been opened and can be browsed: a front end lists it beside the notebook.
 *
 * On a global symbol, like the host, because a notebook may import another copy of this package than the kernel runs.
 */

/** One entry of something that can be browsed. */
export interface BrowsableItem {
  readonly id: string;
  /** A line of words about it. */
  readonly note: string;
  /** A small picture, as JPEG; `undefined` when there is none. */
  thumbnail(): Promise<Uint8Array | undefined>;
}

/** Something opened, entry by entry. */
export interface Browsable {
  /** The very object that code in cells has. */
  readonly source: object;
  readonly name: string;
  /** What a reader must know of it, as that it is synthetic. */
  readonly notice?: string;
  readonly items: readonly BrowsableItem[];
  /** Code that gets one entry and shows it, given an expression for the source. */
  code(id: string, source: string): string;
  /** Code that opens the source again, for a notebook that has no name for it. */
  readonly openingCode: string;
}

interface Shelf {
  readonly opened: Browsable[];
  readonly listeners: Set<() => void>;
}

const KEY = Symbol.for("oscc-lab.browsable");

function shelf(): Shelf {
  const holder = globalThis as { [KEY]?: Shelf };
  holder[KEY] ??= { opened: [], listeners: new Set() };
  return holder[KEY];
}

/** So many are kept; the eldest give way. */
const MAX_OPENED = 8;

/** Called by what opens something. Opened again, it takes the place of the former. */
export function announceOpened(browsable: Browsable): void {
  const { opened, listeners } = shelf();
  const former = opened.findIndex(({ openingCode }) => openingCode === browsable.openingCode);
  if (former >= 0) opened.splice(former, 1);
  opened.push(browsable);
  if (opened.length > MAX_OPENED) opened.shift();
  for (const listener of listeners) listener();
}

/** Everything opened, the latest last. */
export function openedThings(): readonly Browsable[] {
  return shelf().opened;
}

/** Hear of each opening. Returns how to stop. */
export function onOpened(listener: () => void): () => void {
  shelf().listeners.add(listener);
  return () => shelf().listeners.delete(listener);
}
