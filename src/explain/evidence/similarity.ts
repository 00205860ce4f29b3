/** How alike two sets of maps are: rank correlation, image by image. */
import { isUndefined, spearman } from "../../evaluate";
import type { CamMap, CamResult } from "../result";

/** The values of a map, in reading order: signed where the method says what speaks against. */
export function valuesOf({ grid, signedGrid }: Pick<CamMap, "grid" | "signedGrid">): number[] {
  return (signedGrid ?? grid).flat();
}

/**
 * The rank correlation of two maps of one image; 0 where one of them is level and the other is not, since nothing of
 * the one is in the other; `undefined` where both are.
 */
export function mapSimilarity(a: readonly number[], b: readonly number[]): number | undefined {
  const { coefficient } = spearman(a, b);
  if (!isUndefined(coefficient)) return coefficient;
  return isLevel(a) && isLevel(b) ? undefined : 0;
}

/** The mean over the images of two results; `undefined` where all maps of both are level. */
export function similarity(a: Pick<CamResult, "maps">, b: Pick<CamResult, "maps">): number | undefined {
  return meanOf(a.maps.map((map, i) => mapSimilarity(valuesOf(map), valuesOf(b.maps[i]!))));
}

/** The mean of those that are defined. */
export function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function isLevel(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}
