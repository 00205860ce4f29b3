/** The encoder cut in two: nothing is lost at any cut. */
import { describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { tf, toTensor } from "../../../src/engine";
import { createModel, encodeEach, vitChain, vitLayers } from "../../../src/model";
import { encodeFrom, encodeUpTo, linkOfLayer } from "../../../src/model/encoder-parts";

describe.each(["class", "mean", "class+mean"] as const)("an encoder that reads its %s", (pooling) => {
  const model = createModel(
    {
      encoder: { imageSize: [8, 12], patch: 4, width: 8, depth: 3, heads: 2, mlpRatio: 2, pooling },
      tasks: { A: { title: "a", classes: ["no", "yes"] } },
      views: [{ site: "core", magnification: "x200" }],
    },
    new Rng(5),
  );
  const { spec } = model;
  const links = vitChain(spec.encoder).length;
  const live = () =>
    Object.fromEntries(Object.entries(model.parameters).map(([name, t]) => [name, toTensor(t)]));

  test("gives the same features wherever it is cut", () => {
    tf.tidy(() => {
      const parameters = live();
      const images = tf.randomNormal([2, 8, 12, 3], 0, 1, "float32", 5);
      const whole = Array.from(encodeEach(spec, parameters, images).dataSync());
      for (let link = 0; link < links; link++) {
        const tokens = encodeUpTo(spec, parameters, images, link);
        expect(Array.from(encodeFrom(spec, parameters, tokens, link).dataSync())).toEqual(whole);
      }
    });
  });

  test("shows each layer from its link on, and no later", () => {
    const seenFrom = (link: number) => {
      const seen: string[] = [];
      tf.tidy(() => {
        const parameters = live();
        const tokens = encodeUpTo(spec, parameters, tf.zeros([1, 8, 12, 3]), link);
        encodeFrom(spec, parameters, tokens, link, (name, value) => {
          seen.push(name);
          return value;
        });
      });
      return seen;
    };
    for (const layer of vitLayers(spec.encoder)) {
      const link = linkOfLayer(spec.encoder, layer);
      expect(seenFrom(link)).toContain(layer);
      if (link + 1 < links) expect(seenFrom(link + 1)).not.toContain(layer);
    }
  });
});
