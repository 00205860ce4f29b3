/**
 * What is in files: a fingerprint of each, without reading a file again that has not changed.
 *
 * A file counts as unchanged while its path, device, number, size and both its times stay the same, to the nanosecond
 * where the file system has them. The second time (of the last change of anything about the file) cannot be set back: a
 * file that was written over with as many bytes and given its old date is still noticed. One that is younger than its
 * clock can tell is read again, as Git does. Fingerprints are kept beside what is made of the files, in one list that
 * grows by a line for each file and each change.
 */
import { createHash, webcrypto } from "node:crypto";
import { type BigIntStats, createReadStream } from "node:fs";
import { appendFile, mkdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { cacheFolder } from "./paths";

/** The coarsest clock of a file system in use (FAT) ticks every two seconds. */
const CLOCK_TICK_MS = 2000;
/** A longer list, half a million files, begins anew. */
const LONGEST_LIST_BYTES = 2 ** 26;
/** A state, a space, a fingerprint: both SHA-256. */
const ENTRY = /^([0-9a-f]{64}) ([0-9a-f]{64})$/;

/** A file as it stands: a name for its state, and whether a later change is sure to show in it. */
export interface FileState {
  readonly key: string;
  readonly isSettled: boolean;
}

/**
 * The state of a file: in the same state it holds the same bytes.
 *
 * @throws the error of the file system, when there is no such file
 */
export async function fileState(file: string): Promise<FileState> {
  const facts: BigIntStats = await stat(file, { bigint: true });
  const { dev, ino, size, mtimeNs, ctimeNs } = facts;
  const key = createHash("sha256")
    .update([path.resolve(file), dev, ino, size, mtimeNs, ctimeNs].join("\n"))
    .digest("hex");
  const latest = Math.max(Number(mtimeNs), Number(ctimeNs)) / 1e6;
  return { key, isSettled: Date.now() - latest > CLOCK_TICK_MS };
}

/** Fingerprint of bytes, SHA-256, off the main thread. */
export async function bytesContent(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest("SHA-256", bytes)).toString("hex");
}

/** The fingerprint of a file in this state, if it is known. */
export async function knownContent({ key }: FileState): Promise<string | undefined> {
  return (await currentList()).get(key);
}

/** Remember the fingerprint of what was read from a file that was in this state before it was read. */
export async function rememberContent({ key, isSettled }: FileState, content: string): Promise<void> {
  if (!isSettled) return;
  const list = await currentList();
  if (list.get(key) === content) return;
  list.set(key, content);
  try {
    await mkdir(cacheFolder(), { recursive: true });
    // The line break comes first: an entry that was cut off spoils itself and not the next.
    await appendFile(listFile(), `\n${key} ${content}`);
  } catch {
    // a list that cannot be written is no error: the file is read again another time
  }
}

/** What is being read at the moment, so that a file asked for several times at once is read once. */
const reading = new Map<string, Promise<string>>();

/**
 * Fingerprint of a file's bytes, SHA-256 in hexadecimal digits.
 *
 * @throws the error of the file system, when it cannot be read
 */
export async function fileContent(file: string): Promise<string> {
  const state = await fileState(file);
  const known = await knownContent(state);
  if (known !== undefined) return known;
  const begun = reading.get(state.key) ?? readContent(file).finally(() => reading.delete(state.key));
  reading.set(state.key, begun);
  const content = await begun;
  await rememberContent(state, content);
  return content;
}

async function readContent(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** Lists by the file they are kept in: another cache folder has another. */
const lists = new Map<string, Promise<Map<string, string>>>();

function listFile(): string {
  return path.join(cacheFolder(), "contents");
}

function currentList(): Promise<Map<string, string>> {
  const file = listFile();
  const list = lists.get(file) ?? readList(file);
  lists.set(file, list);
  return list;
}

async function readList(file: string): Promise<Map<string, string>> {
  const list = new Map<string, string>();
  try {
    if ((await stat(file)).size > LONGEST_LIST_BYTES) await rm(file);
    for (const line of (await readFile(file, "latin1")).split("\n")) {
      const [, key, content] = ENTRY.exec(line) ?? [];
      if (key !== undefined && content !== undefined) list.set(key, content);
    }
  } catch {
    // no list yet
  }
  return list;
}
