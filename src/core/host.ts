/**
 * The host: whoever runs this package and can show things to a person.
 *
 * In a notebook the kernel is the host; in a plain Node script it is the terminal. Analysis code shows
 * figures, reports progress and learns about cancellation only through here, so it never imports a kernel.
 * The host sits on a global symbol because a notebook may import another copy of this package than the
 * kernel runs.
 */

/** What a value looks like, one entry for each MIME type. Binary forms are base64 text. */
export type MimeBundle = Record<string, unknown>;

/** A shown output that can be replaced in place. */
export interface DisplayHandle {
  update(bundle: MimeBundle): void;
}

/** One line of text about work that goes on. */
export interface ProgressLine {
  update(text: string): void;
  /** The work is over; `text` stays. */
  end(text: string): void;
}

export interface Host {
  /** Show a bundle; the handle replaces it in place. */
  display(bundle: MimeBundle, metadata?: Record<string, unknown>): DisplayHandle;
  /** A line of progress that rewrites itself. A host without one gets a display that is updated. */
  progressLine?(text: string): ProgressLine;
  /** The signal that stops the work that is running now (the current cell's), if any. */
  signal(): AbortSignal | undefined;
  /** Say something to the person once, beside the output. */
  warn(message: string): void;
}

const KEY = Symbol.for("oscc-lab.host");
type Holder = { [KEY]?: Host };

/** Called by a kernel when it starts. Returns a function that puts the former host back. */
export function installHost(host: Host): () => void {
  const holder = globalThis as Holder;
  const former = holder[KEY];
  holder[KEY] = host;
  return () => {
    if (former) holder[KEY] = former;
    else delete holder[KEY];
  };
}

/** The present host: the kernel's if one is running, else the terminal's. */
export function host(): Host {
  return (globalThis as Holder)[KEY] ?? terminal;
}

/** Whether output goes to a notebook rather than to a terminal. */
export function inNotebook(): boolean {
  return (globalThis as Holder)[KEY] !== undefined;
}

/** Values go to stdout as text; progress rewrites one line of stderr, or, where that is a file, says start and end. */
const terminal: Host = {
  display(bundle) {
    const show = (b: MimeBundle) => process.stdout.write(`${String(b["text/plain"] ?? "")}\n`);
    show(bundle);
    return { update: show };
  },
  progressLine(text) {
    const rewrites = process.stderr.isTTY;
    process.stderr.write(rewrites ? text : `${text}\n`);
    return {
      update: (next) => {
        if (rewrites) process.stderr.write(`\r\x1b[2K${next}`);
      },
      end: (last) => {
        process.stderr.write(`${rewrites ? "\r\x1b[2K" : ""}${last}\n`);
      },
    };
  },
  signal: () => undefined,
  warn: (message) => {
    process.stderr.write(`${message}\n`);
  },
};
