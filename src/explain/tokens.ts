/** From tokens to the picture they came from; derived from the model, so no explanation needs a shape by hand. */
import { OsccError } from "../core/errors";
import { patchGrid, prefixTokens, type ViTConfig } from "../model";

/** Where the patch tokens of a layer's output [T, I, D] lie in the picture. */
export interface TokenGrid {
  readonly rows: number;
  readonly columns: number;
  /** Tokens before the first patch: the class token and the registers. */
  readonly prefix: number;
}

/**
 * The token grid of a vision transformer.
 *
 * @throws InvalidArgument  for an encoder without places: one patch that covers the whole image
 * @example
 * explain.tokenGrid(run.model.spec.encoder); // { rows: 8, columns: 8, prefix: 1 }
 */
export function tokenGrid(config: ViTConfig): TokenGrid {
  const [rows, columns] = patchGrid(config);
  if (rows * columns > 1) return { rows, columns, prefix: prefixTokens(config) };
  throw new OsccError(
    "InvalidArgument",
    [
      `the encoder has one token for the whole image of ${config.imageSize.join(" x ")} pixels.`,
      "Expected several patches: a map has a value for each of them.",
      "Ask which image mattered instead, with  explain.contributions.",
    ],
    { argument: "encoder", found: `${rows} x ${columns} patches` },
  );
}

/**
 * Values of the patches, in reading order, as rows of a picture.
 *
 * @example
 * explain.asGrid([1, 2, 3, 4, 5, 6], { rows: 2, columns: 3, prefix: 1 }); // [[1, 2, 3], [4, 5, 6]]
 */
export function asGrid(values: ArrayLike<number>, { rows, columns }: TokenGrid): number[][] {
  const all = Array.from(values);
  return Array.from({ length: rows }, (_, row) => all.slice(row * columns, (row + 1) * columns));
}
