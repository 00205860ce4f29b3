/** Maps of the same images from several methods, tasks or models, side by side. */
import { invalidArgument } from "../core/errors";
import type { CamMap, CamResult } from "../explain";
import { checkLook } from "./cam";
import {
  COLOUR_BAR_WIDTH,
  colourAxis,
  describeMap,
  mapNotes,
  type OverlayLook,
  overlayPanel,
  shortened,
  verdictHeight,
  verdictLines,
  verdictUnder,
} from "./cam-overlay";
import { Figure } from "./figure";
import { aspectOf, embedAll, type Micrograph, viewLabel } from "./micrograph";
import type { FigureOptions } from "./options";
import { mergePanels, type Panel, viewPanel } from "./panel";
import { frame, INK, LINE_HEIGHT, MUTED } from "./theme";
import { escapeText } from "./words";

/** Options of `plot.camComparison`. */
export type CamComparisonOptions = FigureOptions & OverlayLook;

const GAP = 5;
const ROW_GAP = 7;
const NOTEBOOK_WIDTH = 800;
const WIDEST_PANEL = 300;
const MOST_COLUMNS = 7;
const NAME_PX = 12.5;
const FACT_PX = 10.5;
const HEADER_HEIGHT = Math.ceil((NAME_PX + 2 * FACT_PX) * LINE_HEIGHT) + 8;

/**
 * One row for each image, one column for each result: methods, tasks or models beside each other. Each map has the
 * colours of its own range, which is printed on it.
 *
 * @param results maps of one patient by name, as `explain.cam` or `explain.cams` gives them; at most 7
 * @param options `threshold` default 0, `opacity` default 0.7, `contours` default `[0.5]`; `title`, `subtitle`, `caveats`
 * @throws OsccError `InvalidArgument` for no result, more than 7, different patients, or no image in common
 * @example
 * const [first, second] = await explain.cams(run, patient, { task: "TI", methods: ["gradCamPlusPlus", "occlusion"] });
 * await plot.camComparison({ "Grad-CAM++": first!, occlusion: second! });
 */
export async function camComparison(
  results: Readonly<Record<string, CamResult<Micrograph>>>,
  options: CamComparisonOptions = {},
): Promise<Figure> {
  const named = Object.entries(results);
  const look = checkLook(options);
  const patient = checkResults(named);
  const all = named.map(([, result]) => result);
  const views = commonViews(all);
  const columns = named.length + 1;
  const panelWidth = Math.min(WIDEST_PANEL, Math.floor((NOTEBOOK_WIDTH - (columns - 1) * GAP) / columns));
  const embedded = await embedAll(
    views.map(({ image }) => image),
    panelWidth,
    { scale: 1.25 },
  );
  const panelHeight = Math.round(panelWidth * aspectOf(embedded));
  const verdicts = views.map(({ maps }) => maps.map((map) => verdictLines(map, panelWidth)));
  const heights = verdicts.map(
    (lines) => panelHeight + verdictHeight(Math.max(...lines.map(({ length }) => length))),
  );
  const topOf = (row: number) => heights.slice(0, row).reduce((sum, height) => sum + height + ROW_GAP, 0);
  const size = {
    plotWidth: columns * (panelWidth + GAP) - GAP,
    plotHeight: topOf(views.length) - ROW_GAP,
  };
  const layout = frame(
    {
      title: options.title ?? `Maps compared, patient ${patient}`,
      ...(options.subtitle ? { subtitle: options.subtitle } : {}),
      sources: all.map(({ provenance }) => provenance),
      caveats: [...new Set(mapNotes(all)), ...(options.caveats ?? [])],
    },
    { ...size, left: 18, right: COLOUR_BAR_WIDTH, top: HEADER_HEIGHT + 8, bottom: 8 },
  );
  const place = (row: number, column: number): Panel => ({
    left: column * (panelWidth + GAP),
    top: topOf(row),
    width: panelWidth,
    height: panelHeight,
  });
  const parts = mergePanels(
    views.flatMap(({ image, maps }, row) => [
      viewPanel(row * columns, place(row, 0), embedded[row]!, viewLabel(image), size),
      ...maps.map((map, k) =>
        overlayPanel(
          row * columns + k + 1,
          place(row, k + 1),
          embedded[row]!,
          map,
          { full: map.range[1], result: all[k]!, look },
          size,
        ),
      ),
    ]),
  );
  const headers = named.map(([name, result], k) =>
    header(name, result, (k + 1) * (panelWidth + GAP), panelWidth, size.plotWidth),
  );
  const said = verdicts.flatMap((ofRow, row) =>
    ofRow.flatMap((lines, k) => verdictUnder(lines, place(row, k + 1), size)),
  );
  return new Figure(
    {
      data: parts.traces,
      layout: {
        ...layout,
        ...parts.axes,
        coloraxis: colourAxis("of the map's maximum", look.threshold, size),
        images: parts.images,
        shapes: parts.shapes,
        annotations: [...layout.annotations, ...headers, ...parts.annotations, ...said],
        showlegend: false,
      },
    },
    { alt: altText(named, patient) },
  );
}

type Named = readonly (readonly [name: string, result: CamResult<Micrograph>])[];

function checkResults(named: Named): string {
  if (named.length === 0) throw invalidArgument("results", "none", "one result or more, by name");
  if (named.length > MOST_COLUMNS)
    throw invalidArgument(
      "results",
      `${named.length} results`,
      `at most ${MOST_COLUMNS}`,
      "Draw two figures.",
    );
  const patients = [...new Set(named.map(([, { patient }]) => patient))];
  if (patients.length > 1)
    throw invalidArgument(
      "results",
      `maps of patients ${patients.join(" and ")}`,
      "maps of one patient",
      "For two patients draw  plot.cam  for each.",
    );
  return patients[0]!;
}

/** Images that every result has a map of, in the order of the first. */
function commonViews(results: readonly CamResult<Micrograph>[]) {
  const first = results[0]!.maps;
  const views = first.flatMap((map) => {
    const maps = results.map((result) => result.maps.find((other) => isSame(other, map)));
    return maps.every((found) => found !== undefined)
      ? [{ image: map.image, maps: maps as CamMap<Micrograph>[] }]
      : [];
  });
  if (views.length === 0)
    throw invalidArgument(
      "results",
      "maps of different images",
      "at least one image that all results explain",
    );
  return views;
}

function isSame(a: CamMap<Micrograph>, b: CamMap<Micrograph>): boolean {
  return viewLabel(a.image) === viewLabel(b.image);
}

/** Name, class explained and its probability above a column. */
function header(
  name: string,
  { task, className, probability }: CamResult<Micrograph>,
  left: number,
  width: number,
  plotWidth: number,
): object {
  const line = (text: string, px: number, bold = false) => escapeText(shortened(text, width, px, bold));
  return {
    xref: "paper",
    yref: "paper",
    x: left / plotWidth,
    y: 1,
    xanchor: "left",
    yanchor: "bottom",
    yshift: 4,
    align: "left",
    showarrow: false,
    borderpad: 0,
    borderwidth: 0,
    text: [
      `<span style="font-size:${NAME_PX}px;color:${INK}"><b>${line(name, NAME_PX, true)}</b></span>`,
      line(`${task}: ${className}`, FACT_PX),
      line(`probability ${probability.toFixed(3)}`, FACT_PX),
    ].join("<br>"),
    font: { size: FACT_PX, color: MUTED },
  };
}

function altText(named: Named, patient: string): string {
  const columns = named.map(
    ([name, { task, className, probability, maps }]) =>
      `${name}, class ${className} of task ${task}, probability ${probability.toFixed(3)}: ${maps.map(describeMap).join("; ")}`,
  );
  return `Activation maps of patient ${patient} side by side. ${columns.join(". ")}.`;
}
