/** A review page: one HTML file with pictures, maps and marks that needs nothing else. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { inspect } from "node:util";
import { mapParallel } from "../../cohort/parallel";
import { invalidArgument } from "../../core/errors";
import { notices } from "../../core/provenance";
import { REVIEW_FORMAT } from "../../evaluate";
import { CAM_METHODS, type CamMap, type CamResult } from "../../explain";
import { checkLook } from "../cam";
import {
  coverAt,
  isFlat,
  type OverlayLook,
  rangeInWords,
  seenRegion,
  VIRIDIS,
  valueAt,
} from "../cam-overlay";
import { embed, type Micrograph, viewLabel } from "../micrograph";
import { encodePng } from "../render/canvas";
import { colourAt } from "../theme";
import { count } from "../words";
import { REVIEW_SCRIPT } from "./script";
import { REVIEW_STYLE } from "./style";

/** Options of `plot.reviewPage`. */
export interface ReviewPageOptions extends Omit<OverlayLook, "contours"> {
  /** Default "Review: <task>". */
  readonly title?: string;
  /** What the reviewer is asked; `{class}` stands for the class explained. */
  readonly question?: string;
  /** Width of the pictures in pixels. Default 560. */
  readonly imageWidth?: number;
  /** Lines under the title: how the cases were chosen, what to keep in mind. */
  readonly notes?: readonly string[];
}

/** A page that was written. */
export interface ReviewPage {
  readonly file: string;
  /** Names the page in the files of marks. */
  readonly id: string;
  /** In the page's order; a case's number is its place, from 1. */
  readonly cases: readonly ReviewCase[];
  readonly bytes: number;
}

/** One case of a page. */
export interface ReviewCase {
  readonly patient: string;
  readonly className: string;
  readonly probability: number;
}

const QUESTION = "Do the marked places support “{class}”?";
const DEFAULT_WIDTH = 560;
/** One photograph of a page, before base64. */
const PICTURE_BYTES = 110_000;
/** A map is as coarse as its grid; the browser smooths it. */
const MAP_WIDTH = 128;

/**
 * Write maps as a page for a pathologist, who marks each case agree, disagree or unsure, with a comment.
 *
 * The page is one file without network, for mouse, keyboard and screen reader, light and dark. Marks are kept in the
 * reader's browser and saved as JSON or CSV by a button; `evaluate.readReview` reads them.
 *
 * @param results maps, one result a case, all of one task; `explain.camsOfPatients` makes them
 * @param file    where to write, ending in `.html`
 * @param options `title`, `question`, `notes`; `imageWidth` default 560; `threshold` default 0, `opacity` default 0.7
 * @throws OsccError `InvalidArgument` for no case, cases of several tasks, or a file that is no `.html`
 * @example
 * const results = await explain.camsOfPatients(run, cohort.split("test"), { task: "TI" });
 * const page = await plot.reviewPage(results, "review.html", { question: "Is muscle invaded where the map is bright?" });
 */
export async function reviewPage(
  results: readonly CamResult<Micrograph>[],
  file: string,
  options: ReviewPageOptions = {},
): Promise<ReviewPage> {
  const tasks = [...new Set(results.map(({ task }) => task))];
  if (tasks.length !== 1)
    throw invalidArgument(
      "results",
      tasks.length === 0 ? "no case" : `cases of ${tasks.join(", ")}`,
      "cases of one task",
    );
  if (!/\.html?$/i.test(file)) throw invalidArgument("file", file, "a name that ends in .html");
  const { threshold, opacity } = checkLook(options);
  const width = options.imageWidth ?? DEFAULT_WIDTH;
  if (!(Number.isInteger(width) && width >= 64 && width <= 2592))
    throw invalidArgument("imageWidth", width, "a whole number of pixels from 64 to 2592");
  const question = options.question ?? QUESTION;
  const cases: object[] = [];
  for (const result of results) cases.push(await caseOf(result, question, width, threshold));
  const shown = results.map(({ patient, className, probability }) => ({ patient, className, probability }));
  const { method, layers } = results[0]!;
  const title = options.title ?? `Review: ${tasks[0]}`;
  const settings = { task: tasks[0], method, layers, question, threshold };
  const id = createHash("sha256")
    .update(JSON.stringify([settings, title, shown]))
    .digest("hex")
    .slice(0, 16);
  const name = path.basename(file).replace(/\.html?$/i, "");
  const data = { format: REVIEW_FORMAT, id, name, title, task: tasks[0], settings, cases };
  const html = pageHtml({
    title,
    facts: [
      `${CAM_METHODS[method].title}${layers.length > 0 ? `, layer ${layers.join(" and ")}` : ""} · ${count(cases.length)} ${cases.length === 1 ? "case" : "cases"}`,
      ...(options.notes ?? []),
    ],
    notices: notices(...results.map(({ provenance }) => provenance)),
    opacity,
    data: JSON.stringify(data),
  });
  await writeFile(file, html);
  return printed({ file, id, cases: shown, bytes: Buffer.byteLength(html) });
}

function printed(page: ReviewPage): ReviewPage {
  Object.defineProperty(page, inspect.custom, {
    enumerable: false,
    value: () =>
      `Review page ${page.file} - ${count(page.cases.length)} cases, ${(page.bytes / 1e6).toFixed(1)} MB`,
  });
  return page;
}

async function caseOf(result: CamResult<Micrograph>, question: string, width: number, threshold: number) {
  const { patient, className, probability, maps } = result;
  return {
    patient,
    className,
    probability: Number(probability.toFixed(4)),
    question: question.replaceAll("{class}", className),
    views: await mapParallel(maps, (map) => viewOf(map, result, width, threshold), {
      limit: 4,
      what: "writing a review page",
    }),
  };
}

async function viewOf(
  map: CamMap<Micrograph>,
  result: CamResult<Micrograph>,
  width: number,
  threshold: number,
) {
  const label = viewLabel(map.image);
  const shown = await embed(map.image, width, { scale: 1, maxBytes: PICTURE_BYTES });
  const verdict = map.verdict ? { verdict: map.verdict } : {};
  if ("absent" in shown) return { label: `${label}: ${shown.absent}`, ...verdict };
  const view = { label, image: shown.uri, alt: `Micrograph, ${label}`, ...verdict };
  if (isFlat(map)) return { ...view, range: "flat map: no place stands out" };
  const height = Math.round((MAP_WIDTH * shown.height) / shown.width);
  const seen = seenRegion({ left: 0, top: 0, width: 1, height: shown.height / shown.width }, result);
  const share = (value: number, whole: number) => `${((100 * value) / whole).toFixed(3)}%`;
  const whole = shown.height / shown.width;
  return {
    ...view,
    range: rangeInWords(map),
    map: `data:image/png;base64,${mapPng(map, MAP_WIDTH, height, threshold).toString("base64")}`,
    place: {
      left: share(seen.left, 1),
      top: share(seen.top, whole),
      width: share(seen.width, 1),
      height: share(seen.height, whole),
    },
  };
}

/** The map in its colours, with less cover where there is less. */
function mapPng({ grid, range }: CamMap<unknown>, width: number, height: number, threshold: number): Buffer {
  const value = valueAt(grid);
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const share = Math.min(1, Math.max(0, value((x + 0.5) / width, (y + 0.5) / height) / range[1]));
      if (share < threshold) continue;
      const hex = Number.parseInt(colourAt(VIRIDIS, share).slice(1), 16);
      data.set([hex >> 16, (hex >> 8) & 255, hex & 255, 255 * coverAt(share)], (y * width + x) * 4);
    }
  return encodePng({ width, height, data });
}

interface PageParts {
  readonly title: string;
  readonly facts: readonly string[];
  readonly notices: readonly string[];
  readonly opacity: number;
  /** JSON. */
  readonly data: string;
}

function pageHtml({ title, facts, notices: said, opacity, data }: PageParts): string {
  const allowed = createHash("sha256").update(REVIEW_SCRIPT).digest("base64");
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${allowed}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title>
<style>${REVIEW_STYLE}</style>
</head>
<body style="--map: ${opacity}">
<header>
<h1>${escapeHtml(title)}</h1>
${facts.map((fact) => `<p class="facts">${escapeHtml(fact)}</p>`).join("\n")}
${said.map((notice) => `<p class="notice">${escapeHtml(sentence(notice))}.</p>`).join("\n")}
<p class="facts">For research and teaching. Not for diagnosis.</p>
<div class="bar">
<label>Reviewer <input id="reviewer" autocomplete="off" size="14"></label>
<strong id="progress" role="status" aria-live="polite"></strong>
<button type="button" id="save-json">Save JSON</button>
<button type="button" id="save-csv">Save CSV</button>
<label>Load marks <input id="load" type="file" accept=".json,application/json"></label>
<label>Colours <select id="theme"><option value="">as the system</option><option value="light">light</option><option value="dark">dark</option></select></label>
</div>
<p id="kept" class="facts" role="status" aria-live="polite">Marks are kept in this browser; nothing is sent anywhere.</p>
</header>
<main>
<section aria-labelledby="heading">
<h2 id="heading" tabindex="-1"></h2>
<p>Model: <strong id="answer"></strong>, probability <strong id="confidence"></strong></p>
<div class="bar">
<label><input type="checkbox" id="maps" checked> maps <kbd>M</kbd></label>
<label>opacity <input id="opacity" type="range" min="0" max="1" step="0.05" value="${opacity}"></label>
<span class="hint">bright yellow: strongest, of each picture's own range</span>
</div>
<div id="views"></div>
</section>
<aside aria-label="Your mark">
<fieldset>
<legend id="question"></legend>
${mark("agree", "Agree", "A")}
${mark("disagree", "Disagree", "D")}
${mark("unsure", "Unsure", "U")}
</fieldset>
<button type="button" id="unmark">Take the mark back</button>
<p><label for="comment">Comment <kbd>C</kbd></label></p>
<textarea id="comment" spellcheck="true"></textarea>
<div class="bar">
<button type="button" id="previous">Previous <kbd>←</kbd></button>
<button type="button" id="next">Next <kbd>→</kbd></button>
</div>
<ol id="cases" aria-label="Cases"></ol>
</aside>
</main>
<dialog id="large" aria-label="Enlarged picture"></dialog>
<script type="application/json" id="review">${data.replace(/</g, "\\u003c")}</script>
<script>${REVIEW_SCRIPT}</script>
</body>
</html>
`;
}

function mark(value: string, label: string, key: string): string {
  return `<label class="mark" data-mark="${value}"><input type="radio" name="mark" value="${value}"> ${label} <kbd>${key}</kbd></label>`;
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
