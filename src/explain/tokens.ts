/** From tokens to the picture they came from; derived from the model, so no explanation needs a shape by hand. */
import { PREFIX_TOKENS, patchGrid, type ViTConfig } from "../model";

/** Where the patch tokens of a layer's output [T, I, D] lie in the picture. */
export interface TokenGrid {
  readonly rows: number;
  readonly columns: number;
  /** Tokens before the first patch. */
  readonly prefix: number;
}

/**
 * The token grid of a vision transformer.
 *
 * @example
 * explain.tokenGrid(run.model.spec.encoder); // { rows: 8, columns: 8, prefix: 1 }
 */
export function tokenGrid(config: ViTConfig): TokenGrid {
  const [rows, columns] = patchGrid(config);
  return { rows, columns, prefix: PREFIX_TOKENS };
}

/**
 * Values of the patches, in reading order, as rows of a picture.
 *
 * @example
 * explain.asGrid([1, 2, 3, 4, 5, 6], { rows: 2, columns: 3, prefix: 1 }); // [[1, 2, 3], [4, 5, 6]]
 */
export function asGrid(values: readonly number[], { rows, columns }: TokenGrid): number[][] {
  return Array.from({ length: rows }, (_, row) => values.slice(row * columns, (row + 1) * columns));
}
