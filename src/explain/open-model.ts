/** A model opened to be asked: one probe for each score, shared by methods and patients. */
import { currentSignal } from "../core/abort";
import { OsccError } from "../core/errors";
import type { Device } from "../engine";
import {
  type Model,
  type ModelSpec,
  modelImages,
  type Parameters,
  presentImages,
  type ViewImage,
  type ViewPatient,
} from "../model";
import { linkOfLayer } from "../model/encoder-parts";
import { Probe } from "./probe";
import { chooseClass, chooseTask, type Explainable, modelOf } from "./question";
import { checkScore, type Score } from "./score";
import { openSubject, pixelsOf, type Subject } from "./subject";

/** What is asked, whatever the method. */
export interface QuestionOptions {
  /** Which of the model's tasks; default its only one. */
  readonly task?: string;
  /** Index or name of the class whose score is explained; default the predicted class. */
  readonly targetClass?: number | string;
  /** What is explained: a name of `SCORES` or a function of the logits. Default `"logit"`, the class score before the softmax. */
  readonly score?: Score;
  /** Default `auto`. */
  readonly device?: Device | "auto";
  readonly signal?: AbortSignal;
}

/** A patient's images as the model sees them. */
export interface PatientPixels<Image extends ViewImage = ViewImage> {
  readonly images: readonly Image[];
  /** [M, h, w, 3], 0-255 */
  readonly pixels: Float32Array;
}

export class OpenModel {
  model: Model;
  readonly task: string;
  /** The class asked about; `undefined`: the predicted one. */
  asked: number | undefined;
  readonly signal: AbortSignal | undefined;
  private readonly device: Device | "auto" | undefined;
  private readonly score: Score | undefined;
  private readonly probes = new Map<Score, Probe>();
  private last: { readonly asked: number | undefined; readonly subject: Subject } | undefined;

  constructor(explainable: Explainable, options: QuestionOptions) {
    this.model = modelOf(explainable);
    this.task = chooseTask(this.spec, options.task);
    this.asked = chooseClass(this.spec, this.task, options.targetClass);
    this.signal = currentSignal(options.signal);
    this.device = options.device;
    this.score = options.score === undefined ? undefined : checkScore(options.score);
  }

  get spec(): ModelSpec {
    return this.model.spec;
  }

  /** The probe of the score that was asked for, else of this one. */
  probe(usual: Score = "logit"): Probe {
    const score = this.score ?? usual;
    const known = this.probes.get(score);
    if (known) return known;
    const { task, device, signal } = this;
    const probe = new Probe(this.model, { task, score, device, signal });
    this.probes.set(score, probe);
    return probe;
  }

  async read<Image extends ViewImage>(patient: ViewPatient<Image>): Promise<PatientPixels<Image>> {
    const images = modelImages(this.spec, patient);
    const present = presentImages(this.spec, patient);
    const missing = this.spec.views.filter((_, i) => !present[i]);
    if (missing.length > 0) throw incomplete(patient.id, missing);
    return { images, pixels: await pixelsOf(this.spec, images, this.signal) };
  }

  /**
   * The patient of these pixels, encoded: once, while one method after the other asks about the same.
   *
   * @param layers  that will be asked about; none: only pixels and features will be
   * @param usual   the score, where none was asked for
   */
  async subject(pixels: Float32Array, layers: readonly string[] = [], usual?: Score): Promise<Subject> {
    const { asked } = this;
    const probe = this.probe(usual);
    const link = Math.min(...layers.map((layer) => linkOfLayer(this.spec.encoder, layer)));
    const begins = Number.isFinite(link);
    const { last } = this;
    if (last && last.asked === asked && last.subject.probe === probe && last.subject.pixels === pixels)
      if (!begins || last.subject.at.link === link) return last.subject;
    const subject = await openSubject(probe, pixels, { asked, link: begins ? link : 0 });
    this.last = { asked, subject };
    return subject;
  }

  /** Ask the same of other parameters of the same shapes. */
  async setParameters(parameters: Parameters): Promise<void> {
    this.model = { spec: this.spec, parameters };
    this.last = undefined;
    for (const probe of this.probes.values()) await probe.setParameters(parameters);
  }

  async dispose(): Promise<void> {
    for (const probe of this.probes.values()) await probe.dispose();
  }
}

function incomplete(patient: string, missing: readonly { site: string; magnification: string }[]) {
  const [first] = missing as [{ site: string; magnification: string }];
  return new OsccError(
    "MissingImage",
    [
      `patient ${patient} has no ${missing.map((v) => `${v.site} ${v.magnification}`).join(", no ")} image.`,
      "Expected all images that the model sees: it masks missing ones, and a map of nothing says nothing.",
      "Explain a patient who has all of them.",
    ],
    { patient, site: first.site, magnification: first.magnification },
  );
}

/** Open a model, work with it, and give its memory back whatever happens. */
export async function withOpenModel<T>(
  explainable: Explainable,
  options: QuestionOptions,
  work: (open: OpenModel) => Promise<T>,
): Promise<T> {
  const open = new OpenModel(explainable, options);
  try {
    return await work(open);
  } finally {
    await open.dispose();
  }
}
