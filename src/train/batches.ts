/** The inputs of one training step: pixels or features, encoded labels, dropout masks. */
import type { Rng } from "../core/random";
import { MISSING_LABEL } from "../evaluate";
import type { ModelSpec } from "../model";
import { type Augmentation, applySymmetry, drawSymmetry } from "./augment";
import type { TrainingPatient } from "./cohort";
import { gather } from "./predictor";
import { dropoutInput, dropoutWidth, oneHotInput, type StepSource, weightInput } from "./step";
import { encodeTargets } from "./targets";

export interface BatchOptions {
  readonly spec: ModelSpec;
  readonly batch: number;
  readonly source: StepSource;
  readonly augment: Augmentation;
  /** By task, one weight a class. */
  readonly classWeights: Readonly<Record<string, readonly number[]>>;
  readonly labelSmoothing: number;
  /** Pixels or features of one patient. */
  readonly read: (patient: TrainingPatient) => Promise<ArrayLike<number>>;
}

/** Named arrays in the layout of `stepInputs`. A smaller batch is filled with patients of weight zero. */
export async function stepBatch(
  patients: readonly TrainingPatient[],
  epoch: number,
  index: number,
  options: BatchOptions,
  rng: Rng,
): Promise<Record<string, Float32Array>> {
  const { spec, batch, source } = options;
  const data = await gather(patients, batch, async (patient) => {
    const values = await options.read(patient);
    if (source === "features" || options.augment === "none") return values;
    const stream = rng.split("augment").split(epoch).split(index).split(patient.id);
    return augmented(values, spec, options.augment, stream);
  });
  const inputs: Record<string, Float32Array> = { [source]: data };
  for (const [task, { classes }] of Object.entries(spec.tasks)) {
    const labels = Array.from({ length: batch }, (_, i) => patients[i]?.labels[task] ?? MISSING_LABEL);
    const { oneHot, weight } = encodeTargets(labels, {
      classes: classes.length,
      labelSmoothing: options.labelSmoothing,
      ...(options.classWeights[task] ? { classWeights: options.classWeights[task] } : {}),
    });
    inputs[oneHotInput(task)] = oneHot;
    inputs[weightInput(task)] = weight;
    const stream = rng.split("dropout").split(task).split(epoch).split(index);
    inputs[dropoutInput(task)] = dropoutMask(batch * dropoutWidth(spec), spec.head.dropout, stream);
  }
  return inputs;
}

/** The patient's images under one random symmetry, the same for all of them. */
function augmented(
  values: ArrayLike<number>,
  spec: ModelSpec,
  augmentation: Augmentation,
  rng: Rng,
): Float32Array {
  const [height, width] = spec.encoder.imageSize;
  const pixels = Float32Array.from(values);
  return applySymmetry(pixels, [height, width, 3], drawSymmetry(augmentation, height, width, rng));
}

/** Zero with probability `p`, else 1 / (1 - p): the expected value of what passes is unchanged. */
export function dropoutMask(length: number, p: number, rng: Rng): Float32Array {
  return Float32Array.from({ length }, () => (rng.chance(p) ? 0 : 1 / (1 - p)));
}
