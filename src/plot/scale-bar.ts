/** Scale bars: how long, and how they are drawn. */
import type { Panel, PanelParts } from "./panel";
import { axisSuffix, CHIP_FILL, INK_ON_COLOUR } from "./theme";

/** A bar of 1, 2 or 5 times a power of ten micrometres, at most a quarter of the picture, in its lower right corner. */
export function scaleBar(
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
        fillcolor: CHIP_FILL,
        line: { width: 0 },
      },
      {
        type: "rect",
        ...axes,
        x0: right + 6 - backing / 2 - length / 2,
        x1: right + 6 - backing / 2 + length / 2,
        y0: bottom - 2,
        y1: bottom + 1,
        fillcolor: INK_ON_COLOUR,
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
        font: { size: 11, color: INK_ON_COLOUR },
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
