/** Figures from results: each function takes plain typed results and returns a `Figure`. */
export { calibration } from "./calibration";
export { type CamFigureOptions, cam } from "./cam";
export { type CamComparisonOptions, camComparison } from "./cam-comparison";
export { type CamNestedOptions, camNested } from "./cam-nested";
export type { OverlayLook } from "./cam-overlay";
export { type ClassCountsFigureOptions, type Countable, classCounts } from "./class-counts";
export { type CoefficientsOptions, coefficients } from "./coefficients";
export {
  type Comparable,
  type ComparisonOptions,
  comparison,
  type DifferencesOptions,
  differences,
} from "./comparison";
export { confusion } from "./confusion";
export { type ContactSheetOptions, contactSheet } from "./contact-sheet";
export { contributions } from "./contributions";
export { type CorrelationFigureOptions, correlation } from "./correlation";
export { criticalDifference } from "./critical-difference";
export type { Curves } from "./curves";
export { decisionCurve } from "./decision-curve";
export { type DumbbellOptions, dumbbell } from "./dumbbell";
export { faithfulness } from "./faithfulness";
export type { FieldBoxes } from "./fields";
export { Figure, type FigureLayout, type FigureSpec } from "./figure";
export { type FindingsOptions, findings, intervalPlaces } from "./findings";
export { gradientConflict } from "./gradient-conflict";
export { type KaplanMeierFigureOptions, kaplanMeier, type TimeUnit } from "./kaplan-meier";
export { type MagnificationsOptions, magnifications } from "./magnifications";
export type { Micrograph, PatientViews } from "./micrograph";
export type { FigureOptions } from "./options";
export { type OverlayOptions, overlay } from "./overlay";
export { type PicturesOptions, pictures } from "./pictures";
export { precisionRecall } from "./precision-recall";
export { type PrintedFigureOptions, printed } from "./printed";
export { type ReviewCase, type ReviewPage, type ReviewPageOptions, reviewPage } from "./review/page";
export {
  type ReviewImage,
  type ReviewOptions,
  type ReviewPatient,
  type ReviewSelection,
  review,
} from "./review/review";
export { type RocFigureOptions, type RocOutcome, roc } from "./roc";
export { type SideBySideOptions, sideBySide } from "./side-by-side";
export { type CellValue, type TableOptions, table } from "./table";
export { type EpochOfTasks, type TaskCourse, type TaskCurvesOptions, taskCurves } from "./task-curves";
export {
  type EpochOfTraining,
  type TrainingCourse,
  type TrainingFigureOptions,
  training,
} from "./training";
export { truth } from "./truth";
