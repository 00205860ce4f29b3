/** Where every text of a drawn figure stands, measured with the layout engine that drew it. */
import { JSDOM } from "jsdom";
import type { Figure } from "../../../src/plot";
import type { DomElement } from "../../../src/plot/render/dom";
import { type Box, clientBox } from "../../../src/plot/render/layout";
import { loadFonts } from "../../../src/plot/render/text";

export interface TextBox {
  readonly text: string;
  readonly box: Box;
}

/** The boxes of all visible texts of a figure, in CSS pixels from its upper left corner. */
export async function textBoxes(figure: Figure): Promise<TextBox[]> {
  loadFonts();
  const { window } = new JSDOM(`<body>${await figure.svg()}</body>`);
  for (const unseen of window.document.querySelectorAll("g.annotation[style='opacity: 0;']")) unseen.remove();
  const texts = [...window.document.querySelectorAll("text")];
  return texts
    .filter((element) => element.textContent.trim() !== "")
    .map((element) => ({
      text: element.textContent.trim(),
      box: clientBox(element as unknown as DomElement),
    }));
}

/** Texts that leave the canvas. */
export function clipped(figure: Figure, boxes: readonly TextBox[]): string[] {
  const { width, height } = figure.spec.layout;
  return boxes
    .filter(({ box }) => box.left < 0 || box.top < 0 || box.right > width || box.bottom > height)
    .map(
      ({ text, box }) =>
        `${text} (${box.left.toFixed()}, ${box.top.toFixed()}, ${box.right.toFixed()}, ${box.bottom.toFixed()})`,
    );
}

/** Boxes hold room for the tallest letters, so two neighbouring lines may share this much. */
const SHARED_PX = 3.5;

/** Pairs of texts that lie over one another. */
export function overlapping(boxes: readonly TextBox[]): string[] {
  return boxes.flatMap((a, i) =>
    boxes.slice(i + 1).flatMap((b) => {
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      return across > 1 && down > SHARED_PX ? [`"${a.text}" and "${b.text}"`] : [];
    }),
  );
}
