/** What pathologists marked in a review page: the table, how often they agree with the model, and with each other. */
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { inspect } from "node:util";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import { invalidArgument, OsccError } from "../core/errors";
import { cohenKappa, type Kappa, type KappaOptions } from "./kappa";
import { checkLevel } from "./level";
import { type Interval, type UndefinedStatistic, undefinedBecause } from "./outcome";
import { wilson } from "./proportion";

/** The marks that a reviewer can set. */
export const REVIEW_MARKS = ["agree", "disagree", "unsure"] as const;
/** See `REVIEW_MARKS`. */
export type ReviewMark = (typeof REVIEW_MARKS)[number];

/** The form of a file of marks. */
export const REVIEW_FORMAT = "oscc-lab-review-1";

/** One case of a review. */
export interface ReviewRow {
  /** From 1, in the page's order. */
  readonly case: number;
  readonly patient: string;
  readonly task: string;
  /** The class that the maps explain. */
  readonly className: string;
  /** Its probability, 0 to 1. */
  readonly probability: number;
  /** `undefined`: not marked yet. */
  readonly mark: ReviewMark | undefined;
  readonly comment: string;
}

/** One reviewer's marks. Made by `readReview`. */
export interface Review {
  /** Names the page: two reviewers of one page have the same. */
  readonly id: string;
  /** As the reviewer wrote it; may be empty. */
  readonly reviewer: string;
  readonly title: string;
  readonly rows: readonly ReviewRow[];
}

/** How often a reviewer agrees. */
export interface ReviewAgreement {
  readonly cases: number;
  readonly agree: number;
  readonly disagree: number;
  readonly unsure: number;
  readonly unmarked: number;
  /** Agreement among the cases that were decided: agree or disagree. */
  readonly decided: Interval | UndefinedStatistic;
  /** Agreement among all marked cases: unsure counts as no agreement. */
  readonly marked: Interval | UndefinedStatistic;
}

/** A file of marks is small; a larger one is none. */
const MAX_BYTES = 20_000_000;

const row = z.object({
  case: z.coerce.number().int().positive(),
  patient: z.string().min(1),
  task: z.string(),
  className: z.string(),
  probability: z.coerce.number().min(0).max(1),
  mark: z
    .enum([...REVIEW_MARKS, ""])
    .nullish()
    .transform((mark) => mark || undefined),
  comment: z.string().default(""),
});
const reviewFile = z.object({
  format: z.literal(REVIEW_FORMAT),
  id: z.string().min(1),
  title: z.string().default(""),
  reviewer: z.string().default(""),
  marks: z.array(row).min(1),
});

/**
 * Read the marks that a review page saved, `.json` or `.csv`.
 *
 * @param file the file
 * @returns    the typed table
 * @throws OsccError `InvalidDataset` with every problem, when it is no file of marks
 * @example
 * const review = await evaluate.readReview("review-marks.json");
 * evaluate.reviewAgreement(review).decided; // { value: 0.87, low: 0.74, high: 0.94, ... }
 * plot.table(review.rows);
 */
export async function readReview(file: string): Promise<Review> {
  const text = await readText(file);
  const found = reviewFile.safeParse(/\.csv$/i.test(file) ? fromCsv(text, file) : fromJson(text, file));
  if (!found.success)
    throw notAReview(
      file,
      found.error.issues.slice(0, 20).map(({ path: where, message }) => `${where.join(".")}: ${message}`),
    );
  const { id, title, reviewer, marks } = found.data;
  const cases = marks.map((mark) => mark.case);
  if (new Set(cases).size !== cases.length) throw notAReview(file, ["a case is there twice"]);
  const rows: ReviewRow[] = marks.map(({ mark, ...rest }) => ({ ...rest, mark }));
  return printed({ id, title, reviewer, rows });
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw notAReview(file, [`it has ${size} bytes; at most ${MAX_BYTES} are read`]);
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    if (cause instanceof OsccError) throw cause;
    const why = cause instanceof TypeError ? "it is not UTF-8 text" : (cause as Error).message;
    throw notAReview(file, [why], cause);
  }
}

function fromJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notAReview(file, [`it is no JSON (${(cause as Error).message})`], cause);
  }
}

/** The same facts, one row a case; those of the page are repeated in each row. */
function fromCsv(text: string, file: string): unknown {
  let rows: Record<string, string>[];
  try {
    rows = parse(text, { columns: true, bom: true, skip_empty_lines: true, max_record_size: 1_000_000 });
  } catch (cause) {
    throw notAReview(file, [`it is no CSV table (${(cause as Error).message})`], cause);
  }
  const [first] = rows;
  const marks = rows.map((cells) => ({
    ...cells,
    className: cells.class,
    comment: (cells.comment ?? "").replace(/^'(?=[=+\-@])/, ""),
  }));
  return { format: first?.format, id: first?.review, title: first?.title, reviewer: first?.reviewer, marks };
}

function notAReview(file: string, problems: readonly string[], cause?: unknown): OsccError<"InvalidDataset"> {
  return new OsccError(
    "InvalidDataset",
    [
      `${path.basename(file)} is no file of marks:`,
      ...problems.map((problem) => `- ${problem}`),
      "Save the marks in the review page with its buttons  Save JSON  or  Save CSV.",
    ],
    { folder: path.dirname(file), problems },
    { cause },
  );
}

function printed(review: Review): Review {
  Object.defineProperty(review, inspect.custom, {
    enumerable: false,
    value: () => {
      const marked = review.rows.filter(({ mark }) => mark !== undefined).length;
      return `Review ${review.title || review.id} - ${review.reviewer || "no name"}: ${marked} of ${review.rows.length} cases marked`;
    },
  });
  return review;
}

/**
 * How often the reviewer agrees with the model, with Wilson's interval.
 *
 * @param review  see `readReview`
 * @param options `level`, default 0.95; `className`: only the cases of one class
 * @throws OsccError `InvalidArgument` for a class that no case has
 * @example
 * const review = await evaluate.readReview("review-marks.json");
 * evaluate.reviewAgreement(review, { className: "invaded" });
 */
export function reviewAgreement(
  review: Review,
  options: { readonly level?: number; readonly className?: string } = {},
): ReviewAgreement {
  const { level = 0.95, className } = options;
  checkLevel(level);
  const rows = review.rows.filter((one) => className === undefined || one.className === className);
  if (rows.length === 0)
    throw invalidArgument(
      "className",
      className,
      `one of ${[...new Set(review.rows.map((one) => one.className))].join(", ")}`,
    );
  const count = (mark: ReviewMark | undefined) => rows.filter((one) => one.mark === mark).length;
  const [agree, disagree, unsure] = REVIEW_MARKS.map(count) as [number, number, number];
  const share = (of: number, what: string) =>
    of === 0 ? undefinedBecause(`no case is ${what}`) : wilson(agree, of, level);
  return {
    cases: rows.length,
    agree,
    disagree,
    unsure,
    unmarked: count(undefined),
    decided: share(agree + disagree, "decided"),
    marked: share(agree + disagree + unsure, "marked"),
  };
}

/**
 * Agreement of two reviewers of one page with each other: Cohen's kappa over the cases that both marked.
 *
 * @param first   see `readReview`
 * @param second  the other reviewer's marks of the same page
 * @param options as `cohenKappa`; `classes` are the three marks
 * @throws OsccError `InvalidArgument` for marks of different pages, or when no case was marked by both
 * @example
 * const [one, two] = [await evaluate.readReview("marks-a.json"), await evaluate.readReview("marks-b.json")];
 * evaluate.reviewKappa(one, two).kappa; // { value: 0.64, low: 0.41, high: 0.87, ... }
 */
export function reviewKappa(
  first: Review,
  second: Review,
  options: Omit<KappaOptions, "classes"> = {},
): Kappa {
  if (first.id !== second.id)
    throw invalidArgument("reviews", `of pages ${first.id} and ${second.id}`, "two reviews of one page");
  const other = new Map(second.rows.map((one) => [one.case, one.mark]));
  const pairs = first.rows.flatMap(({ case: number, mark }) => {
    const theirs = other.get(number);
    return mark && theirs ? [[mark, theirs] as const] : [];
  });
  if (pairs.length === 0)
    throw invalidArgument("reviews", "no case that both marked", "one such case or more");
  return cohenKappa(
    pairs.map(([mark]) => mark),
    pairs.map(([, mark]) => mark),
    { ...options, classes: REVIEW_MARKS },
  );
}
