/** Deletion and insertion curves: does the model's answer depend on what a map marks? */
import { CAM_METHODS, type Faithfulness, type PerturbationCurve } from "../explain";
import { Figure } from "./figure";
import type { FigureOptions } from "./options";
import { axis, frame, groupColour, INK, MUTED, pinned } from "./theme";
import { escapeText } from "./words";

const PANEL_WIDTH = 270;
const PANEL_HEIGHT = 220;
const GAP = 56;
const WIDTH = 2 * PANEL_WIDTH + GAP;

/**
 * Deletion and insertion curves of one map, each beside the mean of random orders.
 *
 * @param result  of `explain.faithfulness`, or `faithfulness` of `explain.judge`
 * @example
 * const cam = await explain.gradCamPlusPlus(run, patient, { task: "TD" });
 * plot.faithfulness(await explain.faithfulness(run, patient, cam));
 */
export function faithfulness(result: Faithfulness, options: FigureOptions = {}): Figure {
  const { deletion, insertion, method, patient, className, provenance } = result;
  const { title } = CAM_METHODS[method];
  const panels = [
    { curve: deletion, name: "Deletion: lower is better", verb: "hidden", x: 0 },
    { curve: insertion, name: "Insertion: higher is better", verb: "shown", x: PANEL_WIDTH + GAP },
  ];
  const layout = frame(
    {
      title: escapeText(options.title ?? `Does “${className}” depend on what ${title} marks?`),
      subtitle: escapeText(options.subtitle ?? `patient ${patient} · all images together`),
      sources: [provenance],
      caveats: [
        `Hidden patches have the model’s mean colour. Dashed: ${deletion.random.orders === 1 ? "a random order" : `mean of ${deletion.random.orders} random orders, ± their standard deviation`}.`,
        ...(options.caveats ?? []),
      ],
    },
    { plotWidth: WIDTH, plotHeight: PANEL_HEIGHT, left: 62, right: 30, top: 50 },
  );
  const axes = panels.flatMap(({ verb, x }, i) => {
    const suffix = i === 0 ? "" : String(i + 1);
    return [
      [
        `xaxis${suffix}`,
        axis(`Share of patches ${verb}`, {
          range: [0, 1],
          domain: [x / WIDTH, (x + PANEL_WIDTH) / WIDTH],
          tickformat: ".0%",
          dtick: 0.25,
          anchor: `y${suffix}`,
        }),
      ],
      [
        `yaxis${suffix}`,
        axis(i === 0 ? "Probability" : "", { range: [0, 1.02], dtick: 0.25, anchor: `x${suffix}` }),
      ],
    ];
  });
  return new Figure(
    {
      data: panels.flatMap(({ curve }, i) => traces(curve, title, i)),
      layout: {
        ...layout,
        ...Object.fromEntries(axes),
        showlegend: false,
        annotations: [
          ...layout.annotations,
          ...panels.flatMap(({ curve, name, x }) => [
            label(`<b>${name}</b>`, x, 20, INK),
            label(areas(curve), x, 5, MUTED),
          ]),
        ],
      },
    },
    {
      alt: `Deletion and insertion curves of ${title}, patient ${patient}, class ${className}. Deletion: ${areas(deletion)}. Insertion: ${areas(insertion)}.`,
    },
  );
}

function traces(
  { shares, probabilities, random }: PerturbationCurve,
  title: string,
  panel: number,
): object[] {
  const suffix = panel === 0 ? "" : String(panel + 1);
  const line = (values: readonly number[], name: string, look: object) => ({
    type: "scatter",
    mode: "lines",
    x: shares,
    y: values,
    name,
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    line: { width: 2, ...look },
    hovertemplate: `${name}<br>%{x:.0%}: %{y:.3f}<extra></extra>`,
  });
  return [
    line(random.probabilities, "random order", { color: MUTED, dash: "dash" }),
    line(probabilities, escapeText(title), { color: groupColour(0), width: 2.6 }),
  ];
}

function areas({ auc, random }: PerturbationCurve): string {
  const spread = random.orders > 1 ? ` ± ${random.sd.toFixed(2)}` : "";
  return `area ${auc.toFixed(2)}, random ${random.auc.toFixed(2)}${spread}`;
}

function label(text: string, x: number, yshift: number, color: string): object {
  return {
    ...pinned("left", "bottom"),
    x: x / WIDTH,
    y: 1,
    yshift,
    text,
    font: { size: 12, color },
  };
}
