/**
 * Every `@example` under src/ compiles as a cell would, under tslab's own TypeScript, with only the names that a
 * student has: what the package exports, and a few values that any notebook holds.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import ts from "@tslab/typescript-for-tslab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = path.resolve(__dirname, "../..");
/** Internal folders: their examples speak to people who work on this package. */
const INTERNAL = ["core", "cli", "kernel"];

/** What a notebook holds after its first cells. */
const NOTEBOOK = `
import * as lab from "oscc-lab";
import { audit, baseline, crossValidate, dealFolds, engine, evaluate, explain, fit, heldOut, images, importArrays, loadPixels, model,
  openCohort, isOsccError, phantom, plot, publishedSplit, readImage, readNpy, RgbImage, Rng, saveSplit, show, train, widget } from "oscc-lab";
import type { CohortSchema } from "oscc-lab";
import { readFileSync } from "node:fs";
const { tf } = engine;
declare const cohort: lab.Cohort;
declare const patient: lab.Patient;
declare const view: lab.PatientImage;
declare const image: lab.PatientImage;
declare const picture: lab.RgbImage;
declare const tile: lab.RgbImage;
declare const run: lab.train.Run<lab.Task>;
declare const predictions: lab.evaluate.Predictions;
declare const concat: lab.evaluate.Predictions;
declare const gated: lab.evaluate.Predictions;
declare const a: lab.evaluate.Predictions;
declare const b: lab.evaluate.Predictions;
declare const rocConcat: lab.evaluate.Roc;
declare const rocGated: lab.evaluate.Roc;
declare const fresh: lab.model.Model;
declare const weights: Float32Array;
declare const figure: lab.plot.Figure;
`;

interface Example {
  readonly name: string;
  readonly code: string;
}

function examples(): Example[] {
  return readdirSync(path.join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !INTERNAL.includes(name.split(path.sep)[0]!))
    .flatMap((name) => examplesOf(path.join("src", name)))
    .sort((x, y) => x.name.localeCompare(y.name));
}

function examplesOf(file: string): Example[] {
  const text = readFileSync(path.join(ROOT, file), "utf8");
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const lines = comment[0]
      .split("\n")
      .map((line) => line.replace(/^\s*\*? ?/, "").replace(/\s*\*?\/$/, ""));
    const from = lines.findIndex((line) => line.startsWith("@example"));
    if (from < 0) return [];
    const rest = lines.slice(from + 1);
    const end = rest.findIndex((line) => line.startsWith("@"));
    const code = (end < 0 ? rest : rest.slice(0, end)).join("\n");
    const line = text.slice(0, comment.index).split("\n").length + from;
    return [{ name: `${file}:${line}`, code }];
  });
}

/** The example as a module of its own: its declarations may shadow the notebook's, so it stands in a block. */
function asModule(example: Example): string {
  const imports = example.code.split("\n").filter((line) => line.startsWith("import "));
  const rest = example.code.split("\n").filter((line) => !line.startsWith("import "));
  const known = imports.every((line) => /from "(oscc-lab|node:[a-z/]+)"/.test(line));
  return `${NOTEBOOK}${known ? "" : imports.join("\n")}\nexport async function example() {\n${rest.join("\n")}\n}\n`;
}

/** The code blocks of the README. */
function readmeExamples(): Example[] {
  const text = readFileSync(path.join(ROOT, "README.md"), "utf8");
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map((block, i) => ({
    name: `README.md, block ${i + 1}`,
    code: block[1]!,
  }));
}

const all = [...examples(), ...readmeExamples()];
let folder: string;
let problems: Map<string, string[]>;

beforeAll(() => {
  folder = mkdtempSync(path.join(ROOT, ".cache-examples-"));
  const files = new Map(all.map((example, i) => [path.join(folder, `example${i}.ts`), example]));
  for (const [file, example] of files) writeFileSync(file, asModule(example));
  const program = ts.createProgram([...files.keys()], {
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts"],
    types: ["node"],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    baseUrl: ROOT,
    paths: { "oscc-lab": ["dist/index.d.ts"] },
  });
  problems = new Map();
  for (const [file, example] of files) {
    const source = program.getSourceFile(file)!;
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    problems.set(
      example.name,
      found.map((d) => ts.flattenDiagnosticMessageText(d.messageText, "\n").split("\n")[0]!),
    );
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("examples in doc comments", () => {
  it("are many", () => expect(all.length).toBeGreaterThan(60));

  it.each(all.map((example) => [example.name, example] as const))("%s", (name) => {
    expect(problems.get(name)).toEqual([]);
  });
});
