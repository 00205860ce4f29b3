/** A phantom patient: labels, one laboratory's stain, and the hidden biology that the tissue is grown from. */
import { Rng } from "../../core/random";
import { drawBalancedLabels, drawLabels, type PhantomLabels } from "./labels";
import { drawStain, type Stain } from "./laboratories";
import { clamp } from "./noise";
import type { PhantomSettings } from "./settings";

/** Hidden biology, drawn once for a patient. Numbers without a unit run from 0 (none) to about 1 (full). */
export interface Traits {
  /** Continuous grade: 0 well, 1 moderate, 2 poor. */
  readonly differentiation: number;
  /** Signs that this patient's edge site shows. */
  readonly invadesMuscle: boolean;
  readonly invadesNerve: boolean;
  readonly plugsVessels: boolean;
  /** Harmless look-alikes. */
  readonly bareMuscle: boolean;
  readonly bareNerve: boolean;
  readonly bareVessels: boolean;
  readonly budding: number;
  readonly inflammation: number;
  readonly myxoid: number;
  /** Chance that a large nest has a necrotic heart. */
  readonly necrosis: number;
  readonly looseness: number;
  /** Mean number of bleedings in a field, divided by three. */
  readonly bleeding: number;
  /** Retraction clefts around nests. */
  readonly clefts: number;
}

/** A generated patient: labels, laboratory, stain and hidden traits. */
export interface PhantomPatient {
  readonly pid: number;
  readonly labels: PhantomLabels;
  readonly laboratory: string;
  readonly stain: Stain;
  readonly traits: Traits;
}

/** Grow one patient from labels. The same seed, pid, labels and settings give the same patient. */
export function makePatient(
  seed: string,
  pid: number,
  labels: PhantomLabels,
  settings: PhantomSettings,
): PhantomPatient {
  const rng = new Rng(`${seed}/${pid}/patient`);
  const { laboratory, stain } = drawStain(rng, settings.stainVariation);
  return { pid, labels, laboratory, stain, traits: drawTraits(rng, labels, settings) };
}

/**
 * The patients of a cohort: labels with the study's frequencies and correlations.
 *
 * @param options `balanced` draws independent, equally frequent labels instead (default false)
 */
export function makeCohort(
  seed: string,
  count: number,
  settings: PhantomSettings,
  options: { readonly balanced?: boolean } = {},
): PhantomPatient[] {
  const labels = options.balanced
    ? drawBalancedLabels(new Rng(`${seed}/balanced`), count)
    : drawLabels(new Rng(`${seed}/labels`), count);
  return labels.map((one, i) => makePatient(seed, FIRST_PID + i * PID_STEP, one, settings));
}

/** Six digits, not consecutive, as the study's ids are. */
const FIRST_PID = 100001;
const PID_STEP = 7;

function drawTraits(rng: Rng, labels: PhantomLabels, settings: PhantomSettings): Traits {
  const { signs } = settings;
  const shows = (task: "TI" | "PI" | "CE") => labels[task] > 0 && rng.chance(signs[task].shown);
  const metastasis = labels.LNM > 0 ? signs.LNM.strength : 0;
  const recurrence = labels.REC > 0 ? signs.REC.strength : 0;
  return {
    differentiation: clamp(
      1 + (labels.TD - 1) * signs.TD.strength + rng.normal(0, signs.TD.blur),
      -0.35,
      2.35,
    ),
    invadesMuscle: shows("TI"),
    invadesNerve: shows("PI"),
    plugsVessels: shows("CE"),
    bareMuscle: rng.chance(signs.TI.decoy),
    bareNerve: rng.chance(signs.PI.decoy),
    bareVessels: rng.chance(signs.CE.decoy),
    budding: clamp(rng.normal(0.22, 0.13) + 0.65 * metastasis, 0, 1.4),
    inflammation: clamp(rng.normal(0.58, 0.21) - 0.18 * metastasis - 0.26 * recurrence, 0.03, 1),
    myxoid: clamp(rng.normal(0.25, 0.16) + 0.48 * recurrence, 0, 1),
    necrosis: clamp(rng.normal(0.06, 0.08) + 0.38 * recurrence, 0, 0.8),
    looseness: rng.range(0.3, 0.95),
    bleeding: Math.max(0, rng.normal(0, 0.5)),
    clefts: rng.range(0, 1),
  };
}
