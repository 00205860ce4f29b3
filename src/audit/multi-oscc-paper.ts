/** The study's tables as facts: which cells make which mean, which counts lie behind which metrics. */
import { z } from "zod";
import { invalidArgument } from "../core/errors";
import type { FusionKind } from "../model";
import type { Claim } from "./claim-check";
import type { ClassCountFact } from "./class-count-check";
import type { IntervalFact } from "./interval-check";
import type { MeanFact } from "./mean-check";
import type { MetricsFact } from "./metrics-check";
import {
  MULTI_OSCC_TABLES,
  type MultiOsccTables,
  type PrintedEstimate,
  type PrintedGrid,
} from "./multi-oscc-tables";
import type { PrintedPaper } from "./paper";
import type { Architecture, ParameterFact } from "./parameter-check";

const estimate = z.object({ value: z.number(), low: z.number(), high: z.number() });
const grid = z.record(z.string(), z.record(z.string(), z.union([estimate, z.number()])));

const tablesSchema: z.ZodType<MultiOsccTables> = z.object({
  source: z.string(),
  table3_task_correlation: z.record(
    z.string(),
    z.record(z.string(), z.object({ r: z.number(), p: z.number() })),
  ),
  table4_class_counts: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.number()))),
  table5_backbones: z.array(
    z.object({
      model: z.string(),
      pretraining: z.string(),
      paramsMB: z.number(),
      auc: z.record(z.string(), estimate),
      mean: z.number(),
    }),
  ),
  table6_fusion: z.object({ paramsMB: z.record(z.string(), z.number()), auc: grid }),
  table7_regions: grid,
  table8_stain: grid,
  table9_multitask: grid,
  table10_single_task: grid,
  table11_multi_task: grid,
});

/** Does this JSON value have the study's tables, rather than facts? */
export function isMultiOsccTables(json: unknown): boolean {
  return typeof json === "object" && json !== null && "table4_class_counts" in json;
}

/** @throws InvalidArgument naming the fields that are not as expected */
export function readMultiOsccTables(json: unknown): MultiOsccTables {
  const result = tablesSchema.safeParse(json);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.map(String).join(".")}: ${message}`,
  );
  throw invalidArgument("the printed tables", problems.slice(0, 8).join("; "), "tables 3 to 11 of the study");
}

/** The study's tables as facts that can be checked. */
export function paperOfMultiOscc(tables: MultiOsccTables): PrintedPaper {
  const grids: readonly (readonly [name: string, PrintedGrid])[] = [
    ["Table 6", tables.table6_fusion.auc],
    ["Table 7", tables.table7_regions],
    ["Table 8", tables.table8_stain],
    ["Table 9", tables.table9_multitask],
  ];
  const reports: readonly (readonly [name: string, PrintedGrid])[] = [
    ["Table 10", tables.table10_single_task],
    ["Table 11", tables.table11_multi_task],
  ];
  return {
    source: tables.source,
    metrics: reports.flatMap(([name, table]) => metricsOf(name, table, tables)),
    means: [...backboneMeans(tables), ...grids.flatMap(([name, table]) => meansOf(name, table))],
    intervals: [
      ...backboneIntervals(tables),
      ...grids.flatMap(([name, table]) => intervalsOf(name, table, () => true)),
      ...reports.flatMap(([name, table]) => intervalsOf(name, table, (column) => column === "auc")),
    ],
    correlations: correlationsOf(tables),
    classCounts: classCountsOf(tables),
    parameters: [...backboneSizes(tables), ...fusionSizes(tables)],
    claims: claimsOf(tables),
    notChecked: [
      "Table 5, sizes of Swin-Base, CONCH and Hibou-B: architectures that this package does not have",
    ],
  };
}

const backboneName = ({ model, pretraining }: { model: string; pretraining: string }) =>
  `${model} (${pretraining})`;

const isEstimate = (cell: PrintedEstimate | number | undefined): cell is PrintedEstimate =>
  typeof cell === "object";

function metricsOf(name: string, table: PrintedGrid, tables: MultiOsccTables): MetricsFact[] {
  return Object.entries(table).map(([task, row]) => {
    const value = (column: string) => (isEstimate(row[column]) ? row[column].value : undefined);
    const counts = Object.values(tables.table4_class_counts[task] ?? {});
    const of = (split: string) => counts.map((row) => row[split] ?? 0);
    return {
      where: `${name} / ${task}`,
      printed: {
        accuracy: value("acc") ?? 0,
        recall: value("recall"),
        precision: value("precision"),
        f1: value("f1"),
      },
      supports: of("test"),
      otherSupports: { "the validation split": of("valid") },
    };
  });
}

function backboneMeans(tables: MultiOsccTables): MeanFact[] {
  return tables.table5_backbones.map((row) => ({
    where: `Table 5 / ${backboneName(row)} / Mean`,
    printed: row.mean,
    of: Object.fromEntries(Object.entries(row.auc).map(([task, { value }]) => [task, value])),
  }));
}

function meansOf(name: string, table: PrintedGrid): MeanFact[] {
  return Object.entries(table.Mean ?? {}).flatMap(([column, printed]) =>
    typeof printed === "number"
      ? [{ where: `${name} / ${column} / Mean`, printed, of: columnOf(table, column) }]
      : [],
  );
}

/** The estimates of one column, by task. */
function columnOf(table: PrintedGrid, column: string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(table).flatMap(([task, row]) =>
      isEstimate(row[column]) ? [[task, row[column].value]] : [],
    ),
  );
}

function backboneIntervals(tables: MultiOsccTables): IntervalFact[] {
  return tables.table5_backbones.flatMap((row) =>
    Object.entries(row.auc).map(([task, cell]) => ({
      where: `Table 5 / ${backboneName(row)} / ${task}`,
      ...cell,
      statistic: "AUC" as const,
    })),
  );
}

function intervalsOf(name: string, table: PrintedGrid, isAuc: (column: string) => boolean): IntervalFact[] {
  return Object.entries(table).flatMap(([task, row]) =>
    Object.entries(row).flatMap(([column, cell]) =>
      isEstimate(cell)
        ? [
            {
              where: `${name} / ${task} / ${column}`,
              ...cell,
              statistic: isAuc(column) ? ("AUC" as const) : ("other" as const),
            },
          ]
        : [],
    ),
  );
}

function correlationsOf(tables: MultiOsccTables): PrintedPaper["correlations"] {
  const n = Object.values(tables.table4_class_counts.REC ?? {})
    .flatMap((row) => Object.values(row))
    .reduce((sum, count) => sum + count, 0);
  return Object.entries(tables.table3_task_correlation).flatMap(([a, row]) =>
    Object.entries(row).flatMap(([b, { r, p }]) =>
      a === b
        ? []
        : [
            {
              where: `Table 3 / ${a} and ${b}`,
              between: [a, b] as const,
              r,
              p,
              method: "spearman" as const,
              n,
            },
          ],
    ),
  );
}

function classCountsOf(tables: MultiOsccTables): ClassCountFact[] {
  return Object.entries(tables.table4_class_counts).flatMap(([task, classes]) =>
    Object.entries(classes).map(([label, counts]) => ({
      where: "Table 4",
      task,
      label: Number(label),
      counts,
    })),
  );
}

/**
 * What each row of table 5 is the size of. Encoders at 512 pixels, the study's image size; ResNet-50 and DenseNet-121
 * without their classifier, counted by torchvision 0.14 (25,557,032 - 2,049,000 and 7,978,856 - 1,025,000).
 */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  "ResNet50 (Imagenet)": { parameters: 23_508_032, featureWidth: 2048 },
  "DenseNet121 (Imagenet)": { parameters: 6_953_856, featureWidth: 1024 },
  "ViT-Base (Imagenet)": { encoder: "vit-b/16", imageSize: 512 },
  "ViT-Small (Imagenet)": { encoder: "vit-s/16", imageSize: 512 },
  "ViT-Small (PathoBench)": { encoder: "pathobench-vit-s/16", imageSize: 512 },
};

function backboneSizes(tables: MultiOsccTables): ParameterFact[] {
  return tables.table5_backbones.flatMap((row) => {
    const architecture = ARCHITECTURES[backboneName(row)];
    if (!architecture) return [];
    return [{ where: `Table 5 / ${backboneName(row)}`, table: "Table 5", size: row.paramsMB, architecture }];
  });
}

function fusionSizes(tables: MultiOsccTables): ParameterFact[] {
  return Object.entries(tables.table6_fusion.paramsMB).map(([fusion, size]) => ({
    where: `Table 6 / ${fusion}`,
    table: "Table 6",
    size,
    architecture: { fusion: fusion as FusionKind },
  }));
}

/** Sentences of the abstract that name numbers of the tables. */
function claimsOf(tables: MultiOsccTables): Claim[] {
  const aucs = (task: string) => ({
    ...Object.fromEntries(
      tables.table5_backbones.flatMap((row) => {
        const cell = row.auc[task];
        return cell ? [[backboneName(row), cell.value]] : [];
      }),
    ),
    ...Object.fromEntries(
      [tables.table6_fusion.auc, tables.table7_regions, tables.table8_stain, tables.table9_multitask].flatMap(
        (table) =>
          Object.entries(table[task] ?? {}).flatMap(([column, cell]) =>
            isEstimate(cell) ? [[column, cell.value]] : [],
          ),
      ),
    ),
  });
  const best = Object.fromEntries(
    Object.keys(tables.table4_class_counts).map((task) => [task, Math.max(...Object.values(aucs(task)))]),
  );
  const recurrence = tables.table8_stain.REC ?? {};
  const normalised = Object.entries(recurrence).flatMap(([name, cell]) =>
    name !== "origin" && isEstimate(cell) ? [[name, cell.value]] : [],
  );
  const mean = (column: string) => Number(tables.table9_multitask.Mean?.[column] ?? 0);
  const abstract = "Abstract";
  return [
    {
      where: abstract,
      says: "AUC of 94.72% for REC is the best",
      claim: "highest value",
      value: 94.72,
      among: aucs("REC"),
    },
    {
      where: abstract,
      says: "AUC of 81.23% for TD is the best",
      claim: "highest value",
      value: 81.23,
      among: aucs("TD"),
    },
    { where: abstract, says: "all tasks surpass 70% AUC", claim: "all above", bound: 70, values: best },
    {
      where: abstract,
      says: "stain normalization negatively affects recurrence prediction",
      claim: "all below",
      bound: isEstimate(recurrence.origin) ? recurrence.origin.value : 0,
      values: Object.fromEntries(normalised),
    },
    {
      where: abstract,
      says: "multi-task learning costs 3.34% average AUC",
      claim: "difference",
      of: [mean("singleTaskReinhard"), mean("gradNormReinhard")],
      value: 3.34,
    },
  ];
}

/** The paper's printed facts, ready to be audited. */
export const MULTI_OSCC_PAPER: PrintedPaper = paperOfMultiOscc(MULTI_OSCC_TABLES);
