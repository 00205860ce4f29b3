/** Images of another size than is usual in the cohort at their magnification. */

import { groupBy } from "../group-by";
import type { Examined, Found } from "./examined";

/** A size is usual when at least so large a share of at least so many images has it. */
const USUAL_SHARE = 0.5;
const MIN_IMAGES = 3;

export function findOddSizes(images: readonly Examined[]): Found[] {
  return [...groupBy(images, ({ image }) => image.magnification).values()].flatMap((group) => {
    const bySize = groupBy(group, sizeOf);
    const [usual, having] = [...bySize].reduce((a, b) => (b[1].length > a[1].length ? b : a));
    if (group.length < MIN_IMAGES || having.length < USUAL_SHARE * group.length) return [];
    return group
      .filter((examined) => sizeOf(examined) !== usual)
      .map(
        (examined): Found => ({
          kind: "size",
          severity: "warning",
          image: examined.image,
          detail: `${sizeOf(examined)} pixels; ${having.length} of ${group.length} ${examined.image.magnification} images have ${usual}`,
        }),
      );
  });
}

function sizeOf({ measures }: Examined): string {
  return `${measures.width} x ${measures.height}`;
}
