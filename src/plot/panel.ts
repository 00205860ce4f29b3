/** Panels of a figure that hold pictures: their axes, frames and labels. */
import type { EmbeddedView } from "./micrograph";
import { scaleBar } from "./scale-bar";
import { axisSuffix, CHIP_FILL, FRAME_LINE, hiddenAxis, INK_ON_COLOUR, MUTED, SURFACE } from "./theme";
import { escapeText } from "./words";

/** A rectangle within the drawing, in pixels from its upper left corner. */
export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
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
    annotations: [...labelChip(i, label), ...bar.annotations],
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
    font: { size: 11.5, color: INK_ON_COLOUR },
    bgcolor: CHIP_FILL,
    borderpad: 2,
    borderwidth: 0,
  };
}

/** A panel may have no label: where the column or the subtitle says it. */
const labelChip = (i: number, label: string) => (label === "" ? [] : [chip(i, label)]);

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
        fillcolor: SURFACE,
        line: { color: FRAME_LINE, width: 1, dash: "dash" },
        layer: "below",
      },
    ],
    annotations: [
      ...labelChip(i, label),
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
