/** All views of one patient: a row for each site, a column for each magnification. */
import { invalidArgument } from "../core/errors";
import { type FieldBoxes, fieldBoxes, type NestedFields, nestedFields } from "./fields";
import { Figure } from "./figure";
import { magnificationViewer, VIEWER_WIDTH } from "./magnification-viewer";
import {
  aspectOf,
  type EmbeddedView,
  embedAll,
  labelsInWords,
  type Micrograph,
  type PatientViews,
  viewGrid,
  viewLabel,
} from "./micrograph";
import type { FigureOptions } from "./options";
import { fitInside, mergePanels, type Panel, type PanelParts, viewPanel } from "./panel";
import { frame } from "./theme";
import { magnificationLabel } from "./words";

/** Options of `plot.magnifications`. */
export interface MagnificationsOptions extends FigureOptions {
  /** Width of one micrograph in pixels. Default: by the number of magnifications, 263 for three. */
  readonly panelWidth?: number;
  /**
   * Boxes for the fields of higher magnification: `"known"` (default), `"estimate"` (by registration of the pictures,
   * which takes seconds on full photographs) or `"none"`.
   */
  readonly fields?: FieldBoxes;
  /**
   * In JupyterLab one large picture with a slider for the magnification, buttons for the site, and zoom with the wheel;
   * the PNG stays the panel of all views. Default false.
   */
  readonly interactive?: boolean;
}

const FIELD_BOXES: readonly FieldBoxes[] = ["known", "estimate", "none"];
const GAP = 6;
/** So wide that the whole figure fits a notebook. */
const NOTEBOOK_WIDTH = 800;
/** All pictures of a viewer together, before base64. */
const VIEWER_BYTES = 900_000;

/**
 * A patient's micrographs, sites by magnifications, each labelled; a missing view is an empty frame that says so.
 *
 * A scale bar is drawn where the cohort says how wide a pixel is; boxes on a micrograph are the fields of higher
 * magnification, where it is known how they lie.
 *
 * @param patient a patient of a cohort
 * @param options `interactive` default false; `fields` default `"known"`; `panelWidth` in pixels; `title`, `subtitle`
 *                (default: the labels in words), `caveats`
 * @throws OsccError `InvalidArgument` for a patient whose schema has no view, or an unknown `fields`
 * @example
 * await plot.magnifications(cohort.patient(17), { interactive: true });
 */
export async function magnifications(
  patient: PatientViews,
  options: MagnificationsOptions = {},
): Promise<Figure> {
  const views = patient.allImages();
  const { fields: boxes = "known" } = options;
  if (views.length === 0)
    throw invalidArgument("patient", patient.id, "a patient of a cohort with at least one view");
  if (!FIELD_BOXES.includes(boxes))
    throw invalidArgument("fields", boxes, `one of ${FIELD_BOXES.join(", ")}`);
  const panelWidth = options.panelWidth ?? defaultWidth(viewGrid(views).magnifications.length);
  const embedded = await embedAll(views, panelWidth);
  const nested = await nestedFields(patient, views, embedded, boxes);
  const telling = {
    title: options.title ?? `Patient ${patient.id}`,
    subtitle: options.subtitle ?? labelsInWords(patient),
    sources: [patient.provenance],
    caveats: [...nested.notes, ...(options.caveats ?? [])],
  };
  const spec = panelOfViews(views, embedded, nested, panelWidth, telling);
  const alt = altText(patient, views, embedded, nested);
  if (!options.interactive) return new Figure(spec, { alt });
  const large = await embedAll(views, VIEWER_WIDTH, {
    scale: 1.25,
    maxBytes: VIEWER_BYTES / views.length,
  });
  const content = { views, embedded: large, fields: nested.fields, aspect: aspectOf(large), telling };
  return new Figure(spec, { alt, interactive: magnificationViewer(content) });
}

/** All views at once: what paper and PNG show. */
function panelOfViews(
  views: readonly Micrograph[],
  embedded: readonly EmbeddedView[],
  { fields }: NestedFields,
  panelWidth: number,
  telling: Parameters<typeof frame>[0],
) {
  const grid = viewGrid(views);
  const panelHeight = Math.round(panelWidth * aspectOf(embedded));
  const size = {
    plotWidth: grid.magnifications.length * (panelWidth + GAP) - GAP,
    plotHeight: grid.sites.length * (panelHeight + GAP) - GAP,
  };
  const layout = frame(telling, { ...size, left: 18, right: 18, top: 12, bottom: 8 });
  const place = ({ site, magnification }: Micrograph): Panel => ({
    left: grid.magnifications.indexOf(magnification) * (panelWidth + GAP),
    top: grid.sites.indexOf(site) * (panelHeight + GAP),
    width: panelWidth,
    height: panelHeight,
  });
  const parts = mergePanels(
    views.flatMap((view, i): PanelParts[] => {
      const shown = embedded[i]!;
      const panel = place(view);
      const drawn = viewPanel(i, panel, shown, viewLabel(view), size);
      const inner = fields.filter(({ outer }) => outer === i);
      if ("absent" in shown || inner.length === 0) return [drawn];
      const boxes = fieldBoxes(i, fitInside(panel, shown.height / shown.width), inner, views);
      return [{ ...drawn, ...boxes, axes: {}, traces: [], images: [] }, drawn];
    }),
  );
  return {
    data: parts.traces,
    layout: {
      ...layout,
      ...parts.axes,
      images: parts.images,
      shapes: parts.shapes,
      annotations: [...layout.annotations, ...parts.annotations],
      showlegend: false,
    },
  };
}

function defaultWidth(columns: number): number {
  return Math.max(120, Math.min(420, Math.round((NOTEBOOK_WIDTH - GAP * (columns - 1)) / columns)));
}

function altText(
  patient: PatientViews,
  views: readonly Micrograph[],
  embedded: readonly EmbeddedView[],
  { fields, notes }: NestedFields,
): string {
  const grid = viewGrid(views);
  const missing = views.flatMap((view, i) => {
    const shown = embedded[i]!;
    return "absent" in shown ? [`${viewLabel(view)} (${shown.absent})`] : [];
  });
  const labels = labelsInWords(patient);
  return [
    `Micrographs of patient ${patient.id}, sites ${grid.sites.join(", ")} by magnifications ${grid.magnifications.map(magnificationLabel).join(", ")}.`,
    ...(missing.length > 0 ? [`Missing: ${missing.join(", ")}.`] : []),
    ...(fields.length > 0 ? ["Boxes show the fields of higher magnification.", ...notes] : notes),
    ...(labels ? [`Labels: ${labels}.`] : []),
  ].join(" ");
}
