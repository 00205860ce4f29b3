/** What can be predicted without any image: models of the clinical table, the bar that an image model must clear. */
export {
  type ClinicalBaseline,
  type ClinicalOptions,
  type Coefficient,
  clinical,
  type LeftOutColumn,
} from "./clinical";
export { type ClinicalFeature, type Design, fitDesign } from "./design";
export { COLUMN_TIMING, type ColumnTiming, leakage } from "./leakage";
export { fitLogistic, type LogisticFit, type LogisticOptions, logisticProbabilities } from "./logistic";
export {
  type Outcome,
  type RecurrenceOptions,
  type RecurrenceTimes,
  recurrenceTimes,
  recurrenceWithin,
} from "./outcome";
export { choosePenalty, DEFAULT_PENALTIES, type PenaltyChoice, type TriedPenalty } from "./penalty";
