/** Two patients beside each other: the same views in the same places, and where their labels differ. */
import { invalidArgument, unknownName } from "../core/errors";
import { Figure } from "./figure";
import {
  answer,
  aspectOf,
  type EmbeddedView,
  embedAll,
  type Micrograph,
  type PatientViews,
  viewGrid,
  viewLabel,
} from "./micrograph";
import type { FigureOptions } from "./options";
import { mergePanels, type Panel, viewPanel } from "./panel";
import { frame, INK, LINE_HEIGHT, MUTED, SUBTITLE_PX } from "./theme";
import { escapeText, magnificationLabel, wrap } from "./words";

/** Options of `plot.sideBySide`. */
export interface SideBySideOptions extends FigureOptions {
  /** Which sites, in which order. Default: all. */
  readonly sites?: readonly string[];
  /** Which magnifications, in which order. Default: all. */
  readonly magnifications?: readonly string[];
}

const GAP = 5;
/** Between the two patients. */
const MIDDLE = 22;
const NOTEBOOK_WIDTH = 840;
const WIDEST_PANEL = 400;
const NAME_PX = 14;

/**
 * Two patients: each half shows one, sites beside each other, magnifications under one another. Answers in which the
 * patients differ are bold.
 *
 * @param a       the patient on the left
 * @param b       the patient on the right, of the same cohort or of another with the same names of views
 * @param options `sites`, `magnifications`: default all; `title`, `subtitle`, `caveats`
 * @throws OsccError `UnknownName` for a site or magnification that neither has; `InvalidArgument` when there is no view
 * @example
 * const [first, second] = cohort.where({ TD: "well" });
 * await plot.sideBySide(first!, cohort.where({ TD: "poor" })[0]!, { magnifications: ["x200", "x1000"] });
 */
export async function sideBySide(
  a: PatientViews,
  b: PatientViews,
  options: SideBySideOptions = {},
): Promise<Figure> {
  const both = [a, b] as const;
  const grid = chosenGrid(both, options);
  const columns = grid.sites.length;
  const panelWidth = Math.min(
    WIDEST_PANEL,
    Math.floor((NOTEBOOK_WIDTH - MIDDLE - 2 * (columns - 1) * GAP) / (2 * columns)),
  );
  const shown = both.flatMap((patient, half) => viewsOf(patient, half, grid));
  const embedded = await embedAll(
    shown.map(({ view }) => view),
    panelWidth,
  );
  const panelHeight = Math.round(panelWidth * aspectOf(embedded));
  const halfWidth = columns * (panelWidth + GAP) - GAP;
  const size = {
    plotWidth: 2 * halfWidth + MIDDLE,
    plotHeight: grid.magnifications.length * (panelHeight + GAP) - GAP,
  };
  const captions = both.map((patient, half) => captionLines(patient, both[1 - half]!, halfWidth));
  const captionHeight = Math.max(...captions.map(captionHeightPx)) + 10;
  const layout = frame(
    {
      title: options.title ?? `Patients ${a.id} and ${b.id}`,
      ...(options.subtitle ? { subtitle: options.subtitle } : {}),
      sources: [a.provenance, b.provenance],
      caveats: options.caveats ?? [],
    },
    { ...size, left: 18, right: 18, top: captionHeight + 6, bottom: 8 },
  );
  const parts = mergePanels(
    shown.map(({ view, half, row, column }, i) => {
      const place: Panel = {
        left: half * (halfWidth + MIDDLE) + column * (panelWidth + GAP),
        top: row * (panelHeight + GAP),
        width: panelWidth,
        height: panelHeight,
      };
      return viewPanel(i, place, embedded[i]!, viewLabel(view), size);
    }),
  );
  const headings = captions.map((caption, half) =>
    heading(caption, (half * (halfWidth + MIDDLE)) / size.plotWidth, captionHeight),
  );
  return new Figure(
    {
      data: parts.traces,
      layout: {
        ...layout,
        ...parts.axes,
        images: parts.images,
        shapes: parts.shapes,
        annotations: [...layout.annotations, ...headings, ...parts.annotations],
        showlegend: false,
      },
    },
    { alt: altText(both, shown, embedded) },
  );
}

type Grid = ReturnType<typeof viewGrid>;

/** Every view that one of the two has, or the ones asked for. */
function chosenGrid(patients: readonly PatientViews[], { sites, magnifications }: SideBySideOptions): Grid {
  const all = viewGrid(patients.flatMap((patient) => patient.allImages()));
  for (const site of sites ?? []) if (!all.sites.includes(site)) throw unknownName("site", site, all.sites);
  for (const magnification of magnifications ?? [])
    if (!all.magnifications.includes(magnification))
      throw unknownName("magnification", magnification, all.magnifications);
  const grid = {
    sites: [...(sites ?? all.sites)],
    magnifications: [...(magnifications ?? all.magnifications)],
  };
  if (grid.sites.length === 0 || grid.magnifications.length === 0)
    throw invalidArgument("views", "none", "at least one site and one magnification");
  return grid;
}

interface PlacedView {
  readonly view: Micrograph;
  readonly half: number;
  readonly row: number;
  readonly column: number;
}

/** The patient's views in the grid; what its cohort does not have is a missing view. */
function viewsOf(patient: PatientViews, half: number, { sites, magnifications }: Grid): PlacedView[] {
  const views = patient.allImages();
  return magnifications.flatMap((magnification, row) =>
    sites.map((site, column) => ({
      view: views.find((view) => view.site === site && view.magnification === magnification) ?? {
        site,
        magnification,
        status: "missing",
        load: () => Promise.reject(new Error("this view is missing")),
      },
      half,
      row,
      column,
    })),
  );
}

/** The patient's name, then its answers, those that differ from the other's in bold. */
function captionLines(patient: PatientViews, other: PatientViews, maxPx: number): string[] {
  const tasks = Object.entries(patient.cohort?.schema.tasks ?? {});
  const answers = tasks.map(([task, { title, classes }]) => {
    const label = patient.labels?.[task];
    const differs = label !== undefined && label !== other.labels?.[task];
    // Bold letters are wider: the line is measured as if all were.
    return { text: `${title}: ${answer(classes, label)}`, differs };
  });
  const lines: string[] = [];
  let line: typeof answers = [];
  const write = (parts: typeof answers) => parts.map(({ text }) => text).join(" · ");
  const draw = (parts: typeof answers) =>
    parts.map(({ text, differs }) => (differs ? `<b>${escapeText(text)}</b>` : escapeText(text))).join(" · ");
  for (const part of answers) {
    if (line.length > 0 && wrap(write([...line, part]), maxPx, SUBTITLE_PX, true).length > 1) {
      lines.push(draw(line));
      line = [];
    }
    line.push(part);
  }
  if (line.length > 0) lines.push(draw(line));
  return [`<b>Patient ${escapeText(patient.id)}</b>`, ...lines];
}

const captionHeightPx = (lines: readonly string[]) =>
  NAME_PX * LINE_HEIGHT + (lines.length - 1) * SUBTITLE_PX * LINE_HEIGHT;

function heading(lines: readonly string[], x: number, above: number): object {
  const [name, ...answers] = lines;
  return {
    xref: "paper",
    yref: "paper",
    x,
    y: 1,
    xanchor: "left",
    yanchor: "top",
    yshift: above,
    align: "left",
    showarrow: false,
    borderpad: 0,
    borderwidth: 0,
    text: [`<span style="font-size:${NAME_PX}px;color:${INK}">${name}</span>`, ...answers].join("<br>"),
    font: { size: SUBTITLE_PX, color: MUTED },
  };
}

function altText(
  [a, b]: readonly [PatientViews, PatientViews],
  shown: readonly PlacedView[],
  embedded: readonly EmbeddedView[],
): string {
  const { sites, magnifications } = viewGrid(shown.map(({ view }) => view));
  const missing = shown.flatMap(({ view, half }, i) => {
    const picture = embedded[i]!;
    return "absent" in picture ? [`${[a, b][half]!.id} ${viewLabel(view)} (${picture.absent})`] : [];
  });
  const differing = Object.entries(a.cohort?.schema.tasks ?? {}).flatMap(([task, { title, classes }]) => {
    const [left, right] = [a.labels?.[task], b.labels?.[task]];
    return left === right ? [] : [`${title}: ${answer(classes, left)} and ${answer(classes, right)}`];
  });
  return [
    `Micrographs of patient ${a.id} on the left and patient ${b.id} on the right, sites ${sites.join(", ")} at ${magnifications.map(magnificationLabel).join(", ")}.`,
    differing.length > 0 ? `They differ in ${differing.join("; ")}.` : "Their known labels agree.",
    ...(missing.length > 0 ? [`Missing: ${missing.join(", ")}.`] : []),
  ].join(" ");
}
