/** `OSCC_WEIGHTS` with a file of exactly the published layout: DINO ViT-S/16, 150 tensors, 86 MB. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { installHost } from "../../../src/core/host";
import { Rng } from "../../../src/core/random";
import { vitConfig, vitParameters } from "../../../src/model";
import { fit } from "../../../src/train";
import { float32Storage, torchZip } from "../model/write-torch";
import { TOY_SIZE, toyCohort } from "./toy-cohort";

let folder: string;
let restore: () => void;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-published-"));
  restore = installHost({
    display: () => ({ update: () => {} }),
    signal: () => undefined,
    warn: () => {},
  });
});
afterEach(() => {
  restore();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const WHY = process.env.OSCC_SLOW_TESTS === "1" ? "" : ": slow, set OSCC_SLOW_TESTS=1";

describe.skipIf(WHY !== "")(`weights of the published layout${WHY}`, () => {
  test("are swapped in by the environment alone, the encoder and its positions told from the file", async () => {
    const layout = vitParameters(vitConfig("vit-s/16"));
    const rng = new Rng("published");
    const tensors = Object.fromEntries(
      Object.entries(layout).map(([name, { shape }]) => {
        const length = shape.reduce((a, b) => a * b, 1);
        // One drawn value a row is enough to tell tensors apart, and quick.
        const value = rng.normal(0, 0.02);
        return [name, { shape, values: new Float32Array(length).fill(value) }];
      }),
    );
    const file = path.join(folder, "dino_vit_small_patch16.torch");
    writeFileSync(file, torchZip(float32Storage(tensors)));
    vi.stubEnv("OSCC_WEIGHTS", file);

    const run = await fit(toyCohort({ patients: 10 }), {
      preset: "notebook",
      tasks: "SIGN",
      imageSize: TOY_SIZE,
      fusionWidth: 32,
      epochs: 1,
      batch: 4,
      mode: "frozen",
      augment: "none",
      device: "cpu",
    });
    const { encoder } = run.model.spec;
    expect(encoder).toMatchObject({
      patch: 16,
      width: 384,
      depth: 12,
      heads: 6,
      imageSize: [TOY_SIZE, TOY_SIZE],
    });
    expect(run.weights).toMatchObject({ path: file, loaded: 150, missing: [], unexpected: [] });
    expect(inspect(run.weights)).toMatch(/14 x 14 to 1 x 1, bicubic-2d/);
    for (const [name, { values }] of Object.entries(tensors))
      expect(run.model.parameters[`encoder.${name}`]!.data[0], name).toBeCloseTo(values[0]!, 6);
  }, 60_000);
});
