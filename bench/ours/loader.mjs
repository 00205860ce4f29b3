// One epoch of our loader: node bench/ours/loader.mjs '{"mode": "decode", ...}'. Prints one line of JSON.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

const require = createRequire(import.meta.url);
const work = JSON.parse(process.argv[2]);
const scratch = mkdtempSync(path.join(os.tmpdir(), "oscc-bench-"));
process.env.OSCC_CACHE = path.join(scratch, "cache");
const { loadPixels, openCohort, images: imaging, Rng } = require("../../dist/index.js");

/** What the study normalises by; the value does not matter for speed. */
const normalisation = { mean: [175, 110, 177], std: [21, 39, 11] };

try {
  console.log(JSON.stringify(work.mode === "beside-step" ? await besideStep() : await epoch()));
} finally {
  rmSync(scratch, { recursive: true });
}

/** A plain cohort of the photographs, each named several times, until there are enough. */
async function cohortOf({ folder, images }) {
  const place = path.join(scratch, "cohort");
  mkdirSync(place);
  symlinkSync(folder, path.join(place, "images"));
  const files = readdirSync(folder);
  const rows = Array.from(
    { length: images },
    (_, i) => `${i},tissue,x200,images/${files[i % files.length]},train,no`,
  );
  writeFileSync(
    path.join(place, "manifest.csv"),
    `patient,site,magnification,path,split,T\n${rows.join("\n")}\n`,
  );
  const tasks = { T: { title: "t", classes: ["no", "yes"] } };
  writeFileSync(
    path.join(place, "cohort.json"),
    JSON.stringify({ name: "bench", sites: ["tissue"], magnifications: ["x200"], tasks }),
  );
  return openCohort(place);
}

async function epoch() {
  const { batch, side, mode } = work;
  const cohort = await cohortOf(work);
  const views = cohort.patients.map((patient) => patient.image("tissue", "x200"));
  const options = {
    size: [side, side],
    cache: mode === "cached",
    filter: mode === "published-filter" ? "published" : "triangle",
  };
  const augmenter =
    mode === "augmented"
      ? new imaging.Augmenter("published", { width: side, height: side, normalisation })
      : undefined;
  const pass = async (note) => {
    let total = 0;
    for (let start = 0; start < views.length; start += batch) {
      const { data } = await loadPixels(views.slice(start, start + batch), options);
      if (augmenter) {
        const length = side * side * 3;
        const rng = new Rng("bench").split(start);
        const changed = await Promise.all(
          Array.from({ length: data.length / length }, (_, i) =>
            augmenter.run(data.subarray(i * length, (i + 1) * length), rng.split(i)),
          ),
        );
        total += changed.length;
      } else total += data.length / (side * side * 3);
      note?.(start + batch);
    }
    return total;
  };
  if (mode === "cached") await pass();
  else await loadPixels(views.slice(0, batch), options);
  const rss = [];
  const started = performance.now();
  const total = await pass((done) => {
    if (done % Math.max(batch, Math.floor(views.length / 12 / batch) * batch) === 0)
      rss.push(process.memoryUsage.rss());
  });
  const seconds = (performance.now() - started) / 1000;
  await augmenter?.dispose();
  return { rate: total / seconds, rss };
}

/** Sixteen patients of six images at the notebooks' size: preparing them, and the step that they are prepared for. */
async function besideStep() {
  const { default: open } = await import("./vit.mjs");
  const [patients, views, side] = [16, 6, 96];
  const pixels = Uint8Array.from({ length: views * side * side * 3 }, (_, i) => (i * 37) % 251);
  const timeOf = async (repeats, run) => {
    const times = [];
    for (let i = 0; i < repeats + 3; i++) {
      const started = performance.now();
      await run(i + 1);
      if (i >= 3) times.push((performance.now() - started) / 1000);
    }
    return times.sort((a, b) => a - b)[repeats >> 1];
  };
  const preparation = async (recipe) => {
    const augmenter = new imaging.Augmenter(recipe, { width: side, height: side, normalisation });
    const rng = new Rng("bench");
    const seconds = await timeOf(9, (turn) =>
      Promise.all(
        Array.from({ length: patients }, (_, i) => augmenter.run(pixels, rng.split(turn).split(i))),
      ),
    );
    await augmenter.dispose();
    return seconds;
  };
  const prepare = await preparation("published");
  const prepareOwn = await preparation("histology");
  const tiny = { kind: "step", images: patients * views, side, patch: 16, width: 192, depth: 4, heads: 3 };
  const { run, close } = await open(tiny);
  const step = await timeOf(5, run);
  await close();
  return { prepare, prepareOwn, step };
}
