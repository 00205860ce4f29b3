/**
 * The little of the DOM that geometry reads. The package compiles without DOM types, because cells do;
 * jsdom's nodes satisfy these shapes.
 */
export interface DomStyle {
  getPropertyValue(name: string): string;
  readonly width?: string;
  readonly height?: string;
}

export interface DomElement {
  readonly nodeType: 1;
  readonly localName: string;
  readonly namespaceURI: string | null;
  readonly style?: DomStyle;
  readonly parentNode: DomNode | null;
  readonly childNodes: Iterable<DomNode>;
  getAttribute(name: string): string | null;
}

export interface DomText {
  readonly nodeType: 3;
  readonly data: string;
}

/** An element, a text, or one of the node kinds that take no room (comments, the document). */
export type DomNode = DomElement | DomText | { readonly nodeType: 8 | 9 | 11 };

export function isElement(node: DomNode | null | undefined): node is DomElement {
  return node?.nodeType === 1;
}

export function isSvg(node: DomNode | null | undefined): node is DomElement {
  return isElement(node) && node.namespaceURI === "http://www.w3.org/2000/svg";
}

/** A presentation property: the inline style wins over the attribute, as in CSS. Empty when neither is set. */
export function property(element: DomElement, name: string): string {
  return element.style?.getPropertyValue(name) || element.getAttribute(name) || "";
}

/** A CSS length in pixels. `em` is the font size that `em` and `%` refer to. */
export function pixels(length: string | null | undefined, em: number): number {
  if (!length) return 0;
  const value = Number.parseFloat(length);
  if (Number.isNaN(value)) return 0;
  if (length.endsWith("em")) return value * em;
  if (length.endsWith("%")) return (value * em) / 100;
  return value;
}
