/**
 * The plain layout, for anybody's own images: `cohort.json` says what there is, a CSV manifest lists the files.
 *
 *     cohort.json    {"name": "my-cohort", "sites": ["tissue"], "magnifications": ["x400"],
 *                     "tasks": {"OSCC": {"title": "carcinoma", "classes": ["normal", "carcinoma"]}}}
 *     manifest.csv   patient,site,magnification,path,split,OSCC
 *                    1,tissue,x400,images/1.png,train,carcinoma
 *
 * One row is one image. Labels (class name or index) and split are the patient's, so its rows agree.
 */
import path from "node:path";
import { z } from "zod";
import { nearest } from "../../core/errors";
import type { Provenance } from "../../core/provenance";
import { type CsvTable, entriesOf, readCsv, readJson } from "../files";
import { listed, Problems, plural } from "../problems";
import type { CohortRecord, ImageRecord, PatientRecord } from "../record";
import { type CohortSchema, SPLITS, type Split } from "../schema";

/** The file that declares a plain cohort. */
export const COHORT_FILE = "cohort.json";
/** The manifest's name unless `cohort.json` says otherwise. */
export const MANIFEST_FILE = "manifest.csv";

/** Columns of the manifest that are not tasks. */
const OWN_COLUMNS = ["patient", "site", "magnification", "path", "split"] as const;
const REQUIRED_COLUMNS = ["patient", "site", "magnification", "path"] as const;
/** Cells that mean "no label". */
const MISSING_CELLS = new Set(["", "/", "-1", "na", "n/a"]);

const name = z.string().trim().min(1);
const names = z
  .array(name)
  .min(1)
  .refine((list) => new Set(list).size === list.length, "expected names that are all different");

/** The form of `cohort.json`. */
export const declaration = z.strictObject({
  name,
  sites: names,
  magnifications: names,
  tasks: z.record(
    z
      .string()
      .regex(/^[A-Za-z_]\w*$/, "expected a task name of letters, digits and _")
      .refine((task) => !(OWN_COLUMNS as readonly string[]).includes(task), "this name is a manifest column"),
    z.strictObject({ title: name, classes: names.min(2) }),
  ),
  caveats: z.array(z.string()).default([]),
  notice: z.string().optional(),
  synthetic: z.boolean().default(false),
  manifest: z.string().default(MANIFEST_FILE),
  umPerPx: z.record(z.string(), z.number().positive()).optional(),
  /** The fields of all magnifications of a site share their centre. Leave it out where that is not known. */
  fieldsOfView: z.literal("concentric").optional(),
});

/** What `cohort.json` holds. */
export type CohortDeclaration = z.input<typeof declaration>;
type Declaration = z.output<typeof declaration>;

/** Read everything but pixels. @throws InvalidDataset with all problems at once */
export async function readPlainLayout(folder: string): Promise<CohortRecord<CohortSchema>> {
  const problems = new Problems();
  const declared = await readJson<Declaration>(path.join(folder, COHORT_FILE), declaration, problems);
  problems.throwIfAny(folder);
  const patients = await readManifest(folder, declared!, problems);
  problems.throwIfAny(folder);
  const { name, sites, magnifications, tasks, notice, synthetic, caveats, umPerPx, fieldsOfView } = declared!;
  const provenance: Provenance = { cohort: name, synthetic, ...(notice === undefined ? {} : { notice }) };
  return {
    schema: { name, sites, magnifications, tasks },
    folder,
    provenance,
    patients,
    looseImages: [],
    warnings: problems.warnings,
    caveats,
    ...(umPerPx ? { umPerPx } : {}),
    ...(fieldsOfView ? { fieldsOfView } : {}),
    hasClinical: false,
  };
}

async function readManifest(
  folder: string,
  declared: Declaration,
  problems: Problems,
): Promise<PatientRecord[]> {
  const file = insideFolder(folder, declared.manifest);
  if (file === undefined) {
    problems.error(`${COHORT_FILE}: manifest: "${declared.manifest}" leads out of the folder`);
    return [];
  }
  const table = await readCsv(file, problems);
  if (!table) return [];
  const columns = checkColumns(table, declared, problems);
  if (!columns) return [];
  if (table.rows.length === 0) problems.error(`${declared.manifest} lists no image`);

  const drafts = new Map<string, Draft>();
  table.rows.forEach((cells, i) => {
    const row: Row = { line: i + 2, cell: (column) => cells[columns.get(column) ?? -1] ?? "" };
    readRow(row, folder, declared, drafts, problems);
  });
  return withExistingImages(folder, [...drafts.values()], declared, problems);
}

interface Row {
  readonly line: number;
  cell(column: string): string;
}

interface Draft {
  readonly id: string;
  readonly labels: Record<string, number | undefined>;
  split?: Split;
  readonly images: ImageRecord[];
}

function checkColumns(
  table: CsvTable,
  declared: Declaration,
  problems: Problems,
): ReadonlyMap<string, number> | undefined {
  const columns = new Map(table.header.map((column, i) => [column, i]));
  const tasks = Object.keys(declared.tasks);
  const absent = [...REQUIRED_COLUMNS, ...tasks].filter((column) => !columns.has(column));
  if (absent.length > 0) {
    problems.error(
      `${declared.manifest} lacks the columns ${absent.join(", ")}; it has ${listed(table.header)}`,
    );
    return undefined;
  }
  const used = new Set<string>([...OWN_COLUMNS, ...tasks]);
  const extra = table.header.filter((column) => !used.has(column));
  if (extra.length > 0)
    problems.warn(
      `${declared.manifest} has ${plural(extra.length, "column that is", "columns that are")} not read: ${listed(extra)}`,
    );
  return columns;
}

function readRow(
  row: Row,
  folder: string,
  declared: Declaration,
  drafts: Map<string, Draft>,
  problems: Problems,
): void {
  const place = `${declared.manifest} line ${row.line}`;
  const id = row.cell("patient");
  if (id === "") {
    problems.error(`${place}: no patient`);
    return;
  }
  const former = drafts.get(id);
  const draft: Draft = former ?? { id, labels: {}, images: [] };
  drafts.set(id, draft);
  readSplitCell(row, draft, former !== undefined, place, problems);
  for (const [task, { classes }] of Object.entries(declared.tasks)) {
    const label = readLabel(row.cell(task), classes, `${place}: ${task}`, problems);
    if (former && draft.labels[task] !== label)
      problems.error(`${place}: patient ${id} has another ${task} label than in an earlier row`);
    if (!former) draft.labels[task] = label;
  }
  const image = readImageCells(row, folder, declared, place, problems);
  if (!image) return;
  const { site, magnification } = image;
  if (draft.images.some((other) => other.site === site && other.magnification === magnification))
    problems.error(`${place}: patient ${id} has a second ${site} ${magnification} image`);
  else draft.images.push(image);
}

function readSplitCell(row: Row, draft: Draft, seen: boolean, place: string, problems: Problems): void {
  const cell = row.cell("split");
  if (cell !== "" && !(SPLITS as readonly string[]).includes(cell)) {
    problems.error(`${place}: split "${cell}" is not one of ${SPLITS.join(", ")}`);
    return;
  }
  const split = cell === "" ? undefined : (cell as Split);
  if (seen && draft.split !== split)
    problems.error(`${place}: patient ${draft.id} is in another part of the split than in an earlier row`);
  if (split !== undefined) draft.split = split;
}

function readLabel(
  cell: string,
  classes: readonly string[],
  place: string,
  problems: Problems,
): number | undefined {
  const named = classes.indexOf(cell); // names first: a class may be called "na" or "2"
  if (named >= 0) return named;
  if (MISSING_CELLS.has(cell.toLowerCase())) return undefined;
  if (/^\d+$/.test(cell) && Number(cell) < classes.length) return Number(cell);
  const suggestion = nearest(cell, classes);
  problems.error(
    `${place}: "${cell}" is no class (${classes.join(", ")}, or 0 to ${classes.length - 1})` +
      (suggestion ? `; did you mean "${suggestion}"?` : ""),
  );
  return undefined;
}

function readImageCells(
  row: Row,
  folder: string,
  declared: Declaration,
  place: string,
  problems: Problems,
): ImageRecord | undefined {
  const site = row.cell("site");
  const magnification = row.cell("magnification");
  const file = insideFolder(folder, row.cell("path"));
  for (const [kind, value, known] of [
    ["site", site, declared.sites],
    ["magnification", magnification, declared.magnifications],
  ] as const)
    if (!known.includes(value))
      problems.error(`${place}: ${kind} "${value}" is not one of ${known.join(", ")}`);
  if (file === undefined)
    problems.error(`${place}: path "${row.cell("path")}" leads out of the folder; give a path inside it`);
  return file !== undefined &&
    declared.sites.includes(site) &&
    declared.magnifications.includes(magnification)
    ? { site, magnification, path: file }
    : undefined;
}

/** The absolute path of a file named relative to the folder, or `undefined` when it is not inside. */
export function insideFolder(folder: string, relative: string): string | undefined {
  if (relative === "" || relative.includes("\0")) return undefined;
  // Backslashes and drive letters count too, so that a manifest means the same on every system.
  const portable = relative.replaceAll("\\", "/");
  if (path.posix.isAbsolute(portable) || /^[A-Za-z]:/.test(portable)) return undefined;
  const steps = path.posix.normalize(portable).split("/");
  return steps[0] === ".." || steps[0] === "." ? undefined : path.join(folder, ...steps);
}

/** Files that the manifest names and the folder lacks become missing views, with one warning. */
async function withExistingImages(
  folder: string,
  drafts: readonly Draft[],
  declared: Declaration,
  problems: Problems,
): Promise<PatientRecord[]> {
  const places = new Set(drafts.flatMap(({ images }) => images.map((image) => path.dirname(image.path))));
  const files = new Set<string>();
  for (const place of places)
    for (const entry of (await entriesOf(place)) ?? []) files.add(path.join(place, entry.name));
  const absent = drafts.flatMap(({ images }) => images.filter((image) => !files.has(image.path)));
  if (absent.length > 0)
    problems.warn(
      `${plural(absent.length, "image")} of ${declared.manifest} not found, taken as missing: ` +
        listed(absent.map((image) => path.relative(folder, image.path))),
    );
  return drafts.map((draft) => ({
    ...draft,
    folder,
    images: draft.images.filter((image) => files.has(image.path)),
  }));
}
