/** The training loop: epochs of steps, validation after each, the best parameters kept. */
import { throwIfAborted } from "../core/abort";
import { isOsccError } from "../core/errors";
import { host } from "../core/host";
import { startProgress } from "../core/progress";
import type { Rng } from "../core/random";
import { allFinite, type Device, type RunInput } from "../engine";
import { MISSING_LABEL } from "../evaluate";
import { asParameter, type Model, type Parameters } from "../model";
import { adamWCorrections } from "./adamw";
import { type BatchOptions, epochPasses, type Pass, passInputs } from "./batches";
import type { Checkpoints } from "./checkpoints";
import type { TrainingPatient } from "./cohort";
import { type Divergence, findOrigin, notFinite, readTensors, runningAway } from "./divergence";
import { epochsWithoutProgress, stopsEarly } from "./early-stopping";
import { validationLosses, validationScores } from "./evaluation";
import type { EpochRecord } from "./history";
import type { LossFunction } from "./losses";
import { TaskBalance } from "./multitask/task-balance";
import { type OpenStep, openStep } from "./open-step";
import type { FitSettings } from "./options";
import { withMemoryAdvice } from "./out-of-memory";
import { Predictor } from "./predictor";
import { TrainingReport } from "./report";
import { epochOrder } from "./sampler";
import { cosine } from "./schedule";
import { isBetter, meanAuc } from "./selection";
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
  /** Whether a notebook shows the live panel, and what it must say of the data. */
  readonly panel: boolean;
  readonly notice: string | undefined;
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
  try {
    return await openAndTrain(input);
  } catch (error) {
    throw withMemoryAdvice(error, input.settings);
  }
}

async function openAndTrain(input: LoopInput): Promise<LoopResult> {
  const { model, batches, device, signal } = input;
  const where = { device, ...(signal ? { signal } : {}) };
  const { source } = batches;
  const step = await openStep(input);
  let predictor: Predictor | undefined;
  try {
    predictor = input.valid.length > 0 ? await Predictor.open(model, { source, ...where }) : undefined;
    const batchesPerEpoch = Math.ceil(orderOf(input, 0).length / input.settings.batch);
    const balance = taskBalance(input);
    return await runEpochs({ ...input, step, batchesPerEpoch, balance }, predictor);
  } finally {
    await step.program.dispose();
    await predictor?.dispose();
  }
}

/** A training that has been opened. */
interface Training extends LoopInput {
  readonly step: OpenStep;
  readonly batchesPerEpoch: number;
  /** Of several tasks. */
  readonly balance: TaskBalance | undefined;
}

async function runEpochs(input: Training, predictor: Predictor | undefined): Promise<LoopResult> {
  const { model, settings, signal, step, balance } = input;
  const passesPerEpoch = passesOf(input, 0).length;
  const { checkpoints } = input;
  const { found } = checkpoints;
  if (found) await goOn(input, found);
  const history: EpochRecord[] = [...(found?.history ?? [])];
  let { best, bestParameters = {}, undefinedAuc = {} } = found ?? ({} as Partial<TrainingState>);
  let position = found?.position ?? START;
  const isOver = () =>
    position.epoch >= settings.epochs || stopsEarly(history, settings.select, settings.earlyStopping);
  const wasOver = isOver();
  let alarmed = false;
  const report = new TrainingReport({
    settings,
    encoder: model.spec.encoder,
    device: step.program.device,
    passes: settings.epochs * passesPerEpoch,
    patients: settings.epochs * orderOf(input, 0).length,
    before: Math.round((position.epoch + position.batch / input.batchesPerEpoch) * passesPerEpoch),
    history,
    panel: input.panel,
    notice: input.notice,
  });
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
    throw new Diverged({
      step: stepNumber(input, { epoch, batch: batch - 1 }),
      epoch,
      rate: ratesOf(settings, epoch).rest,
    });
  };

  try {
    while (!isOver()) {
      const { epoch } = position;
      throwIfAborted(signal, "training");
      const started = performance.now() - 1000 * position.seconds;
      const secondsSoFar = () => (performance.now() - started) / 1000;
      const rates = ratesOf(settings, epoch);
      const trainLoss = await trainEpoch(input, passesOf(input, epoch), {
        from: position,
        rates,
        report: (done, loss) => report.pass(epoch * passesPerEpoch + done, epoch, loss, best),
        onBatch: async (reached) => {
          position = { ...reached, seconds: secondsSoFar(), ...tasksOf(balance) };
          if (checkpoints.due) await keep();
        },
      });
      const parameters = await readParameters(step);
      const validation = await validate(input, predictor, parameters, epoch);
      undefinedAuc = validation?.reasons ?? {};
      const record: EpochRecord = {
        epoch: epoch + 1,
        trainLoss,
        ...validation?.record,
        learningRate: rates.rest,
        encoderLearningRate: rates.encoder,
        seconds: secondsSoFar(),
        ...balance?.epoch(validation?.losses),
      };
      history.push(record);
      if (isBetter(record, best, settings.select)) {
        best = record;
        bestParameters = parameters;
      }
      position = { ...START, epoch: epoch + 1, ...tasksOf(balance) };
      if (checkpoints.due) await keep();
      report.epoch(history, best);
      const alarm = runningAway(history, settings);
      if (alarm && !alarmed) host().warn(alarm);
      alarmed ||= alarm !== undefined;
      await input.onEpoch([...history]);
    }
    if (checkpoints.folder && !wasOver) await keep();
  } catch (error) {
    // What was stopped between two steps goes on from there.
    if (checkpoints.folder && isOsccError(error, "Aborted")) await keep();
    const told = error instanceof Diverged ? await explained(error.what, input) : error;
    report.failed(told);
    throw told;
  } finally {
    await checkpoints.settle();
  }
  report.end(...summary(settings, history, best!, step.program.device));
  return {
    parameters: trainedModel(model, bestParameters, settings.mode),
    trained: bestParameters,
    best: best!,
    history,
    device: step.program.device,
    undefinedAuc,
  };
}

/** The passes of an epoch, in the order of its sampler. */
function passesOf(input: Training, epoch: number): Pass[] {
  const patients = orderOf(input, epoch).map((i) => input.train[i]!);
  return epochPasses(patients, { epoch, batch: input.settings.batch, size: input.step.size });
}

function orderOf({ train, settings, rng }: LoopInput, epoch: number): number[] {
  const labels = train.map((patient) => settings.tasks.map((task) => patient.labels[task] ?? MISSING_LABEL));
  return epochOrder(settings.sampler, labels, epoch, rng.split("order"));
}

/** A diverged training, before it is known how it came about. */
class Diverged extends Error {
  constructor(readonly what: Divergence) {
    super("diverged");
  }
}

/** The error of a diverged training, with the first tensor that was not finite. */
async function explained(what: Divergence, input: Training): Promise<Error> {
  const { checkpoints, step } = input;
  const from = checkpoints.lastGood?.position ?? START;
  const progress = startProgress("looking for the first value that is not finite", 1);
  const origin = await findOrigin({
    step,
    good: checkpoints.lastGood?.tensors ?? step.initial(),
    batches: batchesSince(input, from, what.step),
    feeds: async (pass) => ({ ...(await feedsOf(input, pass)), ...taskWeights(input, pass) }),
  }).catch((error: unknown) => {
    if (isOsccError(error, "Aborted")) throw error;
    return undefined; // The search may need more memory than the training did; the divergence is what counts.
  });
  progress.end();
  return notFinite(what, origin, checkpoints.lastGood && checkpoints.folder, input.settings);
}

/** The batches from a position on, up to a step. */
function* batchesSince(input: Training, from: Position, last: number) {
  for (let { epoch, batch } = from; ; epoch++, batch = 0) {
    const passes = passesOf(input, epoch);
    for (; batch < input.batchesPerEpoch; batch++) {
      const number = stepNumber(input, { epoch, batch });
      if (number > last) return;
      yield { step: number, passes: passes.filter((pass) => pass.batch === batch) };
    }
  }
}

/** Put an interrupted training's state where it was. */
async function goOn({ rng, step: { program } }: Training, found: TrainingState): Promise<void> {
  await program.writeState(found.tensors);
  rng.restore(found.random.state);
  if (found.device !== program.device)
    host().warn(
      `this run was begun on ${found.device} and goes on on ${program.device}: its last digits will differ.`,
    );
}

function taskBalance({ settings, checkpoints }: LoopInput): TaskBalance | undefined {
  if (settings.tasks.length < 2) return undefined;
  return new TaskBalance(settings.tasks, settings.balancing, checkpoints.found?.position.tasks);
}

function tasksOf(balance: TaskBalance | undefined): Pick<Position, "tasks"> {
  return balance ? { tasks: balance.checkpoint } : {};
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
  input: Training,
  passes: readonly Pass[],
  { rates, report, from, onBatch }: EpochPlan,
): Promise<number> {
  const { balance } = input;
  const prepare = (pass: Pass) => feedsOf(input, pass);
  const first = passes.findIndex((pass) => pass.batch === from.batch);
  const ahead = first < 0 ? [] : passes.slice(first);
  let { lossSum, patients } = from;
  let batchLoss = 0;
  let waiting = ahead[0] && prepare(ahead[0]);
  for (const [index, pass] of ahead.entries()) {
    const running = input.step.program.run({ ...(await waiting!), ...taskWeights(input, pass) });
    const next = ahead[index + 1];
    if (next) {
      waiting = prepare(next);
      waiting.catch(() => {}); // seen when awaited; if this pass fails first, nobody awaits it
    }
    const outputs = await running;
    batchLoss += balance ? balance.pass(outputs) : outputs.loss!.data[0]!;
    if (!Number.isFinite(batchLoss))
      throw new Diverged({
        step: stepNumber(input, pass),
        epoch: pass.epoch,
        loss: batchLoss,
        rate: rates.rest,
      });
    report(first + index + 1, batchLoss);
    if (!pass.isLast) continue;
    lossSum += batchLoss * pass.patients.length;
    patients += pass.patients.length;
    batchLoss = 0;
    balance?.batch(pass.patients.length, stepNumber(input, pass));
    await onBatch({ epoch: pass.epoch, batch: pass.batch + 1, lossSum, patients });
  }
  return lossSum / patients;
}

/** The weights of several tasks in a pass: they are known only once the batch before is done. */
function taskWeights(input: Training, pass: Pass): Record<string, RunInput> {
  return input.step.takesWeights ? (input.balance?.inputs(stepNumber(input, pass)) ?? {}) : {};
}

/** The inputs of one pass that can be prepared ahead. */
async function feedsOf(input: Training, pass: Pass): Promise<Record<string, RunInput>> {
  const { step } = input;
  const rates = ratesOf(input.settings, pass.epoch);
  return {
    ...(await passInputs(pass, input.batches, input.rng)),
    encoderRate: rates.encoder,
    rate: rates.rest,
    ...adamWCorrections(stepNumber(input, pass)),
    ...step.constants,
    ...(step.accumulate ? { apply: pass.isLast ? 1 : 0 } : {}),
  };
}

/** Which optimiser step a batch is, counted from 1 over all epochs. */
function stepNumber(input: Training, { epoch, batch }: Pick<Pass, "epoch" | "batch">): number {
  return epoch * input.batchesPerEpoch + batch + 1;
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

async function validate(
  input: Training,
  predictor: Predictor | undefined,
  parameters: Parameters,
  epoch: number,
) {
  if (!predictor) return undefined;
  const { model, settings } = input;
  // The predictor has no adapters; it gets the weights that these make.
  const changed = loraOf(settings.mode) ? trainedModel(model, parameters, settings.mode) : parameters;
  await predictor.setParameters(changed);
  const logits = await predictor.logits(input.valid, input.batches.read);
  if (!Object.values(logits).every((rows) => rows.every((row) => allFinite(row))))
    throw new Diverged({
      step: stepNumber(input, { epoch, batch: input.batchesPerEpoch - 1 }),
      epoch,
      rate: ratesOf(settings, epoch).rest,
      inValidation: true,
    });
  const { spec } = input.model;
  const { auc, f1, accuracy, reasons } = validationScores(spec, input.valid, logits);
  const losses = validationLosses(spec, input.valid, logits, input.losses);
  return {
    losses,
    record: {
      validLoss: Object.values(losses).reduce((a, b) => a + b, 0),
      validAuc: auc,
      validF1: f1,
      validAccuracy: accuracy,
    },
    reasons,
  };
}

/** How it ended: a line, and a few words for the panel. */
function summary(
  settings: FitSettings,
  history: readonly EpochRecord[],
  best: EpochRecord,
  device: Device,
): [line: string, note: string] {
  const seconds = history.reduce((sum, record) => sum + record.seconds, 0);
  const auc = meanAuc(best);
  const score = auc === undefined ? "" : `; best validation AUC ${auc.toFixed(3)} at epoch ${best.epoch}`;
  const { select, earlyStopping } = settings;
  const waited = earlyStopping ? epochsWithoutProgress(history, select, earlyStopping.minDelta) : 0;
  const early = history.length < settings.epochs ? ", stopped early" : "";
  const took = `${history.length} epochs in ${seconds.toFixed(0)} s`;
  return [
    `trained ${settings.tasks.join(", ")}: ${took} on ${device}${early}${score}`,
    `${took}${early}${early ? `: no progress for ${waited} ${waited === 1 ? "epoch" : "epochs"}` : ""}`,
  ];
}
