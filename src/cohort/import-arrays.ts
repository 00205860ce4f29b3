/** Make a cohort folder from arrays of images and labels: a bridge from NumPy data sets. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { invalidArgument, OsccError } from "../core/errors";
import { RgbImage } from "../image/rgb-image";
import { describeIssue, entriesOf } from "./files";
import { COHORT_FILE, type CohortDeclaration, declaration, MANIFEST_FILE } from "./layout/plain";
import { type NpyArray, readNpy } from "./npy";
import { mapParallel } from "./parallel";
import { listed, plural } from "./problems";

/** Options of `importArrays`. */
export interface ImportArraysOptions {
  /** `.npy` file of images: `[n, h, w]` grey, `[n, h, w, 3]` or `[n, 3, h, w]` RGB; bytes, or floats in 0-1 or 0-255. */
  images: string;
  /** `.npy` file of `n` class indices. */
  labels: string;
  /** Class names; the index is the label. */
  classes: readonly string[];
  /** Where the cohort is written; made if absent. A folder that holds anything else is left alone. */
  folder: string;
  /** The cohort's name, for titles. */
  name: string;
  /** The task's name, a word; default `"label"`. */
  task?: string;
  /** The task in words; default the task's name. */
  title?: string;
  /** Default `"tissue"`. */
  site?: string;
  /** Default `"unspecified"`. */
  magnification?: string;
  /** What a reader of any result should know. */
  caveats?: readonly string[];
  /** One line that every figure from this cohort must carry. */
  notice?: string;
}

/** The file that marks a folder as made by `importArrays`, and from what. */
const ORIGIN_FILE = "origin.json";

/**
 * Write a cohort in the plain layout, one PNG per image and one image per patient.
 *
 * Arrays do not say which images show the same patient, so each image counts as a patient of its own: if that
 * is not so, cross-validation leaks. Images that are the same to the byte are counted, and named as a caveat.
 * Importing the same arrays with the same options again returns at once.
 *
 * @returns the folder, to give to `openCohort`
 * @throws UnreadableArray, InvalidArgument, InvalidDataset (labels that do not fit, all of them)
 * @example
 * const folder = await importArrays({
 *   images: "oscc126_x.npy", labels: "oscc126_y.npy", classes: ["normal", "carcinoma"],
 *   folder: "oral-126", name: "oral-126", task: "OSCC", title: "carcinoma",
 *   caveats: ["after Rahman et al. 2020, Data in Brief 29:105114; the origin holds augmented duplicates"],
 * });
 * const cohort = await openCohort(folder);
 */
export async function importArrays(options: ImportArraysOptions): Promise<string> {
  const folder = path.resolve(options.folder);
  const [images, labels] = await Promise.all([readNpy(options.images), readNpy(options.labels)]);
  const origin = originOf(options, images, labels);
  if (await isAlreadyThere(folder, origin)) return folder;
  const pictures = toPictures(images, options.images);
  checkLabels(labels, pictures.length, options);

  // Written beside its place and renamed, so that a stopped import leaves no half cohort.
  const draft = `${folder}.${randomUUID()}`;
  try {
    await mkdir(path.join(draft, "images"), { recursive: true });
    await mapParallel(
      pictures,
      async (picture, i) => writeFile(path.join(draft, imageName(i)), await picture.toPng()),
      { what: "importing images" },
    );
    await writeFile(path.join(draft, MANIFEST_FILE), manifest(labels, options));
    await writeFile(path.join(draft, COHORT_FILE), json(declarationOf(options, pictures)));
    await writeFile(path.join(draft, ORIGIN_FILE), json({ importedBy: "importArrays", origin }));
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** What the written cohort depends on, as one hash. */
function originOf(options: ImportArraysOptions, images: NpyArray, labels: NpyArray): string {
  const { folder: _, images: __, labels: ___, ...rest } = options;
  const hash = createHash("sha256").update(JSON.stringify(rest));
  for (const array of [images, labels])
    hash
      .update(JSON.stringify([array.dtype, array.shape]))
      .update(new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength));
  return hash.digest("hex");
}

/** Has this import been made before? A folder of anything else is refused, never overwritten. */
async function isAlreadyThere(folder: string, origin: string): Promise<boolean> {
  const entries = await entriesOf(folder);
  if (!entries || entries.length === 0) return false;
  try {
    const mark = JSON.parse(await readFile(path.join(folder, ORIGIN_FILE), "utf8")) as {
      importedBy?: unknown;
      origin?: unknown;
    };
    if (mark.importedBy === "importArrays") return mark.origin === origin;
  } catch {
    // no mark of ours: refuse below
  }
  throw invalidArgument(
    "folder",
    folder,
    "a new or empty folder, or one that importArrays made",
    "Choose another folder; nothing was written.",
  );
}

function toPictures(array: NpyArray, file: string): RgbImage[] {
  const layout = layoutOf(array.shape);
  if (!layout)
    throw new OsccError(
      "ShapeMismatch",
      [
        `images in ${file} have shape [${array.shape.join(", ")}].`,
        "Expected [n, h, w] grey, or [n, h, w, 3] or [n, 3, h, w] RGB.",
      ],
      { expected: ["n", "h", "w", 3], found: array.shape },
    );
  const { count, height, width, channels, planar } = layout;
  const toByte = byteScale(array, file);
  const pixels = height * width;
  return Array.from({ length: count }, (_, n) => {
    const data = new Uint8Array(pixels * 3);
    for (let i = 0; i < pixels; i++)
      for (let c = 0; c < 3; c++) {
        const channel = channels === 1 ? 0 : c;
        const at = planar ? channel * pixels + i : i * channels + channel;
        data[3 * i + c] = toByte(array.data[n * pixels * channels + at]!);
      }
    return new RgbImage(width, height, data);
  });
}

function layoutOf(shape: readonly number[]) {
  const [count = 0, a = 0, b = 0, c = 0] = shape;
  if (shape.some((length) => length < 1)) return undefined;
  if (shape.length === 3) return { count, height: a, width: b, channels: 1, planar: false };
  if (shape.length !== 4) return undefined;
  if (c === 3 || c === 1) return { count, height: a, width: b, channels: c, planar: false };
  if (a === 3 || a === 1) return { count, height: b, width: c, channels: a, planar: true };
  return undefined;
}

/** Bytes stay; floats in 0-1 are multiplied by 255; floats in 0-255 are rounded; anything else is refused. */
function byteScale(array: NpyArray, file: string): (value: number) => number {
  if (array.dtype === "uint8") return (value) => value;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of array.data) {
    if (Number.isNaN(value)) low = Number.NEGATIVE_INFINITY;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!(low >= 0 && high <= 255))
    throw invalidArgument(`values of ${file}`, `${low} to ${high}`, "grey levels in 0-255, or floats in 0-1");
  const scale = array.dtype.startsWith("float") && high <= 1 ? 255 : 1;
  return (value) => Math.round(value * scale);
}

/** Labels must be class indices, and names such that the written cohort can be opened. */
function checkLabels(labels: NpyArray, images: number, options: ImportArraysOptions): void {
  const problems: string[] = [];
  if (labels.data.length !== images) problems.push(`${labels.data.length} labels for ${images} images`);
  const { length } = options.classes;
  const wrong = [...labels.data].flatMap((label, i) =>
    Number.isInteger(label) && label >= -1 && label < length ? [] : [`${label} at ${i}`],
  );
  if (wrong.length > 0)
    problems.push(`${plural(wrong.length, "label")} outside 0 to ${length - 1}: ${listed(wrong)}`);
  const { issues = [] } = declaration.safeParse(declarationOf(options, [])).error ?? {};
  problems.push(...issues.map(describeIssue));
  if (problems.length > 0)
    throw new OsccError(
      "InvalidDataset",
      [
        `${options.labels} and the options do not make a cohort of ${options.images}.`,
        ...problems.map((problem) => `- ${problem}`),
      ],
      { folder: options.folder, problems },
    );
}

function declarationOf(options: ImportArraysOptions, pictures: readonly RgbImage[]): CohortDeclaration {
  const { name, site = "tissue", magnification = "unspecified", task = "label", title = task } = options;
  const copies = countCopies(pictures);
  const caveats = [
    ...(options.caveats ?? []),
    "each image counts as one patient: the arrays do not say which images share a patient",
    ...(copies > 0
      ? [
          `${plural(copies, "image")} ${copies === 1 ? "is" : "are"} byte-identical to an earlier one: folds can leak`,
        ]
      : []),
  ];
  return {
    name,
    sites: [site],
    magnifications: [magnification],
    tasks: { [task]: { title, classes: [...options.classes] } },
    caveats,
    ...(options.notice === undefined ? {} : { notice: options.notice }),
    manifest: MANIFEST_FILE,
  };
}

/** How many pictures are the same as an earlier one. */
function countCopies(pictures: readonly RgbImage[]): number {
  return (
    pictures.length -
    new Set(pictures.map(({ data }) => createHash("sha256").update(data).digest("hex"))).size
  );
}

function manifest(labels: NpyArray, options: ImportArraysOptions): string {
  const { site = "tissue", magnification = "unspecified", task = "label" } = options;
  const rows = [...labels.data].map((label, i) =>
    [i + 1, site, magnification, imageName(i), label < 0 ? "" : options.classes[label]].map(quoted).join(","),
  );
  return `patient,site,magnification,path,${task}\n${rows.join("\n")}\n`;
}

function imageName(index: number): string {
  return `images/${index + 1}.png`;
}

function quoted(cell: string | number | undefined): string {
  const text = String(cell ?? "");
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
