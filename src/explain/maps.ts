/** From a method's values to a result that says what it is of. */
import { startProgress } from "../core/progress";
import type { Provenance } from "../core/provenance";
import type { ViewImage, ViewPatient } from "../model";
import { chooseLayers, type LayerChoice } from "./layers";
import { CAM_METHODS, type CamMethod } from "./methods";
import type { MapMethod, MethodMaps, MethodSettings, PatchValues } from "./methods/method";
import type { OpenModel, PatientPixels } from "./open-model";
import type { CamMap, CamResult } from "./result";
import { nameOfScore } from "./score";
import type { Subject } from "./subject";
import { asGrid } from "./tokens";

/** A patient whose images can be explained. */
export interface ExplainablePatient<Image extends ViewImage = ViewImage> extends ViewPatient<Image> {
  readonly provenance: Provenance;
}

/** What the methods can be told; each reads what concerns it. */
export interface MapOptions
  extends Pick<MethodSettings, "steps" | "window" | "stride" | "channels" | "onProgress"> {
  readonly layers?: LayerChoice | undefined;
}

/** Work of fewer units than this is not worth a line of progress. */
const QUIET_UNITS = 50;

/** A method as a `MapMethod`. */
export function methodOf(name: CamMethod): MapMethod {
  return CAM_METHODS[name];
}

/** The layers that a method looks at in this model: those asked for, else its own. */
export function layersOf(open: OpenModel, method: CamMethod, choice: LayerChoice | undefined): string[] {
  const { usesLayers, defaults } = methodOf(method);
  if (!usesLayers) return [];
  return chooseLayers(open.spec, choice ?? defaults?.layers(open.spec.encoder));
}

/** The values of a subject's patches by a method, with progress where it takes long. */
export async function methodMaps(
  method: CamMethod,
  subject: Subject,
  settings: MethodSettings,
): Promise<MethodMaps> {
  const { title, maps } = methodOf(method);
  let progress: ReturnType<typeof startProgress> | undefined;
  const show = (done: number, total: number) => {
    if (total >= QUIET_UNITS) progress ??= startProgress(title, total);
    progress?.update(done);
  };
  try {
    return await maps(subject, { ...settings, onProgress: settings.onProgress ?? show });
  } finally {
    progress?.end(title);
  }
}

/** Several layers as one: each scaled by its largest value over the patient, then the mean. One layer stays as it is. */
export function averaged(layers: readonly PatchValues[]): PatchValues {
  const [only] = layers;
  if (only && layers.length === 1) return only;
  const largest = layers.map((images) =>
    Math.max(...images.map((values) => Math.max(...Array.from(values)))),
  );
  return only!.map((values, image) =>
    Array.from(values, (_, p) =>
      layers.reduce((sum, images, l) => {
        const scale = largest[l]! > 0 ? 1 / largest[l]! : 0;
        return sum + (images[image]![p]! * scale) / layers.length;
      }, 0),
    ),
  );
}

/** What a result is of, beside its values. */
export interface ResultFacts<Image extends ViewImage> {
  readonly open: OpenModel;
  readonly method: CamMethod;
  readonly layers: readonly string[];
  readonly patient: ExplainablePatient<Image>;
  readonly input: PatientPixels<Image>;
  readonly subject: Subject;
  readonly notes: readonly string[];
}

/** The result, with a note for maps that are zero everywhere. */
export function resultOf<Image extends ViewImage>(
  { open, method, layers, patient, input, subject, notes }: ResultFacts<Image>,
  values: PatchValues,
): CamResult<Image> {
  const { spec, task } = open;
  const maps = input.images.map(
    (image, i): CamMap<Image> => ({
      image,
      view: spec.views[i]!,
      ...gridsOf(values[i]!, subject, methodOf(method)),
    }),
  );
  const className = spec.tasks[task]!.classes[subject.target]!;
  const flat = flatNotes(maps, task, className);
  return {
    method,
    layers,
    patient: patient.id,
    task,
    targetClass: subject.target,
    className,
    score: nameOfScore(subject.probe.options.score),
    scoreValue: subject.scoreValue,
    probability: subject.probability,
    maps,
    imageFit: spec.imageFit,
    inputAspect: spec.encoder.imageSize[0] / spec.encoder.imageSize[1],
    notes: [...flat, ...notes],
    provenance: patient.provenance,
  };
}

function gridsOf(
  values: ArrayLike<number>,
  { probe }: Subject,
  { isSigned }: MapMethod,
): Pick<CamMap, "grid" | "signedGrid" | "range" | "isFlat"> {
  const raised = Array.from(values, (value) => Math.max(0, value));
  const max = Math.max(...raised);
  return {
    grid: asGrid(raised, probe.grid),
    ...(isSigned ? { signedGrid: asGrid(values, probe.grid) } : {}),
    range: [Math.min(...raised), max],
    isFlat: max === 0,
  };
}

function flatNotes(maps: readonly CamMap<unknown>[], task: string, className: string): string[] {
  const flat = maps.filter((map) => map.isFlat).map(({ view }) => `${view.site} ${view.magnification}`);
  if (flat.length === 0) return [];
  const which = flat.length === maps.length ? "every image" : flat.join(", ");
  return [
    `The map of ${which} is zero everywhere: no patch there raises the score of ${task} "${className}".`,
  ];
}
