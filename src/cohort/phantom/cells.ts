/** What a cell is: its kind, its place, and how its nucleus looks. Lengths in um. */

export const CELL = {
  tumour: 0,
  fibroblast: 1,
  lymphocyte: 2,
  muscle: 3,
  schwann: 4,
  endothelium: 5,
  gland: 6,
  bud: 7,
  debris: 8,
  mitosis: 9,
  plug: 10,
  ghost: 11,
} as const;
export type CellKind = (typeof CELL)[keyof typeof CELL];

export interface Cell {
  readonly kind: CellKind;
  readonly x: number;
  readonly y: number;
  /** Half axes of the nucleus, um. */
  readonly a: number;
  readonly b: number;
  readonly angle: number;
  /** Hematoxylin of its chromatin. */
  readonly hematoxylin: number;
  /** 0 even chromatin to 1 clear nucleus with a dark rim. */
  readonly vesicular: number;
  /** Irregularity of the outline, as a share of the radius. */
  readonly irregularity: number;
  /** Cytoplasm: stain of this cell against its neighbours, 0 to 1; for a lymphocyte 1 makes a plasma cell. */
  readonly tone: number;
  /** Maturity of an epithelial cell, 0 basal to 1 superficial. */
  readonly maturity: number;
  /** 16 bits for everything that varies between nuclei. */
  readonly seed: number;
}

export interface RedCell {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly seed: number;
}
