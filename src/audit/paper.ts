/** The facts of a paper that can be checked: plain JSON, written by hand or made from its tables. */
import { z } from "zod";
import { invalidArgument } from "../core/errors";
import { CORRELATION_METHODS } from "../evaluate";
import { type EncoderName, FUSIONS, type FusionKind, VIT_PRESETS } from "../model";
import type { Claim } from "./claim-check";
import type { ClassCountFact } from "./class-count-check";
import type { CorrelationFact } from "./correlation-check";
import type { IntervalFact } from "./interval-check";
import type { MeanFact } from "./mean-check";
import type { MetricsFact } from "./metrics-check";
import { isMultiOsccTables, paperOfMultiOscc, readMultiOsccTables } from "./multi-oscc-paper";
import type { ParameterFact } from "./parameter-check";

/** Printed facts, each with the place where it stands. Every list may be absent. */
export interface PrintedPaper {
  readonly source: string;
  readonly metrics?: readonly MetricsFact[] | undefined;
  readonly means?: readonly MeanFact[] | undefined;
  readonly intervals?: readonly IntervalFact[] | undefined;
  readonly correlations?: readonly CorrelationFact[] | undefined;
  readonly classCounts?: readonly ClassCountFact[] | undefined;
  readonly parameters?: readonly ParameterFact[] | undefined;
  readonly claims?: readonly Claim[] | undefined;
  /** What the paper prints and nobody can check without more; repeated in the audit. */
  readonly notChecked?: readonly string[] | undefined;
}

const where = z.string().min(1);
const decimals = z.number().int().min(0).max(12).optional();
const patients = z.number().int().nonnegative();
const named = z
  .record(z.string(), z.number())
  .refine((values) => Object.keys(values).length > 0, "expected one value or more");
const supports = z.array(patients.min(1)).min(2).max(3);
const claimBase = { where, says: z.string().min(1), decimals };
const scale = z.number().positive().optional();

const paperSchema: z.ZodType<PrintedPaper> = z.strictObject({
  source: z.string().min(1),
  metrics: z
    .array(
      z.strictObject({
        where,
        printed: z.strictObject({
          accuracy: z.number(),
          recall: z.number().optional(),
          precision: z.number().optional(),
          f1: z.number().optional(),
        }),
        supports,
        otherSupports: z.record(z.string(), supports).optional() as z.ZodType<
          Readonly<Record<string, readonly number[]>>
        >,
        scale: scale as z.ZodType<number>,
        decimals: decimals as z.ZodType<number>,
      }),
    )
    .optional(),
  means: z.array(z.strictObject({ where, printed: z.number(), of: named, decimals })).optional(),
  intervals: z
    .array(
      z.strictObject({
        where,
        value: z.number(),
        low: z.number(),
        high: z.number(),
        statistic: z.enum(["AUC", "other"]),
        scale,
        decimals,
      }),
    )
    .optional(),
  correlations: z
    .array(
      z.strictObject({
        where,
        between: z.tuple([z.string(), z.string()]),
        r: z.number().min(-1).max(1),
        p: z.number().min(0).max(1).optional(),
        method: z.enum(CORRELATION_METHODS),
        n: patients.optional(),
        decimals,
      }),
    )
    .optional(),
  classCounts: z
    .array(
      z.strictObject({ where, task: z.string(), label: patients, counts: z.record(z.string(), patients) }),
    )
    .optional(),
  parameters: z
    .array(
      z.strictObject({
        where,
        table: z.string(),
        size: z.number().positive(),
        architecture: z.union([
          z.strictObject({
            encoder: z.enum(Object.keys(VIT_PRESETS) as [EncoderName, ...EncoderName[]]),
            imageSize: z.number().int().positive().optional(),
          }),
          z.strictObject({ parameters: patients, featureWidth: patients.min(1) }),
          z.strictObject({ fusion: z.enum(Object.keys(FUSIONS) as [FusionKind, ...FusionKind[]]) }),
        ]),
        decimals,
      }),
    )
    .optional(),
  claims: z
    .array(
      z.discriminatedUnion("claim", [
        z.strictObject({ ...claimBase, claim: z.literal("best"), name: z.string(), among: named }),
        z.strictObject({ ...claimBase, claim: z.literal("highest value"), value: z.number(), among: named }),
        z.strictObject({ ...claimBase, claim: z.literal("all above"), bound: z.number(), values: named }),
        z.strictObject({ ...claimBase, claim: z.literal("all below"), bound: z.number(), values: named }),
        z.strictObject({
          ...claimBase,
          claim: z.literal("difference"),
          of: z.tuple([z.number(), z.number()]),
          value: z.number(),
        }),
      ]),
    )
    .optional(),
  notChecked: z.array(z.string()).optional(),
});

/**
 * Facts of a paper from JSON, checked: either facts as `PrintedPaper` has them, or the study's tables
 * (`table3_task_correlation` and so on), which are turned into facts.
 *
 * @param json a parsed JSON value
 * @throws InvalidArgument naming every field that is not as expected
 * @example
 * const paper = audit.readPaper({
 *   source: "A paper",
 *   means: [{ where: "Table 1 / mean", printed: 74.73, of: { a: 91.01, b: 71.68 } }],
 * });
 */
export function readPaper(json: unknown): PrintedPaper {
  if (isMultiOsccTables(json)) return paperOfMultiOscc(readMultiOsccTables(json));
  const result = paperSchema.safeParse(json);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.map(String).join(".") || "the paper"}: ${message}`,
  );
  throw invalidArgument(
    "the printed paper",
    problems.slice(0, 8).join("; ") + (problems.length > 8 ? `; and ${problems.length - 8} more` : ""),
    "facts as audit.PrintedPaper describes them",
  );
}
