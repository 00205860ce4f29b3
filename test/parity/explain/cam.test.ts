/** Grad-CAM and Grad-CAM++ of the reference ViT against the reference implementation. */
import { describe, expect, test } from "vitest";
import { compile, type HostTensor, tf } from "../../../src/engine";
import {
  asGrid,
  camMap,
  gradCamPlusPlusWeights,
  gradCamWeights,
  layerGradients,
  tokenGrid,
} from "../../../src/explain";
import { readCheckpoint, vitConfig, vitForward } from "../../../src/model";
import { toFloat32 } from "../../../src/model/checkpoints/checkpoint";
import { linearLayer } from "../../../src/model/layers";
import { ABSENT, fixture, largestDifference, referenceValues, SHARED_DATA } from "../model/shared";

const TINY = vitConfig({ imageSize: [16, 16], patch: 4, width: 16, depth: 2, heads: 2, mlpRatio: 4 });

const WEIGHTS = { gradCam: gradCamWeights, gradCamPlusPlus: gradCamPlusPlusWeights };

async function rawMap(method: keyof typeof WEIGHTS, device: "eager" | "cpu"): Promise<number[][]> {
  const { tiny_vit: reference } = referenceValues();
  const { tensors } = await readCheckpoint(fixture("tiny_vit.safetensors"));
  const state = Object.fromEntries(
    Object.entries(tensors).map(([name, t]): [string, HostTensor] => [
      name,
      { shape: t.shape, dtype: "float32", data: toFloat32(t) },
    ]),
  );
  const program = await compile(
    ({ image }, parameters) => {
      const pixels = tf.transpose(image!, [0, 2, 3, 1]);
      const { activations, gradients } = layerGradients((tap) => {
        const logits = linearLayer(vitForward(TINY, parameters, pixels, tap), parameters, "head");
        return tf.slice(logits, [0, reference.cam_target_class], [1, 1]);
      }, "blocks.1.norm1");
      return { outputs: { activations, gradients } };
    },
    { inputs: { image: { shape: [1, 3, 16, 16] } }, state },
    { device, name: "cam" },
  );
  const { activations, gradients } = await program.run({ image: Float32Array.from(reference.x) });
  await program.dispose();
  const image = {
    activations: activations!.data.slice(16), // without the class token
    gradients: gradients!.data.slice(16),
    positions: 16,
    channels: 16,
  };
  return asGrid(camMap(image, WEIGHTS[method](image)), tokenGrid(TINY));
}

describe.skipIf(!SHARED_DATA)(`class activation maps${SHARED_DATA ? "" : `: ${ABSENT}`}`, () => {
  test.each(["eager", "cpu"] as const)("Grad-CAM equals the reference within 1e-6 (%s)", async (device) => {
    const { gradcam_raw: expected } = referenceValues().tiny_vit;
    expect(Math.max(...expected.flat())).toBeGreaterThan(0.01);
    expect(largestDifference((await rawMap("gradCam", device)).flat(), expected.flat())).toBeLessThan(1e-6);
  });

  // The reference map happens to be zero everywhere; test/unit/explain checks Grad-CAM++ where it is not.
  test("Grad-CAM++ equals the reference within 1e-6", async () => {
    const { gradcampp_raw: expected } = referenceValues().tiny_vit;
    expect(
      largestDifference((await rawMap("gradCamPlusPlus", "eager")).flat(), expected.flat()),
    ).toBeLessThan(1e-6);
  });
});
