/** What a model of the clinical table uses: odds ratios with intervals, one line for each feature. */
import type { ClinicalBaseline, Coefficient } from "../baseline";
import type { CohortSchema } from "../cohort";
import { invalidArgument, unknownName } from "../core/errors";
import type { Figure } from "./figure";
import { estimatesInWords, type ForestRow, forest, intervalMethods, levelOf } from "./forest";
import type { FigureOptions } from "./options";
import { count } from "./words";

/** Options of `plot.coefficients`. */
export interface CoefficientsOptions extends FigureOptions {
  /** The class whose odds are drawn. Default: the last; of two classes there is only that one. */
  readonly className?: string;
  /** At most this many features, those with the largest effect. Default 24. */
  readonly limit?: number;
}

/**
 * Odds ratios of a clinical baseline on a log axis: right of 1 the class becomes more likely.
 *
 * Numbers are per standard deviation, so that lengths can be compared between features. The intervals are those of
 * the penalised model; the figure says so.
 *
 * @param model   result of `baseline.clinical`
 * @param options `className`, default the last class; `limit`, default 24
 * @throws UnknownName for a class that the task does not have; InvalidArgument for a limit below 1
 * @example
 * const figure = plot.coefficients(baseline.clinical(cohort, { task: "REC" }));
 */
export function coefficients<S extends CohortSchema>(
  model: ClinicalBaseline<S>,
  options: CoefficientsOptions = {},
): Figure {
  const { className = model.classes.at(-1)!, limit = 24 } = options;
  if (!(limit >= 1)) throw invalidArgument("limit", limit, "1 feature or more");
  const drawable = model.classes.length === 2 ? model.classes.slice(1) : model.classes;
  if (!drawable.includes(className)) throw unknownName("class", className, drawable);
  const ofClass = model.coefficients.filter((coefficient) => coefficient.className === className);
  const strongest = [...ofClass].sort((a, b) => effect(b) - effect(a)).slice(0, limit);
  const rows: ForestRow[] = ofClass
    .filter((coefficient) => strongest.includes(coefficient))
    .map((coefficient) => ({
      name: className,
      group: labelOf(coefficient),
      estimate: coefficient.oddsRatio,
      provenance: model.provenance,
    }));
  const level = levelOf(rows);
  const trained = Object.entries(model.trainedOn).map(([name, n]) => `${count(n)} ${name}`);
  return forest(rows, {
    title: options.title ?? `${sentence(model.title)}: what the clinical table says of “${className}”`,
    subtitle: options.subtitle ?? `Learned from ${trained.join(", ")}`,
    axisTitle: `Odds ratio with ${level} interval, log scale`,
    numbersTitle: "Odds ratio",
    reference: 1,
    referenceLabel: "no effect",
    bounds: [0, Number.POSITIVE_INFINITY],
    scale: "log",
    caveats: [
      "Numbers: per standard deviation. Penalised coefficients are drawn towards 1, and their intervals with them.",
      ...(model.classes.length > 2
        ? [`Odds of “${className}” against the geometric mean of all classes.`]
        : []),
      ...referencesInWords(ofClass),
      ...intervalMethods(rows),
      ...(ofClass.length > rows.length
        ? [`${ofClass.length - rows.length} features with smaller effects are not shown.`]
        : []),
      ...model.caveats,
      ...(options.caveats ?? []),
    ],
    alt: `Forest plot of odds ratios for ${className}. ${estimatesInWords(rows)}.`,
  });
}

const effect = ({ logOdds }: Coefficient) => Math.abs(logOdds.value);

/** A yes or no explains itself; a number says how much more. What levels are compared with stands at the foot. */
function labelOf({ feature, unit }: Coefficient): string {
  return unit.startsWith("per ") ? `${feature}, ${unit.replace(" (1 SD)", "")}` : feature;
}

function referencesInWords(coefficients: readonly Coefficient[]): string[] {
  const levels = coefficients.filter(({ unit }) => unit.startsWith("against "));
  return levels.map(({ feature, unit }) => `${sentence(feature.split(": ")[0]!)}: ${unit}.`);
}

const sentence = (title: string) => title.charAt(0).toUpperCase() + title.slice(1);
