/**
 * A clinical table in the published format: UTF-8 with a byte order mark, CRLF, `/` for missing. The values
 * are drawn to look like the study's; like the images they belong to nobody.
 */
import type { Rng } from "../../core/random";
import type { PhantomPatient } from "./patient";

/** The published column names. */
export const CLINICAL_COLUMNS = [
  "PID",
  "Gender(0male/1female)",
  "Age(Y)",
  "Weight(kg)",
  "Height(cm)",
  "AlcoholHistory(0no/1yes)",
  "SmokingHistory(0no/1yes)",
  "BetelNutHistory(0no/1yes)",
  "SurgicalMethod",
  "ASAGrade",
  "NNISGrade",
  "SurgicalMargin(0/1)",
  "Surgery Site",
  "6-Class Flap",
  "NeckDissection",
  "Tracheotomy(0no/1yes)",
  "Diabetes(0no/1yes)",
  "RespiratoryDisease(0no/1yes)",
  "CardiovascularDisease(0no/1yes)",
  "MedControlledHypertension(0no/1yes)",
  "HPV(0/1)",
  "Radiotherapy(0no/1yes)",
  "Chemotherapy(0no/1yes)",
  "[annotation] recurrence time",
  "[annotation] last followup time",
] as const;

type Weighted<T> = readonly (readonly [value: T, weight: number])[];

// Frequencies as in the published table of 1,325 patients.
const SITES: Weighted<string> = [
  ["Tongue", 695],
  ["Gingiva & Jaw", 375],
  ["Buccal Mucosa", 123],
  ["Oropharynx & Palate", 70],
  ["Other", 33],
  ["Floor of Mouth", 29],
];
const FLAPS: Weighted<string> = [
  ["Thigh", 621],
  ["Leg", 272],
  ["Fibula", 244],
  ["Other", 91],
  ["Arm", 60],
  ["No Flap", 35],
];
const ASA_GRADES: Weighted<number> = [
  [0, 49],
  [1, 101],
  [2, 660],
  [3, 490],
  [4, 25],
];
const NNIS_GRADES: Weighted<number> = [
  [0, 80],
  [1, 655],
  [2, 561],
  [3, 29],
];
const NECK_DISSECTIONS: Weighted<number> = [
  [0, 61],
  [1, 1012],
  [2, 252],
];
/** Share of values that are missing. */
const MISSING = {
  age: 0.006,
  weight: 0.008,
  height: 0.034,
  hpv: 0.224,
  radiotherapy: 0.117,
  chemotherapy: 0.136,
};
const FEMALE_SHARE = 0.34;
/** Days. Every second recurrence comes within a year; nobody without one was followed for less than two. */
const MEDIAN_RECURRENCE_DAYS = 330;
const RECURRENCE_LOG_SD = 1.1;
const SHORTEST_FOLLOW_UP_DAYS = 747;
const LONGEST_FOLLOW_UP_DAYS = 3309;

/** The whole file as text. */
export function clinicalCsv(rng: Rng, patients: readonly PhantomPatient[]): string {
  const rows = patients.map((patient) => clinicalRow(rng.split(patient.pid), patient));
  const lines = [CLINICAL_COLUMNS as readonly (string | number)[], ...rows];
  return `\uFEFF${lines.map((line) => `${line.join(",")}\r\n`).join("")}`;
}

function clinicalRow(rng: Rng, { pid, labels }: PhantomPatient): (string | number)[] {
  const yes = (share: number) => (rng.chance(share) ? 1 : 0);
  const orMissing = (share: number, value: string | number) => (rng.chance(share) ? "/" : value);
  const about = (mean: number, sd: number, low: number, high: number) =>
    Math.round(Math.min(high, Math.max(low, rng.normal(mean, sd))));

  const female = yes(FEMALE_SHARE);
  const height = about(female ? 157 : 168, 6, 140, 190);
  const weight = about((height - 100) * 0.95, 9, 35, 110);
  const site = draw(rng, SITES);
  const flap = draw(rng, FLAPS);
  const neck = draw(rng, NECK_DISSECTIONS);
  const tracheotomy = yes(0.924);
  const side = rng.chance(0.5) ? "Left" : "Right";
  const method = [
    `Radical Resection of ${side} ${site} Cancer`,
    ...(neck ? ["Neck Dissection"] : []),
    ...(flap === "No Flap" ? [] : [`${flap} Flap Reconstruction`]),
    ...(tracheotomy ? ["Tracheostomy"] : []),
  ].join(" + ");
  const advanced = labels.LNM > 0 || labels.TD > 1;
  const recurrence = Math.round(
    Math.min(2600, Math.max(5, MEDIAN_RECURRENCE_DAYS * Math.exp(rng.normal(0, RECURRENCE_LOG_SD)))),
  );
  const followUp = Math.round(
    Math.min(LONGEST_FOLLOW_UP_DAYS, SHORTEST_FOLLOW_UP_DAYS + 620 * Math.exp(rng.normal(-0.1, 0.7))),
  );
  return [
    pid,
    female,
    orMissing(MISSING.age, about(57, 11, 22, 88)),
    orMissing(MISSING.weight, weight),
    orMissing(MISSING.height, height),
    yes(female ? 0.03 : 0.33),
    yes(female ? 0.04 : 0.57),
    yes(0.064),
    method,
    draw(rng, ASA_GRADES),
    draw(rng, NNIS_GRADES),
    yes(0.018),
    site,
    flap,
    neck,
    tracheotomy,
    yes(0.123),
    yes(0.036),
    yes(0.085),
    yes(0.231),
    orMissing(MISSING.hpv, 0),
    orMissing(MISSING.radiotherapy, yes(advanced ? 0.14 : 0.04)),
    orMissing(MISSING.chemotherapy, yes(advanced ? 0.13 : 0.04)),
    labels.REC ? recurrence : "Not recurred",
    labels.REC ? recurrence : followUp,
  ];
}

function draw<T>(rng: Rng, choices: Weighted<T>): T {
  let left = rng.uniform() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [value, weight] of choices) {
    left -= weight;
    if (left < 0) return value;
  }
  return choices[choices.length - 1]![0];
}
