/** Tells how a training goes: in a notebook by a panel that is rewritten in place, elsewhere by a line of progress. */
import { isOsccError } from "../core/errors";
import { inNotebook } from "../core/host";
import { type Progress, startProgress } from "../core/progress";
import type { ViTConfig } from "../model";
import { encoderTitle } from "./encoder-title";
import type { EpochRecord } from "./history";
import type { FitSettings } from "./options";
import { Panel, type PanelState } from "./panel";
import { meanAuc } from "./selection";

/** What is known before the first step. */
export interface ReportFacts {
  readonly settings: FitSettings;
  /** The encoder that the model has. */
  readonly encoder: ViTConfig;
  readonly device: string;
  /** Passes and patients of all epochs. */
  readonly passes: number;
  readonly patients: number;
  /** Passes that an earlier, interrupted run has done. */
  readonly before: number;
  readonly history: readonly EpochRecord[];
  /** Whether a notebook gets a panel. */
  readonly panel: boolean;
  readonly notice: string | undefined;
}

/** A panel is redrawn at most this often between epochs. */
const INTERVAL_MS = 400;

export class TrainingReport {
  private readonly started = performance.now();
  private readonly line: Progress | undefined;
  private readonly panel: Panel | undefined;
  private state: PanelState;
  private drawn = Number.NEGATIVE_INFINITY;

  constructor(private readonly facts: ReportFacts) {
    const { settings, device, before, passes, history } = facts;
    this.state = {
      title: titleOf(settings, facts.encoder),
      status: "running",
      note: "",
      epochs: settings.epochs,
      done: passes > 0 ? before / passes : 0,
      loss: undefined,
      secondsLeft: undefined,
      patientsPerSecond: undefined,
      imagesPerPatient: settings.views.length,
      device,
      history,
      best: undefined,
      notice: facts.notice,
    };
    if (inNotebook() && facts.panel) this.panel = new Panel(this.state);
    else this.line = startProgress(`training ${settings.tasks.join(", ")}`, passes);
  }

  /** A pass is done: `done` of all epochs, counted with those of an earlier run. */
  pass(done: number, epoch: number, loss: number, best: EpochRecord | undefined): void {
    const { passes, patients, before, settings } = this.facts;
    const seconds = (performance.now() - this.started) / 1000;
    const own = done - before;
    this.line?.update(done, progressNote(epoch, settings.epochs, loss, best));
    this.state = {
      ...this.state,
      done: done / passes,
      loss,
      secondsLeft: own > 0 ? (seconds / own) * (passes - done) : undefined,
      patientsPerSecond: own > 0 ? (own / passes) * (patients / seconds) : undefined,
    };
    if (performance.now() - this.drawn >= INTERVAL_MS) this.draw();
  }

  /** An epoch is done. */
  epoch(history: readonly EpochRecord[], best: EpochRecord | undefined): void {
    this.state = { ...this.state, history: [...history], best };
    this.draw();
  }

  /** All is done. */
  end(summary: string, note: string): void {
    this.line?.end(summary);
    this.state = { ...this.state, status: "finished", done: 1, secondsLeft: undefined, note };
    this.draw();
  }

  /** It ended before its end. */
  failed(error: unknown): void {
    const stopped = isOsccError(error, "Aborted");
    const [first] = error instanceof Error ? error.message.split("\n") : [String(error)];
    this.state = {
      ...this.state,
      status: stopped ? "stopped" : "failed",
      secondsLeft: undefined,
      note: stopped ? "on request" : (first ?? ""),
    };
    this.draw();
  }

  private draw(): void {
    this.drawn = performance.now();
    this.panel?.show(this.state);
  }
}

function titleOf({ tasks, fusion, encoder, mode }: FitSettings, used: ViTConfig): string {
  const depth = typeof mode === "object" ? "LoRA" : mode === "full" ? "" : mode;
  return [tasks.join(", "), fusion, encoderTitle(encoder, used), ...(depth ? [depth] : [])].join(" · ");
}

function progressNote(epoch: number, epochs: number, loss: number, best: EpochRecord | undefined): string {
  const auc = best && meanAuc(best);
  const bestNote = auc === undefined ? "" : `, best validation AUC ${auc.toFixed(3)}`;
  return `epoch ${epoch + 1}/${epochs}, loss ${loss.toFixed(3)}${bestNote}`;
}
