/** Metrics, curves and intervals; association; comparison with printed tables. Plain typed results. */
export { auc } from "./auc";
export { type AucIntervalOptions, aucInterval, INTERVAL_RULES, type IntervalRule } from "./auc-interval";
export { type BootstrapOptions, RESAMPLING, type Resampling } from "./bootstrap";
export {
  CORRELATION_METHODS,
  type Column,
  type Correlation,
  type CorrelationMatrix,
  type CorrelationMatrixOptions,
  type CorrelationMethod,
  type CorrelationOptions,
  correlationMatrix,
  pearson,
  spearman,
} from "./correlation";
export { type DelongAuc, type DelongOptions, type DelongTest, delong, delongTest } from "./delong";
export {
  type ClassMetrics,
  type Confusion,
  confusion,
  type Metrics,
  type MetricsOptions,
  metrics,
} from "./metrics";
export { defined, type Interval, isUndefined, type Statistic, type UndefinedStatistic } from "./outcome";
export { type PairedAuc, type PairedOptions, pairedAuc } from "./paired";
export { type PairCounts, type PairwiseCounts, type PairwiseOptions, pairwiseCounts } from "./pairwise";
export { type BinaryScores, checkPredictions, MISSING_LABEL, type Predictions } from "./predictions";
export { compareWithPrinted, type PrintedOptions, type PrintedRow, type PrintedTable } from "./printed";
export { midranks } from "./ranks";
export { type Roc, type RocBand, type RocOptions, roc, rocPerClass } from "./roc";
