/** What the rules see: an image that could be decoded, with its measures; and what they give: a fault. */
import type { Patient } from "../patient";
import type { PatientImage } from "../patient-image";
import type { CohortSchema } from "../schema";
import type { ImageMeasures } from "./measure";
import type { ProblemKind, Severity } from "./report";

export interface Examined {
  readonly image: PatientImage<CohortSchema>;
  readonly measures: ImageMeasures;
}

export interface Found {
  readonly kind: ProblemKind;
  readonly severity: Severity;
  /** `undefined` for a fault of a patient or of the whole cohort. */
  readonly image: PatientImage<CohortSchema> | undefined;
  /** For a fault of all images of one patient. */
  readonly patient?: Patient<CohortSchema>;
  readonly detail: string;
}
