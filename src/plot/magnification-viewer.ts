/** One micrograph at a time, with a slider for the magnification and buttons for the site. */
import { BUTTONS_HEIGHT, buttons, type Choice, eachItem, SLIDER_HEIGHT, slider } from "./controls";
import { fieldBoxes, type NestedField } from "./fields";
import { type EmbeddedView, type Micrograph, viewGrid, viewLabel } from "./micrograph";
import { fitInside, type PanelParts, viewPanel } from "./panel";
import type { FigureSpec } from "./render/spec";
import { frame, type Telling } from "./theme";
import { magnificationLabel } from "./words";

/** Width of the picture in a viewer, in CSS pixels. */
export const VIEWER_WIDTH = 720;

/** What a viewer shows. */
export interface ViewerContent {
  readonly views: readonly Micrograph[];
  readonly embedded: readonly EmbeddedView[];
  readonly fields: readonly NestedField[];
  /** Height over width of the pictures. */
  readonly aspect: number;
  readonly telling: Telling;
}

/** The parts of one view in a list of the layout: from where to where. */
type Span = readonly [from: number, to: number];
type List = "images" | "shapes" | "annotations";
const LISTS = ["images", "shapes", "annotations"] as const;

/**
 * The viewer as a Plotly figure. The slider sets what is visible, the buttons what is opaque; a view is seen when it is
 * both, so the two controls need not know of each other.
 */
export function magnificationViewer({ views, embedded, fields, aspect, telling }: ViewerContent): FigureSpec {
  const { sites, magnifications } = viewGrid(views);
  const panel = { left: 0, top: 0, width: VIEWER_WIDTH, height: Math.round(VIEWER_WIDTH * aspect) };
  const size = { plotWidth: panel.width, plotHeight: panel.height };
  const hasSites = sites.length > 1;
  const hasMagnifications = magnifications.length > 1;
  const layout = frame(telling, {
    ...size,
    left: 18,
    right: 18,
    top: hasSites ? BUTTONS_HEIGHT + 10 : 12,
    bottom: hasMagnifications ? SLIDER_HEIGHT + 12 : 8,
  });
  const parts = views.map((view, i): PanelParts => {
    const shown = embedded[i]!;
    const drawn = viewPanel(0, panel, shown, viewLabel(view), size);
    if ("absent" in shown) return drawn;
    const inner = fields.filter(({ outer }) => outer === i);
    const boxes = fieldBoxes(0, fitInside(panel, shown.height / shown.width), inner, views);
    return {
      ...drawn,
      images: drawn.images.map((image) => apart(image, i)),
      shapes: [...boxes.shapes, ...drawn.shapes],
      annotations: [...boxes.annotations, ...drawn.annotations],
    };
  });
  const spans = spansOf(parts, layout.annotations.length);
  const isChosen = (i: number) => ({
    site: views[i]!.site === sites[0],
    magnification: views[i]!.magnification === magnifications[0],
  });
  const items = (list: List) =>
    parts.flatMap((part, i) =>
      part[list].map((item) => ({
        ...item,
        visible: isChosen(i).magnification,
        opacity: isChosen(i).site ? 1 : 0,
      })),
    );
  /** Set an attribute of every item of every view by a property of the view. */
  const setting = (attribute: string, valueFor: (view: Micrograph) => unknown) =>
    Object.assign(
      {},
      ...LISTS.map((list) => {
        const values = new Map<number, unknown>();
        views.forEach((view, i) => {
          const [from, to] = spans[i]![list];
          for (let item = from; item < to; item++) values.set(item, valueFor(view));
        });
        return eachItem(list, attribute, values);
      }),
    ) as Record<string, unknown>;
  const zoomChoices = magnifications.map(
    (magnification): Choice => ({
      label: magnificationLabel(magnification),
      method: "relayout",
      args: [setting("visible", (view) => view.magnification === magnification)],
    }),
  );
  const siteChoices = sites.map(
    (site): Choice => ({
      label: site,
      method: "relayout",
      args: [setting("opacity", (view) => (view.site === site ? 1 : 0))],
    }),
  );
  const below = { left: 0, top: panel.height + 6, width: panel.width, ...size };
  const above = { left: 0, top: -BUTTONS_HEIGHT, ...size };
  return {
    data: parts[0]!.traces,
    layout: {
      ...layout,
      ...parts[0]!.axes,
      images: items("images"),
      shapes: items("shapes"),
      annotations: [...layout.annotations, ...items("annotations")],
      showlegend: false,
      dragmode: "pan",
      ...(hasMagnifications ? { sliders: [slider("Magnification", zoomChoices, 0, below)] } : {}),
      ...(hasSites ? { updatemenus: [buttons(siteChoices, 0, above)] } : {}),
    },
    config: { scrollZoom: true },
  };
}

/** Plotly takes pictures that stand at the same place for one; a thousandth of a pixel tells them apart. */
function apart(image: object, i: number): object {
  const { x = 0 } = image as { readonly x?: number };
  return { ...image, x: x + i / 1000 };
}

/** Where the parts of each view stand in the layout's lists; the frame's own annotations come first. */
function spansOf(parts: readonly PanelParts[], annotationsBefore: number): Record<List, Span>[] {
  const next: Record<List, number> = { images: 0, shapes: 0, annotations: annotationsBefore };
  return parts.map((part) => {
    const span = (list: List): Span => {
      const from = next[list];
      next[list] += part[list].length;
      return [from, next[list]];
    };
    return { images: span("images"), shapes: span("shapes"), annotations: span("annotations") };
  });
}
