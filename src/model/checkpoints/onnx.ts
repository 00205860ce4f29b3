/** A model as an `.onnx` file, for other programs. */
import { saveOnnx as writeOnnx } from "../../engine";
import { fusionBlock } from "../fusion";
import { forward, type Model } from "../model";
import { normalise } from "../normalisation";
import { SPEC_KEY } from "./infer";

/** Options of `saveOnnx`. */
export interface SaveOnnxOptions {
  /** Patients in one pass: the shapes in the file are fixed. Default 1. */
  readonly patients?: number;
  /** Whether the file has an input `mask` for missing images. Default no. */
  readonly mask?: boolean;
}

/**
 * Write a model as an `.onnx` file that any ONNX runtime runs: from photographs to logits.
 *
 * Input `images` [patients, images, height, width, 3]: RGB, 0-255, float32, resized but not normalised (the model's
 * pixel statistics are in the graph), a patient's images in the order of the model's views. With `mask`, input `mask`
 * [patients, images]: 1 for an image that is there, 0 for one that is missing. Outputs: `logits.<task>`
 * [patients, classes] for each task, and `attention` [patients, images] where the fusion block has such weights.
 * The weights have their names, the model's specification is in the file's metadata.
 *
 * @param model    a model, for example `run.model`
 * @param path     where; an existing file is replaced
 * @param options  see `SaveOnnxOptions`
 * @throws InvalidArgument  for a model of more than 2 GiB
 * @example
 * await model.saveOnnx(run.model, "td.onnx");
 */
export async function saveOnnx(model: Model, path: string, options: SaveOnnxOptions = {}): Promise<void> {
  const { patients = 1, mask: hasMask = false } = options;
  const { spec } = model;
  const [height, width] = spec.encoder.imageSize;
  const views = spec.views.map(({ site, magnification }) => `${site} ${magnification}`).join(", ");
  const tasks = Object.entries(spec.tasks);
  await writeOnnx(
    path,
    ({ images, mask }, weights) => {
      const pixels = normalise(images!, spec.normalisation);
      const { logits, attention } = forward(spec, weights, pixels, mask ? { mask } : {});
      return {
        ...Object.fromEntries(Object.entries(logits).map(([task, value]) => [`logits.${task}`, value])),
        ...(attention ? { attention } : {}),
      };
    },
    {
      name: "oscc-lab model",
      description: [
        `Predicts ${tasks.map(([task, { title }]) => `${task} (${title})`).join(", ")} of a patient from ${spec.views.length} photographs.`,
        `Fusion: ${fusionBlock(spec.fusion).title}. Research and teaching only; not for diagnosis.`,
      ].join(" "),
      inputs: {
        images: {
          shape: [patients, spec.views.length, height, width, 3],
          description: `[patients, images, height, width, RGB], 0-255, not normalised. Images in order: ${views}.`,
        },
        ...(hasMask
          ? {
              mask: {
                shape: [patients, spec.views.length],
                description: "[patients, images], 1 for an image that is there, 0 for one that is missing.",
              },
            }
          : {}),
      },
      outputs: {
        ...Object.fromEntries(
          tasks.map(([task, { title, classes }]) => [
            `logits.${task}`,
            { description: `${title}: [patients, ${classes.join(" | ")}], before the softmax.` },
          ]),
        ),
        attention: { description: "[patients, images], how much each image counts; sums to one." },
      },
      weights: model.parameters,
      metadata: { [SPEC_KEY]: JSON.stringify(spec) },
    },
  );
}
