import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openCohort } from "../../../../src/cohort";
import { measureImage } from "../../../../src/cohort/verify/measure";
import { hammingDistance } from "../../../../src/cohort/verify/perceptual-hash";
import { decodeImage, readImage } from "../../../../src/image";
import { picture, sharedData } from "../make-cohort";

const distances = async (a: Uint8Array, b: Uint8Array) => {
  const [one, other] = await Promise.all([a, b].map(async (bytes) => measureImage(await decodeImage(bytes))));
  return [
    hammingDistance(one!.differenceHash, other!.differenceHash),
    hammingDistance(one!.dctHash, other!.dctHash),
  ] as const;
};

describe("fingerprints", () => {
  it("count differing bits", () => {
    const hex = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(hex, hex, (a, b) => {
        const text = (value: bigint) => value.toString(16).padStart(16, "0");
        const wanted = [...(a ^ b).toString(2)].filter((bit) => bit === "1").length;
        expect(hammingDistance(text(a), text(b))).toBe(wanted);
      }),
      { numRuns: 200, seed: 6 },
    );
  });

  it.each(["recompressed", "half the size", "brighter"])("know a copy that is %s", async (change) => {
    const original = await picture(320, 240, 3).toPng();
    const copy = await {
      recompressed: () => sharp(original).jpeg({ quality: 40 }).toBuffer(),
      "half the size": () => sharp(original).resize(160, 120).png().toBuffer(),
      brighter: () => sharp(original).linear(1.05, 4).png().toBuffer(),
    }[change]!();
    for (const distance of await distances(original, copy)) expect(distance).toBeLessThanOrEqual(4);
  });

  it("tell pictures apart", async () => {
    for (let seed = 1; seed < 8; seed++) {
      const pair = await distances(
        await picture(64, 48, seed).toPng(),
        await picture(64, 48, seed + 1).toPng(),
      );
      expect(Math.max(...pair)).toBeGreaterThan(10);
    }
  });
});

const samples = sharedData("multi-oscc", "samples");
describe.skipIf(!existsSync(samples))("the real sample images (needs shared data)", () => {
  it("read in their true order are taken for H&E in focus: nothing is found but missing views", async () => {
    const { problems } = await (await openCohort(sharedData("multi-oscc"))).verify({ resume: false });
    expect(problems.filter(({ kind }) => kind !== "missing")).toEqual([]);
  });

  it("have no glass to speak of, and are the published copies in small", async () => {
    const large = readdirSync(samples).filter((name) => name.endsWith("swapped.jpg"));
    const measured = await Promise.all(
      large.map(async (name) => measureImage(await readImage(path.join(samples, name), { channels: "bgr" }))),
    );
    expect(measured).toHaveLength(4);
    for (const { glass, contrast, colour } of measured) {
      expect(glass).toBeLessThan(0.3);
      expect(contrast).toBeGreaterThan(20);
      expect(Math.min(colour.mean[0], colour.mean[2]) - colour.mean[1]).toBeGreaterThan(30);
    }
    const small = await Promise.all(
      readdirSync(samples)
        .filter((name) => name.startsWith("unswapped_512"))
        .map(async (name) => measureImage(await readImage(path.join(samples, name)))),
    );
    // Squashed to 512 x 512 and stored again, each small picture is still told as one of the four.
    for (const copy of small)
      expect(
        Math.min(...measured.map((original) => hammingDistance(original.dctHash, copy.dctHash))),
      ).toBeLessThanOrEqual(4);
  });
});
