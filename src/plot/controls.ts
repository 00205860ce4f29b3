/** Sliders and buttons of interactive figures. All they do happens in the page, so they work without a kernel. */
import { AXIS_LINE, GRID, INK, MUTED, SURFACE } from "./theme";

/** One stop of a slider, or one button: its label and what Plotly changes. */
export interface Choice {
  readonly label: string;
  readonly method: "relayout" | "restyle" | "update";
  readonly args: readonly unknown[];
}

/** Where a control stands: pixels from the upper left corner of the drawing, which has the given size. */
export interface ControlPlace {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly plotWidth: number;
  readonly plotHeight: number;
}

/** The room of a slider below a drawing, labels included. */
export const SLIDER_HEIGHT = 76;
/** The room of a row of buttons. */
export const BUTTONS_HEIGHT = 40;

/** A slider: the line before its stops names what it sets. */
export function slider(
  name: string,
  choices: readonly Choice[],
  active: number,
  { left, top, width, plotWidth, plotHeight }: ControlPlace,
): object {
  return {
    active,
    steps: choices.map(({ label, method, args }) => ({ label, method, args })),
    x: left / plotWidth,
    y: 1 - top / plotHeight,
    xanchor: "left",
    yanchor: "top",
    lenmode: "pixels",
    len: width,
    pad: { l: 6, r: 6, t: 16, b: 0 },
    currentvalue: { prefix: `${name}: `, font: { size: 12, color: INK }, offset: 6, xanchor: "left" },
    font: { size: 11, color: MUTED },
    bgcolor: GRID,
    activebgcolor: AXIS_LINE,
    bordercolor: AXIS_LINE,
    tickcolor: AXIS_LINE,
    ticklen: 4,
    minorticklen: 0,
    transition: { duration: 0 },
  };
}

/** A row of buttons, of which one is chosen. */
export function buttons(
  choices: readonly Choice[],
  active: number,
  { left, top, plotWidth, plotHeight }: Omit<ControlPlace, "width">,
): object {
  return {
    type: "buttons",
    direction: "right",
    showactive: true,
    active,
    buttons: choices.map(({ label, method, args }) => ({ label, method, args })),
    x: left / plotWidth,
    y: 1 - top / plotHeight,
    xanchor: "left",
    yanchor: "top",
    pad: { l: 0, r: 0, t: 0, b: 0 },
    font: { size: 12, color: INK },
    bgcolor: SURFACE,
    bordercolor: AXIS_LINE,
    borderwidth: 1,
  };
}

/** What `relayout` takes to set one attribute of many items of a list: `{"images[3].visible": true, ...}`. */
export function eachItem(
  list: "images" | "shapes" | "annotations",
  attribute: string,
  values: ReadonlyMap<number, unknown>,
): Record<string, unknown> {
  return Object.fromEntries([...values].map(([i, value]) => [`${list}[${i}].${attribute}`, value]));
}
