/** All views of one patient: a row for each site, a column for each magnification. */
import { invalidArgument } from "../core/errors";
import { Figure } from "./figure";
import {
  aspectOf,
  type EmbeddedView,
  embed,
  labelsInWords,
  type Micrograph,
  mergePanels,
  type Panel,
  type PatientViews,
  viewGrid,
  viewLabel,
  viewPanel,
} from "./micrograph";
import type { FigureOptions } from "./options";
import { frame } from "./theme";
import { magnificationLabel } from "./words";

/** Options of `plot.magnifications`. */
export interface MagnificationsOptions extends FigureOptions {
  /** Width of one micrograph in pixels. Default: by the number of magnifications, 263 for three. */
  readonly panelWidth?: number;
}

const GAP = 6;
/** So wide that the whole figure fits a notebook. */
const NOTEBOOK_WIDTH = 800;

/**
 * A patient's micrographs, sites by magnifications, each labelled; a missing view is an empty frame that says so.
 *
 * A scale bar is drawn where the cohort says how wide a pixel is.
 *
 * @param patient a patient of a cohort
 * @param options `panelWidth` in pixels; `title`, `subtitle` (default: the labels in words), `caveats`
 * @throws OsccError `InvalidArgument` for a patient whose schema has no view
 * @example
 * await plot.magnifications(cohort.patient(17));
 */
export async function magnifications(
  patient: PatientViews,
  options: MagnificationsOptions = {},
): Promise<Figure> {
  const views = patient.allImages();
  if (views.length === 0)
    throw invalidArgument("patient", patient.id, "a patient of a cohort with at least one view");
  const grid = viewGrid(views);
  const columns = grid.magnifications.length;
  const panelWidth = options.panelWidth ?? defaultWidth(columns);
  const embedded = await Promise.all(views.map((view) => embed(view, panelWidth)));
  const panelHeight = Math.round(panelWidth * aspectOf(embedded));
  const size = {
    plotWidth: columns * (panelWidth + GAP) - GAP,
    plotHeight: grid.sites.length * (panelHeight + GAP) - GAP,
  };
  const layout = frame(
    {
      title: options.title ?? `Patient ${patient.id}`,
      subtitle: options.subtitle ?? labelsInWords(patient),
      sources: [patient.provenance],
      caveats: options.caveats ?? [],
    },
    { ...size, left: 18, right: 18, top: 12, bottom: 8 },
  );
  const place = ({ site, magnification }: Micrograph): Panel => ({
    left: grid.magnifications.indexOf(magnification) * (panelWidth + GAP),
    top: grid.sites.indexOf(site) * (panelHeight + GAP),
    width: panelWidth,
    height: panelHeight,
  });
  const parts = mergePanels(
    views.map((view, i) => viewPanel(i, place(view), embedded[i]!, viewLabel(view), size)),
  );
  return new Figure(
    {
      data: parts.traces,
      layout: {
        ...layout,
        ...parts.axes,
        images: parts.images,
        shapes: parts.shapes,
        annotations: [...layout.annotations, ...parts.annotations],
        showlegend: false,
      },
    },
    { alt: altText(patient, views, embedded) },
  );
}

function defaultWidth(columns: number): number {
  return Math.max(120, Math.min(420, Math.round((NOTEBOOK_WIDTH - GAP * (columns - 1)) / columns)));
}

function altText(
  patient: PatientViews,
  views: readonly Micrograph[],
  embedded: readonly EmbeddedView[],
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
    ...(labels ? [`Labels: ${labels}.`] : []),
  ].join(" ");
}
