/**
 * Pictures that occur more than once, and what follows: the same picture in two parts of the split is leakage.
 *
 * Two images show the same picture when their pixels are equal, or when one of their two fingerprints differs in
 * at most 4 bits and the other in at most 10. Among the 460,000 pairs of the default phantom, the nearest differ
 * in 10 and 14 bits.
 */

import { groupBy } from "../group-by";
import type { PatientImage } from "../patient-image";
import type { CohortSchema } from "../schema";
import type { Examined, Found } from "./examined";
import { hammingDistance } from "./perceptual-hash";

const NEAR_BITS = 4;
const OTHER_BITS = 10;
/** Glass and blank pictures all look alike. */
const MAX_GLASS = 0.9;
const MIN_CONTRAST = 2;

export function findCopies(images: readonly Examined[]): Found[] {
  const comparable = images.filter(
    ({ measures }) => measures.glass < MAX_GLASS && measures.contrast >= MIN_CONTRAST,
  );
  return groupsOfCopies(comparable).flatMap(([first, ...copies]) =>
    copies.map((copy) => describe(first!, copy)),
  );
}

/** The same patient under two spellings of a name, in two parts of the split. */
export function findDoublePatients(
  patients: readonly { readonly id: string; readonly split: string | undefined }[],
): { id: string; other: string; splits: readonly [string | undefined, string | undefined] }[] {
  const plain = (id: string) =>
    id
      .trim()
      .toLowerCase()
      .replace(/(?<!\d)0+(?=\d)/g, "");
  return [...groupBy(patients, ({ id }) => plain(id)).values()].flatMap(([first, ...others]) =>
    others.map(({ id, split }) => ({ id, other: first!.id, splits: [first!.split, split] as const })),
  );
}

function describe(first: Examined, copy: Examined): Found {
  const how =
    first.measures.contentHash === copy.measures.contentHash
      ? "the same pixels as"
      : `nearly the same picture as (fingerprints differ in ${distances(first, copy).join(" and ")} of 64 bits)`;
  const a = first.image.patient;
  const b = copy.image.patient;
  if (a.split && b.split && a.split !== b.split)
    return {
      kind: "leakage",
      severity: "error",
      image: copy.image,
      detail: `${how} ${named(first.image)}: one is in ${a.split}, the other in ${b.split}`,
    };
  const substituted =
    a === b && copy.image.magnification === first.image.magnification
      ? "; it may stand in for a missing one"
      : "";
  return {
    kind: "duplicate",
    severity: "warning",
    image: copy.image,
    detail: `${how} ${named(first.image)}${substituted}`,
  };
}

function named({ patient, site, magnification }: PatientImage<CohortSchema>): string {
  return `patient ${patient.id} ${site} ${magnification}`;
}

function distances(a: Examined, b: Examined): [difference: number, dct: number] {
  return [
    hammingDistance(a.measures.differenceHash, b.measures.differenceHash),
    hammingDistance(a.measures.dctHash, b.measures.dctHash),
  ];
}

function isSamePicture(a: Examined, b: Examined): boolean {
  if (a.measures.contentHash === b.measures.contentHash) return true;
  const pair = distances(a, b);
  return Math.min(...pair) <= NEAR_BITS && Math.max(...pair) <= OTHER_BITS;
}

/** Groups of two or more, in the order of the images. */
function groupsOfCopies(images: readonly Examined[]): Examined[][] {
  const groupOf = images.map((_, i) => i);
  const rootOf = (i: number): number => {
    let root = i;
    while (groupOf[root] !== root) root = groupOf[root]!;
    return root;
  };
  for (const candidates of candidateGroups(images))
    candidates.forEach((i, at) => {
      for (const j of candidates.slice(0, at)) {
        const [a, b] = [rootOf(i), rootOf(j)];
        if (a !== b && isSamePicture(images[i]!, images[j]!)) groupOf[Math.max(a, b)] = Math.min(a, b);
      }
    });
  return [...groupBy([...images.keys()], rootOf).values()]
    .filter((group) => group.length > 1)
    .map((group) => group.map((i) => images[i]!));
}

/**
 * Of 64 bits cut into 5 bands, 4 differing bits leave one band equal: only images that share a band need be
 * compared, a few thousandths of all pairs.
 */
function candidateGroups(images: readonly Examined[]): number[][] {
  const byBand = new Map<string, number[]>();
  images.forEach(({ measures }, i) => {
    for (const name of ["differenceHash", "dctHash"] as const) {
      const bits = [...measures[name]]
        .map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0"))
        .join("");
      for (let band = 0; band < BANDS; band++) {
        const key = `${name} ${band} ${bits.slice(13 * band, 13 * (band + 1))}`;
        const group = byBand.get(key);
        if (group) group.push(i);
        else byBand.set(key, [i]);
      }
    }
  });
  return [...byBand.values()].filter((group) => group.length > 1);
}
const BANDS = NEAR_BITS + 1;
