/** `oscc-lab import-arrays`: a cohort folder from NumPy arrays. */
import { command, usageError } from "../command";

export const importArraysCommand = command({
  name: "import-arrays",
  summary: "make a cohort folder from NumPy arrays of images and labels",
  arguments: "IMAGES.npy LABELS.npy",
  options: {
    classes: {
      type: "string",
      value: "NAMES",
      help: "class names in label order, separated by commas (needed)",
    },
    out: {
      type: "string",
      value: "FOLDER",
      help: "where the cohort goes; new, or made by this command (needed)",
    },
    name: { type: "string", value: "NAME", help: "the cohort's name (default: the folder's)" },
    task: { type: "string", value: "WORD", help: "the task's name, a word (default: label)" },
    title: { type: "string", value: "WORDS", help: "the task in words (default: the task's name)" },
    site: { type: "string", value: "WORD", help: "default: tissue" },
    magnification: { type: "string", value: "WORD", help: "default: unspecified" },
    caveat: {
      type: "string",
      multiple: true,
      value: "SENTENCE",
      help: "what a reader of any result should know; may be given several times",
    },
    notice: { type: "string", value: "WORDS", help: "one line that every figure from this cohort carries" },
  },
  details: [
    "IMAGES is [n, h, w] or [n, h, w, 3], LABELS n class indices. Each image counts as a patient of its own.",
    "  oscc-lab import-arrays x.npy y.npy --classes normal,carcinoma --task OSCC --out oral-126",
    "  OSCC_DATA=oral-126 npm start",
  ].join("\n"),
  async run({ values, positionals }) {
    const [images, labels, extra] = positionals;
    if (!images || !labels || extra)
      throw usageError(importArraysCommand, "two files are needed: images and labels");
    if (!values.classes)
      throw usageError(importArraysCommand, "--classes is needed, for example normal,carcinoma");
    if (!values.out) throw usageError(importArraysCommand, "--out is needed: the folder to write");
    const { classes, out, name, caveat, task, title, site, magnification, notice } = values;
    const { importArrays } = await import("../../cohort/index.js");
    const folder = await importArrays({
      images,
      labels,
      classes: classes.split(",").map((word) => word.trim()),
      folder: out,
      name: name ?? nameOf(out),
      ...(caveat === undefined ? {} : { caveats: caveat }),
      ...definedOnly({ task, title, site, magnification, notice }),
    });
    process.stdout.write(`${folder}\n  Use it with  OSCC_DATA=${folder} npm start\n`);
    return 0;
  },
});

function nameOf(folder: string): string {
  return folder.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "");
}

function definedOnly<T extends Record<string, string | undefined>>(options: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}
