/** The encoder that comes with the phantom: small, named for what it is, and readable. */
import { statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PHANTOM_TINY, PHANTOM_TINY_SIZE } from "../../../src/cohort/phantom";
import { inferEncoder, readCheckpoint, vitParameters } from "../../../src/model";

describe("phantom-tiny", () => {
  it("is a whole vision transformer of finite numbers, in less than a megabyte", async () => {
    expect(statSync(PHANTOM_TINY).size).toBeLessThan(1_000_000);
    const checkpoint = await readCheckpoint(PHANTOM_TINY);
    const encoder = inferEncoder(checkpoint);
    expect(encoder).toMatchObject({
      imageSize: [PHANTOM_TINY_SIZE, PHANTOM_TINY_SIZE],
      patch: 16,
      width: 96,
      depth: 4,
      heads: 2,
    });
    expect(Object.keys(checkpoint.tensors).sort()).toEqual(Object.keys(vitParameters(encoder)).sort());
    for (const { data } of Object.values(checkpoint.tensors))
      expect(Array.from(data as ArrayLike<number>).every(Number.isFinite)).toBe(true);
  });

  it("says that it knows phantoms and nothing else", async () => {
    const { metadata } = await readCheckpoint(PHANTOM_TINY);
    expect(metadata).toMatchObject({ name: "phantom-tiny" });
    expect(metadata?.description).toContain("not a pathology encoder");
  });
});
