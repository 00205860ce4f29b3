/** Pictures that somebody made, side by side with a line under each. */
import { invalidArgument } from "../core/errors";
import type { Provenance } from "../core/provenance";
import type { RgbImage } from "../image/rgb-image";
import { captionUnder, shorten } from "./contact-sheet";
import { Figure } from "./figure";
import { aspectOf, embedAll } from "./micrograph";
import type { FigureOptions } from "./options";
import { mergePanels, type Panel, viewPanel } from "./panel";
import { frame } from "./theme";
import { count, escapeText } from "./words";

/** Options of `plot.pictures`. */
export interface PicturesOptions extends FigureOptions {
  /** Pictures in a row, 1 to 12. Default 4. */
  readonly columns?: number;
  /** Where the pictures come from: a notice of phantom data stands at the foot. */
  readonly provenance?: Provenance;
}

const SHEET_WIDTH = 880;
const GAP = 8;
const CAPTION_HEIGHT = 22;
const MOST_COLUMNS = 12;
const MOST_PICTURES = 60;

/**
 * Pictures side by side, with the name of each under it.
 *
 * @param pictures picture by caption, in order; 1 to 60. All get the shape of the first
 * @param options  `columns` default 4; `provenance`; `title`, `subtitle`, `caveats`
 * @throws OsccError `InvalidArgument` for no picture, too many, or columns outside 1 to 12
 * @example
 * const original = await patient.image("core", "x400").load();
 * await plot.pictures(
 *   { original, augmented: images.augment(original, "histology", { seed: 1 }) },
 *   { columns: 2, provenance: cohort.provenance },
 * );
 */
export async function pictures(
  pictures: Readonly<Record<string, RgbImage>>,
  options: PicturesOptions = {},
): Promise<Figure> {
  const { columns: wanted = 4, provenance } = options;
  const names = Object.keys(pictures);
  if (names.length === 0 || names.length > MOST_PICTURES)
    throw invalidArgument("pictures", `${names.length} pictures`, `1 to ${MOST_PICTURES}`);
  if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST_COLUMNS))
    throw invalidArgument("columns", wanted, `a whole number from 1 to ${MOST_COLUMNS}`);
  const columns = Math.min(wanted, names.length);
  const width = Math.floor((SHEET_WIDTH - (wanted - 1) * GAP) / wanted);
  const views = names.map((name) => ({
    site: name,
    magnification: "",
    status: "present" as const,
    load: async () => pictures[name]!,
  }));
  const embedded = await embedAll(views, width);
  const height = Math.round(width * aspectOf(embedded));
  const rowHeight = height + CAPTION_HEIGHT + GAP;
  const size = {
    plotWidth: columns * (width + GAP) - GAP,
    plotHeight: Math.ceil(names.length / columns) * rowHeight,
  };
  const place = (i: number): Panel => ({
    left: (i % columns) * (width + GAP),
    top: Math.floor(i / columns) * rowHeight,
    width,
    height,
  });
  const title = options.title ?? `${count(names.length)} ${names.length === 1 ? "picture" : "pictures"}`;
  const layout = frame(
    {
      title,
      ...(options.subtitle === undefined ? {} : { subtitle: options.subtitle }),
      sources: [provenance],
      caveats: options.caveats ?? [],
    },
    { ...size, left: 18, right: 18, bottom: 0 },
  );
  const parts = mergePanels(embedded.map((view, i) => viewPanel(i, place(i), view, "", size)));
  const captions = names.map((name, i) => captionUnder(escapeText(shorten(name, width)), place(i), size));
  return new Figure(
    {
      data: parts.traces,
      layout: {
        ...layout,
        ...parts.axes,
        images: parts.images,
        shapes: parts.shapes,
        annotations: [...layout.annotations, ...parts.annotations, ...captions],
        showlegend: false,
      },
    },
    { alt: `${title}: ${names.join("; ")}.` },
  );
}
