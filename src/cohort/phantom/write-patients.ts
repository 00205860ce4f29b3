/** Write all patients of a cohort, on worker threads where they can be had. */
import { Worker } from "node:worker_threads";
import { throwIfAborted } from "../../core/abort";
import { compiledScript } from "../../core/threads";
import type { CohortRecipe } from "./options";
import type { PhantomPatient } from "./patient";
import type { WorkerAnswer, WorkerTask } from "./worker";
import { type PatientTruth, writePatient } from "./write-patient";

/** What is being done, for messages. */
const WORK = "Making the phantom cohort";

/** The objects of a site live as long as its three photographs: with room for them, few are ever moved. */
const YOUNG_GENERATION = { maxYoungGenerationSizeMb: 64 };

export interface WriteOptions {
  readonly workers: number;
  readonly signal?: AbortSignal | undefined;
  /** Told after each patient how many are done. */
  readonly onPatient: (done: number) => void;
}

/** @returns the truth of each patient, in the patients' order */
export async function writePatients(
  folder: string,
  recipe: CohortRecipe,
  patients: readonly PhantomPatient[],
  options: WriteOptions,
): Promise<PatientTruth[]> {
  throwIfAborted(options.signal, WORK);
  const script =
    options.workers > 1 && patients.length > 1 ? compiledScript(__filename, "worker") : undefined;
  return script
    ? onWorkers(script, { folder, recipe }, patients.length, options)
    : onThisThread(folder, recipe, patients, options);
}

async function onThisThread(
  folder: string,
  recipe: CohortRecipe,
  patients: readonly PhantomPatient[],
  { signal, onPatient }: WriteOptions,
): Promise<PatientTruth[]> {
  const truths: PatientTruth[] = [];
  for (const patient of patients) {
    truths.push(await writePatient(folder, recipe, patient));
    onPatient(truths.length);
    await new Promise((resolve) => setImmediate(resolve)); // let interrupts and output through
    throwIfAborted(signal, WORK);
  }
  return truths;
}

async function onWorkers(
  script: string,
  task: WorkerTask,
  count: number,
  { workers, signal, onPatient }: WriteOptions,
): Promise<PatientTruth[]> {
  const truths: PatientTruth[] = [];
  const threads: Worker[] = [];
  let next = 0;
  let done = 0;
  let stop: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      stop = () => reject(signal?.reason);
      signal?.addEventListener("abort", stop, { once: true });
      for (let i = 0; i < Math.min(workers, count); i++) {
        const thread = new Worker(script, { workerData: task, resourceLimits: YOUNG_GENERATION });
        threads.push(thread);
        thread.on("error", reject);
        thread.on("exit", (code) => reject(new Error(`a phantom worker ended early with code ${code}`)));
        thread.on("message", ({ index, truth }: WorkerAnswer) => {
          truths[index] = truth;
          onPatient(++done);
          if (done === count) resolve();
          else if (next < count) thread.postMessage(next++);
        });
        thread.postMessage(next++);
      }
    });
  } finally {
    if (stop) signal?.removeEventListener("abort", stop);
    await Promise.all(threads.map((thread) => thread.terminate()));
    throwIfAborted(signal, WORK);
  }
  return truths;
}
