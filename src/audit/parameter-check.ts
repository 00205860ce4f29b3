/** Do printed model sizes follow from the architectures? Counted from declarations: no weight is allocated. */
import {
  countParameters,
  type EncoderName,
  FUSIONS,
  type FusionKind,
  featureWidth,
  mebibytes,
  type ParameterCount,
  vitConfig,
} from "../model";
import { HEAD_HIDDEN, headParameters } from "../model/head";
import { vitParameters } from "../model/vit";
import { contains, print, valuesBehind } from "./digits";
import type { Finding } from "./finding";

/** A printed size in MiB of float32 (the "MB" of many papers), and what it is the size of. */
export interface ParameterFact {
  readonly where: string;
  /** Rows of one table should all count the same parts. */
  readonly table: string;
  readonly size: number;
  readonly architecture: Architecture;
  /** Default 2. */
  readonly decimals?: number | undefined;
}

/** An encoder of this package, an encoder by its number of parameters, or a fusion block alone. */
export type Architecture =
  | { readonly encoder: EncoderName; readonly imageSize?: number | undefined }
  | { readonly parameters: number; readonly featureWidth: number }
  | { readonly fusion: FusionKind };

/** Images of a patient, width of the fused vector, classes: as the study has them. */
const STUDY = { images: 6, width: 768, featureWidth: 384, classes: 2, fusion: "concat" } as const;

/** The sizes that a printed number may be: of a part, or of the whole model around it. */
interface Accounting {
  readonly counts: "the encoder alone" | "encoder, fusion and head" | "the fusion block";
  readonly size: number;
}

export function checkParameters(facts: readonly ParameterFact[]): Finding[] {
  const read = facts.map((fact) => {
    const { decimals = 2, size } = fact;
    const accountings = accountingsOf(fact.architecture);
    const counts = accountings.find((each) => contains(valuesBehind(size, decimals), each.size));
    return { fact, accountings, counts };
  });
  const impossible = read.flatMap(({ fact, accountings, counts }) =>
    counts ? [] : [notOfThis(fact, accountings)],
  );
  const tables = [...new Set(facts.map(({ table }) => table))];
  const mixed = tables.flatMap((table) => {
    const rows = read.flatMap(({ fact, counts }) =>
      counts && fact.table === table ? [{ where: fact.where, size: fact.size, counts: counts.counts }] : [],
    );
    return new Set(rows.map(({ counts }) => counts)).size > 1 ? [mixedAccounting(table, rows)] : [];
  });
  return [...impossible, ...mixed];
}

function accountingsOf(architecture: Architecture): Accounting[] {
  if ("fusion" in architecture)
    return [{ counts: "the fusion block", size: fusionSize(architecture.fusion, STUDY.featureWidth) }];
  const { encoder, featureWidth } = encoderOf(architecture);
  const head = total(headParameters({ inputs: STUDY.width, hidden: HEAD_HIDDEN, classes: STUDY.classes }));
  return [
    { counts: "the encoder alone", size: encoder },
    {
      counts: "encoder, fusion and head",
      size: encoder + fusionSize(STUDY.fusion, featureWidth) + head,
    },
  ];
}

function encoderOf(architecture: Exclude<Architecture, { fusion: FusionKind }>) {
  if ("parameters" in architecture)
    return { encoder: mebibytes(architecture.parameters), featureWidth: architecture.featureWidth };
  const { imageSize } = architecture;
  const config = vitConfig(architecture.encoder, imageSize ? { imageSize } : {});
  return { encoder: total(vitParameters(config)), featureWidth: featureWidth(config) };
}

function fusionSize(kind: FusionKind, featureWidth: number): number {
  return total(FUSIONS[kind].parameters({ images: STUDY.images, featureWidth, width: STUDY.width }));
}

function total(declarations: Parameters<typeof countParameters>[0]): number {
  const rows: readonly ParameterCount[] = countParameters(declarations);
  return rows.at(-1)!.mebibytes;
}

function notOfThis(
  { where, size, decimals = 2 }: ParameterFact,
  accountings: readonly Accounting[],
): Finding {
  const expected = accountings.map((each) => `${print(each.size, decimals)} (${each.counts})`);
  const near = nearFusion(size, decimals);
  return {
    where,
    kind: "parameters",
    printed: `${print(size, decimals)} MiB`,
    expected: expected.join(" or "),
    confidence: "impossible",
    explanation: `This architecture has ${expected.join(", ")}.${near}`,
    evidence: Object.fromEntries(accountings.map((each) => [each.counts, each.size])),
  };
}

/** A fusion block of nearly this size: a hint, not more. */
function nearFusion(size: number, decimals: number): string {
  const near = (Object.keys(FUSIONS) as FusionKind[]).find(
    (kind) => Math.abs(fusionSize(kind, STUDY.featureWidth) - size) < 0.02,
  );
  if (!near) return "";
  return ` The ${near} fusion block alone has ${print(fusionSize(near, STUDY.featureWidth), decimals)}.`;
}

function mixedAccounting(
  table: string,
  rows: readonly { where: string; size: number; counts: string }[],
): Finding {
  const kinds = [...new Set(rows.map(({ counts }) => counts))];
  const named = kinds.map((kind) => {
    const of = rows
      .filter(({ counts }) => counts === kind)
      .map(({ where }) => where.split(" / ").slice(1).join(" "));
    return `${kind}: ${of.join(", ")}`;
  });
  return {
    where: `${table} / sizes`,
    kind: "parameters",
    printed: rows.map(({ size }) => String(size)).join(", "),
    expected: "one way of counting in a table",
    confidence: "inconsistent",
    explanation: `The rows of this column count different things. ${named.join("; ")}.`,
    evidence: Object.fromEntries(rows.map(({ where, size, counts }) => [where, `${size}: ${counts}`])),
  };
}
