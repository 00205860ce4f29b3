/**
 * Is red exchanged for blue?
 *
 * **The rule.** Each image has three numbers that change sign under the exchange (`colour.ts`). An image is
 * suspected when its numbers lie much nearer to the patient's other images after the exchange than before: the
 * slides of one patient are stained together, so they agree. With f the image's numbers, m the median of the
 * patient's other images and s the usual distance between the two at this magnification (wide fields agree better than
 * narrow ones, which may show nothing but keratin), the evidence is the sum of f m / s²; below -5.5 the image is
 * suspected, unless the cohort as a whole finds it more probable as it is: a picture of another patient, whose stain is
 * another, is not an exchanged one. Distances are the cohort's own, but never below those of the default phantom.
 *
 * **How often it errs.** Of the 960 images of the default phantom none is suspected wrongly (the nearest has -4.0),
 * and of the same images exchanged one by one 72 % are found; those that escape have a neutral stain (hue near 0) or
 * few nuclei. A patient whose images are all exchanged agrees with itself; the other patients tell
 * (`patient-channel-order.ts`). A cohort of which that is true throughout is found, too: nuclei give red more fine
 * detail than blue (on the phantom 0.30 with a standard deviation of 0.24 over images, so that the mean of 24 images is
 * 6 standard errors above 0).
 *
 * A second, plainer rule: in H&E green is darkest, by far. Where it is not, these are not the colours of H&E.
 */

import { groupBy } from "../group-by";
import type { Examined, Found } from "./examined";
import { median } from "./median";
import { type CohortEvidence, cohortEvidence, findExchangedPatients } from "./patient-channel-order";

const SUSPECTED_BELOW = -5.5;
/** Fewer other images of a patient say nothing. */
const MIN_OTHERS = 2;
/** Fewer images say nothing of a whole cohort. */
const MIN_COHORT = 24;
/** Mean red and mean blue are this much above mean green, in grey levels; 35 is the least on the phantom, 74 on real samples. */
const MIN_ABOVE_GREEN = 10;

const NUMBERS = ["hue", "detail", "nuclei"] as const;
type Numbers = Record<(typeof NUMBERS)[number], number>;
/** Usual distance of an image from its patient's other images, at the magnification of the default phantom where it is least. */
const LEAST_SPREAD: Numbers = { hue: 0.025, detail: 0.115, nuclei: 0.11 };
/** Of distances, 90 % lie below 1.645 standard deviations of a normal distribution; a few faults do not move that. */
const USUAL_SHARE = 0.9;
const USUAL_DEVIATIONS = 1.645;

export function findChannelOrder(images: readonly Examined[]): Found[] {
  const stained = images.filter((image) => isStained(image));
  const whole = wholeCohortExchanged(stained);
  if (whole) return [whole];
  const evidenceOf = cohortEvidence(stained);
  const patients = findExchangedPatients(stained);
  const exchanged = new Set(patients.map(({ patient }) => patient));
  const others = stained.filter(({ image }) => !exchanged.has(image.patient));
  return [...patients, ...exchangedImages(others, evidenceOf), ...otherColours(stained)];
}

function isStained({ measures }: Examined): boolean {
  return measures.glass < 0.9 && measures.contrast >= 2;
}

function wholeCohortExchanged(images: readonly Examined[]): Found | undefined {
  if (images.length < MIN_COHORT) return undefined;
  const details = images.map(({ measures }) => measures.colour.detail);
  const mean = details.reduce((sum, detail) => sum + detail, 0) / details.length;
  const variance = details.reduce((sum, detail) => sum + (detail - mean) ** 2, 0) / (details.length - 1);
  if (mean > -4 * Math.sqrt(variance / details.length)) return undefined;
  return {
    kind: "channel-order",
    severity: "error",
    image: undefined,
    detail:
      "red and blue seem to be exchanged in the whole cohort: over all images, fine detail (nuclei) is stronger in " +
      'blue than in red; read the files with  { channels: "bgr" }  or write them again',
  };
}

/** An image and what the patient's other images have in the middle. */
interface Compared extends Examined {
  readonly others: Numbers;
}

function exchangedImages(images: readonly Examined[], evidenceOf: CohortEvidence | undefined): Found[] {
  const compared = [...groupBy(images, ({ image }) => image.patient).values()].flatMap(withOthers);
  const spreads = new Map(
    [...groupBy(compared, ({ image }) => image.magnification)].map(([magnification, group]) => [
      magnification,
      spreadOf(group),
    ]),
  );
  return compared.flatMap(({ image, measures, others }): Found[] => {
    const spread = spreads.get(image.magnification)!;
    const evidence = NUMBERS.reduce(
      (sum, name) => sum + (measures.colour[name] * others[name]) / spread[name] ** 2,
      0,
    );
    const looksRight = evidenceOf !== undefined && evidenceOf(measures.colour) > 0;
    if (evidence > SUSPECTED_BELOW || looksRight) return [];
    return [
      {
        kind: "channel-order",
        severity: "warning",
        image,
        detail: `red and blue seem to be exchanged: swapped, its colours agree with the patient's other images (evidence ${evidence.toFixed(1)}, suspected below ${SUSPECTED_BELOW})`,
      },
    ];
  });
}

function withOthers(ofPatient: readonly Examined[]): Compared[] {
  if (ofPatient.length <= MIN_OTHERS) return [];
  return ofPatient.map((examined) => {
    const others = ofPatient.filter((other) => other !== examined);
    const middle = (name: keyof Numbers) => median(others.map(({ measures }) => measures.colour[name]));
    return { ...examined, others: numbersOf(middle) };
  });
}

/** How far images of one magnification usually lie from their patients' others. */
function spreadOf(group: readonly Compared[]): Numbers {
  return numbersOf((name) => {
    const distances = group
      .map(({ measures, others }) => Math.abs(measures.colour[name] - others[name]))
      .sort((a, b) => a - b);
    const usual = distances[Math.floor(USUAL_SHARE * (distances.length - 1))]!;
    // Few images tell little of what is usual: one standard error more.
    const allowance = 1 + 1 / Math.sqrt(distances.length);
    return Math.max(LEAST_SPREAD[name], (allowance * usual) / USUAL_DEVIATIONS);
  });
}

function numbersOf(of: (name: keyof Numbers) => number): Numbers {
  return { hue: of("hue"), detail: of("detail"), nuclei: of("nuclei") };
}

function otherColours(images: readonly Examined[]): Found[] {
  return images.flatMap(({ image, measures }): Found[] => {
    const [red, green, blue] = measures.colour.mean;
    if (red - green >= MIN_ABOVE_GREEN && blue - green >= MIN_ABOVE_GREEN) return [];
    return [
      {
        kind: "colour",
        severity: "warning",
        image,
        detail: `not the colours of H&E, where green is darkest: mean red ${red.toFixed(0)}, green ${green.toFixed(0)}, blue ${blue.toFixed(0)}`,
      },
    ];
  });
}
