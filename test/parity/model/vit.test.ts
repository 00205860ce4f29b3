/** The ViT against PyTorch: same weights, same image, same feature and logits. */
import { describe, expect, test } from "vitest";
import { type HostTensor, tf, toTensor } from "../../../src/engine";
import { readCheckpoint, type ViTConfig, vitConfig, vitForward } from "../../../src/model";
import { toFloat32 } from "../../../src/model/checkpoints/checkpoint";
import { linearLayer } from "../../../src/model/layers";
import { ABSENT, fixture, largestDifference, referenceValues, SHARED_DATA } from "./shared";

const TINY: ViTConfig = vitConfig({
  imageSize: [16, 16],
  patch: 4,
  width: 16,
  depth: 2,
  heads: 2,
  mlpRatio: 4,
});

describe.skipIf(!SHARED_DATA)(`ViT forward${SHARED_DATA ? "" : `: ${ABSENT}`}`, () => {
  test("class feature and logits equal PyTorch's within 1e-5", async () => {
    const { tiny_vit: reference } = referenceValues();
    const { tensors } = await readCheckpoint(fixture("tiny_vit.safetensors"));
    const before = tf.memory().numTensors;
    const { feature, logits } = tf.tidy(() => {
      const parameters = Object.fromEntries(
        Object.entries(tensors).map(([name, t]) => [
          name,
          toTensor({ shape: t.shape, dtype: "float32", data: toFloat32(t) } satisfies HostTensor),
        ]),
      );
      const image = tf.transpose(tf.tensor(reference.x, [1, 3, 16, 16]), [0, 2, 3, 1]);
      const features = vitForward(TINY, parameters, image);
      return {
        feature: Array.from(features.dataSync()),
        logits: Array.from(linearLayer(features, parameters, "head").dataSync()),
      };
    }) as unknown as { feature: number[]; logits: number[] };
    expect(largestDifference(feature, reference.cls_feature)).toBeLessThan(1e-5);
    expect(largestDifference(logits, reference.logits)).toBeLessThan(1e-5);
    expect(tf.memory().numTensors).toBe(before);
  });
});
