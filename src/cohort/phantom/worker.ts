/** One worker thread: writes the patients it is told to, one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { nativeSharp } from "../../image/native";
import type { CohortRecipe } from "./options";
import { makeCohort } from "./patient";
import { PHANTOM_PRESETS } from "./settings";
import { type PatientTruth, writePatient } from "./write-patient";

export interface WorkerTask {
  readonly folder: string;
  readonly recipe: CohortRecipe;
}

/** What a worker answers for each index it is sent. */
export interface WorkerAnswer {
  readonly index: number;
  readonly truth: PatientTruth;
}

const port = parentPort;
if (port) {
  // The workers are the parallelism.
  void nativeSharp().then((sharp) => sharp?.concurrency(1));
  const { folder, recipe } = workerData as WorkerTask;
  const patients = makeCohort(recipe.seed, recipe.patients, PHANTOM_PRESETS[recipe.preset], recipe);
  port.on("message", (index: number) => {
    writePatient(folder, recipe, patients[index]!).then(
      (truth) => port.postMessage({ index, truth } satisfies WorkerAnswer),
      // Thrown outside the promise, so that it reaches the parent as the worker's "error".
      (error: unknown) =>
        setImmediate(() => {
          throw error;
        }),
    );
  });
}
