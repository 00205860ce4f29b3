/** What a method of explanation is. */
import { tf } from "../../engine";
import type { ViTConfig } from "../../model";
import { encodeFrom } from "../../model/encoder-parts";
import { layersGradients } from "../layer-gradients";
import type { ScoreName } from "../score";
import type { Subject } from "../subject";

/** Activations of one image at one layer, and the gradient of the score there: [positions, channels], row-major, patches only. */
export interface ImageGradients {
  readonly activations: ArrayLike<number>;
  readonly gradients: ArrayLike<number>;
  readonly positions: number;
  readonly channels: number;
}

/** What can be chosen about a method; each reads what concerns it. */
export interface MethodSettings {
  /** Checked names. */
  readonly layers: readonly string[];
  /** Integrated gradients: steps of the path. */
  readonly steps?: number | undefined;
  /** Occlusion: side of the hidden square in patches, and how far it moves. */
  readonly window?: number | undefined;
  readonly stride?: number | undefined;
  /** Score-CAM: how many channels. */
  readonly channels?: number | undefined;
  /** Told now and then: units of work done, and in all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Values of the patches of each image, in reading order. */
export type PatchValues = readonly ArrayLike<number>[];

/** What a method found. */
export interface MethodMaps {
  /** One entry a layer, or one in all. */
  readonly layers: readonly PatchValues[];
  readonly notes?: readonly string[];
}

/** One method. To add one: a file with such an object, and a line in `methods/index.ts`. */
export interface MapMethod {
  /** For titles and legends. */
  readonly title: string;
  readonly paper: string;
  /** Whether it explains layers (and which ones can be chosen). */
  readonly usesLayers: boolean;
  /** Whether the map depends on the class and on the fusion block, or on the encoder alone. */
  readonly followsScore: boolean;
  /** Whether values below 0 mean something: evidence against. */
  readonly isSigned: boolean;
  /** What it explains where nothing else is asked, if not the logit at the last layer. */
  readonly defaults?: {
    readonly score: ScoreName;
    readonly layers: (encoder: ViTConfig) => readonly string[];
  };
  maps(subject: Subject, settings: MethodSettings): Promise<MethodMaps>;
}

/** The maps of a method that looks at one layer of one image at a time. */
export async function mapsOfLayers(
  subject: Subject,
  { layers }: MethodSettings,
  mapOf: (image: ImageGradients) => ArrayLike<number>,
): Promise<MethodMaps> {
  const images = await layerValues(subject, layers);
  return { layers: layers.map((_, l) => images.map((ofLayers) => mapOf(ofLayers[l]!))) };
}

/** Activations and gradients of each image at each layer; from one pass, however many methods ask. */
export function layerValues(subject: Subject, layers: readonly string[]): Promise<ImageGradients[][]> {
  return subject.once(`layers ${layers.join(" ")}`, () => readLayers(subject, layers));
}

async function readLayers(
  { probe, at, features, target }: Subject,
  layers: readonly string[],
): Promise<ImageGradients[][]> {
  const { grid, spec } = probe;
  const positions = grid.rows * grid.columns;
  const patches = (tokens: tf.Tensor) => {
    const [, images, channels] = tokens.shape as [number, number, number];
    const own = tf.slice(tokens, [grid.prefix, 0, 0], [positions, images, channels]);
    return tf.transpose(own, [1, 0, 2]); // [I, P, D]
  };
  const images = await probe.over(
    at,
    `layers ${layers.join(" ")}`,
    (values, parameters, slopes) => {
      const found = layersGradients(
        (tap) => tf.sum(tf.mul(encodeFrom(spec, parameters, values, at.link, tap), slopes)),
        layers,
      );
      return Object.fromEntries(
        found.flatMap(({ activations, gradients }, l) => [
          [`activations ${l}`, patches(activations)],
          [`gradients ${l}`, patches(gradients)],
        ]),
      );
    },
    await probe.slopes(features, target),
  );
  return images.map((image) =>
    layers.map((_, l): ImageGradients => {
      const activations = image[`activations ${l}`]!;
      return {
        activations,
        gradients: image[`gradients ${l}`]!,
        positions,
        channels: activations.length / positions,
      };
    }),
  );
}
