/** A paper without a fault, made from a seeded truth: predictions, their metrics and intervals, means, labels. */
import type { LabelFile, PrintedPaper } from "../../../src/audit";
import { Rng } from "../../../src/core/random";
import {
  aucInterval,
  CORRELATION_METHODS,
  correlationMatrix,
  defined,
  metrics,
  type Predictions,
} from "../../../src/evaluate";
import { FUSIONS, type FusionKind, mebibytes, VIT_PRESETS, vitConfig } from "../../../src/model";
import { elements } from "../../../src/model/parameters";
import { vitParameters } from "../../../src/model/vit";

const SPLITS = ["train", "valid", "test"] as const;
const MODELS = ["a", "b"] as const;

export interface CleanPaper {
  readonly paper: PrintedPaper;
  readonly labels: LabelFile;
}

/** What a table prints: percent, two decimals. */
const percent = (share: number) => Number((100 * share).toFixed(2));

export function cleanPaper(seed: number): CleanPaper {
  const rng = new Rng(`clean/${seed}`);
  const truth = drawTruth(rng.split("labels"));
  const cells = truth.tasks.flatMap(({ name, classes }) =>
    MODELS.map((model) => {
      const predictions = predict(name, truth.test(name), classes, rng.split(`${name}/${model}`));
      const auc = aucInterval(predictions, { bootstrap: 150, seed });
      return {
        task: name,
        model,
        report: metrics(predictions, { zeroDivision: 0 }),
        auc: { value: percent(auc.value), low: percent(auc.low), high: percent(auc.high) },
        exact: auc.value,
        supports: classes.map((_, k) => truth.test(name).filter((label) => label === k).length),
      };
    }),
  );
  const paper: PrintedPaper = {
    source: `clean paper ${seed}`,
    metrics: cells.map(({ task, model, report, supports }) => ({
      where: `Metrics / ${task} / ${model}`,
      printed: {
        accuracy: percent(defined(report.accuracy, "accuracy")),
        recall: percent(defined(report.macro.recall, "recall")),
        precision: percent(defined(report.macro.precision, "precision")),
        f1: percent(defined(report.macro.f1, "F1")),
      },
      supports,
    })),
    intervals: cells.map(({ task, model, auc }) => ({
      where: `AUC / ${task} / ${model}`,
      ...auc,
      statistic: "AUC" as const,
    })),
    means: MODELS.map((model) => {
      const own = cells.filter((cell) => cell.model === model);
      return {
        where: `AUC / ${model} / mean`,
        printed: percent(own.reduce((sum, { exact }) => sum + exact, 0) / own.length),
        of: Object.fromEntries(own.map(({ task, auc }) => [task, auc.value])),
      };
    }),
    correlations: correlations(truth.columns, CORRELATION_METHODS[seed % 2]!),
    classCounts: truth.counts.map(({ task, label, ...counts }) => ({
      where: "Counts",
      task,
      label,
      counts,
    })),
    parameters: sizes(),
    claims: claims(cells),
  };
  return { paper, labels: { labelColumns: () => truth.columns, classCounts: () => truth.counts } };
}

function drawTruth(rng: Rng) {
  const patients = 300;
  const risk = Array.from({ length: patients }, () => rng.normal());
  const tasks = ["A", "B", "C"].map((name, i) => ({
    name,
    classes: i === 2 ? ["x", "y", "z"] : ["no", "yes"],
  }));
  const columns = Object.fromEntries(
    tasks.map(({ name, classes }) => {
      const weight = rng.range(0, 1);
      return [
        name,
        risk.map((r) => {
          const sign = weight * r + rng.normal();
          if (classes.length === 3) return sign < -0.5 ? 0 : sign < 0.6 ? 1 : 2;
          return sign > 0.4 ? 1 : 0;
        }),
      ];
    }),
  );
  const split = risk.map((_, i) => SPLITS[i % 4 === 0 ? 1 : i % 4 === 1 ? 2 : 0]!);
  const counts = tasks.flatMap(({ name, classes }) =>
    classes.map((_, label) => {
      const of = (part: string) =>
        columns[name]!.filter((value, i) => value === label && split[i] === part).length;
      return { task: name, label, train: of("train"), valid: of("valid"), test: of("test") };
    }),
  );
  return {
    tasks,
    columns,
    counts,
    test: (name: string) => columns[name]!.filter((_, i) => split[i] === "test"),
  };
}

/** Probabilities from noisy scores of the true class; skill differs, as it does between models. */
function predict(task: string, yTrue: readonly number[], classes: readonly string[], rng: Rng): Predictions {
  const skill = rng.range(0.2, 1.4);
  return {
    task,
    classes,
    patients: yTrue.map((_, i) => `${i}`),
    yTrue,
    probabilities: yTrue.map((label) => {
      const weights = classes.map((_, k) => Math.exp(rng.normal(k === label ? skill : 0, 1)));
      const sum = weights.reduce((a, b) => a + b);
      return weights.map((weight) => weight / sum);
    }),
  };
}

function correlations(
  columns: Readonly<Record<string, readonly number[]>>,
  method: (typeof CORRELATION_METHODS)[number],
): PrintedPaper["correlations"] {
  const { names, coefficients, pValues, counts } = correlationMatrix(columns, { method });
  return names.flatMap((a, i) =>
    names.slice(0, i).map((b, j) => ({
      where: `Correlation / ${a} and ${b}`,
      between: [a, b] as const,
      r: Number(defined(coefficients[i]![j]!, "r").toFixed(4)),
      p: Number(defined(pValues[i]![j]!, "p").toPrecision(2)),
      method,
      n: counts[i]![j]!,
    })),
  );
}

function sizes(): PrintedPaper["parameters"] {
  const size = (declared: Readonly<Record<string, { readonly shape: readonly number[] }>>) =>
    Number(
      mebibytes(Object.values(declared).reduce((sum, { shape }) => sum + elements(shape), 0)).toFixed(2),
    );
  return [
    ...(["vit-s/16", "vit-b/16"] as const).map((encoder) => ({
      where: `Sizes / ${encoder}`,
      table: "Sizes",
      size: size(vitParameters(vitConfig(VIT_PRESETS[encoder]))),
      architecture: { encoder },
    })),
    ...(Object.keys(FUSIONS) as FusionKind[]).map((fusion) => ({
      where: `Fusion sizes / ${fusion}`,
      table: "Fusion sizes",
      size: size(FUSIONS[fusion].parameters({ images: 6, featureWidth: 384, width: 768 })),
      architecture: { fusion },
    })),
  ];
}

function claims(
  cells: readonly {
    readonly task: string;
    readonly model: string;
    readonly auc: { readonly value: number };
  }[],
): PrintedPaper["claims"] {
  const values = Object.fromEntries(cells.map(({ task, model, auc }) => [`${task} ${model}`, auc.value]));
  const sorted = Object.entries(values).sort((x, y) => y[1] - x[1]);
  const [first, second] = sorted as [[string, number], [string, number]];
  const base = { where: "Text" };
  return [
    { ...base, says: `${first[0]} is best`, claim: "best", name: first[0], among: values },
    { ...base, says: `${first[1]} is the highest`, claim: "highest value", value: first[1], among: values },
    { ...base, says: "all above", claim: "all above", bound: sorted.at(-1)![1] - 0.01, values },
    {
      ...base,
      says: "difference",
      claim: "difference",
      of: [first[1], second[1]],
      value: Number((first[1] - second[1]).toFixed(2)),
    },
  ];
}
