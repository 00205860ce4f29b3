/** A confusion matrix: counts, and the share of each true class. */
import { invalidArgument } from "../core/errors";
import type { Confusion } from "../evaluate/metrics";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { axis, colourAt, colourBar, frame, INK, inkOn, MUTED, SEQUENTIAL } from "./theme";
import { count, escapeText, percent, widestPx, wrap } from "./words";

const CELL_PX = 96;
const LABEL_PX = 12;
const LABEL_MAX_PX = 130;

/**
 * Patients by true (rows) and predicted (columns) class; colour and percentage are shares of the row.
 *
 * @throws OsccError `InvalidArgument` for a matrix without a patient
 * @example
 * const figure = plot.confusion(evaluate.confusion(predictions));
 */
export function confusion(matrix: Confusion, options: FigureOptions = {}): Figure {
  const { classes, counts, total } = matrix;
  if (total === 0)
    throw invalidArgument(
      "confusion matrix",
      "no patient",
      "predictions of at least one patient with a known label",
    );
  const rowTotals = counts.map((row) => row.reduce((sum, n) => sum + n, 0));
  const shares = counts.map((row, i) => row.map((n) => (rowTotals[i]! > 0 ? n / rowTotals[i]! : null)));
  const columnLabels = classes.map((name) => breakLabel(name, CELL_PX - 6));
  const rowLabels = classes.map(
    (name, i) =>
      `${breakLabel(name, LABEL_MAX_PX)}<br><span style="color:${MUTED}">n = ${count(rowTotals[i]!)}</span>`,
  );
  const labelLines = Math.max(...columnLabels.map((label) => label.split("<br>").length));
  const rowLabelWidth = widestPx(rowLabels, LABEL_PX);
  const right = counts.reduce((sum, row, i) => sum + row[i]!, 0);
  const size = classes.length * CELL_PX;
  const layout = frame(
    {
      title: options.title ?? `Confusion matrix: ${matrix.task}`,
      subtitle:
        options.subtitle ??
        `n = ${count(total)} patients · accuracy ${percent(right / total, 1)} · percentages are shares of the true class`,
      ...(matrix.provenance ? { sources: [matrix.provenance] } : {}),
      caveats: options.caveats ?? [],
    },
    { plotWidth: size, plotHeight: size, left: rowLabelWidth + 54, right: 96, bottom: 44 + labelLines * 16 },
  );
  return new Figure(
    {
      data: [
        {
          type: "heatmap",
          x: classes.map((_, j) => j),
          y: classes.map((_, i) => i),
          z: shares,
          customdata: counts,
          zmin: 0,
          zmax: 1,
          colorscale: SEQUENTIAL,
          xgap: 2,
          ygap: 2,
          hovertemplate: "%{customdata} patients, %{z:.1%} of the true class<extra></extra>",
          colorbar: colourBar("Share of the true class", {
            tickformat: ".0%",
            tickvals: [0, 0.25, 0.5, 0.75, 1],
          }),
        },
      ],
      layout: {
        ...layout,
        xaxis: classAxis("Predicted class", columnLabels, [-0.5, classes.length - 0.5], 8),
        yaxis: classAxis("True class", rowLabels, [classes.length - 0.5, -0.5], 12),
        annotations: [
          ...layout.annotations,
          ...counts.flatMap((row, i) => row.map((n, j) => cellLabel(n, shares[i]![j]!, i, j))),
        ],
      },
    },
    { alt: altText(matrix, shares) },
  );
}

function cellLabel(n: number, share: number | null, i: number, j: number): object {
  const ink = share === null ? INK : inkOn(colourAt(SEQUENTIAL, share));
  const shareLine = share === null ? "no patient" : percent(share, 1);
  return {
    x: j,
    y: i,
    showarrow: false,
    text: `<b>${count(n)}</b><br><span style="font-size:12px">${shareLine}</span>`,
    font: { size: 16, color: ink },
  };
}

function classAxis(
  title: string,
  labels: readonly string[],
  range: readonly number[],
  standoff: number,
): object {
  return axis(title, {
    title: { text: title, standoff, font: { size: 13, color: INK } },
    range,
    tickmode: "array",
    tickvals: labels.map((_, i) => i),
    ticktext: labels,
    tickfont: { size: LABEL_PX, color: INK },
    ticklabelstandoff: 4,
    tickangle: 0,
    showgrid: false,
    showline: false,
    ticks: "",
    fixedrange: true,
  });
}

function breakLabel(name: string, maxPx: number): string {
  return wrap(name, maxPx, LABEL_PX).map(escapeText).join("<br>");
}

function altText(
  { task, classes, counts, total }: Confusion,
  shares: readonly (readonly (number | null)[])[],
): string {
  const rows = classes.map((name, i) => {
    const called = classes.map((predicted, j) => {
      const share = shares[i]![j];
      return `${counts[i]![j]} called ${predicted}${share === null || share === undefined ? "" : ` (${percent(share)})`}`;
    });
    return `Of ${name}: ${called.join(", ")}`;
  });
  return `Confusion matrix of ${task}, ${total} patients. ${rows.join(". ")}.`;
}
