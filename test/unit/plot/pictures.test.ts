import { describe, expect, it } from "vitest";
import { PHANTOM_NOTICE } from "../../../src/core/provenance";
import { RgbImage } from "../../../src/image";
import { pictures } from "../../../src/plot";

const one = (value: number) => new RgbImage(8, 6, new Uint8Array(8 * 6 * 3).fill(value));

describe("pictures side by side", () => {
  it("shows each with its name, in order, with the notice of its data", async () => {
    const figure = await pictures(
      { original: one(100), "a < b": one(200), third: one(50) },
      { columns: 2, title: "Three", provenance: { cohort: "p", synthetic: true, notice: PHANTOM_NOTICE } },
    );
    const { images, annotations } = figure.spec.layout as unknown as {
      images: { source: string }[];
      annotations: { text: string; x: number; y: number }[];
    };
    expect(images).toHaveLength(3);
    expect(new Set(images.map(({ source }) => source)).size).toBe(3);
    const captions = ["original", "a &lt; b", "third"].map((text) =>
      annotations.find((note) => note.text === text),
    );
    expect(captions.every((note) => note !== undefined)).toBe(true);
    expect(captions[0]!.y).toBe(captions[1]!.y);
    expect(captions[2]!.y).toBeLessThan(captions[0]!.y);
    expect(JSON.stringify(annotations).toLowerCase()).toContain(PHANTOM_NOTICE);
    expect(figure.alt).toBe("Three: original; a < b; third.");
  });

  it("refuses none, too many, and odd columns", async () => {
    await expect(pictures({})).rejects.toThrow(/0 pictures.*1 to 60/s);
    const many = Object.fromEntries(Array.from({ length: 61 }, (_, i) => [`p${i}`, one(1)]));
    await expect(pictures(many)).rejects.toThrow(/61 pictures/);
    await expect(pictures({ a: one(1) }, { columns: 0 })).rejects.toThrow(/columns is 0/);
  });
});
