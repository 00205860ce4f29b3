/** The AUC of a task with its interval, also for more than two classes, and by the published rule. */
import { invalidArgument } from "../core/errors";
import { oneClassOnly } from "./auc";
import { bcaBounds } from "./bca";
import {
  type BootstrapOptions,
  type BootstrapSettings,
  bootstrapMethod,
  bootstrapRng,
  bootstrapSettings,
  forEachSample,
} from "./bootstrap";
import { leaveOneOutAucs } from "./jackknife-auc";
import { type Interval, undefinedError } from "./outcome";
import {
  asQuestion,
  type BinaryScores,
  isPredictions,
  type Predictions,
  type Question,
  questionsAbout,
} from "./predictions";
import { middle } from "./quantile";
import { fewestPatients, meanAuc, SampledAuc, sampledMeans } from "./sampled-auc";

/** How the bounds are made from bootstrap samples. */
export const INTERVAL_RULES = ["percentile", "bca", "published"] as const;
/**
 * `"percentile"`: percentiles of the AUC (of its mean over classes) over samples of patients.
 * `"bca"`: percentiles corrected for bias and skewness, for an AUC near 1 (bias-corrected and accelerated).
 * `"published"`: the rule of the Multi-OSCC study. Each class, one against the rest, gets a percentile interval
 * from samples of its own; the bounds reported are the means over classes of these bounds. With three classes it
 * is wider than an interval of the mean, because the classes' errors are not allowed to cancel.
 */
export type IntervalRule = (typeof INTERVAL_RULES)[number];

/** Options of `aucInterval`. */
export interface AucIntervalOptions extends BootstrapOptions {
  /** Default `"percentile"`. With `"published"` the defaults become 500 samples and seed 2024, as in the study. */
  readonly rule?: IntervalRule;
  /** Ask about one class against the rest. Default: class 1 of two, the mean over classes of more. */
  readonly classIndex?: number;
}

const PUBLISHED = { bootstrap: 500, seed: 2024 } as const;

/**
 * AUC of a task with its interval; more than two classes: mean over classes, one against the rest.
 *
 * @param options `rule`, default `"percentile"`; `bootstrap`, default 2000; `seed`, default 7; `level`, default 0.95;
 *                `resampling`, default `"stratified"`; `classIndex`
 * @throws Undefined when a class has no patient; InvalidArgument, ShapeMismatch as `checkPredictions`
 * @example
 * evaluate.aucInterval(predictions, { rule: "published" }); // { value, low, high, level: 0.95, method }
 */
export function aucInterval(input: Predictions | BinaryScores, options: AucIntervalOptions = {}): Interval {
  const rule = options.rule ?? "percentile";
  if (!INTERVAL_RULES.includes(rule))
    throw invalidArgument("rule", rule, `one of ${INTERVAL_RULES.join(", ")}`);
  const settings = bootstrapSettings(rule === "published" ? { ...PUBLISHED, ...options } : options);
  const questions = questionsFor(rule, input, options.classIndex);
  for (const question of questions) {
    const problem = oneClassOnly(question);
    if (problem) throw undefinedError("the AUC", problem, "It needs patients of every class.");
  }
  const caption = bootstrapMethod(settings, fewestPatients(questions), rule === "bca" ? "BCa" : "percentile");
  const method = rule === "published" ? `mean over classes of ${caption}` : caption;
  return {
    value: meanAuc(questions),
    ...boundsBy(rule, questions, settings),
    level: settings.level,
    method,
  };
}

/** The published rule asks about both classes of two; otherwise one question is enough there. */
function questionsFor(
  rule: IntervalRule,
  input: Predictions | BinaryScores,
  classIndex: number | undefined,
): Question[] {
  const bothOfTwo = rule === "published" && classIndex === undefined && isPredictions(input);
  return bothOfTwo ? input.classes.map((_, k) => asQuestion(input, k)) : questionsAbout(input, classIndex);
}

function boundsBy(rule: IntervalRule, questions: readonly Question[], settings: BootstrapSettings) {
  if (rule === "published") return meanOfClassBounds(questions, settings);
  const sampled = sampledMeans(questions, settings, bootstrapRng(settings, "auc"));
  if (rule === "percentile") return middle(sampled, settings.level);
  return bcaBounds(meanAuc(questions), sampled, leaveOneOutAucs(questions), settings.level);
}

function meanOfClassBounds(questions: readonly Question[], settings: BootstrapSettings) {
  const bounds = questions.map((question, k) => {
    const sampled = new SampledAuc(question);
    const aucs = new Float64Array(settings.replicates);
    forEachSample(question.positive, settings, bootstrapRng(settings, `class ${k}`), (sample, replicate) => {
      aucs[replicate] = sampled.of(sample);
    });
    return middle(aucs, settings.level);
  });
  return { low: mean(bounds.map((b) => b.low)), high: mean(bounds.map((b) => b.high)) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
