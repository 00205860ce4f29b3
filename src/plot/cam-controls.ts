/** Sliders for threshold and opacity, and a switch for outlines: for every figure of activation maps. */
import { heatScale, type OverlayLook } from "./cam-overlay";
import { BUTTONS_HEIGHT, buttons, type Choice, type ControlPlace, SLIDER_HEIGHT, slider } from "./controls";

const THRESHOLDS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const OPACITIES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/** The room that the controls need below a drawing. */
export const CAM_CONTROLS_HEIGHT = SLIDER_HEIGHT;
/** The room that the switch needs above it. */
export const CAM_SWITCH_HEIGHT = BUTTONS_HEIGHT;

interface NamedTrace {
  readonly name?: string;
}

/** Which of the traces are maps, and which outlines. */
export function tracesNamed(traces: readonly object[], name: "map" | "outline"): number[] {
  return traces.flatMap((trace, i) => ((trace as NamedTrace).name === name ? [i] : []));
}

/** The nearest of the slider's stops. */
const nearestStop = (stops: readonly number[], value: number) =>
  stops.reduce((best, stop, i) => (Math.abs(stop - value) < Math.abs(stops[best]! - value) ? i : best), 0);

const percent = (share: number) => `${Math.round(100 * share)}%`;

/** The threshold slider: the colours of all maps at once. */
export function thresholdSlider(look: Required<OverlayLook>, place: ControlPlace): object {
  const choices = THRESHOLDS.map(
    (threshold): Choice => ({
      label: percent(threshold),
      method: "relayout",
      args: [{ "coloraxis.colorscale": heatScale(threshold) }],
    }),
  );
  return slider("Threshold", choices, nearestStop(THRESHOLDS, look.threshold), place);
}

/** The opacity slider: how much the maps cover the tissue. */
export function opacitySlider(
  look: Required<OverlayLook>,
  traces: readonly object[],
  place: ControlPlace,
): object {
  const maps = tracesNamed(traces, "map");
  const choices = OPACITIES.map(
    (opacity): Choice => ({ label: percent(opacity), method: "restyle", args: [{ opacity }, maps] }),
  );
  return slider("Opacity", choices, nearestStop(OPACITIES, look.opacity), place);
}

/** Two buttons: outlines on, outlines off. */
export function outlineSwitch(
  traces: readonly object[],
  place: Pick<ControlPlace, "left" | "top" | "plotWidth" | "plotHeight">,
): object {
  const outlines = tracesNamed(traces, "outline");
  const choice = (label: string, opacity: number): Choice => ({
    label,
    method: "restyle",
    args: [{ opacity }, outlines],
  });
  return buttons([choice("outlines", 1), choice("no outlines", 0)], 0, place);
}
