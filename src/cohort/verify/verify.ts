/** Check a whole data set: is every image there, whole, and what it should be? */
import path from "node:path";
import { currentSignal, throwIfAborted } from "../../core/abort";
import { isOsccError } from "../../core/errors";
import { startProgress } from "../../core/progress";
import type { Cohort } from "../cohort";
import { groupBy } from "../group-by";
import { mapParallel } from "../parallel";
import type { PatientImage } from "../patient-image";
import { listed } from "../problems";
import type { CohortSchema } from "../schema";
import { findChannelOrder } from "./channel-order";
import { findCopies, findDoublePatients } from "./copies";
import type { Examined, Found } from "./examined";
import { findBlur, MIN_FOR_FOCUS } from "./focus";
import { findGlass } from "./glass";
import { KeptMeasures } from "./kept-measures";
import { type ImageMeasures, measureImage } from "./measure";
import { type VerifyProblem, VerifyReport } from "./report";
import { findOddSizes } from "./size";

/** Options of `cohort.verify`. */
export interface VerifyOptions {
  /** So many images at a time; default: as many as there are processors, at least 2. */
  limit?: number;
  /** Go on where an earlier check stopped, and pass over files that have not changed; default true. */
  resume?: boolean;
  /** Stops the work; default: the running cell's signal. What was measured is kept. */
  signal?: AbortSignal;
}

/** Check every image of a cohort. See `Cohort.verify`. */
export async function verifyCohort<S extends CohortSchema>(
  cohort: Cohort<S>,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const anyCohort = cohort as unknown as Cohort<CohortSchema>;
  const views = anyCohort.patients.flatMap((patient) => patient.allImages());
  const present = views.filter((image) => image.status === "present");
  const { outcomes, remembered } = await examineAll(cohort.folder, present, options);
  const examined = present.flatMap((image, i): Examined[] => {
    const outcome = outcomes[i]!;
    return "measures" in outcome ? [{ image, measures: outcome.measures }] : [];
  });
  const found = [
    ...missingViews(anyCohort),
    ...present.flatMap((image, i): Found[] => {
      const outcome = outcomes[i]!;
      return "unreadable" in outcome
        ? [{ kind: "unreadable", severity: "error", image, detail: outcome.unreadable }]
        : [];
    }),
    ...findOddSizes(examined),
    ...findChannelOrder(examined),
    ...findGlass(examined),
    ...findBlur(examined),
    ...findCopies(examined),
  ];
  const order = new Map(views.map((image, i) => [image, i]));
  const placeOf = ({ image, patient }: Found) => order.get((image ?? patient?.allImages()[0])!) ?? -1;
  const problems = found.sort((a, b) => placeOf(a) - placeOf(b)).map((one) => asProblem(one, cohort.folder));
  return new VerifyReport({
    folder: cohort.folder,
    provenance: cohort.provenance,
    checked: present.length,
    remembered,
    notes: [...cohort.warnings, ...notJudged(examined)],
    problems: [...missingPatients(anyCohort), ...doublePatients(anyCohort), ...problems],
  });
}

/** An image's measures, or why it has none. */
type Outcome = { readonly measures: ImageMeasures } | { readonly unreadable: string };

async function examineAll(
  folder: string,
  images: readonly PatientImage<CohortSchema>[],
  options: VerifyOptions,
): Promise<{ outcomes: Outcome[]; remembered: number }> {
  const signal = currentSignal(options.signal);
  throwIfAborted(signal, "checking images");
  const kept = options.resume === false ? undefined : await KeptMeasures.of(folder);
  const progress = startProgress("checking images", images.length);
  let done = 0;
  let remembered = 0;
  const work = async (image: PatientImage<CohortSchema>) => {
    const key = await kept?.keyOf(image);
    const known = key === undefined ? undefined : kept?.get(key);
    const outcome: Outcome = known ? { measures: known } : await examine(image);
    if (known) remembered++;
    else if (key !== undefined && "measures" in outcome) await kept?.add(key, outcome.measures);
    progress.update(++done);
    return outcome;
  };
  try {
    const outcomes = await mapParallel(images, work, {
      signal,
      what: "checking images",
      ...(options.limit === undefined ? {} : { limit: options.limit }),
    });
    return { outcomes, remembered };
  } finally {
    progress.end(`${done} of ${images.length} images checked, ${remembered} of them known from before`);
  }
}

async function examine(image: PatientImage<CohortSchema>): Promise<Outcome> {
  try {
    return { measures: await measureImage(await image.load()) };
  } catch (error) {
    if (isOsccError(error, "UnreadableImage") || isOsccError(error, "UnreadableArray"))
      return { unreadable: faultOf(error.message, image.path!) };
    throw error;
  }
}

/** The first line, without the folder (the report names the file) and the decoder's own words, which vary from run to run. */
function faultOf(message: string, file: string): string {
  const [first = ""] = message.split("\n");
  return first.replaceAll(file, path.basename(file)).replace(/(cut off or damaged) \(.*\)/, "$1");
}

function missingViews(cohort: Cohort<CohortSchema>): Found[] {
  return cohort.patients
    .filter((patient) => patient.imageCount > 0)
    .flatMap((patient) => patient.allImages())
    .filter((image) => image.status === "missing")
    .map((image) => ({ kind: "missing", severity: "warning", image, detail: `no file; ${standIn(image)}` }));
}

/** By the published rule, the same magnification of another site. */
function standIn({ patient, magnification }: PatientImage<CohortSchema>): string {
  const other = patient
    .allImages()
    .find((image) => image.magnification === magnification && image.status === "present");
  return other
    ? `the ${other.site} ${magnification} image stands in`
    : `no other site has ${magnification} either, so that nothing stands in`;
}

/** A patient without any image is one problem, not one for each view. */
function missingPatients(cohort: Cohort<CohortSchema>): VerifyProblem[] {
  return cohort.patients
    .filter((patient) => patient.imageCount === 0)
    .map(({ id }) => ({
      kind: "missing",
      severity: "warning",
      patient: id,
      site: null,
      magnification: null,
      path: null,
      detail: "the patient has no image at all",
    }));
}

function doublePatients(cohort: Cohort<CohortSchema>): VerifyProblem[] {
  return findDoublePatients(cohort.patients).map(({ id, other, splits: [first, second] }) => {
    const leaks = first !== undefined && second !== undefined && first !== second;
    return {
      kind: leaks ? "leakage" : "duplicate",
      severity: leaks ? "error" : "warning",
      patient: id,
      site: null,
      magnification: null,
      path: null,
      detail: `seems to be patient ${other} under another spelling${leaks ? `: one is in ${first}, the other in ${second}` : ""}`,
    };
  });
}

function asProblem({ kind, severity, image, patient, detail }: Found, folder: string): VerifyProblem {
  return {
    kind,
    severity,
    patient: (image?.patient ?? patient)?.id ?? null,
    site: image?.site ?? null,
    magnification: image?.magnification ?? null,
    path: image?.path === undefined ? null : path.relative(folder, image.path),
    detail,
  };
}

function notJudged(images: readonly Examined[]): string[] {
  const few = [...groupBy(images, ({ image }) => image.magnification)].filter(
    ([, group]) => group.length < MIN_FOR_FOCUS,
  );
  if (few.length === 0) return [];
  return [
    `focus was not judged at ${listed(few.map(([magnification]) => magnification))}: ` +
      `fewer than ${MIN_FOR_FOCUS} images there to compare with`,
  ];
}
