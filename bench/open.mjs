// How long a cohort of the study's size takes to open, in milliseconds: least and median of seven processes.
//
//   node bench/open.mjs                 (needs the built package)
//
// Nothing is decoded when a cohort is opened, so the 7,950 photographs are empty files. The label file, the split and the clinical
// table have the study's form; both layouts are measured, with the file system's cache warm. Loading the package is not counted.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const { Rng } = require("../dist/core/random");
const PATIENTS = 1325;
const ROUNDS = 7;
const VIEWS = ["01_2X", "01_4X", "01_10X", "02_2X", "02_4X", "02_10X"];
const TASKS = ["TD", "CE", "TI", "PI", "LNM", "REC"];

if (process.argv[2] !== undefined) await openOnce(process.argv[2]);
else measureAll();

async function openOnce(folder) {
  const { openCohort } = require("../dist/index.js");
  const started = performance.now();
  const before = process.cpuUsage();
  const cohort = await openCohort(folder);
  const { user, system } = process.cpuUsage(before);
  const ms = performance.now() - started;
  const images = cohort.patients.reduce((sum, patient) => sum + patient.imageCount, 0);
  console.log(JSON.stringify({ ms, cpu: (user + system) / 1000, patients: cohort.patients.length, images }));
}

function measureAll() {
  const scratch = mkdtempSync(path.join(os.tmpdir(), "oscc-bench-"));
  try {
    for (const [name, make] of [
      ["the study's layout", studyLayout],
      ["the plain layout", plainLayout],
    ]) {
      const folder = path.join(scratch, name);
      mkdirSync(folder);
      make(folder);
      const here = fileURLToPath(import.meta.url);
      const found = Array.from({ length: ROUNDS + 1 }, () =>
        JSON.parse(execFileSync(process.execPath, [here, folder], { encoding: "utf8" })),
      ).slice(1);
      const times = found.map(({ ms }) => ms).sort((a, b) => a - b);
      const cpu = found.map((one) => one.cpu).sort((a, b) => a - b)[ROUNDS >> 1];
      const { patients, images } = found[0];
      console.log(
        `${name.padEnd(20)} ${patients} patients, ${images} images: least ${times[0].toFixed(0)} ms, median ${times[ROUNDS >> 1].toFixed(0)} ms, of the processor ${cpu.toFixed(0)} ms`,
      );
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function studyLayout(folder) {
  const rng = new Rng("bench/open");
  const ids = Array.from({ length: PATIENTS }, (_, i) => 200000 + 7 * i);
  const datainfo = ids.map((pid) => ({
    pid,
    ...Object.fromEntries(TASKS.map((task) => [task, rng.integer(task === "TD" ? 3 : 2)])),
    path: `./Data/NpyData/${pid}.npy`,
  }));
  const json = (name, value) => writeFileSync(path.join(folder, name), JSON.stringify(value));
  json("all_metadata.json", { num: PATIENTS, datainfo });
  json("split_seed=2024.json", {
    train: ids.slice(0, 925),
    valid: ids.slice(925, 1125),
    test: ids.slice(1125),
  });
  const { CLINICAL_COLUMNS } = require("../dist/cohort");
  const columns = Object.values(CLINICAL_COLUMNS);
  const rows = ids.map((pid) => [
    pid,
    ...columns.map(({ kind }) => (kind === "text" ? "text" : rng.integer(2))),
  ]);
  const header = ["PID", ...columns.map(({ header }) => header)];
  writeFileSync(
    path.join(folder, "clinical_data_2024.csv"),
    [header, ...rows].map((cells) => cells.join(",")).join("\n"),
  );
  for (const pid of ids) {
    mkdirSync(path.join(folder, `${pid}_a`));
    for (const view of VIEWS) writeFileSync(path.join(folder, `${pid}_a`, `${view}.jpg`), "");
  }
}

function plainLayout(folder) {
  mkdirSync(path.join(folder, "images"));
  const lines = ["patient,site,magnification,path,split,T"];
  for (let n = 0; n < PATIENTS; n++)
    for (const site of ["core", "edge"])
      for (const magnification of ["x200", "x400", "x1000"]) {
        const file = `images/${n}-${site}-${magnification}.jpg`;
        writeFileSync(path.join(folder, file), "");
        lines.push(`${n},${site},${magnification},${file},train,${n % 2}`);
      }
  writeFileSync(path.join(folder, "manifest.csv"), lines.join("\n"));
  const tasks = { T: { title: "t", classes: ["no", "yes"] } };
  const views = { sites: ["core", "edge"], magnifications: ["x200", "x400", "x1000"] };
  writeFileSync(path.join(folder, "cohort.json"), JSON.stringify({ name: "bench", ...views, tasks }));
}
