/** Small cohorts on disk for tests, in both layouts. Every test gets a folder of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { installHost } from "../../../src/core/host";
import { Rng } from "../../../src/core/random";
import { RgbImage } from "../../../src/image";

/** What was said to the person while tests ran, instead of printing it. */
export const said: string[] = [];
installHost({
  display: () => ({ update: () => undefined }),
  signal: () => undefined,
  warn: (message) => said.push(message),
});

/** A new empty folder, removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "oscc-cohort-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Write files by relative path; objects as JSON. */
export function put(folder: string, files: Record<string, string | Uint8Array | object>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    const isRaw = typeof content === "string" || content instanceof Uint8Array;
    writeFileSync(file, isRaw ? content : JSON.stringify(content));
  }
}

/** A smooth coloured picture with a few blobs, such as a microscope gives: no pixel-level noise. */
export function picture(width: number, height: number, seed = 1): RgbImage {
  const rng = new Rng(seed);
  const waves = Array.from({ length: 9 }, () => ({
    channel: rng.integer(3),
    fx: rng.range(1, 5) / width,
    fy: rng.range(1, 5) / height,
    phase: rng.range(0, 6),
  }));
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = [175, 110, 176];
      for (const { channel, fx, fy, phase } of waves)
        value[channel]! += 14 * Math.sin(2 * Math.PI * (fx * x + fy * y) + phase);
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = Math.round(value[c]!);
    }
  return new RgbImage(width, height, data);
}

export const VIEWS = ["01_2X", "01_4X", "01_10X", "02_2X", "02_4X", "02_10X"];

export interface RawPatient {
  pid: number;
  labels?: Partial<Record<"TD" | "CE" | "TI" | "PI" | "LNM" | "REC", number>>;
  /** Stems of the views that exist; default all six. */
  views?: readonly string[];
}

export function labelEntry({ pid, labels }: RawPatient) {
  return { pid, TD: 0, CE: 0, TI: 0, PI: 0, LNM: 0, REC: 0, ...labels, path: `./${pid}.npy` };
}

/** A cohort in the raw Multi-OSCC layout; the first patients train, the last two valid and test. */
export async function rawCohort(
  patients: readonly RawPatient[],
  extra: Record<string, string | Uint8Array | object> = {},
): Promise<string> {
  const folder = temporaryFolder();
  const ids = patients.map(({ pid }) => pid);
  put(folder, {
    "all_metadata.json": { num: ids.length, datainfo: patients.map(labelEntry) },
    "split_seed=2024.json": { train: ids.slice(0, -2), valid: ids.slice(-2, -1), test: ids.slice(-1) },
  });
  for (const { pid, views = VIEWS } of patients)
    for (const view of views) {
      const jpeg = await picture(48, 36, pid * 10 + VIEWS.indexOf(view)).toJpeg();
      put(folder, { [`${pid}_a/${view}.jpg`]: jpeg });
    }
  put(folder, extra);
  return folder;
}

export function somePatients(count: number, first = 1): RawPatient[] {
  return Array.from({ length: count }, (_, i) => ({
    pid: first + i,
    labels: { TD: i % 3, REC: i % 2, LNM: i % 4 === 0 ? 1 : 0 },
  }));
}

export const PLAIN_DECLARATION = {
  name: "my-cohort",
  sites: ["tissue"],
  magnifications: ["x100", "x400"],
  tasks: {
    OSCC: { title: "carcinoma", classes: ["normal", "carcinoma"] },
    GRADE: { title: "grade", classes: ["low", "middle", "high"] },
  },
  caveats: ["made for a test"],
};

/** The folder of real data, or `undefined` where it is not at hand. */
export function sharedData(...steps: string[]): string {
  return path.join(
    process.env.OSCC_SHARED_DATA ?? path.resolve(__dirname, "../../../../shared/data"),
    ...steps,
  );
}
