/**
 * Measures on disk. That a file could not be read is not kept: the disk may have been at fault.
 */
import { decoderVersion } from "../../image/native";
import { hashOf, imageFacts, Journal } from "../journal";
import type { PatientImage } from "../patient-image";
import type { CohortSchema } from "../schema";
import { type ImageMeasures, MEASURES_VERSION } from "./measure";

export class KeptMeasures {
  private constructor(
    private readonly journal: Journal<ImageMeasures>,
    private readonly setting: string,
  ) {}

  /** What is kept of a cohort's folder. */
  static async of(folder: string): Promise<KeptMeasures> {
    const journal = await Journal.open("verify", folder, isMeasures);
    return new KeptMeasures(journal, `${MEASURES_VERSION} ${await decoderVersion()}`);
  }

  /** The name under which an image is kept; `undefined` when there is no file. */
  async keyOf(image: PatientImage<CohortSchema>): Promise<string | undefined> {
    const facts = await imageFacts(image);
    return facts && hashOf([this.setting, ...facts]);
  }

  get(key: string): ImageMeasures | undefined {
    return this.journal.get(key);
  }

  async add(key: string, measures: ImageMeasures): Promise<void> {
    await this.journal.add(key, measures);
  }
}

function isMeasures(value: unknown): value is ImageMeasures {
  return typeof (value as ImageMeasures | null)?.contentHash === "string";
}
