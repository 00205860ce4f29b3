/** Fields of view within one another: which part of a ×200 micrograph the ×400 one of the same site shows. */
import { type FieldPlace, locateField } from "../image/locate-field";
import { type EmbeddedView, type Micrograph, type PatientViews, viewLabel } from "./micrograph";
import type { Panel, PanelParts } from "./panel";
import { axisSuffix, CHIP_FILL, INK_ON_COLOUR, PALE_ON_COLOUR } from "./theme";
import { escapeText, magnificationLabel } from "./words";

/**
 * Which boxes are drawn on a micrograph for the fields of higher magnification:
 * - `"known"` (default): where the cohort says how fields lie in one another; phantoms do
 * - `"estimate"`: also where registration of the pictures finds them; the figure says so, and how sure it is
 * - `"none"`
 */
export type FieldBoxes = "known" | "estimate" | "none";

/** The field of one view on a wider view of the same site; both by their place in the patient's list. */
export interface NestedField {
  readonly outer: number;
  readonly inner: number;
  readonly place: FieldPlace;
  readonly how: "known" | "estimated";
}

/** The fields that can be drawn, and what a reader must know of them. */
export interface NestedFields {
  readonly fields: readonly NestedField[];
  readonly notes: readonly string[];
}

/** Where each field lies in the wider ones of its site. */
export async function nestedFields(
  patient: PatientViews,
  views: readonly Micrograph[],
  embedded: readonly EmbeddedView[],
  boxes: FieldBoxes,
): Promise<NestedFields> {
  if (boxes === "none") return { fields: [], notes: [] };
  const pairs = nestedPairs(views, embedded);
  if (patient.cohort?.fieldsOfView === "concentric")
    return {
      fields: pairs.map(({ outer, inner, ratio, stretch }) => ({
        outer,
        inner,
        place: centred(ratio, ratio * stretch),
        how: "known",
      })),
      notes: [],
    };
  if (boxes === "known" || pairs.length === 0) return { fields: [], notes: [] };
  return estimated(views, pairs);
}

interface NestedPair {
  readonly outer: number;
  readonly inner: number;
  /** Width of the inner field over that of the outer. */
  readonly ratio: number;
  /** How much taller the inner picture is than the outer one, by their shapes; 1 for one camera. */
  readonly stretch: number;
}

/** Views of one site, the wider first, both with pixels of their own. */
function nestedPairs(views: readonly Micrograph[], embedded: readonly EmbeddedView[]): NestedPair[] {
  return views.flatMap((outer, i) =>
    views.flatMap((inner, j): NestedPair[] => {
      const [wide, narrow] = [embedded[i]!, embedded[j]!];
      if (outer.site !== inner.site || outer.standsFor || inner.standsFor) return [];
      if ("absent" in wide || "absent" in narrow) return [];
      const ratio = fieldRatio(outer, inner, wide.umAcross, narrow.umAcross);
      if (ratio === undefined || !(ratio < 0.95)) return [];
      return [
        { outer: i, inner: j, ratio, stretch: narrow.height / narrow.width / (wide.height / wide.width) },
      ];
    }),
  );
}

/** From the widths in micrometres, else from the magnifications, as one camera gives it. */
function fieldRatio(
  outer: Micrograph,
  inner: Micrograph,
  outerUm: number | undefined,
  innerUm: number | undefined,
): number | undefined {
  if (outerUm !== undefined && innerUm !== undefined) return innerUm / outerUm;
  const [low, high] = [powerOf(outer.magnification), powerOf(inner.magnification)];
  return low === undefined || high === undefined ? undefined : low / high;
}

/** `x400`, `40x`, `×400`: the number. */
function powerOf(magnification: string): number | undefined {
  const number = /^[x×]?\s*(\d+(?:\.\d+)?)\s*[x×]?$/i.exec(magnification.trim())?.[1];
  return number === undefined ? undefined : Number(number);
}

function centred(width: number, height: number): FieldPlace {
  return { left: (1 - width) / 2, top: (1 - height) / 2, width, height };
}

async function estimated(views: readonly Micrograph[], pairs: readonly NestedPair[]): Promise<NestedFields> {
  const fields: NestedField[] = [];
  const found: string[] = [];
  const unknown: string[] = [];
  for (const { outer, inner, ratio } of pairs) {
    const location = await locateField(await views[outer]!.load(), await views[inner]!.load(), { ratio });
    const name = `${viewLabel(views[inner]!)} in ${magnificationLabel(views[outer]!.magnification)}`;
    if (location.found) {
      fields.push({ outer, inner, place: location.place, how: "estimated" });
      found.push(`${name}, correlation ${location.correlation.toFixed(2)}`);
    } else unknown.push(name);
  }
  return {
    fields,
    notes: [
      ...(found.length > 0
        ? [`Dashed boxes: fields found by registration of the pictures, not recorded (${found.join("; ")}).`]
        : []),
      ...(unknown.length > 0 ? [`Position unknown: ${unknown.join("; ")}.`] : []),
    ],
  };
}

/** A rectangle of the picture drawn at `place`, in pixels of its panel. */
export function placeWithin(place: Panel, field: FieldPlace): Panel {
  return {
    left: place.left + field.left * place.width,
    top: place.top + field.top * place.height,
    width: field.width * place.width,
    height: field.height * place.height,
  };
}

/** Boxes with the magnification above each, on the picture drawn at `place` in the axes of panel `i`. */
export function fieldBoxes(
  i: number,
  place: Panel,
  fields: readonly NestedField[],
  views: readonly Pick<Micrograph, "magnification">[],
): Pick<PanelParts, "shapes" | "annotations"> {
  const suffix = axisSuffix(i);
  const axes = { xref: `x${suffix}`, yref: `y${suffix}` };
  return {
    shapes: fields.flatMap(({ place: field, how }) => {
      const box = placeWithin(place, field);
      const corners = {
        type: "rect",
        ...axes,
        x0: box.left,
        y0: box.top,
        x1: box.left + box.width,
        y1: box.top + box.height,
      };
      // Light around dark: seen on pale glass and on dark tissue.
      return [
        { ...corners, line: { color: PALE_ON_COLOUR, width: 3 } },
        { ...corners, line: { color: INK_ON_COLOUR, width: 1.25, dash: how === "known" ? "solid" : "dash" } },
      ];
    }),
    annotations: fields.map(({ place: field, inner }) => {
      const box = placeWithin(place, field);
      return {
        ...axes,
        x: box.left,
        y: box.top,
        xanchor: "left",
        yanchor: "bottom",
        showarrow: false,
        text: escapeText(magnificationLabel(views[inner]!.magnification)),
        font: { size: 10, color: INK_ON_COLOUR },
        bgcolor: CHIP_FILL,
        borderpad: 1,
        borderwidth: 0,
      };
    }),
  };
}
