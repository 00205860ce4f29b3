/** Class activation maps over the images they explain. */
import { invalidArgument } from "../core/errors";
import { CAM_METHODS, type CamMap, type CamResult } from "../explain";
import {
  COLOUR_BAR_WIDTH,
  colourAxis,
  DEFAULT_LOOK,
  describeMap,
  explainedInWords,
  mapNotes,
  type OverlayLook,
  overlayPanel,
  shortNumber,
  verdictHeight,
  verdictLines,
  verdictUnder,
} from "./cam-overlay";
import { camViewer } from "./cam-viewer";
import { Figure } from "./figure";
import { aspectOf, embedAll, type Micrograph, viewGrid, viewLabel } from "./micrograph";
import type { FigureOptions } from "./options";
import { mergePanels, type Panel, viewPanel } from "./panel";
import { frame, type Telling } from "./theme";

/** Options of `plot.cam`. */
export interface CamFigureOptions extends FigureOptions, OverlayLook {
  /**
   * What the strongest colour stands for: `"view"` (default) each view's own maximum, which is printed on it;
   * `"patient"` the maximum over all views, so that views can be compared.
   */
  readonly scale?: "view" | "patient";
  /**
   * In JupyterLab one large photograph at a time, as sharp as 2.4 MB for all of them allow, with sliders for the view, the threshold and
   * the opacity, a switch for the outlines, and zoom with the wheel; the PNG stays the panel of all views. Default false.
   */
  readonly interactive?: boolean;
}

const INNER_GAP = 4;
const OUTER_GAP = 22;
const ROW_GAP = 8;
const NOTEBOOK_WIDTH = 820;
const WIDEST_PANEL = 330;
/** Where several rows of maps stand under one another. */
const WIDEST_PANEL_OF_MANY = 250;

/**
 * Each image beside the same image under its activation map, with range, class, probability and, where the maps were
 * judged, the verdict.
 *
 * The coarse grid is smoothed over the image; the line is drawn at half of the strongest value. A flat map is not drawn:
 * it says that no place speaks for the class.
 *
 * @param result  maps of one patient, as `explain.cam` gives them
 * @param options `scale`: `"view"` (default) or `"patient"`; `threshold` default 0, `opacity` default 0.7, `contours`
 *                default `[0.5]`, all shares; `interactive` default false
 * @throws OsccError `InvalidArgument` when there is no map, or a share is outside 0 to 1
 * @example
 * await plot.cam(await explain.gradCamPlusPlus(run, patient, { task: "REC" }), { interactive: true });
 */
export async function cam(result: CamResult<Micrograph>, options: CamFigureOptions = {}): Promise<Figure> {
  const { maps } = result;
  const { scale = "view", interactive = false } = options;
  if (maps.length === 0) throw invalidArgument("maps", "no map", "at least one image with its map");
  const look = checkLook(options);
  const telling = camTelling(result, options);
  const patientMaximum = Math.max(...maps.map(({ range }) => range[1]));
  const fullOf = (map: CamMap<unknown>) => (scale === "view" ? map.range[1] : patientMaximum);
  const whose =
    scale === "view" ? "of the view's maximum" : `of ${shortNumber(patientMaximum)}, the patient's maximum`;
  const content = { result, look, telling, fullOf, whose };
  const spec = await pairsOfPanels(content);
  const alt = altText(result);
  return interactive
    ? new Figure(spec, { alt, interactive: await camViewer(content) })
    : new Figure(spec, { alt });
}

/** The look with its defaults. @throws InvalidArgument for a share that is none */
export function checkLook(options: OverlayLook): Required<OverlayLook> {
  const look = {
    threshold: options.threshold ?? DEFAULT_LOOK.threshold,
    opacity: options.opacity ?? DEFAULT_LOOK.opacity,
    contours: options.contours ?? DEFAULT_LOOK.contours,
  };
  for (const [name, values] of Object.entries(look))
    for (const value of [values].flat())
      if (!(value >= 0 && value <= 1)) throw invalidArgument(name, value, "a share from 0 to 1");
  return look;
}

/** What the figure says of itself. */
export function camTelling(result: CamResult<Micrograph>, options: FigureOptions): Telling {
  return {
    title:
      options.title ??
      `${CAM_METHODS[result.method].title} for “${result.className}”, patient ${result.patient}`,
    subtitle: options.subtitle ?? explainedInWords(result),
    sources: [result.provenance],
    caveats: [...mapNotes([result]), ...(options.caveats ?? [])],
  };
}

/** What is drawn, and how. */
export interface CamContent {
  readonly result: CamResult<Micrograph>;
  readonly look: Required<OverlayLook>;
  readonly telling: Telling;
  /** The value of the strongest colour of a map. */
  readonly fullOf: (map: CamMap<unknown>) => number;
  /** "of the view's maximum", for the colour bar. */
  readonly whose: string;
}

async function pairsOfPanels({ result, look, telling, fullOf, whose }: CamContent) {
  const { maps } = result;
  const grid = pairGrid(maps);
  const pairs = grid.columns;
  const panelWidth = Math.min(
    grid.rows > 1 ? WIDEST_PANEL_OF_MANY : WIDEST_PANEL,
    Math.floor((NOTEBOOK_WIDTH - pairs * INNER_GAP - (pairs - 1) * OUTER_GAP) / (2 * pairs)),
  );
  const pairWidth = 2 * panelWidth + INNER_GAP;
  const embedded = await embedAll(
    maps.map(({ image }) => image),
    panelWidth,
  );
  const panelHeight = Math.round(panelWidth * aspectOf(embedded));
  const verdicts = maps.map((map) => verdictLines(map, pairWidth));
  const heights = Array.from({ length: grid.rows }, (_, row) =>
    Math.max(
      ...verdicts.map((lines, i) =>
        grid.places[i]!.row === row ? panelHeight + verdictHeight(lines.length) : 0,
      ),
    ),
  );
  const topOf = (row: number) => heights.slice(0, row).reduce((sum, height) => sum + height + ROW_GAP, 0);
  const size = {
    plotWidth: pairs * pairWidth + (pairs - 1) * OUTER_GAP,
    plotHeight: topOf(grid.rows) - ROW_GAP,
  };
  const layout = frame(telling, { ...size, left: 18, right: COLOUR_BAR_WIDTH, bottom: 8 });
  const places = grid.places.map(({ row, column }): Panel => {
    const left = column * (pairWidth + OUTER_GAP);
    return { left, top: topOf(row), width: panelWidth, height: panelHeight };
  });
  const parts = mergePanels(
    maps.flatMap((map, i) => {
      const image = places[i]!;
      const overlay: Panel = { ...image, left: image.left + panelWidth + INNER_GAP };
      const drawn = { full: fullOf(map), result, look };
      return [
        viewPanel(2 * i, image, embedded[i]!, viewLabel(map.image), size),
        overlayPanel(2 * i + 1, overlay, embedded[i]!, map, drawn, size),
      ];
    }),
  );
  return {
    data: parts.traces,
    layout: {
      ...layout,
      ...parts.axes,
      coloraxis: colourAxis(whose, look.threshold, size),
      images: parts.images,
      shapes: parts.shapes,
      annotations: [
        ...layout.annotations,
        ...parts.annotations,
        ...verdicts.flatMap((lines, i) => verdictUnder(lines, places[i]!, size)),
      ],
      showlegend: false,
    },
  };
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

function altText(result: CamResult<Micrograph>): string {
  const { className, task, probability, layers, maps, method } = result;
  const where = layers.length > 0 ? ` of layer ${layers.join(", ")}` : "";
  return `${CAM_METHODS[method].title} maps${where} for class ${className} of task ${task}, probability ${probability.toFixed(3)}. ${maps.map(describeMap).join("; ")}.`;
}
