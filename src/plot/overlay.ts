/** A photograph under its map as pixels, at the photograph's own resolution. */
import { invalidArgument, unknownName } from "../core/errors";
import type { CamResult } from "../explain";
import { RgbImage } from "../image/rgb-image";
import { checkLook } from "./cam";
import { coverAt, isFlat, type OverlayLook, seenRegion, VIRIDIS, valueAt } from "./cam-overlay";
import type { Micrograph } from "./micrograph";
import { colourAt } from "./theme";

/** Options of `plot.overlay`. */
export interface OverlayOptions extends Omit<OverlayLook, "contours"> {
  /** Value of the strongest colour. Default: the map's maximum. */
  readonly full?: number;
}

/** Colours are looked up in so many steps. */
const STEPS = 512;

/**
 * One map of a result over its photograph, pixel for pixel: 2592 x 1944 in the study. For files and slides; in a notebook
 * `plot.cam` is smaller and has controls.
 *
 * A flat map leaves the photograph as it is.
 *
 * @param result  maps of one patient, as `explain.cam` gives them
 * @param view    which one: `{ site, magnification }`
 * @param options `threshold` default 0; `opacity` default 0.7; `full`: value of the strongest colour
 * @returns       the photograph's size, red, green, blue
 * @throws OsccError `UnknownName` for a view without map; `UnreadableImage`
 * @example
 * const result = await explain.gradCamPlusPlus(run, patient, { task: "TI" });
 * const picture = await plot.overlay(result, { site: "edge", magnification: "x400" }, { threshold: 0.3 });
 * await picture.save("overlay.jpg");
 */
export async function overlay(
  result: CamResult<Micrograph>,
  view: { readonly site: string; readonly magnification: string },
  options: OverlayOptions = {},
): Promise<RgbImage> {
  const { threshold, opacity } = checkLook(options);
  const name = `${view.site} ${view.magnification}`;
  const names = result.maps.map(({ image }) => `${image.site} ${image.magnification}`);
  const map = result.maps[names.indexOf(name)];
  if (!map) throw unknownName("view with a map", name, names);
  const full = options.full ?? map.range[1];
  const image = await map.image.load();
  if (isFlat(map)) return image;
  if (!(full > 0 && Number.isFinite(full))) throw invalidArgument("full", full, "a number above 0");
  const { width, height } = image;
  const seen = seenRegion({ left: 0, top: 0, width, height }, result);
  const value = valueAt(map.grid);
  const { red, green, blue, cover } = colourTable(threshold, opacity);
  const data = new Uint8Array(image.data);
  for (let y = 0; y < height; y++) {
    const v = (y + 0.5 - seen.top) / seen.height;
    if (v < 0 || v > 1) continue;
    for (let x = 0; x < width; x++) {
      const u = (x + 0.5 - seen.left) / seen.width;
      if (u < 0 || u > 1) continue;
      const step = Math.round(Math.min(1, Math.max(0, value(u, v) / full)) * STEPS);
      const alpha = cover[step]!;
      if (alpha === 0) continue;
      const at = (y * width + x) * 3;
      data[at] = Math.round(data[at]! * (1 - alpha) + red[step]! * alpha);
      data[at + 1] = Math.round(data[at + 1]! * (1 - alpha) + green[step]! * alpha);
      data[at + 2] = Math.round(data[at + 2]! * (1 - alpha) + blue[step]! * alpha);
    }
  }
  return new RgbImage(width, height, data);
}

function colourTable(threshold: number, opacity: number) {
  const table = {
    red: new Uint8Array(STEPS + 1),
    green: new Uint8Array(STEPS + 1),
    blue: new Uint8Array(STEPS + 1),
    cover: new Float64Array(STEPS + 1),
  };
  for (let i = 0; i <= STEPS; i++) {
    const share = i / STEPS;
    const hex = Number.parseInt(colourAt(VIRIDIS, share).slice(1), 16);
    table.red[i] = hex >> 16;
    table.green[i] = (hex >> 8) & 255;
    table.blue[i] = hex & 255;
    table.cover[i] = share < threshold ? 0 : opacity * coverAt(share);
  }
  return table;
}
