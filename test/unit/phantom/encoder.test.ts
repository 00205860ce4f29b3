/** The encoder that comes with the phantom: small, named for what it is, and readable. */
import { statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PHANTOM_TINY } from "../../../src/cohort/phantom";
import { inferEncoder, readCheckpoint, vitParameters } from "../../../src/model";
import type { FitOptions } from "../../../src/train";

describe("phantom-tiny", () => {
  it("is a whole vision transformer of finite numbers, in less than a megabyte", async () => {
    expect(statSync(PHANTOM_TINY.weights).size).toBeLessThan(1_000_000);
    const checkpoint = await readCheckpoint(PHANTOM_TINY.weights);
    const encoder = inferEncoder(checkpoint);
    expect(encoder).toMatchObject({
      imageSize: [PHANTOM_TINY.imageSize, PHANTOM_TINY.imageSize],
      patch: 16,
      width: 96,
      depth: 4,
      heads: 3,
      pooling: "mean",
    });
    expect(Object.keys(checkpoint.tensors).sort()).toEqual(Object.keys(vitParameters(encoder)).sort());
    for (const { data } of Object.values(checkpoint.tensors))
      expect(Array.from(data as ArrayLike<number>).every(Number.isFinite)).toBe(true);
  });

  it("comes as options of a fit", () => {
    const options: FitOptions<"TI"> = { preset: "notebook", tasks: "TI", ...PHANTOM_TINY };
    expect(options.mode).toBe("linear-probe");
  });

  it("says that it knows phantoms and nothing else", async () => {
    const { metadata } = await readCheckpoint(PHANTOM_TINY.weights);
    expect(metadata).toMatchObject({ name: "phantom-tiny" });
    expect(metadata?.description).toContain("not a pathology encoder");
  });
});
