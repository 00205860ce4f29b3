/** One photograph under its map at a time, with sliders for the view, the threshold and the opacity. */
import type { CamMap } from "../explain";
import type { CamContent } from "./cam";
import {
  CAM_CONTROLS_HEIGHT,
  CAM_SWITCH_HEIGHT,
  opacitySlider,
  outlineSwitch,
  thresholdSlider,
} from "./cam-controls";
import {
  COLOUR_BAR_WIDTH,
  colourAxis,
  overlayPanel,
  rangeInWords,
  verdictHeight,
  verdictLines,
  verdictUnder,
} from "./cam-overlay";
import { type Choice, eachItem, slider } from "./controls";
import { aspectOf, embedAll, type Micrograph, viewLabel } from "./micrograph";
import { chip, type PanelParts, viewPanel } from "./panel";
import type { FigureSpec } from "./render/spec";
import { frame } from "./theme";

const VIEWER_WIDTH = 720;
/** Picture pixels per CSS pixel: up to the 2592 pixels of the study's photographs. */
const SHARPNESS = 3.6;
/** All photographs of a viewer together, before base64. */
const VIEWER_BYTES = 2_400_000;
const LISTS = ["images", "shapes", "annotations"] as const;

/** The maps of a result as a Plotly figure with controls; all of them work in the page alone. */
export async function camViewer({ result, look, telling, fullOf, whose }: CamContent): Promise<FigureSpec> {
  const { maps } = result;
  const images = maps.map(({ image }) => image);
  const embedded = await embedAll(images, VIEWER_WIDTH, {
    scale: SHARPNESS,
    maxBytes: VIEWER_BYTES / maps.length,
  });
  const panel = {
    left: 0,
    top: 0,
    width: VIEWER_WIDTH,
    height: Math.round(VIEWER_WIDTH * aspectOf(embedded)),
  };
  const size = { plotWidth: panel.width, plotHeight: panel.height };
  const verdicts = maps.map((map) => verdictLines(map, VIEWER_WIDTH));
  const verdictRoom = verdictHeight(Math.max(0, ...verdicts.map((lines) => lines.length)));
  const layout = frame(telling, {
    ...size,
    left: 18,
    right: COLOUR_BAR_WIDTH,
    top: CAM_SWITCH_HEIGHT + 10,
    bottom: verdictRoom + (maps.length > 1 ? 2 : 1) * CAM_CONTROLS_HEIGHT + 12,
  });
  const parts = maps.map((map, i): PanelParts => {
    const drawn = overlayPanel(0, panel, embedded[i]!, map, { full: fullOf(map), result, look }, size);
    const hasMap = drawn.traces.length > 1;
    const annotations = hasMap
      ? [chip(0, `${viewLabel(map.image)} · ${rangeInWords(map)}`)]
      : nameFlat(map, drawn.annotations);
    return { ...drawn, annotations: [...annotations, ...verdictUnder(verdicts[i]!, panel, size)] };
  });
  const traces = parts.flatMap((part, i) => part.traces.map((trace) => ({ ...trace, visible: i === 0 })));
  const shown = (list: (typeof LISTS)[number]) =>
    parts.flatMap((part, i) => part[list].map((item) => ({ ...item, visible: i === 0 })));
  const below = panel.height + 6 + verdictRoom;
  const half = (panel.width - 24) / 2;
  const viewSlider = slider("View", viewChoices(maps, parts, layout.annotations.length), 0, {
    left: 0,
    top: below,
    width: panel.width,
    ...size,
  });
  const second = below + (maps.length > 1 ? CAM_CONTROLS_HEIGHT : 0);
  return {
    data: traces,
    layout: {
      ...layout,
      ...viewPanel(0, panel, { absent: "" }, "", size).axes,
      coloraxis: colourAxis(whose, look.threshold, size),
      images: shown("images"),
      shapes: shown("shapes"),
      annotations: [...layout.annotations, ...shown("annotations")],
      showlegend: false,
      dragmode: "pan",
      sliders: [
        ...(maps.length > 1 ? [viewSlider] : []),
        thresholdSlider(look, { left: 0, top: second, width: half, ...size }),
        opacitySlider(look, traces, { left: half + 24, top: second, width: half, ...size }),
      ],
      updatemenus: [outlineSwitch(traces, { left: 0, top: -CAM_SWITCH_HEIGHT, ...size })],
    },
    config: { scrollZoom: true },
  };
}

/** A flat map says which view it is of. */
function nameFlat(map: CamMap<Micrograph>, annotations: readonly object[]): readonly object[] {
  return [chip(0, `${viewLabel(map.image)} · flat map`), ...annotations.slice(1)];
}

/** A stop shows the traces, pictures and words of one view and hides those of all others. */
function viewChoices(
  maps: readonly CamMap<Micrograph>[],
  parts: readonly PanelParts[],
  annotationsBefore: number,
): Choice[] {
  const ownerOf = (list: "traces" | (typeof LISTS)[number]) =>
    parts.flatMap((part, i) => part[list].map(() => i));
  const owners = ownerOf("traces");
  return maps.map((map, chosen) => ({
    label: viewLabel(map.image),
    method: "update",
    args: [
      { visible: owners.map((owner) => owner === chosen) },
      Object.assign(
        {},
        ...LISTS.map((list) => {
          const before = list === "annotations" ? annotationsBefore : 0;
          const visible = ownerOf(list).map((owner, i) => [before + i, owner === chosen] as const);
          return eachItem(list, "visible", new Map(visible));
        }),
      ),
    ],
  }));
}
