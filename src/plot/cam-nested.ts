/** Maps of one site at several magnifications, each drawn where its field lies in the others. */
import { invalidArgument, unknownName } from "../core/errors";
import { CAM_METHODS, type CamMap, type CamResult } from "../explain";
import type { FieldPlace } from "../image/locate-field";
import { camTelling, checkLook } from "./cam";
import { CAM_CONTROLS_HEIGHT, opacitySlider, thresholdSlider } from "./cam-controls";
import {
  COLOUR_BAR_WIDTH,
  colourAxis,
  describeMap,
  isFlat,
  mapTraces,
  type OverlayLook,
  rangeInWords,
  seenRegion,
} from "./cam-overlay";
import { type FieldBoxes, fieldBoxes, type NestedField, nestedFields, placeWithin } from "./fields";
import { Figure } from "./figure";
import { aspectOf, type EmbeddedView, embedAll, type Micrograph } from "./micrograph";
import type { FigureOptions } from "./options";
import { chip, fitInside, mergePanels, type Panel, type PanelParts, picture, viewPanel } from "./panel";
import type { FigureSpec } from "./render/spec";
import { frame, INK, pinned } from "./theme";
import { magnificationLabel } from "./words";

/** Options of `plot.camNested`. */
export interface CamNestedOptions extends FigureOptions, OverlayLook {
  /** Which site. Default: the first of the maps. */
  readonly site?: string;
  /** `"known"` (default) or `"estimate"`: see `plot.magnifications`. */
  readonly fields?: Exclude<FieldBoxes, "none">;
  /** In JupyterLab with sliders for threshold and opacity. Default false. */
  readonly interactive?: boolean;
}

const GAP = 6;
const NOTEBOOK_WIDTH = 790;
const WIDEST_PANEL = 330;
const ROW_LABEL_WIDTH = 22;
const COLUMN_LABEL_HEIGHT = 20;
/** Sharp enough for the part of a ×200 picture that a ×1000 field shows. */
const SHARPNESS = 2;

/**
 * The maps of one site aligned: a column for each magnification's field, a row for each magnification's map. Down a
 * column the same tissue is explained at every magnification; wider maps are enlarged, narrower ones drawn in their box.
 *
 * Where it is not known how the fields lie, the panel says so.
 *
 * @param result  maps of one patient, as `explain.cam` gives them
 * @param options `site`; `fields` default `"known"`; `threshold`, `opacity`, `contours` as `plot.cam`; `interactive`
 * @throws OsccError `UnknownName` for a site without maps; `InvalidArgument` when the site has one map only
 * @example
 * await plot.camNested(await explain.gradCamPlusPlus(run, patient, { task: "TI" }), { site: "edge" });
 */
export async function camNested(
  result: CamResult<Micrograph>,
  options: CamNestedOptions = {},
): Promise<Figure> {
  const look = checkLook(options);
  const maps = mapsOfSite(result, options.site);
  const site = maps[0]!.image.site;
  const views = maps.map(({ image }) => image);
  const n = maps.length;
  const panelWidth = Math.min(WIDEST_PANEL, Math.floor((NOTEBOOK_WIDTH - (n - 1) * GAP) / n));
  const embedded = await embedAll(views, panelWidth, { scale: SHARPNESS });
  const cohort = views[0]!.patient?.cohort;
  const source = { id: result.patient, allImages: () => views, ...(cohort ? { cohort } : {}) };
  const nested = await nestedFields(source, views, embedded, options.fields ?? "known");
  const panelHeight = Math.round(panelWidth * aspectOf(embedded));
  const size = {
    plotWidth: n * (panelWidth + GAP) - GAP,
    plotHeight: n * (panelHeight + GAP) - GAP,
  };
  const telling = camTelling(result, {
    ...options,
    title:
      options.title ?? `${CAM_METHODS[result.method].title} of ${site} aligned, patient ${result.patient}`,
    caveats: [...nested.notes, ...(options.caveats ?? [])],
  });
  const drawing = { result, maps, embedded, fields: nested.fields, look };
  const parts = mergePanels(
    maps.flatMap((_, row) =>
      maps.map((_, column) => {
        const place = {
          left: column * (panelWidth + GAP),
          top: row * (panelHeight + GAP),
          width: panelWidth,
          height: panelHeight,
        };
        return alignedPanel(row * n + column, place, { row, column }, drawing, size);
      }),
    ),
  );
  const spec = (bottom: number): FigureSpec => {
    const layout = frame(telling, {
      ...size,
      left: 18 + ROW_LABEL_WIDTH,
      right: COLOUR_BAR_WIDTH,
      top: COLUMN_LABEL_HEIGHT + 10,
      bottom,
    });
    return {
      data: parts.traces,
      layout: {
        ...layout,
        ...parts.axes,
        coloraxis: colourAxis("of the map's maximum", look.threshold, size),
        images: parts.images,
        shapes: parts.shapes,
        annotations: [...layout.annotations, ...parts.annotations, ...labels(views, size)],
        showlegend: false,
      },
    };
  };
  const alt = altText(result, maps, site);
  const still = spec(8);
  if (!options.interactive) return new Figure(still, { alt });
  const live = spec(CAM_CONTROLS_HEIGHT + 12);
  const half = (size.plotWidth - 24) / 2;
  const below = { top: size.plotHeight + 6, width: half, ...size };
  const sliders = [
    thresholdSlider(look, { ...below, left: 0 }),
    opacitySlider(look, parts.traces, { ...below, left: half + 24 }),
  ];
  return new Figure(still, { alt, interactive: { ...live, layout: { ...live.layout, sliders } } });
}

function mapsOfSite(result: CamResult<Micrograph>, asked: string | undefined): CamMap<Micrograph>[] {
  const own = result.maps.filter(({ image }) => image.standsFor === undefined);
  const sites = [...new Set(own.map(({ image }) => image.site))];
  if (asked !== undefined && !sites.includes(asked)) throw unknownName("site", asked, sites);
  const site = asked ?? sites[0];
  const maps = own.filter(({ image }) => image.site === site);
  if (maps.length < 2)
    throw invalidArgument(
      "maps",
      `${maps.length} of ${site ?? "no site"}`,
      "maps of one site at two magnifications or more",
      "For single maps draw  plot.cam.",
    );
  return maps;
}

interface Drawing {
  readonly result: CamResult<Micrograph>;
  readonly maps: readonly CamMap<Micrograph>[];
  readonly embedded: readonly EmbeddedView[];
  readonly fields: readonly NestedField[];
  readonly look: Required<OverlayLook>;
}

/** The field of view `column` under the map of view `row`. */
function alignedPanel(
  i: number,
  panel: Panel,
  { row, column }: { readonly row: number; readonly column: number },
  { result, maps, embedded, fields, look }: Drawing,
  size: { readonly plotWidth: number; readonly plotHeight: number },
): PanelParts {
  const view = embedded[column]!;
  const map = maps[row]!;
  if ("absent" in view) return viewPanel(i, panel, view, "", size);
  if (isFlat(map)) return viewPanel(i, panel, { absent: "no place stands out" }, "flat map", size);
  const place = fitInside(panel, view.height / view.width);
  const where = wherePictureLies(row, column, fields);
  if (!where) return viewPanel(i, panel, { absent: "position unknown" }, "", size);
  const whole = placeWithin(place, where.place);
  const { axes, traces } = viewPanel(i, panel, view, "", size);
  const boxes = where.box
    ? fieldBoxes(
        i,
        place,
        [where.box],
        maps.map(({ image }) => image),
      )
    : undefined;
  return {
    axes,
    traces: [...traces, ...mapTraces(i, seenRegion(whole, result), map, map.range[1], look)],
    images: [picture(i, place, view.uri)],
    shapes: boxes?.shapes ?? [],
    annotations: [chip(i, rangeInWords(map)), ...(boxes?.annotations ?? [])],
  };
}

/** Where the picture of view `of` lies on the picture of view `on`, in shares of the latter; larger than it for a wider view. */
function wherePictureLies(
  of: number,
  on: number,
  fields: readonly NestedField[],
): { readonly place: FieldPlace; readonly box?: NestedField } | undefined {
  if (of === on) return { place: { left: 0, top: 0, width: 1, height: 1 } };
  const within = fields.find(({ outer, inner }) => outer === on && inner === of);
  if (within) return { place: within.place, box: within };
  const around = fields.find(({ outer, inner }) => outer === of && inner === on);
  if (!around) return undefined;
  const { left, top, width, height } = around.place;
  return { place: { left: -left / width, top: -top / height, width: 1 / width, height: 1 / height } };
}

/** Above each column its field, at the left of each row its map. */
function labels(
  views: readonly Micrograph[],
  { plotWidth, plotHeight }: Parameters<typeof viewPanel>[4],
): object[] {
  const n = views.length;
  const [width, height] = [(plotWidth + GAP) / n, (plotHeight + GAP) / n];
  return views.flatMap(({ magnification }, k) => {
    const name = magnificationLabel(magnification);
    const font = { size: 12, color: INK };
    return [
      {
        ...pinned("center", "bottom"),
        x: (k * width + (width - GAP) / 2) / plotWidth,
        y: 1,
        yshift: 4,
        text: `field of ${name}`,
        font,
      },
      {
        ...pinned("right", "middle"),
        x: 0,
        xshift: -5,
        y: 1 - (k * height + (height - GAP) / 2) / plotHeight,
        text: `map of ${name}`,
        textangle: -90,
        font,
      },
    ];
  });
}

function altText(result: CamResult<Micrograph>, maps: readonly CamMap<Micrograph>[], site: string): string {
  const { className, task, probability, patient } = result;
  return `Maps of the ${site} of patient ${patient} at ${maps.map(({ image }) => magnificationLabel(image.magnification)).join(", ")}, aligned by their fields, for class ${className} of task ${task}, probability ${probability.toFixed(3)}. ${maps.map(describeMap).join("; ")}.`;
}
