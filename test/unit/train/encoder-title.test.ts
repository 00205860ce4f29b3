import { expect, test } from "vitest";
import { VIT_PRESETS } from "../../../src/model";
import { encoderTitle } from "../../../src/train/encoder-title";

test("an encoder is called as it was asked for, unless the weights brought another", () => {
  expect(encoderTitle("pathobench-vit-s/16", VIT_PRESETS["vit-s/16"])).toBe("pathobench-vit-s/16");
  expect(encoderTitle("tiny", VIT_PRESETS["vit-s/16"])).toBe("vit-s/16");
  expect(encoderTitle("tiny", { ...VIT_PRESETS["vit-s/16"], depth: 3 })).toBe("ViT 384 x 3");
  expect(
    encoderTitle({ patch: 4, width: 16, depth: 2, heads: 2 }, { patch: 4, width: 16, depth: 2, heads: 2 }),
  ).toBe("ViT 16 x 2");
});
