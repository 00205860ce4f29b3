/** A finished training run: the model, how it came about, and what it predicts. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { inspect } from "node:util";
import { SPLITS, type Split } from "../cohort";
import { currentSignal } from "../core/abort";
import { invalidArgument, unknownName } from "../core/errors";
import type { Provenance } from "../core/provenance";
import { dependencyVersion, packageVersion } from "../core/version";
import type { Device } from "../engine";
import type { Predictions } from "../evaluate";
import {
  countParameters,
  type LoadReport,
  type Model,
  type ModelSpec,
  type ParameterCount,
  type Parameters,
  saveModel,
  writeSafetensors,
} from "../model";
import type { TrainingCohort, TrainingPatient } from "./cohort";
import { encoderTitle } from "./encoder-title";
import { predictionsOf } from "./evaluation";
import type { FeatureTable } from "./feature-table";
import type { EpochRecord } from "./history";
import type { FitSettings } from "./options";
import type { PixelSource } from "./pixels";
import { Predictor } from "./predictor";
import { meanAuc } from "./selection";

/** Everything a run is made of. */
export interface RunParts<Task extends string = string> {
  readonly cohort: TrainingCohort<Task>;
  readonly options: FitSettings;
  readonly model: Model;
  /** What LoRA learned, by name without prefix, before it was merged into the model. */
  readonly adapters?: Parameters;
  readonly history: readonly EpochRecord[];
  readonly best: EpochRecord;
  readonly device: Device;
  readonly trainIds: readonly string[];
  readonly validIds: readonly string[];
  readonly pixels: PixelSource;
  /** Fingerprint of the patients, see `RunRecord.data`. */
  readonly dataSha256?: string;
  /** Of a frozen encoder. */
  readonly features?: FeatureTable;
  readonly weights?: LoadReport;
}

/** What `run.json` holds. */
export interface RunRecord {
  readonly format: "oscc-lab run 1";
  readonly options: FitSettings;
  readonly model: ModelSpec;
  readonly parameters: readonly ParameterCount[];
  readonly provenance: Provenance;
  readonly device: Device;
  readonly versions: Readonly<Record<string, string>>;
  /** Fingerprint of the patients it was trained on and chosen by: ids, labels, what is in their image files. */
  readonly data?: { readonly sha256: string };
  /** Ids of the patients it was trained on and chosen by, and their fingerprint. */
  readonly split: {
    readonly train: readonly string[];
    readonly valid: readonly string[];
    readonly sha256: string;
  };
  readonly best: EpochRecord;
  readonly history: readonly EpochRecord[];
  readonly weights?: LoadReport;
}

/**
 * A trained model with its history. Made by `fit`.
 *
 * @example
 * const run = await fit(cohort, { preset: "notebook", tasks: "TD" });
 * const roc = evaluate.rocPerClass(await run.predict("test"));
 * await run.save("runs/td");
 */
export class Run<Task extends string = string> {
  /** Every choice that was made, as plain JSON. */
  readonly options: FitSettings;
  /** One record an epoch. */
  readonly history: readonly EpochRecord[];
  /** The epoch whose parameters the model has: the best on the validation patients. */
  readonly best: EpochRecord;
  readonly model: Model;
  /** What LoRA learned, by name; the model has it merged in. Empty for other modes. */
  readonly adapters: Parameters;
  readonly provenance: Provenance;
  /** Where it was trained. */
  readonly device: Device;
  /** Patients it was trained on, and chosen by. */
  readonly trainIds: readonly string[];
  readonly validIds: readonly string[];
  /** What was taken from a weights file, if one was given. */
  readonly weights: LoadReport | undefined;
  /** Fingerprint of the patients, their labels and what is in their image files. */
  readonly dataSha256: string | undefined;
  private readonly cohort: TrainingCohort<Task>;
  private readonly pixels: PixelSource;
  private readonly features: FeatureTable | undefined;

  /** Made by `fit`. */
  constructor(parts: RunParts<Task>) {
    this.options = parts.options;
    this.history = parts.history;
    this.best = parts.best;
    this.model = parts.model;
    this.adapters = parts.adapters ?? {};
    this.provenance = parts.cohort.provenance;
    this.device = parts.device;
    this.trainIds = parts.trainIds;
    this.validIds = parts.validIds;
    this.weights = parts.weights;
    this.dataSha256 = parts.dataSha256;
    this.cohort = parts.cohort;
    this.pixels = parts.pixels;
    this.features = parts.features;
  }

  /**
   * Class probabilities for patients.
   *
   * @param who      a part of the cohort's split, or patients
   * @param task     default the run's only task
   * @param options  `signal` stops it; `device`, default `auto` (a run may be read back on another machine)
   * @returns        predictions for `evaluate.*`; patients without a label have `yTrue` -1
   * @throws UnknownName  for a split or task that is not there
   */
  async predict(
    who: Split | readonly TrainingPatient<Task>[],
    task?: Task,
    options: { signal?: AbortSignal; device?: Device | "auto" } = {},
  ): Promise<Predictions> {
    const chosen = this.chooseTask(task);
    const patients = typeof who === "string" ? this.inSplit(who) : who;
    const signal = currentSignal(options.signal);
    const features = this.features?.has(patients) ? this.features : undefined;
    const predictor = await Predictor.open(this.model, {
      device: options.device ?? "auto",
      source: features ? "features" : "images",
      ...(signal ? { signal } : {}),
    });
    try {
      const logits = await predictor.logits(patients, async (patient) =>
        features ? features.of(patient) : this.pixels.read(patient),
      );
      return {
        ...predictionsOf(this.model.spec, chosen, patients, logits),
        ...(typeof who === "string" ? { split: who } : {}),
        provenance: this.provenance,
        model: this.name,
      };
    } finally {
      await predictor.dispose();
    }
  }

  /** Write `run.json` and `model.safetensors` (with LoRA also `adapters.safetensors`) into a folder, made if absent. */
  async save(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, "run.json"), `${JSON.stringify(this, null, 2)}\n`);
    await saveModel(this.model, path.join(folder, "model.safetensors"));
    if (Object.keys(this.adapters).length > 0)
      await writeSafetensors(path.join(folder, "adapters.safetensors"), this.adapters);
  }

  /** A short name for legends: fusion and encoder. */
  get name(): string {
    const { fusion, encoder } = this.options;
    return `${fusion}, ${typeof encoder === "string" ? encoderTitle(encoder, this.model.spec.encoder) : "own encoder"}`;
  }

  /** What `run.json` holds: all that is needed to repeat the run and to redraw its figures. */
  toJSON(): RunRecord {
    return {
      format: "oscc-lab run 1",
      options: this.options,
      model: this.model.spec,
      parameters: countParameters(this.model.parameters),
      provenance: this.provenance,
      device: this.device,
      versions: presentVersions(),
      ...(this.dataSha256 ? { data: { sha256: this.dataSha256 } } : {}),
      split: {
        train: this.trainIds,
        valid: this.validIds,
        sha256: splitHash(this.trainIds, this.validIds),
      },
      best: this.best,
      history: this.history,
      ...(this.weights ? { weights: this.weights } : {}),
    };
  }

  [inspect.custom](): string {
    const auc = meanAuc(this.best);
    const score =
      auc === undefined
        ? "no validation AUC"
        : `validation AUC ${auc.toFixed(3)} at epoch ${this.best.epoch}`;
    return `Run · ${this.options.tasks.join(", ")} · ${this.name} · ${this.history.length} epochs · ${score}`;
  }

  private chooseTask(task: string | undefined): string {
    const tasks = Object.keys(this.model.spec.tasks);
    if (task !== undefined && !tasks.includes(task)) throw unknownName("task in this run", task, tasks);
    if (task === undefined && tasks.length > 1)
      throw invalidArgument(
        "task",
        undefined,
        `one of ${tasks.join(", ")}`,
        "The run learned several tasks.",
      );
    return task ?? tasks[0]!;
  }

  private inSplit(name: Split): readonly TrainingPatient<Task>[] {
    if (!SPLITS.includes(name)) throw unknownName("split", name, SPLITS);
    const patients = this.cohort.patients.filter((patient) => patient.split === name);
    if (patients.length === 0)
      throw invalidArgument(
        "split",
        name,
        "a part that has patients",
        "This cohort has no such part; pass patients, or use crossValidate.",
      );
    return patients;
  }
}

/** What computed a run: this package, Node.js, and the libraries under the engine. */
export function presentVersions(): Record<string, string> {
  const libraries = ["onnxruntime-node", "@tensorflow/tfjs-core"];
  return {
    "oscc-lab": packageVersion(),
    node: process.versions.node,
    ...Object.fromEntries(libraries.map((name) => [name, dependencyVersion(name)])),
  };
}

/** A fingerprint of who was trained on and who was validated on, independent of order. */
function splitHash(train: readonly string[], valid: readonly string[]): string {
  const text = [train, valid].map((ids) => [...ids].sort().join("\n")).join("\n\n");
  return createHash("sha256").update(text).digest("hex");
}
