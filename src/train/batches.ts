/** The inputs of one pass of a training step: pixels or features, encoded labels, dropout masks. */
import type { Rng } from "../core/random";
import { MISSING_LABEL } from "../evaluate";
import type { Augmenter } from "../image";
import type { ModelSpec } from "../model";
import type { TrainingPatient } from "./cohort";
import { maskValues } from "./missing-images";
import { gather } from "./predictor";
import { dropoutInput, dropoutWidth, oneHotInput, type StepSource, weightInput } from "./step";
import { encodeTargets } from "./targets";

export interface BatchOptions {
  readonly spec: ModelSpec;
  readonly source: StepSource;
  /** Changes the images of a patient at random; absent: they are taken as they are. */
  readonly augmenter?: Augmenter;
  /** By task, one weight a class. */
  readonly classWeights: Readonly<Record<string, readonly number[]>>;
  readonly labelSmoothing: number;
  /** Pixels or features of one patient. */
  readonly read: (patient: TrainingPatient) => Promise<Uint8Array | Float32Array>;
}

/** Some patients of one batch, computed together. */
export interface Pass {
  /** Counted from 0. */
  readonly epoch: number;
  /** Index of the batch in its epoch. */
  readonly batch: number;
  /** All patients of the batch: the mean of the loss is over them. */
  readonly patients: readonly TrainingPatient[];
  /** For each of them, how often it came before in this epoch: a sampler may show a patient again. */
  readonly turns: readonly number[];
  /** Which of them this pass computes, and how many places it has. */
  readonly from: number;
  readonly size: number;
  /** After the last pass of a batch the parameters change. */
  readonly isLast: boolean;
}

/**
 * The passes of an epoch: batches of `batch` patients, each in passes of `size`. What fits in memory decides
 * the size of a pass; it does not change the result.
 */
export function epochPasses(
  patients: readonly TrainingPatient[],
  { epoch, batch, size }: { epoch: number; batch: number; size: number },
): Pass[] {
  const passes: Pass[] = [];
  const turns = turnsOf(patients);
  for (let start = 0; start < patients.length; start += batch) {
    const members = patients.slice(start, start + batch);
    for (let from = 0; from < members.length; from += size)
      passes.push({
        epoch,
        batch: start / batch,
        patients: members,
        turns: turns.slice(start, start + batch),
        from,
        size,
        isLast: from + size >= members.length,
      });
  }
  return passes;
}

function turnsOf(patients: readonly TrainingPatient[]): number[] {
  const seen = new Map<string, number>();
  return patients.map(({ id }) => {
    const turn = seen.get(id) ?? 0;
    seen.set(id, turn + 1);
    return turn;
  });
}

/** Named arrays in the layout of `stepInputs`. Places without a patient have weight zero. */
export async function passInputs(
  pass: Pass,
  options: BatchOptions,
  rng: Rng,
): Promise<Record<string, Float32Array>> {
  const { spec, source } = options;
  const { patients, from, size, epoch, batch } = pass;
  const data = await gather(patients.slice(from, from + size), size, async (patient, i) => {
    const values = await options.read(patient);
    if (!options.augmenter) return values;
    // By patient and turn, not by place: the size of a batch does not change what a patient is made to look like.
    const turn = pass.turns[from + i]!;
    return options.augmenter.run(values, rng.split("augment").split(epoch).split(patient.id).split(turn));
  });
  const inputs: Record<string, Float32Array> = {
    [source]: data,
    ...maskValues(spec, patients.slice(from, from + size), size),
  };
  for (const [task, { classes }] of Object.entries(spec.tasks)) {
    const { oneHot, weight } = encodeTargets(
      patients.map((patient) => patient.labels[task] ?? MISSING_LABEL),
      {
        classes: classes.length,
        labelSmoothing: options.labelSmoothing,
        ...(options.classWeights[task] ? { classWeights: options.classWeights[task] } : {}),
      },
    );
    const width = dropoutWidth(spec);
    const stream = rng.split("dropout").split(task).split(epoch).split(batch);
    inputs[oneHotInput(task)] = rows(oneHot, classes.length, pass);
    inputs[weightInput(task)] = rows(weight, 1, pass);
    inputs[dropoutInput(task)] = rows(
      dropoutMask(patients.length * width, spec.head.dropout, stream),
      width,
      pass,
    );
  }
  return inputs;
}

/** The rows of a whole batch that belong to a pass, filled with zeros to its size. */
function rows(values: Float32Array, width: number, { from, size }: Pass): Float32Array {
  const out = new Float32Array(size * width);
  out.set(values.subarray(from * width, (from + size) * width));
  return out;
}

/** Zero with probability `p`, else 1 / (1 - p): the expected value of what passes is unchanged. */
export function dropoutMask(length: number, p: number, rng: Rng): Float32Array {
  return Float32Array.from({ length }, () => (rng.chance(p) ? 0 : 1 / (1 - p)));
}
