/** What printed tables say, held against arithmetic and against the files they were made from. */
export { auditPaper, type LabelFile } from "./audit-paper";
export type { Claim } from "./claim-check";
export type { ClassCountFact, CountedClass } from "./class-count-check";
export type { Measure, Quantity } from "./confusion-search";
export type { CorrelationFact } from "./correlation-check";
export { DIGIT_RULES, type DigitRule, type Range, valuesBehind } from "./digits";
export {
  type Audit,
  type CheckCount,
  CONFIDENCES,
  type Confidence,
  type Evidence,
  FINDING_KINDS,
  type Finding,
  type FindingKind,
  PRINTED_NUMBERS,
} from "./finding";
export { INCONSISTENT_PLACE, type IntervalFact, UNUSUAL_PLACE } from "./interval-check";
export type { MeanFact } from "./mean-check";
export {
  type ConfusionSearchOptions,
  type ConfusionSolution,
  confusionsBehind,
  type ExplainOptions,
  explainMetrics,
  type MetricName,
  type MetricsExplanation,
  type MetricsFact,
  type PrintedMetrics,
} from "./metrics-check";
export { MULTI_OSCC_PAPER } from "./multi-oscc-paper";
export type { MultiOsccTables, PrintedBackbone, PrintedEstimate, PrintedGrid } from "./multi-oscc-tables";
export { MULTI_OSCC_TABLES } from "./multi-oscc-tables";
export { type PrintedPaper, readPaper } from "./paper";
export type { Architecture, ParameterFact } from "./parameter-check";
export { publishedClassCounts, publishedCorrelations } from "./published-tables";
