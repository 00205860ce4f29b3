/** Metrics, curves and intervals; tests; association and survival; comparison with printed tables. Plain typed results. */
export { AUC_AVERAGES, type AucAverage, type AucOptions, auc } from "./auc";
export { type AucIntervalOptions, aucInterval, INTERVAL_RULES, type IntervalRule } from "./auc-interval";
export { type BootstrapOptions, RESAMPLING, type Resampling } from "./bootstrap";
export { type BootstrapIntervalOptions, bootstrapInterval } from "./bootstrap-interval";
export {
  BINNINGS,
  type Binning,
  brier,
  type Calibration,
  type CalibrationBin,
  type CalibrationOptions,
  calibration,
} from "./calibration";
export {
  type Answer,
  type CompareOptions,
  compareRuns,
  isBetter,
  PAIRED_TESTS,
  type PairedTest,
  type RunComparison,
  type RunPair,
  type RunResult,
  type RunsByTask,
} from "./compare";
export { type Concordance, type ConcordanceOptions, concordance } from "./concordance";
export {
  CORRELATION_METHODS,
  type Column,
  type Correlation,
  type CorrelationMatrix,
  type CorrelationMatrixOptions,
  type CorrelationMethod,
  type CorrelationOptions,
  correlationMatrix,
  kendall,
  pearson,
  spearman,
} from "./correlation";
export { COX_TIES, type Cox, type CoxCoefficient, type CoxOptions, type CoxTies, cox } from "./cox";
export { type CriticalDifference, criticalDifference, type MeanRank } from "./critical-difference";
export { type DecisionCurve, type DecisionCurveOptions, decisionCurve } from "./decision-curve";
export { type DelongAuc, type DelongOptions, type DelongTest, delong, delongTest } from "./delong";
export { type DynamicAuc, dynamicAuc } from "./dynamic-auc";
export {
  type KaplanMeier,
  type KaplanMeierOptions,
  type KaplanMeierStep,
  kaplanMeier,
  type SurvivalAt,
  survivalAt,
} from "./kaplan-meier";
export { cohenKappa, KAPPA_WEIGHTS, type Kappa, type KappaOptions, type KappaWeights } from "./kappa";
export { type LogRank, type LogRankGroup, logRank } from "./log-rank";
export {
  MCNEMAR_METHODS,
  type McnemarMethod,
  type McnemarOptions,
  type McnemarTest,
  mcnemar,
} from "./mcnemar";
export {
  type ClassMetrics,
  type Confusion,
  confusion,
  type Metrics,
  type MetricsOptions,
  metrics,
} from "./metrics";
export { ADJUSTMENTS, type Adjustment, adjustPValues } from "./multiple-tests";
export {
  type OperatingPoint,
  type OperatingPointOptions,
  type OperatingRule,
  operatingPoint,
} from "./operating-point";
export { defined, type Interval, isUndefined, type Statistic, type UndefinedStatistic } from "./outcome";
export { type PairedAuc, type PairedOptions, pairedAuc } from "./paired";
export { type PairCounts, type PairwiseCounts, type PairwiseOptions, pairwiseCounts } from "./pairwise";
export { type PermutationOptions, type PermutationTest, permutationTest } from "./permutation";
export {
  type AveragePrecisionOptions,
  averagePrecision,
  type PrecisionRecall,
  type PrecisionRecallOptions,
  precisionRecall,
} from "./precision-recall";
export { type BinaryScores, checkPredictions, MISSING_LABEL, type Predictions } from "./predictions";
export { compareWithPrinted, type PrintedOptions, type PrintedRow, type PrintedTable } from "./printed";
export { midranks } from "./ranks";
export {
  REVIEW_FORMAT,
  REVIEW_MARKS,
  type Review,
  type ReviewAgreement,
  type ReviewMark,
  type ReviewRow,
  readReview,
  reviewAgreement,
  reviewKappa,
} from "./review";
export { type Roc, type RocBand, type RocOptions, roc, rocPerClass } from "./roc";
export type { SurvivalTimes } from "./survival-times";
export type { WeightOptions } from "./weights";
