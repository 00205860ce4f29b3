/** Real weights of other people's: read as PyTorch reads them, and StainNet's example image as PyTorch makes it. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { linear, tf } from "../../../src/engine";
import { type RgbImage, readImage } from "../../../src/image";
import { type Checkpoint, readCheckpoint } from "../../../src/model";
import { toFloat32 } from "../../../src/model/checkpoints/checkpoint";
import { SHARED_DATA } from "./shared";

interface ThirdParty {
  step: number;
  tensors: Record<string, Record<string, { shape: number[]; sum: number; squares: number }>>;
  stained: Record<string, number[]>;
}

const FILE = path.join(__dirname, "../../fixtures/model/third-party.json");
const REFERENCE = JSON.parse(readFileSync(FILE, "utf8")) as ThirdParty;
const FOLDER = path.join(SHARED_DATA ?? "", "weights");
const WHY = existsSync(path.join(FOLDER, "stainnet_ori.png"))
  ? undefined
  : "the third-party weights ($OSCC_SHARED_DATA/weights) are not on this machine";

/** Every sixteenth pixel: the network looks at one pixel at a time, so these stand for all. */
function sampled({ data, width, height }: RgbImage): number[] {
  const { step } = REFERENCE;
  const values: number[] = [];
  for (let y = 0; y < height; y += step)
    for (let x = 0; x < width; x += step) values.push(...data.subarray((y * width + x) * 3).subarray(0, 3));
  return values;
}

/** StainNet (Kang et al., Frontiers in Medicine 2021): three 1 x 1 convolutions, which are products with each pixel. */
function stainNet({ tensors }: Checkpoint, pixels: readonly number[]): number[] {
  return tf.tidy(() => {
    const layer = (i: number, x: tf.Tensor) => {
      const [weight, bias] = ["weight", "bias"].map((part) => tensors[`rgb_trans.${i}.${part}`]!);
      const [outputs, inputs] = weight!.shape as [number, number];
      return linear(x, tf.tensor2d(toFloat32(weight!), [outputs, inputs]), tf.tensor1d(toFloat32(bias!)));
    };
    const scaled = tf.sub(tf.mul(tf.tensor2d([...pixels], [pixels.length / 3, 3]), 2 / 255), 1);
    const out = layer(4, tf.relu(layer(2, tf.relu(layer(0, scaled)))));
    const bytes = tf.clipByValue(tf.mul(tf.add(tf.mul(out, 0.5), 0.5), 255), 0, 255);
    return Array.from(bytes.dataSync(), Math.floor) as unknown as tf.TensorContainer;
  }) as unknown as number[];
}

function differences(a: readonly number[], b: readonly number[]): number[] {
  expect(a).toHaveLength(b.length);
  return a.map((value, i) => Math.abs(value - b[i]!));
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe.skipIf(WHY !== undefined)(`third-party weights${WHY ? `: ${WHY}` : ""}`, () => {
  test.each(Object.entries(REFERENCE.tensors))("%s reads as in PyTorch", async (name, expected) => {
    const { tensors, format } = await readCheckpoint(path.join(FOLDER, name));
    expect(format).toBe("torch-zip");
    expect(Object.keys(tensors)).toEqual(Object.keys(expected));
    for (const [key, { shape, sum, squares }] of Object.entries(expected)) {
      const values = Array.from(toFloat32(tensors[key]!));
      expect(tensors[key]!.shape).toEqual(shape);
      expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(sum, 6);
      expect(values.reduce((a, b) => a + b * b, 0)).toBeCloseTo(squares, 6);
    }
  });

  test.each(Object.entries(REFERENCE.stained))(
    "%s gives the example image that PyTorch gives, within one grey level",
    async (name, expected) => {
      const image = sampled(await readImage(path.join(FOLDER, "stainnet_ori.png")));
      const found = stainNet(await readCheckpoint(path.join(FOLDER, name)), image);
      expect(Math.max(...differences(found, expected))).toBeLessThanOrEqual(1);
    },
  );

  test("the weights trained on this pair of scanners bring it near the second scanner's picture", async () => {
    const [first, second] = await Promise.all(
      ["ori", "target"].map(async (name) =>
        sampled(await readImage(path.join(FOLDER, `stainnet_${name}.png`))),
      ),
    );
    const weights = await readCheckpoint(path.join(FOLDER, "StainNet-3x0_best_psnr_layer3_ch32.pth"));
    expect(mean(differences(first!, second!))).toBeGreaterThan(15);
    expect(mean(differences(stainNet(weights, first!), second!))).toBeLessThan(5);
  });
});
