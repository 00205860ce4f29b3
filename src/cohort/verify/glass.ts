/** Images without tissue: glass only, or blank. Real edges have up to 0.4 glass on the default phantom. */
import type { Examined, Found } from "./examined";

const GLASS_ONLY = 0.9;
/** Grey levels; below it a picture is one colour. */
const BLANK_CONTRAST = 2;

export function findGlass(images: readonly Examined[]): Found[] {
  return images.flatMap(({ image, measures }): Found[] => {
    if (measures.glass >= GLASS_ONLY)
      return [
        {
          kind: "glass-only",
          severity: "warning",
          image,
          detail: `${(100 * measures.glass).toFixed(0)} % of the pixels are bright and colourless: there is hardly any tissue`,
        },
      ];
    if (measures.contrast >= BLANK_CONTRAST) return [];
    const colour = measures.colour.mean.map((value) => value.toFixed(0)).join(", ");
    return [
      {
        kind: "blank",
        severity: "error",
        image,
        detail: `one colour throughout (red, green, blue ${colour}): nothing can be learnt from it`,
      },
    ];
  });
}
