import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as Phantom from "../../../src/cohort/phantom";
import {
  MASK_BITS,
  type PatientTruth,
  phantomCohort,
  readPhantomManifest,
} from "../../../src/cohort/phantom";
import { CLINICAL_COLUMNS } from "../../../src/cohort/phantom/clinical";
import { isOsccError } from "../../../src/core/errors";
import { installHost } from "../../../src/core/host";
import { PACKAGE_ROOT } from "../../../src/core/paths";

const SMALL = { patients: 3, width: 64, height: 48, seed: "folder-test" } as const;
const VIEWS = ["01_10X", "01_2X", "01_4X", "02_10X", "02_2X", "02_4X"];

const scratch = mkdtempSync(path.join(tmpdir(), "phantom-"));
const folder = path.join(scratch, "cohort");
const read = (name: string) => readFileSync(path.join(folder, name), "utf8");
const readJson = (name: string) => JSON.parse(read(name));

beforeAll(async () => {
  expect(await phantomCohort({ ...SMALL, folder, workers: 1 })).toBe(folder);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("a phantom cohort on disk", () => {
  it("has the raw Multi-OSCC layout and the truth beside it", () => {
    expect(readdirSync(folder).sort()).toEqual([
      "all_metadata.json",
      "clinical_data_2024.csv",
      "images",
      "masks",
      "phantom.json",
      "split_seed=2024.json",
      "truth.json",
    ]);
    const patients = readdirSync(path.join(folder, "images"));
    expect(patients).toHaveLength(SMALL.patients);
    for (const name of patients) {
      expect(name).toMatch(/^\d+_phantom$/);
      expect(readdirSync(path.join(folder, "images", name)).sort()).toEqual(
        VIEWS.map((view) => `${view}.jpg`),
      );
      const masks = path.join(folder, "masks", name.split("_")[0]!);
      expect(readdirSync(masks).sort()).toEqual(VIEWS.map((view) => `${view}.png`));
    }
  });

  it("has labels, split and truth that agree", () => {
    const { num, datainfo } = readJson("all_metadata.json");
    expect(num).toBe(SMALL.patients);
    for (const row of datainfo) {
      expect(Object.keys(row)).toEqual(["pid", "TD", "CE", "TI", "PI", "LNM", "REC", "path"]);
      expect(existsSync(path.join(folder, row.path))).toBe(true);
    }
    const split: Record<string, number[]> = readJson("split_seed=2024.json");
    expect(Object.keys(split)).toEqual(["train", "valid", "test"]);
    expect(Object.values(split).flat().sort()).toEqual(
      datainfo.map((row: { pid: number }) => row.pid).sort(),
    );
    const truth: PatientTruth[] = readJson("truth.json");
    truth.forEach((one, i) => {
      const { pid, path: _, ...labels } = datainfo[i];
      expect(one.pid).toBe(pid);
      expect(one.labels).toEqual(labels);
    });
  });

  it("has masks whose areas are those of truth.json", async () => {
    const truth: PatientTruth[] = readJson("truth.json");
    const [first] = truth;
    const file = path.join(folder, "masks", String(first!.pid), "02_4X.png");
    const { data, info } = await sharp(file).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([SMALL.width, SMALL.height, 1]);
    const tumour = data.filter((byte) => byte & MASK_BITS.tumour).length / data.length;
    expect(tumour).toBeCloseTo(first!.sites.edge.area.x400.tumour, 4);
  });

  it("has a clinical table in the published format, consistent with the labels", () => {
    const text = read("clinical_data_2024.csv");
    expect(text.startsWith("\uFEFFPID,")).toBe(true);
    expect(text.endsWith("\r\n")).toBe(true);
    const rows: Record<string, string>[] = parse(text, { bom: true, columns: true });
    expect(Object.keys(rows[0]!)).toEqual([...CLINICAL_COLUMNS]);
    const { datainfo } = readJson("all_metadata.json");
    rows.forEach((row, i) => {
      expect(Number(row.PID)).toBe(datainfo[i].pid);
      const recurrence = row["[annotation] recurrence time"]!;
      const followUp = Number(row["[annotation] last followup time"]);
      if (datainfo[i].REC) expect(Number(recurrence)).toBe(followUp);
      else {
        expect(recurrence).toBe("Not recurred");
        expect(followUp).toBeGreaterThanOrEqual(747);
      }
    });
  });

  it("says what it is", () => {
    const manifest = readPhantomManifest(folder)!;
    expect(manifest.notice).toBe("phantom cohort, not patient data");
    expect(manifest.size).toEqual({ width: 64, height: 48 });
    expect(manifest.umPerPx.x400).toBeCloseTo(500 / 64, 10);
    expect(manifest.bits).toEqual(MASK_BITS);
    expect(manifest.options.seed).toBe(SMALL.seed);
  });

  it("is made once: a second call returns it untouched", async () => {
    const before = readFileSync(path.join(folder, "phantom.json"));
    writeFileSync(path.join(folder, "note.txt"), "mine");
    expect(await phantomCohort({ ...SMALL, folder })).toBe(folder);
    expect(existsSync(path.join(folder, "note.txt"))).toBe(true);
    expect(readFileSync(path.join(folder, "phantom.json"))).toEqual(before);
    rmSync(path.join(folder, "note.txt"));
  });

  it("is not overwritten by another cohort, nor written over other files", async () => {
    const refusal = async (options: object) => phantomCohort(options).catch((error: unknown) => error);
    const other = await refusal({ ...SMALL, seed: "another", folder });
    expect(isOsccError(other, "InvalidArgument") && other.data.argument).toBe("folder");
    const precious = path.join(scratch, "precious");
    mkdirSync(precious);
    writeFileSync(path.join(precious, "thesis.txt"), "years of work");
    expect(isOsccError(await refusal({ ...SMALL, folder: precious }), "InvalidArgument")).toBe(true);
    expect(readdirSync(precious)).toEqual(["thesis.txt"]);
  });
});

describe("a phantom cohort that is stopped half-way", () => {
  it("leaves nothing behind, and nothing that looks whole while it is made", async () => {
    const target = path.join(scratch, "stopped");
    const controller = new AbortController();
    let seenDuringWork: string[] = [];
    const restore = installHost({
      display: () => ({
        update: () => {
          seenDuringWork = readdirSync(scratch).filter((name) => name.startsWith("stopped"));
          controller.abort();
        },
      }),
      signal: () => controller.signal,
      warn: () => {},
    });
    const error = await phantomCohort({ ...SMALL, folder: target, workers: 1 })
      .catch((e: unknown) => e)
      .finally(restore);
    expect(isOsccError(error, "Aborted")).toBe(true);
    expect(seenDuringWork).toHaveLength(1);
    expect(seenDuringWork[0]).toMatch(/^stopped\.draft-/);
    expect(readdirSync(scratch).filter((name) => name.startsWith("stopped"))).toEqual([]);
  });

  it("is swept up by the next call if the process was killed", async () => {
    const target = path.join(scratch, "killed");
    const noSuchProcess = 4_194_305; // above the largest pid of Linux
    const left = `${target}.draft-${hostname()}-${noSuchProcess}-0`;
    mkdirSync(path.join(left, "images"), { recursive: true });
    await phantomCohort({ ...SMALL, patients: 1, folder: target });
    expect(existsSync(left)).toBe(false);
    expect(readPhantomManifest(target)).toBeDefined();
  });
});

describe("worker threads", () => {
  // Threads cannot load TypeScript: this compiles the generator and runs the compiled one.
  const compiled = path.join(PACKAGE_ROOT, "node_modules", ".cache", `phantom-test-${process.pid}`);
  afterAll(() => rmSync(compiled, { recursive: true, force: true }));

  it("do not change a byte: two threads against none", async () => {
    mkdirSync(compiled, { recursive: true });
    const project = path.join(compiled, "tsconfig.json");
    const compilerOptions = {
      rootDir: path.join(PACKAGE_ROOT, "src"),
      outDir: path.join(compiled, "dist"),
      typeRoots: [path.join(PACKAGE_ROOT, "node_modules", "@types")],
      declaration: false,
      declarationMap: false,
      sourceMap: false,
    };
    const include = [path.join(PACKAGE_ROOT, "src", "cohort", "phantom", "*.ts")];
    const config = { extends: path.join(PACKAGE_ROOT, "tsconfig.json"), compilerOptions, include };
    writeFileSync(project, JSON.stringify(config));
    const tsc = path.join(PACKAGE_ROOT, "node_modules", "typescript", "bin", "tsc");
    execFileSync(process.execPath, [tsc, "-p", project]);
    const load = createRequire(__filename);
    const built: typeof Phantom = load(path.join(compiled, "dist", "cohort", "phantom", "index.js"));

    const twin = path.join(scratch, "twin");
    await built.phantomCohort({ ...SMALL, folder: twin, workers: 2 });
    const files = (root: string) => (readdirSync(root, { recursive: true }) as string[]).sort();
    expect(files(twin)).toEqual(files(folder));
    for (const name of files(folder)) {
      const one = path.join(folder, name);
      if (path.extname(one))
        expect(readFileSync(path.join(twin, name)).equals(readFileSync(one)), name).toBe(true);
    }
  });
});
