/**
 * The study's own preprocessed images: one NumPy file `<pid>.npy` for each patient, `[6, 3, 512, 512]`, the six
 * images in published order (`SLOTS`), channels first, red, green, blue, bytes or floats from 0 to 255.
 *
 * A patient's file is the one that the label file names as `path`, or `<pid>.npy` in the folder itself or in one
 * of the usual places. Any image size is taken; the number of images is checked when one is loaded.
 */
import path from "node:path";
import { z } from "zod";
import { OsccError } from "../../core/errors";
import { RgbImage } from "../../image/rgb-image";
import { entriesOf, readJson } from "../files";
import { patientNumber } from "../multi-oscc/labels";
import { SLOTS } from "../multi-oscc/slots";
import { type NpyArray, readNpyItem } from "../npy";
import { Problems } from "../problems";
import type { PatientFolder } from "./patient-folders";
import { insideFolder } from "./plain";

/** What a reader of any result from such arrays should know. */
export const ARRAY_CAVEAT =
  "images come from preprocessed square arrays: 4:3 photographs were squashed, and missing views were filled with the " +
  "other site's before they were stored, so that they cannot be told apart";

/** Where the arrays may stand, relative to the cohort's folder. */
const PLACES = ["", "Data/NpyData", "NpyData", "data", "images"];

/** Patient number to array, for those patients that have labels. */
export async function findPatientArrays(
  folder: string,
  labelFile: string | undefined,
  known: ReadonlySet<string>,
): Promise<ReadonlyMap<string, PatientFolder>> {
  const named = labelFile === undefined ? [] : await namedArrays(folder, labelFile);
  const usual = PLACES.flatMap((place) =>
    [...known].map((id) => ({ id, file: path.join(folder, place, `${id}.npy`) })),
  );
  const listings = new Map<string, ReadonlySet<string>>();
  const found = new Map<string, PatientFolder>();
  for (const { id, file } of [...named, ...usual]) {
    if (found.has(id) || !known.has(id)) continue;
    const place = path.dirname(file);
    if (!listings.has(place))
      listings.set(place, new Set(((await entriesOf(place)) ?? []).map(({ name }) => name)));
    if (listings.get(place)!.has(path.basename(file))) found.set(id, patientArray(file));
  }
  return found;
}

const labelPaths = z.object({
  datainfo: z.array(z.object({ pid: patientNumber, path: z.string().optional().catch(undefined) })),
});

/** The `path` of each entry of the label file, where it names an array inside the folder. */
async function namedArrays(folder: string, labelFile: string): Promise<{ id: string; file: string }[]> {
  // What is wrong with the label file is reported where its labels are read.
  const content = await readJson(path.join(folder, labelFile), labelPaths, new Problems());
  return (content?.datainfo ?? []).flatMap(({ pid, path: named }) => {
    const file = named?.toLowerCase().endsWith(".npy") ? insideFolder(folder, named) : undefined;
    return file === undefined ? [] : [{ id: pid, file }];
  });
}

function patientArray(file: string): PatientFolder {
  return {
    path: path.dirname(file),
    images: SLOTS.map(({ site, magnification }, slice) => ({ site, magnification, path: file, slice })),
  };
}

/**
 * One image of a patient's array. Floats are cut to whole numbers, as the study does at this point; floats that
 * do not exceed 1 are taken for shares of 255.
 *
 * @throws UnreadableArray  when the file is no array or is cut off
 * @throws UnreadableImage  when this is no image: another shape, values outside 0-255, or zero throughout, which the
 *                          published preprocessing writes where it could not read a photograph
 */
export async function readArrayImage(file: string, slice: number): Promise<RgbImage> {
  const array = await readNpyItem(file, slice);
  const [channels, height, width] = array.shape;
  if (array.shape.length !== 3 || channels !== 3 || !height || !width)
    throw unreadable(file, slice, `it has shape [${array.shape.join(", ")}], not [3, height, width]`);
  const scale = byteScale(array, file, slice);
  const pixels = height * width;
  const data = new Uint8Array(3 * pixels);
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < pixels; i++) data[3 * i + c] = Math.floor(array.data[c * pixels + i]! * scale);
  return new RgbImage(width, height, data);
}

function byteScale({ data, dtype }: NpyArray, file: string, slice: number): number {
  let high = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    if (!(value >= 0 && value <= 255))
      throw unreadable(file, slice, `it holds the value ${value}; expected grey levels from 0 to 255`);
    if (value > high) high = value;
  }
  if (high === 0)
    throw unreadable(file, slice, "it is zero throughout, as preprocessing leaves an unreadable photograph");
  return dtype.startsWith("float") && high <= 1 ? 255 : 1;
}

function unreadable(file: string, slice: number, found: string): OsccError<"UnreadableImage"> {
  const { site, magnification } = SLOTS[slice] ?? { site: "?", magnification: "?" };
  return new OsccError(
    "UnreadableImage",
    [
      `image ${slice} (${site} ${magnification}) of ${file} cannot be used: ${found}.`,
      "Expected an array [6, 3, height, width] of bytes or floats.",
      "Make the array again from the photographs, or open the photographs themselves.",
    ],
    { path: file },
  );
}
