/** Contributions of images over a cohort: which view, site and magnification matters, with intervals. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { type BootstrapIntervalOptions, bootstrapInterval, type Interval } from "../evaluate";
import type { View, ViewImage } from "../model";
import type { ContributionResult } from "./result";
import type { ScoreName } from "./score";

/** What some of the images add together, over patients. */
export interface ContributionGroup {
  /** `"core x200"`, `"edge"`, `"x400"` */
  readonly name: string;
  /** Mean over patients of the sum of the images' values: above 0 where they speak for the class on the whole. */
  readonly mean: Interval;
  /** Mean over patients of the size of that sum: how much they move the score, either way. */
  readonly size: Interval;
}

/** One kind of group against another. */
export interface ContributionDifference {
  /** The first less the second. */
  readonly between: readonly [string, string];
  /** Of `size`. 0 lies inside where the data cannot tell. */
  readonly size: Interval;
}

/** Contributions over a cohort. */
export interface ContributionSummary {
  readonly task: string;
  /** The class explained, where it is the same for all. */
  readonly className: string | undefined;
  readonly score: ScoreName | "custom";
  readonly baseline: string;
  readonly patients: number;
  readonly views: readonly ContributionGroup[];
  readonly sites: readonly ContributionGroup[];
  readonly magnifications: readonly ContributionGroup[];
  /** Every pair of sites: does the edge matter more than the core? */
  readonly siteDifferences: readonly ContributionDifference[];
  readonly magnificationDifferences: readonly ContributionDifference[];
  readonly provenance: Provenance;
}

/** Options of `summariseContributions`. */
export type ContributionSummaryOptions = Pick<
  BootstrapIntervalOptions<unknown>,
  "bootstrap" | "seed" | "level" | "rule"
>;

type Row = ContributionResult<ViewImage>;

/**
 * Put the contributions of many patients together: by view, by site, by magnification, and the differences.
 *
 * Values of images add up, so a site's value is the sum of its images'. Intervals are bootstrapped over patients.
 *
 * @param results  of one model and task, from `contributionsOfPatients`
 * @param options  `bootstrap`, default 2000; `seed`, default 7; `level`, default 0.95; `rule`
 * @throws InvalidArgument  for no result, or results of different tasks
 * @example
 * const results = await explain.contributionsOfPatients(run, cohort.split("test"), { task: "TI", targetClass: 1 });
 * const { siteDifferences } = explain.summariseContributions(results);
 */
export function summariseContributions(
  results: readonly ContributionResult<ViewImage>[],
  options: ContributionSummaryOptions = {},
): ContributionSummary {
  const [first] = results;
  if (!first) throw invalidArgument("results", "empty", "the contributions of one patient or more");
  const other = results.find(({ task, score }) => task !== first.task || score !== first.score);
  if (other)
    throw invalidArgument(
      "results",
      `of ${first.task} (${first.score}) and ${other.task} (${other.score})`,
      "results of one task and one score",
      "Summarise each by itself.",
    );
  const views = first.images.map(({ view }) => view);
  const group = groupIn(results, options);
  const difference = differenceIn(results, options);
  const sites = distinct(views.map(({ site }) => site));
  const magnifications = distinct(views.map(({ magnification }) => magnification));
  const ofSite = (site: string) => (view: View) => view.site === site;
  const ofMagnification = (magnification: string) => (view: View) => view.magnification === magnification;
  const classes = distinct(results.map(({ className }) => className));
  return {
    task: first.task,
    className: classes.length === 1 ? classes[0] : undefined,
    score: first.score,
    baseline: first.baseline,
    patients: results.length,
    views: views.map(({ site, magnification }) =>
      group(`${site} ${magnification}`, (view) => view.site === site && view.magnification === magnification),
    ),
    sites: sites.map((site) => group(site, ofSite(site))),
    magnifications: magnifications.map((name) => group(name, ofMagnification(name))),
    siteDifferences: pairs(sites).map(([a, b]) => difference([a, b], [ofSite(a), ofSite(b)])),
    magnificationDifferences: pairs(magnifications).map(([a, b]) =>
      difference([a, b], [ofMagnification(a), ofMagnification(b)]),
    ),
    provenance: first.provenance,
  };
}

type Chosen = (view: View) => boolean;

function groupIn(results: readonly Row[], options: ContributionSummaryOptions) {
  return (name: string, chosen: Chosen): ContributionGroup => ({
    name,
    mean: interval(results, (row) => sumOf(row, chosen), options),
    size: interval(results, (row) => Math.abs(sumOf(row, chosen)), options),
  });
}

function differenceIn(results: readonly Row[], options: ContributionSummaryOptions) {
  return (
    between: readonly [string, string],
    [first, second]: readonly [Chosen, Chosen],
  ): ContributionDifference => ({
    between,
    size: interval(results, (row) => Math.abs(sumOf(row, first)) - Math.abs(sumOf(row, second)), options),
  });
}

function sumOf(row: Row, chosen: Chosen): number {
  return row.images.reduce((sum, { view, value }) => sum + (chosen(view) ? value : 0), 0);
}

function interval(
  results: readonly Row[],
  valueIn: (row: Row) => number,
  options: ContributionSummaryOptions,
): Interval {
  const values = results.map(valueIn);
  const mean = (rows: readonly number[]) => rows.reduce((sum, value) => sum + value, 0) / rows.length;
  return bootstrapInterval(values, mean, options);
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function pairs(names: readonly string[]): [string, string][] {
  return names.flatMap((a, i) => names.slice(i + 1).map((b): [string, string] => [b, a]));
}
