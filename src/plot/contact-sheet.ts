/** Many patients at a glance: one thumbnail each, or one row of views each. */
import { invalidArgument, unknownName } from "../core/errors";
import { Figure } from "./figure";
import { aspectOf, type EmbeddedView, embedAll, type Micrograph, type PatientViews } from "./micrograph";
import type { FigureOptions } from "./options";
import { mergePanels, type Panel, viewPanel } from "./panel";
import { frame, INK, MUTED } from "./theme";
import { count, escapeText, magnificationLabel, visibleText, widthPx } from "./words";

/** Options of `plot.contactSheet`. */
export interface ContactSheetOptions extends FigureOptions {
  /** Which site. Default: the first. */
  readonly site?: string;
  /** Which magnification. Default: the first. */
  readonly magnification?: string;
  /** A task whose answer stands under each thumbnail. Default: none. */
  readonly task?: string;
  /** Thumbnails in a row. Default 6. */
  readonly columns?: number;
  /** Patients on a page, 1 to 60; a line at the foot says how many there are besides. Default 24. */
  readonly limit?: number;
  /** Which page, from 1. Default 1. */
  readonly page?: number;
}

const SHEET_WIDTH = 880;
const MOST_ON_A_PAGE = 60;
const MOST_COLUMNS = 12;
/** On a narrower thumbnail a scale bar would hide the tissue; the subtitle says the width instead. */
const NARROWEST_WITH_BAR = 120;
const GAP = 8;
const CAPTION_PX = 11.5;
const CAPTION_LINE = 16;

/**
 * One thumbnail per patient of the same view, with the patient's number and, if asked, the answer of a task.
 *
 * Only the patients of the page are decoded: one page of 1,325 patients costs what 24 patients cost.
 *
 * @param patients patients of one cohort
 * @param options  `site`, `magnification` (default: the first of each), `task`, `columns` default 6, `limit` a page,
 *                 default 24, at most 60; `page` from 1
 * @throws OsccError `InvalidArgument` for no patient or a page that is not there; `UnknownName` for a view or task that
 *                   the patients do not have
 * @example
 * await plot.contactSheet(cohort.split("test"), { site: "edge", task: "TI", page: 2 });
 */
export async function contactSheet(
  patients: readonly PatientViews[],
  options: ContactSheetOptions = {},
): Promise<Figure> {
  if (patients.length === 0) throw invalidArgument("patients", "no patient", "one patient or more");
  const { columns: wanted = 6, limit = 24, page = 1, task } = options;
  const pages = checkPages(patients.length, { columns: wanted, limit, page });
  const first = (page - 1) * limit;
  const shown = patients.slice(first, first + limit);
  const views = shown.map((patient) => chosenView(patient, options));
  const columns = Math.min(wanted, shown.length);
  const width = Math.floor((SHEET_WIDTH - (wanted - 1) * GAP) / wanted);
  const embedded = await embedAll(views, width);
  const height = Math.round(width * aspectOf(embedded));
  const captions = shown.map((patient) => caption(patient, task, width));
  const rowHeight = height + 4 + CAPTION_LINE * (task ? 2 : 1) + GAP;
  const size = {
    plotWidth: columns * (width + GAP) - GAP,
    plotHeight: Math.ceil(shown.length / columns) * rowHeight,
  };
  const place = (i: number): Panel => ({
    left: (i % columns) * (width + GAP),
    top: Math.floor(i / columns) * rowHeight,
    width,
    height,
  });
  const { site, magnification } = views[0]!;
  const hasBar = width >= NARROWEST_WITH_BAR;
  const layout = frame(
    {
      title: options.title ?? sheetTitle(patients.length, first, shown.length),
      subtitle:
        options.subtitle ??
        [
          describeView(site, magnification, shown[0]!, task),
          ...(hasBar ? [] : fieldWidth(embedded[0]!)),
        ].join(" · "),
      sources: patients.map(({ provenance }) => provenance),
      caveats: [
        ...(pages > 1 ? [`Page ${page} of ${pages}; for the next, page: ${(page % pages) + 1}.`] : []),
        ...(options.caveats ?? []),
      ],
    },
    { ...size, left: 18, right: 18, bottom: 0 },
  );
  const parts = mergePanels(
    shown.map((_, i) =>
      viewPanel(i, place(i), i === 0 && hasBar ? embedded[i]! : withoutBar(embedded[i]!), "", size),
    ),
  );
  return new Figure(
    {
      data: parts.traces,
      layout: {
        ...layout,
        ...parts.axes,
        images: parts.images,
        shapes: parts.shapes,
        annotations: [
          ...layout.annotations,
          ...parts.annotations,
          ...captions.map((text, i) => captionUnder(text, place(i), size)),
        ],
        showlegend: false,
      },
    },
    { alt: altText(shown, captions, site, magnification) },
  );
}

/** How many pages there are. */
function checkPages(
  patients: number,
  { columns, limit, page }: { readonly columns: number; readonly limit: number; readonly page: number },
): number {
  if (!(Number.isInteger(columns) && columns >= 1 && columns <= MOST_COLUMNS))
    throw invalidArgument("columns", columns, `a whole number from 1 to ${MOST_COLUMNS}`);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MOST_ON_A_PAGE))
    throw invalidArgument(
      "limit",
      limit,
      `a whole number from 1 to ${MOST_ON_A_PAGE}`,
      "A notebook stays small that way; show the others with  page: 2.",
    );
  const pages = Math.ceil(patients / limit);
  if (!(Number.isInteger(page) && page >= 1 && page <= pages))
    throw invalidArgument(
      "page",
      page,
      `a whole number from 1 to ${pages}`,
      `${count(patients)} patients, ${limit} a page, make ${pages} pages.`,
    );
  return pages;
}

function sheetTitle(patients: number, first: number, shown: number): string {
  if (shown === patients) return `${count(patients)} ${patients === 1 ? "patient" : "patients"}`;
  const range = shown === 1 ? count(first + 1) : `${count(first + 1)} to ${count(first + shown)}`;
  return `Patients ${range} of ${count(patients)}`;
}

function chosenView(patient: PatientViews, { site, magnification, task }: ContactSheetOptions): Micrograph {
  const views = patient.allImages();
  const sites = [...new Set(views.map((view) => view.site))];
  const magnifications = [...new Set(views.map((view) => view.magnification))];
  const tasks = Object.keys(patient.cohort?.schema.tasks ?? {});
  if (task !== undefined && !tasks.includes(task)) throw unknownName("task", task, tasks);
  if (site !== undefined && !sites.includes(site)) throw unknownName("site", site, sites);
  if (magnification !== undefined && !magnifications.includes(magnification))
    throw unknownName("magnification", magnification, magnifications);
  const view = views.find(
    (candidate) =>
      candidate.site === (site ?? sites[0]) &&
      candidate.magnification === (magnification ?? magnifications[0]),
  );
  if (!view) throw invalidArgument("patient", patient.id, "a patient with at least one view");
  return view;
}

/** One scale bar, on the first thumbnail, is enough for a sheet. */
function withoutBar(view: EmbeddedView): EmbeddedView {
  if ("absent" in view) return view;
  const { uri, width, height } = view;
  return { uri, width, height };
}

function fieldWidth(view: EmbeddedView): string[] {
  return "absent" in view || view.umAcross === undefined
    ? []
    : [`each ${count(Math.round(view.umAcross))} µm across`];
}

function describeView(
  site: string,
  magnification: string,
  patient: PatientViews,
  task: string | undefined,
): string {
  const view = `${site} at ${magnificationLabel(magnification)}`;
  return task === undefined ? view : `${view} · below each: ${patient.cohort!.schema.tasks[task]!.title}`;
}

function caption(patient: PatientViews, task: string | undefined, maxPx: number): string {
  const name = `<b>${escapeText(shorten(patient.id, maxPx))}</b>`;
  if (task === undefined) return name;
  const label = patient.labels?.[task];
  const words =
    label === undefined
      ? "unknown"
      : (patient.cohort!.schema.tasks[task]!.classes[label] ?? `label ${label}`);
  return `${name}<br><span style="color:${MUTED}">${escapeText(shorten(words, maxPx))}</span>`;
}

/** Cut a text to a width, with dots at the end. */
export function shorten(text: string, maxPx: number): string {
  if (widthPx(text, CAPTION_PX) <= maxPx) return text;
  let short = text;
  while (short.length > 1 && widthPx(`${short}…`, CAPTION_PX) > maxPx) short = short.slice(0, -1);
  return `${short.trimEnd()}…`;
}

export function captionUnder(
  text: string,
  panel: Panel,
  { plotWidth, plotHeight }: { readonly plotWidth: number; readonly plotHeight: number },
): object {
  return {
    xref: "paper",
    yref: "paper",
    x: panel.left / plotWidth,
    y: 1 - (panel.top + panel.height) / plotHeight,
    xanchor: "left",
    yanchor: "top",
    yshift: -2,
    align: "left",
    showarrow: false,
    borderpad: 0,
    borderwidth: 0,
    text,
    font: { size: CAPTION_PX, color: INK },
  };
}

function altText(
  patients: readonly PatientViews[],
  captions: readonly string[],
  site: string,
  magnification: string,
): string {
  return `Thumbnails of ${patients.length} patients, ${site} at ${magnificationLabel(magnification)}: ${captions.map(visibleText).join("; ")}.`;
}
