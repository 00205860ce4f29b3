/** Class activation maps over the images they explain. */
import { invalidArgument } from "../core/errors";
import type { CamMap, CamResult } from "../explain";
import { Figure } from "./figure";
import {
  aspectOf,
  chip,
  type EmbeddedView,
  embed,
  fitInside,
  type Micrograph,
  mergePanels,
  type Panel,
  type PanelParts,
  panelAxes,
  picture,
  viewGrid,
  viewLabel,
  viewPanel,
} from "./micrograph";
import type { FigureOptions } from "./options";
import { axisSuffix, type ColourScale, colourBar, frame, MUTED, withAlpha } from "./theme";

/** Options of `plot.cam`. */
export interface CamFigureOptions extends FigureOptions {
  /**
   * What the strongest colour stands for: `"view"` (default) each view's own maximum, which is printed on it;
   * `"patient"` the maximum over all views, so that views can be compared.
   */
  readonly scale?: "view" | "patient";
}

const INNER_GAP = 4;
const OUTER_GAP = 22;
const ROW_GAP = 8;
const NOTEBOOK_WIDTH = 820;
const WIDEST_PANEL = 330;
/** Where several rows of maps stand under one another. */
const WIDEST_PANEL_OF_MANY = 250;
/** A map whose values differ by less than this share of its maximum points nowhere. */
const FLAT_SHARE = 1e-4;

/** Viridis (van der Walt and Smith, 2015): perceptually uniform, safe for colour vision deficiencies. */
const VIRIDIS = [
  "#440154",
  "#472d7b",
  "#3b528b",
  "#2c728e",
  "#21918c",
  "#28ae80",
  "#5ec962",
  "#addc30",
  "#fde725",
];
/** Weak activation lets the tissue through; strong activation still shows nuclei. */
const HEAT: ColourScale = VIRIDIS.map((colour, i) => {
  const share = i / (VIRIDIS.length - 1);
  return [share, withAlpha(colour, Number((0.08 + 0.6 * share ** 0.7).toFixed(3)))];
});

const METHOD_NAMES: Readonly<Record<CamResult["method"], string>> = {
  "grad-cam": "Grad-CAM",
  "grad-cam++": "Grad-CAM++",
};

/**
 * Each image beside the same image under its activation map, with range, class and probability.
 *
 * The coarse grid is smoothed over the image. A flat map is not drawn: it says that no place speaks for the class.
 *
 * @param result  maps of one patient, as `explain.gradCamPlusPlus` gives them
 * @param options `scale`: `"view"` (default) or `"patient"`
 * @throws OsccError `InvalidArgument` when there is no map
 * @example
 * await plot.cam(await explain.gradCamPlusPlus(run, patient, { task: "REC" }));
 */
export async function cam(result: CamResult<Micrograph>, options: CamFigureOptions = {}): Promise<Figure> {
  const { maps } = result;
  const { scale = "view" } = options;
  if (maps.length === 0) throw invalidArgument("maps", "no map", "at least one image with its map");
  const grid = pairGrid(maps);
  const pairs = grid.columns;
  const panelWidth = Math.min(
    grid.rows > 1 ? WIDEST_PANEL_OF_MANY : WIDEST_PANEL,
    Math.floor((NOTEBOOK_WIDTH - pairs * INNER_GAP - (pairs - 1) * OUTER_GAP) / (2 * pairs)),
  );
  const embedded = await Promise.all(maps.map(({ image }) => embed(image, panelWidth)));
  const panelHeight = Math.round(panelWidth * aspectOf(embedded));
  const size = {
    plotWidth: pairs * (2 * panelWidth + INNER_GAP) + (pairs - 1) * OUTER_GAP,
    plotHeight: grid.rows * (panelHeight + ROW_GAP) - ROW_GAP,
  };
  const method = METHOD_NAMES[result.method];
  const layout = frame(
    {
      title: options.title ?? `${method} for “${result.className}”, patient ${result.patient}`,
      subtitle:
        options.subtitle ??
        `task ${result.task} · class explained: ${result.className}, probability ${result.probability.toFixed(3)} · layer ${result.layer}`,
      sources: [result.provenance],
      caveats: [...result.notes, ...(options.caveats ?? [])],
    },
    { ...size, left: 18, right: 112, bottom: 8 },
  );
  const patientMaximum = Math.max(...maps.map(({ range }) => range[1]));
  const parts = mergePanels(
    maps.flatMap((map, i) => {
      const { row, column } = grid.places[i]!;
      const top = row * (panelHeight + ROW_GAP);
      const left = column * (2 * panelWidth + INNER_GAP + OUTER_GAP);
      const image: Panel = { left, top, width: panelWidth, height: panelHeight };
      const overlay: Panel = { ...image, left: left + panelWidth + INNER_GAP };
      const full = scale === "view" ? map.range[1] : patientMaximum;
      return [
        viewPanel(2 * i, image, embedded[i]!, viewLabel(map.image), size),
        overlayPanel(
          2 * i + 1,
          overlay,
          embedded[i]!,
          map,
          { full, seen: (place) => seenRegion(place, result) },
          size,
        ),
      ];
    }),
  );
  return new Figure(
    {
      data: [...parts.traces, colourKey(scale, patientMaximum, size)],
      layout: {
        ...layout,
        ...parts.axes,
        images: parts.images,
        shapes: parts.shapes,
        annotations: [...layout.annotations, ...parts.annotations],
        showlegend: false,
      },
    },
    { alt: altText(result, method) },
  );
}

interface PairGrid {
  readonly rows: number;
  readonly columns: number;
  readonly places: readonly { readonly row: number; readonly column: number }[];
}

/** Sites side by side, magnifications under one another; a view that stands in for another takes its place. */
function pairGrid(maps: readonly CamMap<Micrograph>[]): PairGrid {
  const views = maps.map(({ image: { site, standsFor, magnification } }) => ({
    site: standsFor ?? site,
    magnification,
  }));
  const { sites, magnifications } = viewGrid(views);
  const places = views.map(({ site, magnification }) => ({
    row: magnifications.indexOf(magnification),
    column: sites.indexOf(site),
  }));
  const distinct = new Set(places.map(({ row, column }) => `${row} ${column}`)).size === places.length;
  if (distinct && sites.length <= 3) return { rows: magnifications.length, columns: sites.length, places };
  const columns = Math.min(2, maps.length);
  return {
    rows: Math.ceil(maps.length / columns),
    columns,
    places: maps.map((_, i) => ({ row: Math.floor(i / columns), column: i % columns })),
  };
}

function overlayPanel(
  i: number,
  panel: Panel,
  view: EmbeddedView,
  map: CamMap<Micrograph>,
  { full, seen }: { readonly full: number; readonly seen: (place: Panel) => Panel },
  size: { readonly plotWidth: number; readonly plotHeight: number },
): PanelParts {
  if ("absent" in view) return viewPanel(i, panel, view, "map", size);
  if (isFlat(map)) return viewPanel(i, panel, { absent: "no place stands out" }, "flat map", size);
  const place = fitInside(panel, view.height / view.width);
  return {
    axes: panelAxes(i, panel, size.plotWidth, size.plotHeight),
    traces: [heat(i, seen(place), map, full)],
    images: [picture(i, place, view.uri)],
    shapes: [],
    annotations: [chip(i, `max ${shortNumber(map.range[1])}`)],
  };
}

function isFlat({ isFlat: isZero, range: [min, max] }: CamMap<Micrograph>): boolean {
  return isZero || !(max > 0) || max - min <= FLAT_SHARE * max;
}

/** The part of the drawn picture that the model saw, which is what the grid covers; with added glass it is larger. */
function seenRegion(
  place: Panel,
  { imageFit, inputAspect }: Pick<CamResult, "imageFit" | "inputAspect">,
): Panel {
  if (imageFit === "squash") return place;
  const byWidth = { width: place.width, height: place.width * inputAspect };
  const byHeight = { width: place.height / inputAspect, height: place.height };
  const widthIsInside = byWidth.height <= place.height;
  const { width, height } = (imageFit === "crop") === widthIsInside ? byWidth : byHeight;
  return {
    left: place.left + (place.width - width) / 2,
    top: place.top + (place.height - height) / 2,
    width,
    height,
  };
}

/** The grid as a smooth heat map; `full` is the value of the strongest colour. */
function heat(i: number, place: Panel, { grid }: CamMap<Micrograph>, full: number): object {
  const rows = grid.length;
  const columns = grid[0]?.length ?? 0;
  const [dx, dy] = [place.width / columns, place.height / rows];
  const suffix = axisSuffix(i);
  return {
    type: "heatmap",
    z: grid.map((row) => row.map((value) => value / full)),
    customdata: grid,
    x0: place.left + dx / 2,
    dx,
    y0: place.top + dy / 2,
    dy,
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    zmin: 0,
    zmax: 1,
    zsmooth: "best",
    colorscale: HEAT,
    showscale: false,
    hovertemplate: "%{customdata:.3g}<extra></extra>",
  };
}

/** The colour bar, carried by an invisible point. */
function colourKey(
  scale: "view" | "patient",
  patientMaximum: number,
  { plotWidth, plotHeight }: { readonly plotWidth: number; readonly plotHeight: number },
): object {
  const whose =
    scale === "view" ? "of the view's maximum" : `of ${shortNumber(patientMaximum)}, the patient's maximum`;
  return {
    type: "scatter",
    x: [0],
    y: [0],
    mode: "markers",
    marker: {
      size: 1,
      opacity: 0,
      color: [0],
      cmin: 0,
      cmax: 1,
      colorscale: HEAT,
      showscale: true,
      colorbar: colourBar(`Activation, share ${whose}`, {
        x: 1 + 12 / plotWidth,
        xpad: 0,
        len: Math.min(1, 300 / plotHeight),
        y: 1,
        yanchor: "top",
        ypad: 0,
        tickvals: [0, 0.25, 0.5, 0.75, 1],
        tickformat: ".0%",
        title: { text: `Activation, share<br>${whose}`, side: "right", font: { size: 11.5, color: MUTED } },
      }),
    },
    hoverinfo: "skip",
    showlegend: false,
  };
}

/** Three significant digits, with an exponent only where it is needed. */
function shortNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 0.001 && size < 10000) return String(Number(value.toPrecision(3)));
  const [digits, exponent] = value.toExponential(1).split("e");
  return `${digits}e${Number(exponent)}`.replace("-", "−");
}

function altText(
  { className, task, probability, layer, maps }: CamResult<Micrograph>,
  method: string,
): string {
  const described = maps.map((map) => {
    if (isFlat(map)) return `${viewLabel(map.image)}: flat`;
    return `${viewLabel(map.image)}: strongest ${placeOfMaximum(map.grid)}, maximum ${shortNumber(map.range[1])}`;
  });
  return `${method} maps of layer ${layer} for class ${className} of task ${task}, probability ${probability.toFixed(3)}. ${described.join("; ")}.`;
}

/** "upper left", "centre", "lower right", ... */
function placeOfMaximum(grid: readonly (readonly number[])[]): string {
  let best = { value: Number.NEGATIVE_INFINITY, row: 0, column: 0 };
  grid.forEach((values, row) => {
    values.forEach((value, column) => {
      if (value > best.value) best = { value, row, column };
    });
  });
  const vertical = ["upper", "", "lower"][Math.floor(((best.row + 0.5) / grid.length) * 3)]!;
  const horizontal = ["left", "", "right"][Math.floor(((best.column + 0.5) / grid[0]!.length) * 3)]!;
  return `${vertical} ${horizontal}`.trim() || "centre";
}
