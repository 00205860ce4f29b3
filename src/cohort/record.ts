/** What a layout reader finds in a folder, before it becomes a `Cohort`: plain data, no behaviour. */
import type { Provenance } from "../core/provenance";
import type { ChannelOrder } from "../image/read-image";
import type { ClinicalRecord } from "./multi-oscc/clinical";
import type { CohortSchema, Split } from "./schema";

/** How the fields of one site at several magnifications lie in one another, where that is known. */
export type FieldsOfView = "concentric";

/** One image file of a patient. */
export interface ImageRecord {
  readonly site: string;
  readonly magnification: string;
  readonly path: string;
  readonly channels?: ChannelOrder;
  /** The file is a `.npy` array of several images, and this is one of them: its index along the first axis. */
  readonly slice?: number;
  /** A ground-truth mask beside the image (phantom cohorts). */
  readonly maskPath?: string;
}

/** One patient as found on disk. */
export interface PatientRecord {
  readonly id: string;
  /** Task to class index; a missing label is `undefined`. */
  readonly labels: Readonly<Record<string, number | undefined>>;
  readonly split?: Split;
  readonly images: readonly ImageRecord[];
  /** Where the patient's images are or would be, for messages. */
  readonly folder?: string;
  readonly clinical?: ClinicalRecord;
}

/** An image file that is known but belongs to no patient's view. */
export interface LooseImageRecord {
  readonly path: string;
  readonly channels: ChannelOrder;
  readonly patient?: string;
  readonly note: string;
}

/** A whole cohort as found on disk. */
export interface CohortRecord<S extends CohortSchema = CohortSchema> {
  readonly schema: S;
  readonly folder: string;
  readonly provenance: Provenance;
  readonly patients: readonly PatientRecord[];
  readonly looseImages: readonly LooseImageRecord[];
  readonly warnings: readonly string[];
  readonly caveats: readonly string[];
  /** Width of one pixel in micrometres for each magnification, at the size that the file has; where known. */
  readonly umPerPx?: Readonly<Record<string, number>>;
  /** How the fields of higher magnification lie in those of lower: about the same centre; absent: not known. */
  readonly fieldsOfView?: FieldsOfView;
  /** Bits of the ground-truth masks: which sign each bit stands for (phantom cohorts). */
  readonly maskBits?: Readonly<Record<string, number>>;
  readonly hasClinical: boolean;
}
