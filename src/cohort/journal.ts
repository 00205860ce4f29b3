/**
 * Results on disk, one line each, appended as soon as one is known: work that was stopped, even by force, goes on where
 * it was, and the next run looks only at what changed. A line that was cut off is ignored.
 */
import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileState } from "../core/content";
import { cacheFolder } from "../core/paths";
import type { PatientImage } from "./patient-image";
import type { CohortSchema } from "./schema";

/** Results by key, for one folder and one kind of work. */
export class Journal<T> {
  private readonly known = new Map<string, T>();

  private constructor(private readonly file: string) {}

  /**
   * What is kept.
   *
   * @param kind     the kind of work, a folder's name in the cache
   * @param subject  what the work is about, such as a cohort's folder
   * @param isResult is this what was stored? Lines of another form are ignored
   */
  static async open<T>(
    kind: string,
    subject: string,
    isResult: (value: unknown) => value is T,
  ): Promise<Journal<T>> {
    const name = hashOf([path.resolve(subject)]);
    const journal = new Journal<T>(path.join(cacheFolder(), kind, `${name}.jsonl`));
    await journal.read(isResult);
    return journal;
  }

  get(key: string): T | undefined {
    return this.known.get(key);
  }

  /** Keep one. A cache that cannot be written is no error: the result is here. */
  async add(key: string, result: T): Promise<void> {
    this.known.set(key, result);
    try {
      await mkdir(path.dirname(this.file), { recursive: true });
      // Begun with a line break, so that a line which was cut off spoils no other.
      await appendFile(this.file, `\n${JSON.stringify([key, result])}`);
    } catch {
      // a full or read-only disk
    }
  }

  private async read(isResult: (value: unknown) => value is T): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.file, "utf8");
    } catch {
      return;
    }
    for (const line of text.split("\n")) {
      try {
        const [key, result] = JSON.parse(line) as [unknown, unknown];
        if (typeof key === "string" && isResult(result)) this.known.set(key, result);
      } catch {
        // cut off when a run was stopped
      }
    }
  }
}

/** What an image's pixels depend on: the state of its file, and how it is read; `undefined` without a file. */
export async function imageFacts(image: PatientImage<CohortSchema>): Promise<readonly unknown[] | undefined> {
  if (image.path === undefined) return undefined;
  try {
    const { key } = await fileState(image.path);
    return [key, image.channels, image.slice ?? null];
  } catch {
    return undefined;
  }
}

/** A short name for facts: equal facts, equal names. */
export function hashOf(facts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 32);
}
