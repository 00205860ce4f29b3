/**
 * Measures on disk, so that a check that was stopped goes on where it was, and the next one looks only at files
 * that changed. One line for each image, appended as soon as it is known; a line that was cut off is ignored.
 * That a file could not be read is not kept: the disk may have been at fault.
 */
import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { cacheFolder } from "../../core/paths";
import { decoderVersion } from "../../image/native";
import type { PatientImage } from "../patient-image";
import type { CohortSchema } from "../schema";
import { type ImageMeasures, MEASURES_VERSION } from "./measure";

export class KeptMeasures {
  private readonly file: string;
  private readonly setting: string;
  private readonly known: ReadonlyMap<string, ImageMeasures>;

  private constructor(file: string, setting: string, known: ReadonlyMap<string, ImageMeasures>) {
    this.file = file;
    this.setting = setting;
    this.known = known;
  }

  /** What is kept of a cohort's folder. */
  static async of(folder: string): Promise<KeptMeasures> {
    const name = createHash("sha256").update(path.resolve(folder)).digest("hex").slice(0, 32);
    const file = path.join(cacheFolder(), "verify", `${name}.jsonl`);
    return new KeptMeasures(file, `${MEASURES_VERSION} ${await decoderVersion()}`, await readLines(file));
  }

  /** The name under which an image is kept: its file's path, size and time of change; `undefined` when there is no file. */
  async keyOf(image: PatientImage<CohortSchema>): Promise<string | undefined> {
    if (image.path === undefined) return undefined;
    try {
      const { size, mtimeMs } = await stat(image.path);
      const facts = [
        this.setting,
        path.resolve(image.path),
        size,
        mtimeMs,
        image.channels,
        image.slice ?? null,
      ];
      return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 32);
    } catch {
      return undefined;
    }
  }

  get(key: string): ImageMeasures | undefined {
    return this.known.get(key);
  }

  /** Keep one. A cache that cannot be written is no error. */
  async add(key: string, measures: ImageMeasures): Promise<void> {
    try {
      await mkdir(path.dirname(this.file), { recursive: true });
      await appendFile(this.file, `${JSON.stringify([key, measures])}\n`);
    } catch {
      // a full or read-only disk: the measures are here
    }
  }
}

async function readLines(file: string): Promise<Map<string, ImageMeasures>> {
  const known = new Map<string, ImageMeasures>();
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    return known;
  }
  for (const line of text.split("\n")) {
    try {
      const [key, measures] = JSON.parse(line) as [string, ImageMeasures];
      if (typeof key === "string" && typeof measures?.contentHash === "string") known.set(key, measures);
    } catch {
      // cut off when a run was stopped
    }
  }
  return known;
}
