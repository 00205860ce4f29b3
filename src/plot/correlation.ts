/** A heat map of pairwise correlations with their significance. */
import type { CorrelationMatrix, CorrelationMethod } from "../evaluate/correlation";
import { isUndefined, type Statistic } from "../evaluate/outcome";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { axis, colourAt, colourBar, DIVERGING, FAINT, frame, INK, inkOn } from "./theme";
import { count, escapeText, pValue, sentence, signed, visibleText, widestPx, wrap } from "./words";

/** Options of `plot.correlation`. */
export interface CorrelationFigureOptions extends FigureOptions {
  /** The coefficient at which the colours end, in (0, 1]. Default: 0.5 or 1, the lesser that holds them all. */
  readonly limit?: number;
  /** Names to show instead of the column names. */
  readonly names?: Readonly<Record<string, string>>;
}

const CELL_PX = 90;
const LABEL_MAX_PX = 120;
const LABEL_PX = 12;
const SYMBOLS: Readonly<Record<CorrelationMethod, string>> = {
  spearman: "ρ",
  pearson: "<i>r</i>",
  kendall: "τ",
};

/**
 * The lower triangle of a correlation matrix: coefficient, stars and p-value in each cell.
 *
 * Colours end at `limit` on both sides of zero; blue is negative, orange positive. P-values are two-sided and not
 * adjusted for the number of pairs, which the figure says.
 *
 * @param options `limit` default: 0.5 or 1, the lesser that holds all coefficients; `names` for the labels
 * @example
 * const figure = plot.correlation(evaluate.correlationMatrix(cohort.labelColumns(), { missing: -1 }));
 */
export function correlation(matrix: CorrelationMatrix, options: CorrelationFigureOptions = {}): Figure {
  const names = matrix.names.map((name) => options.names?.[name] ?? name);
  const limit = options.limit ?? limitOf(matrix);
  const columns = names.length - 1;
  const size = columns * CELL_PX;
  const columnLabels = names.slice(0, -1).map((name) => breakLabel(name, CELL_PX));
  const rowLabels = names.slice(1).map((name) => breakLabel(name, LABEL_MAX_PX));
  const labelLines = Math.max(...columnLabels.map((label) => label.split("<br>").length));
  const layout = frame(
    {
      title: options.title ?? `${sentence(matrix.method)} correlation`,
      subtitle: options.subtitle ?? describeCounts(matrix),
      ...(matrix.provenance ? { sources: [matrix.provenance] } : {}),
      caveats: [
        "* p < 0.05, ** p < 0.01, *** p < 0.001; two-sided, not adjusted for the number of pairs.",
        ...undefinedPairs(matrix, names),
        ...(options.caveats ?? []),
      ],
    },
    {
      plotWidth: size,
      plotHeight: size,
      left: widestPx(rowLabels, LABEL_PX) + 30,
      right: 90,
      bottom: 16 + labelLines * 16,
    },
  );
  const cells = lowerTriangle(matrix);
  return new Figure(
    {
      data: [hasDefined(cells) ? heatmap(matrix, cells, limit) : holdAxes()],
      layout: {
        ...layout,
        xaxis: labelAxis(columnLabels, [-0.5, columns - 0.5]),
        yaxis: labelAxis(rowLabels, [columns - 0.5, -0.5]),
        annotations: [
          ...layout.annotations,
          ...cells.flatMap((row, i) => row.flatMap((cell, j) => (cell ? [label(cell, i, j, limit)] : []))),
        ],
      },
    },
    { alt: altText(matrix, names) },
  );
}

interface Pair {
  readonly coefficient: Statistic;
  readonly p: Statistic;
}

type Cells = readonly (readonly (Pair | undefined)[])[];

function hasDefined(cells: Cells): boolean {
  return cells.some((row) => row.some((cell) => cell && !isUndefined(cell.coefficient)));
}

function heatmap({ method }: CorrelationMatrix, cells: Cells, limit: number): object {
  return {
    type: "heatmap",
    x: cells.map((_, j) => j),
    y: cells.map((_, i) => i),
    z: cells.map((row) =>
      row.map((cell) => (cell && !isUndefined(cell.coefficient) ? cell.coefficient : null)),
    ),
    customdata: cells.map((row) => row.map((cell) => (cell ? visibleText(cellWords(cell)) : ""))),
    zmin: -limit,
    zmax: limit,
    colorscale: DIVERGING,
    xgap: 2,
    ygap: 2,
    hoverongaps: false,
    hovertemplate: "%{customdata}<extra></extra>",
    colorbar: colourBar(`${sentence(method)} ${SYMBOLS[method]}`, {
      len: Math.min(1, 260 / (cells.length * CELL_PX)),
      y: 1,
      yanchor: "top",
    }),
  };
}

/** Plotly refuses a heat map without a value; the axes still carry the names. */
function holdAxes(): object {
  return { type: "scatter", x: [0], y: [0], mode: "markers", marker: { opacity: 0 }, hoverinfo: "skip" };
}

/** Row i holds the pairs of name i + 1 with all names before it. */
function lowerTriangle({ names, coefficients, pValues }: CorrelationMatrix): (Pair | undefined)[][] {
  return names.slice(1).map((_, i) =>
    names.slice(0, -1).map((_, j) => {
      if (j > i) return undefined;
      return { coefficient: coefficients[i + 1]![j]!, p: pValues[i + 1]![j]! };
    }),
  );
}

function limitOf(matrix: CorrelationMatrix): number {
  const sizes = lowerTriangle(matrix).flatMap((row) =>
    row.flatMap((cell) => (cell && !isUndefined(cell.coefficient) ? [Math.abs(cell.coefficient)] : [])),
  );
  const largest = Math.max(0, ...sizes);
  return largest <= 0.5 ? 0.5 : 1;
}

function stars(p: Statistic): string {
  if (isUndefined(p)) return "";
  return p < 0.001 ? "***" : p < 0.01 ? "**" : p < 0.05 ? "*" : "";
}

function cellWords({ coefficient, p }: Pair): string {
  if (isUndefined(coefficient)) return `undefined: ${coefficient.reason}`;
  return `${signed(coefficient, 3)}, ${isUndefined(p) ? "no p-value" : pValue(p)}`;
}

function label(cell: Pair, i: number, j: number, limit: number): object {
  const place = { x: j, y: i, showarrow: false, font: { size: 14, color: INK } };
  if (isUndefined(cell.coefficient)) return { ...place, text: "–", font: { size: 14, color: FAINT } };
  const ink = inkOn(colourAt(DIVERGING, 0.5 + cell.coefficient / (2 * limit)));
  const p = isUndefined(cell.p) ? "" : `<br><span style="font-size:10.5px">${pValue(cell.p)}</span>`;
  return {
    ...place,
    text: `<b>${signed(cell.coefficient, 2)}</b>${stars(cell.p)}${p}`,
    font: { size: 14, color: ink },
  };
}

function labelAxis(labels: readonly string[], range: readonly number[]): object {
  return axis("", {
    range,
    tickvals: labels.map((_, i) => i),
    ticktext: labels,
    tickfont: { size: LABEL_PX, color: INK },
    ticklabelstandoff: 4,
    tickangle: 0,
    tickmode: "array",
    showgrid: false,
    showline: false,
    ticks: "",
    fixedrange: true,
  });
}

function breakLabel(name: string, maxPx: number): string {
  return wrap(name, maxPx, LABEL_PX).map(escapeText).join("<br>");
}

function describeCounts({ counts }: CorrelationMatrix): string {
  const pairCounts = counts.flatMap((row, i) => row.slice(0, i));
  const [least, most] = [Math.min(...pairCounts), Math.max(...pairCounts)];
  return least === most
    ? `n = ${count(least)} patients`
    : `n = ${count(least)} to ${count(most)} patients per pair`;
}

function undefinedPairs(matrix: CorrelationMatrix, names: readonly string[]): string[] {
  return lowerTriangle(matrix).flatMap((row, i) =>
    row.flatMap((cell, j) =>
      cell && isUndefined(cell.coefficient)
        ? [`${names[i + 1]} and ${names[j]}: undefined, because ${cell.coefficient.reason}.`]
        : [],
    ),
  );
}

function altText(matrix: CorrelationMatrix, names: readonly string[]): string {
  const pairs = lowerTriangle(matrix).flatMap((row, i) =>
    row.flatMap((cell, j) =>
      cell ? [`${names[i + 1]} and ${names[j]} ${visibleText(cellWords(cell))}`] : [],
    ),
  );
  return `${sentence(matrix.method)} correlations, ${describeCounts(matrix)}. ${pairs.join("; ")}.`;
}
