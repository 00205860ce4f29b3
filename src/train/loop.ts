/** The training loop: epochs of steps, validation after each, the best parameters kept. */
import { throwIfAborted } from "../core/abort";
import { OsccError } from "../core/errors";
import { startProgress } from "../core/progress";
import type { Rng } from "../core/random";
import type { Device } from "../engine";
import { MISSING_LABEL } from "../evaluate";
import { asParameter, type Model, type Parameters } from "../model";
import { adamWCorrections } from "./adamw";
import { type BatchOptions, epochPasses, type Pass, passInputs } from "./batches";
import type { TrainingPatient } from "./cohort";
import { stopsEarly } from "./early-stopping";
import { validationLoss, validationScores } from "./evaluation";
import type { EpochRecord } from "./history";
import type { LossFunction } from "./losses";
import { type OpenStep, openStep } from "./open-step";
import type { FitSettings } from "./options";
import { Predictor } from "./predictor";
import { epochOrder } from "./sampler";
import { cosine } from "./schedule";
import { isBetter, meanAuc } from "./selection";

export interface LoopInput {
  readonly model: Model;
  readonly settings: FitSettings;
  readonly losses: Readonly<Record<string, LossFunction>>;
  readonly train: readonly TrainingPatient[];
  readonly valid: readonly TrainingPatient[];
  readonly batches: BatchOptions;
  readonly rng: Rng;
  readonly device: Device | "auto";
  readonly signal: AbortSignal | undefined;
  readonly onEpoch: (history: readonly EpochRecord[]) => void | Promise<void>;
}

export interface LoopResult {
  /** The parameters of the best epoch. */
  readonly parameters: Parameters;
  readonly best: EpochRecord;
  readonly history: readonly EpochRecord[];
  readonly device: Device;
  /** Why a validation AUC was not defined, by task. */
  readonly undefinedAuc: Readonly<Record<string, string>>;
}

/** Train, and return the parameters of the epoch that did best on the validation patients. */
export async function trainingLoop(input: LoopInput): Promise<LoopResult> {
  const { model, settings, batches, device, signal } = input;
  const where = { device, ...(signal ? { signal } : {}) };
  const { source } = batches;
  const step = await openStep({ model, settings, source, losses: input.losses, device, signal });
  let predictor: Predictor | undefined;
  try {
    predictor = input.valid.length > 0 ? await Predictor.open(model, { source, ...where }) : undefined;
    return await runEpochs(input, step, predictor);
  } finally {
    await step.program.dispose();
    await predictor?.dispose();
  }
}

async function runEpochs(
  input: LoopInput,
  step: OpenStep,
  predictor: Predictor | undefined,
): Promise<LoopResult> {
  const { model, settings, signal } = input;
  const labels = input.train.map((patient) =>
    settings.tasks.map((task) => patient.labels[task] ?? MISSING_LABEL),
  );
  const orderOf = (epoch: number) => epochOrder(settings.sampler, labels, epoch, input.rng.split("order"));
  const passesOf = (epoch: number) =>
    epochPasses(
      orderOf(epoch).map((i) => input.train[i]!),
      { epoch, batch: settings.batch, size: step.size },
    );
  const passesPerEpoch = passesOf(0).length;
  const progress = startProgress(`training ${settings.tasks.join(", ")}`, settings.epochs * passesPerEpoch);
  const history: EpochRecord[] = [];
  let best: EpochRecord | undefined;
  let bestParameters: Parameters = {};
  let undefinedAuc: Readonly<Record<string, string>> = {};

  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    throwIfAborted(signal, "training");
    const started = performance.now();
    const rates = ratesOf(settings, epoch);
    const trainLoss = await trainEpoch(input, step, passesOf(epoch), {
      rates,
      report: (done, loss) =>
        progress.update(epoch * passesPerEpoch + done, progressNote(epoch, settings.epochs, loss, best)),
    });
    const parameters = await readParameters(step);
    const validation = await validate(input, predictor, parameters);
    undefinedAuc = validation?.reasons ?? {};
    const record: EpochRecord = {
      epoch: epoch + 1,
      trainLoss,
      ...validation?.record,
      learningRate: rates.rest,
      encoderLearningRate: rates.encoder,
      seconds: (performance.now() - started) / 1000,
    };
    history.push(record);
    if (isBetter(record, best, settings.select)) {
      best = record;
      bestParameters = parameters;
    }
    await input.onEpoch([...history]);
    if (stopsEarly(history, settings.select, settings.earlyStopping)) break;
  }
  progress.end(summary(settings, history, best!, step.program.device));
  return {
    parameters: { ...model.parameters, ...bestParameters },
    best: best!,
    history,
    device: step.program.device,
    undefinedAuc,
  };
}

interface EpochPlan {
  readonly rates: { readonly encoder: number; readonly rest: number };
  readonly report: (passesDone: number, loss: number) => void;
}

/** One pass over the patients; the next inputs are prepared while the engine works on the present ones. */
async function trainEpoch(
  input: LoopInput,
  step: OpenStep,
  passes: readonly Pass[],
  { rates, report }: EpochPlan,
): Promise<number> {
  const batches = passes.filter((pass) => pass.isLast).length;
  const prepare = (pass: Pass) => passInputs(pass, input.batches, input.rng);
  let total = 0;
  let patients = 0;
  let batchLoss = 0;
  let waiting = prepare(passes[0]!);
  for (const [index, pass] of passes.entries()) {
    const taken = pass.epoch * batches + pass.batch + 1;
    const inputs = await waiting;
    const running = step.program.run({
      ...inputs,
      encoderRate: rates.encoder,
      rate: rates.rest,
      ...adamWCorrections(taken),
      ...(step.accumulate ? { apply: pass.isLast ? 1 : 0 } : {}),
    });
    const next = passes[index + 1];
    if (next) {
      waiting = prepare(next);
      waiting.catch(() => {}); // seen when awaited; if this pass fails first, nobody awaits it
    }
    batchLoss += (await running).loss!.data[0]!;
    if (!Number.isFinite(batchLoss)) throw notFinite(batchLoss, taken, pass.epoch, rates.rest);
    report(index + 1, batchLoss);
    if (!pass.isLast) continue;
    total += batchLoss * pass.patients.length;
    patients += pass.patients.length;
    batchLoss = 0;
  }
  return total / patients;
}

function ratesOf({ learningRate, minimumRate, epochs, warmup }: FitSettings, epoch: number) {
  const at = (start: number) =>
    start > 0 ? cosine(epoch, { start, minimum: Math.min(minimumRate, start), epochs, warmup }) : 0;
  return { encoder: at(learningRate.encoder), rest: at(learningRate.rest) };
}

async function readParameters({ program, names }: OpenStep): Promise<Parameters> {
  const state = await program.readState(names);
  return Object.fromEntries(names.map((name) => [name, asParameter(name, state[name]!)]));
}

async function validate(input: LoopInput, predictor: Predictor | undefined, parameters: Parameters) {
  if (!predictor) return undefined;
  await predictor.setParameters(parameters);
  const logits = await predictor.logits(input.valid, input.batches.read);
  const { spec } = input.model;
  const { auc, f1, accuracy, reasons } = validationScores(spec, input.valid, logits);
  return {
    record: {
      validLoss: validationLoss(spec, input.valid, logits, input.losses),
      validAuc: auc,
      validF1: f1,
      validAccuracy: accuracy,
    },
    reasons,
  };
}

function progressNote(epoch: number, epochs: number, loss: number, best: EpochRecord | undefined): string {
  const auc = best && meanAuc(best);
  const bestNote = auc === undefined ? "" : `, best validation AUC ${auc.toFixed(3)}`;
  return `epoch ${epoch + 1}/${epochs}, loss ${loss.toFixed(3)}${bestNote}`;
}

function summary(
  settings: FitSettings,
  history: readonly EpochRecord[],
  best: EpochRecord,
  device: Device,
): string {
  const seconds = history.reduce((sum, record) => sum + record.seconds, 0);
  const auc = meanAuc(best);
  const score = auc === undefined ? "" : `; best validation AUC ${auc.toFixed(3)} at epoch ${best.epoch}`;
  const early = history.length < settings.epochs ? ", stopped early" : "";
  return `trained ${settings.tasks.join(", ")}: ${history.length} epochs in ${seconds.toFixed(0)} s on ${device}${early}${score}`;
}

function notFinite(loss: number, step: number, epoch: number, rate: number): OsccError<"NotFinite"> {
  return new OsccError(
    "NotFinite",
    [
      `the loss became ${loss} at step ${step} (epoch ${epoch + 1}).`,
      `Expected a finite number; the learning rate was ${rate.toExponential(1)}.`,
      "Lower the learning rate, for example learningRate: { encoder: 1e-5, rest: 1e-4 }, or clip gradients with clipNorm: 1.",
    ],
    { step, tensor: "loss" },
  );
}
