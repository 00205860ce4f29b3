/** Find one folder of images per patient: `<pid>` or `<pid>_<anything>`. */
import path from "node:path";
import { entriesOf, isFolder } from "../files";
import { isImageName, slotOf } from "../multi-oscc/slots";
import { listed, type Problems, plural } from "../problems";
import type { ImageRecord } from "../record";

export interface PatientFolder {
  readonly path: string;
  readonly images: readonly ImageRecord[];
}

/** Folders of the cohort folder that may hold the patient folders. */
const INSIDE = new Set(["images", "data"]);

/** Patient number to folder. Folders whose name does not begin with a number are not patients (published rule). */
export async function findPatientFolders(
  folder: string,
  problems: Problems,
): Promise<ReadonlyMap<string, PatientFolder>> {
  const candidates = await patientPlaces(folder);
  const read = await Promise.all(candidates.map(readPatientFolder));
  const found = new Map<string, PatientFolder>();
  const unnamed: string[] = [];
  for (const { id, path: place, images, other } of read) {
    reportDoubleView(id, images, problems);
    unnamed.push(...other.map((name) => path.relative(folder, path.join(place, name))));
    const former = found.get(id);
    if (former) reportSecondFolder(id, former, { path: place, images }, problems);
    found.set(id, { path: former?.path ?? place, images: [...(former?.images ?? []), ...images] });
  }
  if (unnamed.length > 0)
    problems.warn(
      `${plural(unnamed.length, "image")} in patient folders not named like 01_2X.jpg: ${listed(unnamed)}; left out`,
    );
  return found;
}

async function patientPlaces(folder: string): Promise<{ id: string; path: string }[]> {
  const places: { id: string; path: string }[] = [];
  for (const entry of (await entriesOf(folder)) ?? []) {
    if (!(await isFolder(folder, entry))) continue;
    const place = path.join(folder, entry.name);
    const id = patientIn(entry.name);
    if (id !== undefined) places.push({ id, path: place });
    else if (INSIDE.has(entry.name.toLowerCase()))
      for (const inner of (await entriesOf(place)) ?? []) {
        const innerId = patientIn(inner.name);
        if (innerId !== undefined && (await isFolder(place, inner)))
          places.push({ id: innerId, path: path.join(place, inner.name) });
      }
  }
  return places;
}

/** "17_a" is patient 17; "notes" is none. */
function patientIn(name: string): string | undefined {
  const match = /^(\d+)(_.*)?$/.exec(name);
  return match ? String(Number(match[1])) : undefined;
}

async function readPatientFolder(place: { id: string; path: string }) {
  const images: ImageRecord[] = [];
  const other: string[] = [];
  for (const { name } of (await entriesOf(place.path)) ?? []) {
    const slot = slotOf(name);
    if (slot) {
      const { site, magnification } = slot;
      images.push({ site, magnification, path: path.join(place.path, name) });
    } else if (isImageName(name)) other.push(name);
  }
  return { ...place, images, other };
}

/** `01_2X.jpg` beside `01_2X.png`: which one is meant cannot be known. */
function reportDoubleView(id: string, images: readonly ImageRecord[], problems: Problems): void {
  images.forEach((image, i) => {
    const earlier = images.slice(0, i).find((other) => isSameView(other, image));
    if (earlier)
      problems.error(
        `patient ${id} has two ${image.site} ${image.magnification} images, ` +
          `${path.basename(earlier.path)} and ${path.basename(image.path)}; keep one`,
      );
  });
}

function isSameView(a: ImageRecord, b: ImageRecord): boolean {
  return a.site === b.site && a.magnification === b.magnification;
}

/** Two folders of one patient are joined; two files for one view are a choice that only a person can make. */
function reportSecondFolder(
  id: string,
  former: PatientFolder,
  next: PatientFolder,
  problems: Problems,
): void {
  const names = `${path.basename(former.path)} and ${path.basename(next.path)}`;
  const clash = next.images.find((image) => former.images.some((other) => isSameView(other, image)));
  if (clash)
    problems.error(
      `patient ${id} has two ${clash.site} ${clash.magnification} images, in ${names}; keep one`,
    );
  else problems.warn(`patient ${id} has two folders, ${names}; their images were joined`);
}
