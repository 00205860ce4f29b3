import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { readCheckpoint, writeSafetensors } from "../../../src/model";

test("a checkpoint that ends a cell is one line, not its numbers", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "oscc-checkpoint-"));
  const file = path.join(folder, "weights.safetensors");
  await writeSafetensors(file, {
    a: { shape: [40, 50], data: new Float32Array(2000) },
    b: { shape: [3], data: Float32Array.of(1, 2, 3) },
  });
  const checkpoint = await readCheckpoint(file);
  expect(inspect(checkpoint)).toBe(`Checkpoint · 2 tensors, 2,003 values · safetensors · ${file}`);
  expect(Object.keys(checkpoint)).not.toContain("inspect");
  rmSync(folder, { recursive: true });
});
