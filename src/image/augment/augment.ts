/** Augment pictures in a cell, to see what a model will be shown. */
import { invalidArgument } from "../../core/errors";
import { Rng } from "../../core/random";
import { RgbImage } from "../rgb-image";
import { applyAugmentation, type ColourScale, drawAugmentation } from "./draw";
import { type Augmentation, augmentationRecipe } from "./recipe";

/** Options of `augment`. */
export interface AugmentOptions {
  /** Default 7. The same seed gives the same pixels. */
  readonly seed?: number | string;
  /** What the model normalises by, 0-255. Default: the pictures' own mean and standard deviation. */
  readonly normalisation?: ColourScale;
}

/**
 * Change pictures at random, as training does: one draw for all of them, or one each, as the recipe says.
 *
 * @param pictures one, or several of one size, such as a patient's
 * @param recipe   a name of `AUGMENTATIONS` or a recipe of your own
 * @param options  `seed`, default 7; `normalisation`
 * @returns        new pictures of the same size, rounded to whole grey levels
 * @throws UnknownName, InvalidArgument
 * @example
 * const seen = images.augment(await patient.image("core", "x400").load(), "published", { seed: 3 });
 */
export function augment(picture: RgbImage, recipe: Augmentation, options?: AugmentOptions): RgbImage;
/** The same for several pictures of one size. */
export function augment(
  pictures: readonly RgbImage[],
  recipe: Augmentation,
  options?: AugmentOptions,
): RgbImage[];
export function augment(
  pictures: RgbImage | readonly RgbImage[],
  recipe: Augmentation,
  options: AugmentOptions = {},
): RgbImage | RgbImage[] {
  const list = pictures instanceof RgbImage ? [pictures] : pictures;
  const [first] = list;
  if (!first) throw invalidArgument("pictures", "an empty list", "at least one picture");
  const { width, height } = first;
  const odd = list.find((other) => other.width !== width || other.height !== height);
  if (odd)
    throw invalidArgument(
      "pictures",
      `${odd.width}x${odd.height} beside ${width}x${height}`,
      "pictures of one size",
    );
  const checked = augmentationRecipe(recipe);
  const { seed = 7, normalisation = scaleOf(list) } = options;
  const streams = imageStreams(checked.draw ?? "patient", new Rng(seed).split("augment"), list.length);
  const changed = list.map(({ data }, i) => {
    const drawn = drawAugmentation(checked, { width, height, normalisation }, streams[i]!);
    const pixels = applyAugmentation({ width, height, data: new Float32Array(data) }, drawn);
    return new RgbImage(width, height, new Uint8Array(new Uint8ClampedArray(pixels.data).buffer));
  });
  return pictures instanceof RgbImage ? changed[0]! : changed;
}

/** The stream of random numbers of each image of a patient: the same one for all, or one each. */
export function imageStreams(draw: "patient" | "image", rng: Rng, images: number): Rng[] {
  return Array.from({ length: images }, (_, i) => (draw === "image" ? rng.split(`image ${i}`) : rng));
}

/** Mean and standard deviation over all pictures; a flat channel counts as one grey level. */
function scaleOf(pictures: readonly RgbImage[]): ColourScale {
  const of = (c: number) => {
    let sum = 0;
    let squares = 0;
    let n = 0;
    for (const { data } of pictures)
      for (let i = c; i < data.length; i += 3, n++) {
        sum += data[i]!;
        squares += data[i]! ** 2;
      }
    return { mean: sum / n, std: Math.max(1, Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2))) };
  };
  const [red, green, blue] = [of(0), of(1), of(2)];
  return { mean: [red.mean, green.mean, blue.mean], std: [red.std, green.std, blue.std] };
}
