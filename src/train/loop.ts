/** The training loop: epochs of steps, validation after each, the best parameters kept. */
import { throwIfAborted } from "../core/abort";
import { isOsccError } from "../core/errors";
import { host } from "../core/host";
import { startProgress } from "../core/progress";
import type { Rng } from "../core/random";
import type { Device, HostTensor } from "../engine";
import { MISSING_LABEL } from "../evaluate";
import { asParameter, type Model, type Parameters } from "../model";
import { adamWCorrections } from "./adamw";
import { type BatchOptions, epochPasses, type Pass, passInputs } from "./batches";
import type { Checkpoints } from "./checkpoints";
import type { TrainingPatient } from "./cohort";
import { notFinite } from "./divergence";
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
import { isSum } from "./step";
import { type Position, START, type TrainingState } from "./training-state";
import { loraOf, trainedModel } from "./tuning";

export interface LoopInput {
  readonly model: Model;
  /** Parameters that the mode of training adds, see `newAdapters`. */
  readonly adapters: Parameters;
  readonly settings: FitSettings;
  readonly losses: Readonly<Record<string, LossFunction>>;
  readonly train: readonly TrainingPatient[];
  readonly valid: readonly TrainingPatient[];
  readonly batches: BatchOptions;
  readonly rng: Rng;
  readonly device: Device | "auto";
  readonly signal: AbortSignal | undefined;
  readonly onEpoch: (history: readonly EpochRecord[]) => void | Promise<void>;
  /** Where to go on from, and where to write how far it has come. */
  readonly checkpoints: Checkpoints;
}

export interface LoopResult {
  /** The parameters of the best epoch, adapters merged. */
  readonly parameters: Parameters;
  /** What was trained in the best epoch, adapters apart. */
  readonly trained: Parameters;
  readonly best: EpochRecord;
  readonly history: readonly EpochRecord[];
  readonly device: Device;
  /** Why a validation AUC was not defined, by task. */
  readonly undefinedAuc: Readonly<Record<string, string>>;
}

/** Train, and return the parameters of the epoch that did best on the validation patients. */
export async function trainingLoop(input: LoopInput): Promise<LoopResult> {
  const { model, batches, device, signal } = input;
  const where = { device, ...(signal ? { signal } : {}) };
  const { source } = batches;
  const step = await openStep(input);
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
  const batchesPerEpoch = Math.ceil(orderOf(0).length / settings.batch);
  const { checkpoints } = input;
  const { found } = checkpoints;
  if (found) await goOn(input, step, found);
  const progress = startProgress(`training ${settings.tasks.join(", ")}`, settings.epochs * passesPerEpoch);
  const history: EpochRecord[] = [...(found?.history ?? [])];
  let { best, bestParameters = {}, undefinedAuc = {} } = found ?? ({} as Partial<TrainingState>);
  let position = found?.position ?? START;
  const isOver = () =>
    position.epoch >= settings.epochs || stopsEarly(history, settings.select, settings.earlyStopping);
  const wasOver = isOver();
  const keep = async () => {
    const { path, state } = input.rng;
    const broken = await checkpoints.keep({
      position,
      history: [...history],
      best,
      bestParameters,
      undefinedAuc,
      device: step.program.device,
      random: { path, state },
      tensors: await readTensors(step),
    });
    if (broken === undefined) return;
    const { epoch, batch } = position;
    const taken = epoch * batchesPerEpoch + batch;
    throw notFinite({
      step: taken,
      epoch,
      tensor: broken,
      rate: ratesOf(settings, epoch).rest,
      checkpoint: checkpoints.file,
    });
  };

  try {
    while (!isOver()) {
      const { epoch } = position;
      throwIfAborted(signal, "training");
      const started = performance.now() - 1000 * position.seconds;
      const secondsSoFar = () => (performance.now() - started) / 1000;
      const rates = ratesOf(settings, epoch);
      const trainLoss = await trainEpoch(input, step, passesOf(epoch), {
        from: position,
        rates,
        report: (done, loss) =>
          progress.update(epoch * passesPerEpoch + done, progressNote(epoch, settings.epochs, loss, best)),
        onBatch: async (reached) => {
          position = { ...reached, seconds: secondsSoFar() };
          if (checkpoints.due) await keep();
        },
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
        seconds: secondsSoFar(),
      };
      history.push(record);
      if (isBetter(record, best, settings.select)) {
        best = record;
        bestParameters = parameters;
      }
      position = { ...START, epoch: epoch + 1 };
      await input.onEpoch([...history]);
    }
    if (checkpoints.file && !wasOver) await keep();
  } catch (error) {
    // What was stopped between two steps goes on from there.
    if (checkpoints.file && isOsccError(error, "Aborted")) await keep();
    throw error;
  } finally {
    await checkpoints.settle();
  }
  progress.end(summary(settings, history, best!, step.program.device));
  return {
    parameters: trainedModel(model, bestParameters, settings.mode),
    trained: bestParameters,
    best: best!,
    history,
    device: step.program.device,
    undefinedAuc,
  };
}

/** Put an interrupted training's state where it was. */
async function goOn({ rng }: LoopInput, { program }: OpenStep, found: TrainingState): Promise<void> {
  await program.writeState(found.tensors);
  rng.restore(found.random.state);
  if (found.device !== program.device)
    host().warn(
      `this run was begun on ${found.device} and goes on on ${program.device}: its last digits will differ.`,
    );
}

interface EpochPlan {
  readonly rates: { readonly encoder: number; readonly rest: number };
  readonly report: (passesDone: number, loss: number) => void;
  /** Where the epoch begins, or goes on. */
  readonly from: Position;
  /** After each batch: how far the epoch has come. */
  readonly onBatch: (reached: Omit<Position, "seconds">) => Promise<void>;
}

/** One pass over the patients; the next inputs are prepared while the engine works on the present ones. */
async function trainEpoch(
  input: LoopInput,
  step: OpenStep,
  passes: readonly Pass[],
  { rates, report, from, onBatch }: EpochPlan,
): Promise<number> {
  const batches = passes.filter((pass) => pass.isLast).length;
  const prepare = (pass: Pass) => passInputs(pass, input.batches, input.rng);
  const first = passes.findIndex((pass) => pass.batch === from.batch);
  const ahead = first < 0 ? [] : passes.slice(first);
  let { lossSum, patients } = from;
  let batchLoss = 0;
  let waiting = ahead[0] && prepare(ahead[0]);
  for (const [index, pass] of ahead.entries()) {
    const taken = pass.epoch * batches + pass.batch + 1;
    const inputs = await waiting!;
    const running = step.program.run({
      ...inputs,
      encoderRate: rates.encoder,
      rate: rates.rest,
      ...adamWCorrections(taken),
      ...step.constants,
      ...(step.accumulate ? { apply: pass.isLast ? 1 : 0 } : {}),
    });
    const next = ahead[index + 1];
    if (next) {
      waiting = prepare(next);
      waiting.catch(() => {}); // seen when awaited; if this pass fails first, nobody awaits it
    }
    batchLoss += (await running).loss!.data[0]!;
    if (!Number.isFinite(batchLoss)) {
      const checkpoint = input.checkpoints.file;
      const { epoch } = pass;
      throw notFinite({ step: taken, epoch, tensor: "loss", value: batchLoss, rate: rates.rest, checkpoint });
    }
    report(first + index + 1, batchLoss);
    if (!pass.isLast) continue;
    lossSum += batchLoss * pass.patients.length;
    patients += pass.patients.length;
    batchLoss = 0;
    await onBatch({ epoch: pass.epoch, batch: pass.batch + 1, lossSum, patients });
  }
  return lossSum / patients;
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

/** The whole state of the step. Sums of gradients are left out: between two batches they are zero. */
async function readTensors({ program }: OpenStep): Promise<Record<string, HostTensor>> {
  return program.readState(Object.keys(program.state).filter((name) => !isSum(name)));
}

async function validate(input: LoopInput, predictor: Predictor | undefined, parameters: Parameters) {
  if (!predictor) return undefined;
  const { model, settings } = input;
  // The predictor has no adapters; it gets the weights that these make.
  const changed = loraOf(settings.mode) ? trainedModel(model, parameters, settings.mode) : parameters;
  await predictor.setParameters(changed);
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
