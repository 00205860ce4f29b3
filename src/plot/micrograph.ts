/** Micrographs in figures: embedded small, framed, labelled with site and magnification, with a scale bar. */

import type { TaskDefinition } from "../cohort/schema";
import { isOsccError } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { RgbImage } from "../image/rgb-image";
import { axisSuffix, hiddenAxis, INK, MUTED } from "./theme";
import { escapeText, magnificationLabel } from "./words";

/** One view of a patient. `PatientImage` is one. */
export interface Micrograph {
  readonly site: string;
  readonly magnification: string;
  readonly status: "present" | "missing";
  /** Width of one pixel of the file in micrometres; without it there is no scale bar. */
  readonly umPerPx?: number | undefined;
  /** Set when this image stands in for a missing one of another site. */
  readonly standsFor?: string | undefined;
  load(): Promise<RgbImage>;
}

/** A patient with views. `Patient` is one. */
export interface PatientViews {
  readonly id: string;
  readonly provenance?: Provenance;
  readonly labels?: Readonly<Record<string, number | undefined>>;
  readonly cohort?: { readonly schema: { readonly tasks: Readonly<Record<string, TaskDefinition>> } };
  allImages(): readonly Micrograph[];
}

/** A rectangle within the drawing, in pixels from its upper left corner. */
export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A view as it enters a figure: pixels as a data URI, or the reason why there are none. */
export type EmbeddedView =
  | { readonly uri: string; readonly width: number; readonly height: number; readonly umAcross?: number }
  | { readonly absent: string };

/** Micrographs are embedded with this many image pixels per CSS pixel. */
const EMBED_SCALE = 1.5;
const EMBED_QUALITY = 80;
const DEFAULT_ASPECT = 3 / 4;

/** Decode a view and make it small enough for a panel of the given width. */
export async function embed(view: Micrograph, panelWidth: number): Promise<EmbeddedView> {
  if (view.status === "missing") return { absent: "no image" };
  try {
    const image = await view.load();
    const width = Math.min(image.width, Math.round(panelWidth * EMBED_SCALE));
    const small = width < image.width ? await image.resize(width, heightFor(image, width)) : image;
    const jpeg = await small.toJpeg(EMBED_QUALITY);
    const umAcross = view.umPerPx === undefined ? undefined : view.umPerPx * image.width;
    return {
      uri: `data:image/jpeg;base64,${jpeg.toString("base64")}`,
      width: image.width,
      height: image.height,
      ...(umAcross === undefined ? {} : { umAcross }),
    };
  } catch (error) {
    if (isOsccError(error, "UnreadableImage")) return { absent: "file cannot be read" };
    throw error;
  }
}

const heightFor = (image: RgbImage, width: number) =>
  Math.max(1, Math.round((image.height * width) / image.width));

/** Height over width of the first view that is there; 3:4, as the study's microscope gives it, when none is. */
export function aspectOf(views: readonly EmbeddedView[]): number {
  const first = views.find((view) => !("absent" in view));
  return first && !("absent" in first) ? first.height / first.width : DEFAULT_ASPECT;
}

/** What one panel adds to a figure. */
export interface PanelParts {
  readonly axes: Record<string, object>;
  readonly traces: readonly object[];
  readonly images: readonly object[];
  readonly shapes: readonly object[];
  readonly annotations: readonly object[];
}

/** Put the parts of all panels together. */
export function mergePanels(parts: readonly PanelParts[]): PanelParts {
  return {
    axes: Object.assign({}, ...parts.map(({ axes }) => axes)),
    traces: parts.flatMap(({ traces }) => traces),
    images: parts.flatMap(({ images }) => images),
    shapes: parts.flatMap(({ shapes }) => shapes),
    annotations: parts.flatMap(({ annotations }) => annotations),
  };
}

/**
 * The axes of a panel count CSS pixels from its upper left corner, so that bars and maps can be placed.
 * A reader can zoom into each panel; its proportions stay.
 */
export function panelAxes(
  i: number,
  panel: Panel,
  plotWidth: number,
  plotHeight: number,
): Record<string, object> {
  const suffix = axisSuffix(i);
  return {
    [`xaxis${suffix}`]: hiddenAxis({
      anchor: `y${suffix}`,
      domain: [panel.left / plotWidth, (panel.left + panel.width) / plotWidth],
      fixedrange: false,
      range: [0, panel.width],
    }),
    [`yaxis${suffix}`]: hiddenAxis({
      anchor: `x${suffix}`,
      domain: [1 - (panel.top + panel.height) / plotHeight, 1 - panel.top / plotHeight],
      range: [panel.height, 0],
      scaleanchor: `x${suffix}`,
      fixedrange: false,
    }),
  };
}

/** A view in its panel: the picture with label and scale bar, or an empty frame that says what is missing. */
export function viewPanel(
  i: number,
  panel: Panel,
  view: EmbeddedView,
  label: string,
  size: { readonly plotWidth: number; readonly plotHeight: number },
): PanelParts {
  const axes = panelAxes(i, panel, size.plotWidth, size.plotHeight);
  const anchor = [holdAxes(i, panel)];
  if ("absent" in view)
    return { axes, traces: anchor, images: [], ...emptyFrame(i, panel, label, view.absent) };
  const place = fitInside(panel, view.height / view.width);
  const bar = scaleBar(i, place, view.umAcross);
  return {
    axes,
    traces: anchor,
    images: [picture(i, place, view.uri)],
    shapes: bar.shapes,
    annotations: [chip(i, label), ...bar.annotations],
  };
}

/** Plotly keeps a pair of axes only when a trace uses it. This one is invisible. */
function holdAxes(i: number, panel: Panel): object {
  const suffix = axisSuffix(i);
  return {
    type: "scatter",
    x: [panel.width / 2],
    y: [panel.height / 2],
    mode: "markers",
    marker: { size: 1, opacity: 0 },
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    hoverinfo: "skip",
    showlegend: false,
  };
}

/** The largest rectangle of the picture's shape in the panel, centred; in the panel's own pixels. */
export function fitInside(panel: Panel, aspect: number): Panel {
  const width = Math.min(panel.width, panel.height / aspect);
  const height = width * aspect;
  return { left: (panel.width - width) / 2, top: (panel.height - height) / 2, width, height };
}

/** An embedded picture in the axes of panel `i`. */
export function picture(i: number, place: Panel, uri: string): object {
  const suffix = axisSuffix(i);
  return {
    source: uri,
    xref: `x${suffix}`,
    yref: `y${suffix}`,
    x: place.left,
    y: place.top,
    sizex: place.width,
    sizey: place.height,
    xanchor: "left",
    yanchor: "top",
    sizing: "stretch",
    layer: "below",
  };
}

/** A label in the upper left corner of a panel; it stays there when a reader zooms. */
export function chip(i: number, text: string, corner: "left" | "right" = "left"): object {
  const suffix = axisSuffix(i);
  return {
    xref: `x${suffix} domain`,
    yref: `y${suffix} domain`,
    x: corner === "left" ? 0 : 1,
    y: 1,
    xanchor: corner,
    yanchor: "top",
    xshift: corner === "left" ? 5 : -5,
    yshift: -5,
    showarrow: false,
    text: escapeText(text),
    font: { size: 11.5, color: INK },
    bgcolor: "rgba(255,255,255,0.86)",
    borderpad: 2,
    borderwidth: 0,
  };
}

function emptyFrame(
  i: number,
  panel: Panel,
  label: string,
  reason: string,
): Pick<PanelParts, "shapes" | "annotations"> {
  const suffix = axisSuffix(i);
  const axes = { xref: `x${suffix}`, yref: `y${suffix}` };
  return {
    shapes: [
      {
        type: "rect",
        ...axes,
        x0: 0.5,
        y0: 0.5,
        x1: panel.width - 0.5,
        y1: panel.height - 0.5,
        fillcolor: "#f5f7f9",
        line: { color: "#b6c0ca", width: 1, dash: "dash" },
        layer: "below",
      },
    ],
    annotations: [
      chip(i, label),
      {
        ...axes,
        x: panel.width / 2,
        y: panel.height / 2,
        showarrow: false,
        text: escapeText(reason),
        font: { size: 12.5, color: MUTED },
      },
    ],
  };
}

/** A bar of 1, 2 or 5 times a power of ten micrometres, at most a quarter of the picture, in its lower right corner. */
function scaleBar(
  i: number,
  place: Panel,
  umAcross: number | undefined,
): Pick<PanelParts, "shapes" | "annotations"> {
  if (umAcross === undefined || !(umAcross > 0)) return { shapes: [], annotations: [] };
  const um = roundLength(umAcross / 4);
  const length = (um / umAcross) * place.width;
  const suffix = axisSuffix(i);
  const axes = { xref: `x${suffix}`, yref: `y${suffix}` };
  const right = place.left + place.width - 11;
  const bottom = place.top + place.height - 10;
  const backing = Math.max(length, 42) + 12;
  return {
    shapes: [
      {
        type: "rect",
        ...axes,
        x0: right + 6 - backing,
        x1: right + 6,
        y0: bottom - 20,
        y1: bottom + 5,
        fillcolor: "rgba(255,255,255,0.86)",
        line: { width: 0 },
      },
      {
        type: "rect",
        ...axes,
        x0: right + 6 - backing / 2 - length / 2,
        x1: right + 6 - backing / 2 + length / 2,
        y0: bottom - 2,
        y1: bottom + 1,
        fillcolor: INK,
        line: { width: 0 },
      },
    ],
    annotations: [
      {
        ...axes,
        x: right + 6 - backing / 2,
        y: bottom - 2,
        yanchor: "bottom",
        showarrow: false,
        text: um >= 1000 ? `${um / 1000} mm` : `${um} µm`,
        font: { size: 11, color: INK },
        borderpad: 0,
      },
    ],
  };
}

/** The largest of 1, 2, 5 times a power of ten that is not longer. */
export function roundLength(atMost: number): number {
  const power = 10 ** Math.floor(Math.log10(atMost));
  const step = [5, 2, 1].find((candidate) => candidate * power <= atMost * (1 + 1e-9)) ?? 1;
  return step * power;
}

/** "core ×200", and for which site it stands where it stands in for another. */
export function viewLabel({ site, magnification, standsFor }: Micrograph): string {
  const label = `${site} ${magnificationLabel(magnification)}`;
  return standsFor ? `${label}, in place of ${standsFor}` : label;
}

/** Sites and magnifications in the order in which a patient's views name them. */
export function viewGrid(views: readonly Pick<Micrograph, "site" | "magnification">[]): {
  sites: string[];
  magnifications: string[];
} {
  return {
    sites: [...new Set(views.map(({ site }) => site))],
    magnifications: [...new Set(views.map(({ magnification }) => magnification))],
  };
}

/** A patient's known labels in words: "recurrence: no · tumour differentiation: moderate". */
export function labelsInWords({ labels = {}, cohort }: PatientViews): string {
  const tasks = Object.entries(cohort?.schema.tasks ?? {});
  return tasks.map(([task, { title, classes }]) => `${title}: ${answer(classes, labels[task])}`).join(" · ");
}

/** Yes and no for a question whose first class is "no ...", else the class name. */
export function answer(classes: readonly string[], label: number | undefined): string {
  if (label === undefined) return "unknown";
  const isYesNo = classes.length === 2 && /^(no|not) /.test(classes[0] ?? "");
  if (isYesNo) return label === 0 ? "no" : "yes";
  return classes[label] ?? `label ${label}`;
}
