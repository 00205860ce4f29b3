/** Our own checkpoints: one safetensors file with the model's specification in its metadata. */
import { type Model, modelParameters } from "../model";
import { type ParameterTensor, under } from "../parameters";
import { invalidCheckpoint, toFloat32 } from "./checkpoint";
import { ownSpec, SPEC_KEY } from "./infer";
import { readCheckpoint } from "./read";
import { writeSafetensors } from "./safetensors";

/**
 * Write a model to one `.safetensors` file, readable by any safetensors reader.
 *
 * @example
 * await model.saveModel(run.model, "td.safetensors");
 * const again = await model.loadModel("td.safetensors");
 */
export async function saveModel(model: Model, path: string): Promise<void> {
  await writeSafetensors(path, model.parameters, { [SPEC_KEY]: JSON.stringify(model.spec) });
}

/**
 * Write a model's encoder alone, under timm's names (DINOv2's for registers, LayerScale and SwiGLU): other programs'
 * ViTs load it, and so does `loadEncoder`.
 *
 * @param model  its encoder is written; fusion and heads are not
 * @param path   a `.safetensors` file
 * @example
 * await model.saveEncoder(run.model, "encoder.safetensors");
 */
export async function saveEncoder(model: Model, path: string): Promise<void> {
  await writeSafetensors(path, under("encoder", model.parameters), {
    [SPEC_KEY]: JSON.stringify(model.spec),
  });
}

/**
 * Read a model that `saveModel` or a run wrote.
 *
 * @throws InvalidCheckpoint  when the file is not one of ours (then `readCheckpoint` and `loadEncoder` may do),
 *                            or lacks a tensor
 * @example
 * const trained = await model.loadModel("runs/td/model.safetensors");
 */
export async function loadModel(path: string): Promise<Model> {
  const checkpoint = await readCheckpoint(path);
  const spec = ownSpec(checkpoint);
  if (spec === undefined)
    throw invalidCheckpoint(path, "names", [
      "holds no model specification: it was not written by this package.",
      "To use weights from elsewhere: loadEncoder(createModel(...), await readCheckpoint(path)).",
    ]);
  const parameters: Record<string, ParameterTensor> = {};
  for (const [name, { shape }] of Object.entries(modelParameters(spec))) {
    const found = checkpoint.tensors[name];
    if (!found || found.shape.join() !== shape.join())
      throw invalidCheckpoint(
        path,
        found ? "shapes" : "names",
        [
          `holds ${found ? `[${found.shape.join(", ")}]` : "nothing"} for "${name}"; expected [${shape.join(", ")}].`,
        ],
        [name],
      );
    parameters[name] = { shape, dtype: "float32", data: toFloat32(found) };
  }
  return { spec, parameters };
}
