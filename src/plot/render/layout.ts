/**
 * Geometry for a DOM that has none: the boxes of SVG elements, carried through their transforms.
 * Plotly asks for these while it places titles, ticks, legends and annotations.
 */
import PathTool from "svg-path-commander";
import { type DomElement, type DomNode, isElement, isSvg, pixels, property } from "./dom";
import { advance, lineExtent, styleOf, type TextStyle } from "./text";

/** A rectangle as `getBBox` and `getBoundingClientRect` give it. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A growing rectangle; empty while `x0 > x1`. */
interface Extent {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

// ---- text ----

/** One word or phrase of a text in one style, placed within its chunk. */
interface Run {
  readonly offset: number;
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
}

/** Runs that are anchored together: a new chunk starts where an `x` is set. */
interface Chunk {
  readonly x: number;
  readonly y: number;
  readonly anchor: string;
  width: number;
  readonly runs: Run[];
}

/** The chunks of a `<text>`: tspans with their own x and y, dy in em, bold, italic, sub and sup. */
function textChunks(root: DomElement): Chunk[] {
  const chunks: Chunk[] = [];
  let dy = 0;
  const visit = (element: DomElement, style: TextStyle): void => {
    const x = element.getAttribute("x");
    const y = element.getAttribute("y");
    const previous = chunks.at(-1);
    if (x !== null || !previous) {
      chunks.push({
        x: pixels(x, style.sizePx),
        y: y === null ? (previous?.y ?? 0) : pixels(y, style.sizePx),
        anchor: style.anchor,
        width: pixels(element.getAttribute("dx"), style.sizePx),
        runs: [],
      });
      dy = 0;
    }
    dy += pixels(element.getAttribute("dy"), style.sizePx);
    const chunk = chunks.at(-1)!;
    for (const child of element.childNodes) {
      if (isDrawn(child)) visit(child, styleOf(child, style));
      else if (child.nodeType === 3 && child.data) addRun(chunk, child.data, style, chunk.y + dy);
    }
  };
  visit(root, styleOf(root));
  return chunks;
}

function addRun(chunk: Chunk, text: string, style: TextStyle, baseline: number): void {
  const width = advance(text, style);
  const { ascentPx, descentPx } = lineExtent(style);
  chunk.runs.push({ offset: chunk.width, width, top: baseline - ascentPx, bottom: baseline + descentPx });
  chunk.width += width;
}

/** The advance of a whole text element: what `getComputedTextLength` gives. */
export function textLength(element: DomElement): number {
  return textChunks(element).reduce((sum, chunk) => sum + chunk.width, 0);
}

const ANCHOR_SHARE: Record<string, number> = { start: 0, middle: 0.5, end: 1 };

function coverText(extent: Extent, element: DomElement): void {
  for (const chunk of textChunks(element)) {
    const start = chunk.x - chunk.width * (ANCHOR_SHARE[chunk.anchor] ?? 0);
    for (const run of chunk.runs) {
      cover(extent, start + run.offset, run.top);
      cover(extent, start + run.offset + run.width, run.bottom);
    }
  }
}

// ---- transforms ----

/** The affine map (x, y) -> (a x + c y + e, b x + d y + f), as SVG's `matrix(a, b, c, d, e, f)`. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];

function times(m: Matrix, n: Matrix): Matrix {
  return [
    m[0] * n[0] + m[2] * n[1],
    m[1] * n[0] + m[3] * n[1],
    m[0] * n[2] + m[2] * n[3],
    m[1] * n[2] + m[3] * n[3],
    m[0] * n[4] + m[2] * n[5] + m[4],
    m[1] * n[4] + m[3] * n[5] + m[5],
  ];
}

function oneTransform(operation: string, numbers: readonly number[]): Matrix {
  const [a = 0, b, c] = numbers;
  switch (operation) {
    case "translate":
      return [1, 0, 0, 1, a, b ?? 0];
    case "scale":
      return [a, 0, 0, b ?? a, 0, 0];
    case "rotate": {
      const radians = (a * Math.PI) / 180;
      const cos = Math.cos(radians);
      const sin = Math.sin(radians);
      const [cx, cy] = [b ?? 0, c ?? 0];
      return [cos, sin, -sin, cos, cx * (1 - cos) + cy * sin, cy * (1 - cos) - cx * sin];
    }
    case "matrix":
      return [a, b ?? 0, c ?? 0, numbers[3] ?? 1, numbers[4] ?? 0, numbers[5] ?? 0];
    default:
      return IDENTITY;
  }
}

/** The matrix of a `transform` attribute; the identity for none. */
export function parseTransform(text: string | null): Matrix {
  let matrix = IDENTITY;
  for (const [, operation = "", list = ""] of (text ?? "").matchAll(/(\w+)\s*\(([^)]*)\)/g)) {
    const numbers = list
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number);
    matrix = times(matrix, oneTransform(operation, numbers));
  }
  return matrix;
}

/** An element's own transform; an inner `<svg>` also moves by its x and y. */
function matrixOf(element: DomElement): Matrix {
  const matrix = parseTransform(element.getAttribute("transform"));
  if (element.localName !== "svg" || !isSvg(element.parentNode)) return matrix;
  const [x, y] = [pixels(element.getAttribute("x"), 0), pixels(element.getAttribute("y"), 0)];
  return times(matrix, [1, 0, 0, 1, x, y]);
}

// ---- boxes ----

const nothing = (): Extent => ({ x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity });

function cover(extent: Extent, x: number, y: number): void {
  extent.x0 = Math.min(extent.x0, x);
  extent.x1 = Math.max(extent.x1, x);
  extent.y0 = Math.min(extent.y0, y);
  extent.y1 = Math.max(extent.y1, y);
}

/** Cover the four corners of another extent, seen through a matrix. */
function coverThrough(extent: Extent, inner: Extent, [a, b, c, d, e, f]: Matrix): void {
  if (inner.x0 > inner.x1) return;
  for (const x of [inner.x0, inner.x1])
    for (const y of [inner.y0, inner.y1]) cover(extent, a * x + c * y + e, b * x + d * y + f);
}

function isDrawn(node: DomNode): node is DomElement {
  return isElement(node) && property(node, "display") !== "none";
}

/** What an element covers in its own coordinates. Stroke widths and clips are not counted, as in `getBBox`. */
function extentOf(element: DomElement): Extent {
  const extent = nothing();
  const number = (name: string) => pixels(element.getAttribute(name), 0);
  switch (element.localName) {
    case "text":
    case "tspan":
      coverText(extent, element);
      break;
    case "rect":
    case "image":
      cover(extent, number("x"), number("y"));
      cover(extent, number("x") + number("width"), number("y") + number("height"));
      break;
    case "circle":
      cover(extent, number("cx") - number("r"), number("cy") - number("r"));
      cover(extent, number("cx") + number("r"), number("cy") + number("r"));
      break;
    case "line":
      cover(extent, number("x1"), number("y1"));
      cover(extent, number("x2"), number("y2"));
      break;
    case "path":
      coverPath(extent, element.getAttribute("d"));
      break;
    default:
      for (const child of element.childNodes)
        if (isDrawn(child)) coverThrough(extent, extentOf(child), matrixOf(child));
  }
  return extent;
}

function coverPath(extent: Extent, d: string | null): void {
  if (!d) return;
  const box = PathTool.getPathBBox(d);
  cover(extent, box.x, box.y);
  cover(extent, box.x2, box.y2);
}

function boxOf({ x0, y0, x1, y1 }: Extent): Box {
  const empty = x0 > x1;
  const x = empty ? 0 : x0;
  const y = empty ? 0 : y0;
  const width = empty ? 0 : x1 - x0;
  const height = empty ? 0 : y1 - y0;
  return { x, y, width, height, left: x, top: y, right: x + width, bottom: y + height };
}

/** `getBBox`: the box in the element's own coordinates. */
export function localBox(element: DomElement): Box {
  return boxOf(extentOf(element));
}

/** `getBoundingClientRect`: the box in the coordinates of the outermost `<svg>`. */
export function clientBox(element: DomElement): Box {
  const inSvg: boolean = isSvg(element);
  if (!inSvg)
    return boxOf({ x0: 0, y0: 0, x1: pixels(element.style?.width, 0), y1: pixels(element.style?.height, 0) });
  let matrix = matrixOf(element);
  for (let parent = element.parentNode; isSvg(parent); parent = parent.parentNode)
    matrix = times(matrixOf(parent), matrix);
  const seen = nothing();
  coverThrough(seen, extentOf(element), matrix);
  return boxOf(seen);
}

// ---- paths ----

/** `getTotalLength` of a path's `d`. */
export function pathLength(d: string | null): number {
  return d ? PathTool.getTotalLength(d) : 0;
}

/** `getPointAtLength` of a path's `d`. */
export function pathPoint(d: string | null, at: number): { x: number; y: number } {
  return d ? PathTool.getPointAtLength(d, at) : { x: 0, y: 0 };
}
