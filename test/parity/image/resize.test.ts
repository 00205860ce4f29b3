/** The study's preprocessing against scikit-image, which it was done with. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { RgbImage } from "../../../src/image";

/** Made by generate.py beside it. */
const { cases } = JSON.parse(
  readFileSync(path.join(__dirname, "../../fixtures/resize/values.json"), "utf8"),
) as { cases: { from: [number, number]; to: [number, number]; source: string; out: string }[] };

test.each(cases.map((one) => [`${one.from.join(" x ")} to ${one.to.join(" x ")}`, one] as const))(
  "%s, to one grey level, nearly all to none",
  async (_, { from: [height, width], to: [toHeight, toWidth], source, out }) => {
    const picture = new RgbImage(width, height, new Uint8Array(Buffer.from(source, "base64")));
    const ours = await picture.resize(toWidth, toHeight, { filter: "published" });
    const theirs = Buffer.from(out, "base64");
    const differences = ours.data.map((value, i) => Math.abs(value - theirs[i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    // Sums of floats end on either side of a whole number now and then, and the cast cuts off.
    expect(differences.filter((difference) => difference > 0).length).toBeLessThan(0.01 * differences.length);
  },
);
