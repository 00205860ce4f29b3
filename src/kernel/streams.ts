/** What code prints goes to the cell that printed it. */
import { StringDecoder } from "node:string_decoder";
import { currentContext, type RequestContext } from "./context";
import type { IopubPublisher, StreamName } from "./publisher";

type Write = typeof process.stdout.write;

/**
 * Send everything that is written to stdout and stderr to the front end.
 *
 * @param fallback who is meant when text is printed outside of any request
 * @returns how to stop
 */
export function captureStreams(
  publisher: IopubPublisher,
  fallback: () => RequestContext | undefined,
): () => void {
  const restore = (["stdout", "stderr"] as const).map((name) => capture(name, publisher, fallback));
  return () => {
    for (const stop of restore) stop();
  };
}

function capture(name: StreamName, publisher: IopubPublisher, fallback: () => RequestContext | undefined) {
  const stream = process[name];
  const original = stream.write;
  // Bytes may end in the middle of a character.
  const decoder = new StringDecoder("utf8");
  const write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
    const text = typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk));
    publisher.stream(name, text, currentContext() ?? fallback());
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") process.nextTick(done as () => void);
    return true;
  };
  stream.write = write as Write;
  return () => {
    stream.write = original;
  };
}
