import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { SRC, sourceFiles } from "./imports";

const ROOT = path.resolve(SRC, "..");
/** What is ours and read by others; generated and installed folders are not. */
const OURS = ["src", "scripts", "bin", "kernels", "labextensions", "notebooks", "bench", "test", ".ci"];
const TEXT = /\.(ts|mts|mjs|cjs|js|json|md|py|sh|ipynb|css|yml|yaml)$|\/\.ci\/run$/;

function textFiles(): string[] {
  return OURS.flatMap((folder) => {
    const absolute = path.join(ROOT, folder);
    if (!statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) return [];
    return readdirSync(absolute, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => TEXT.test(file) && !/plotly\.min\.js$|node_modules|\.ipynb_checkpoints/.test(file));
  }).concat(["README.md", "environment.md", "package.json"].map((name) => path.join(ROOT, name)));
}

/** The lines of the files in which the pattern stands, as `file:line`. */
function linesWith(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) => {
    if (!statSync(file, { throwIfNoEntry: false })) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, i) =>
        pattern.test(line) ? [`${path.relative(ROOT, file)}:${i + 1}: ${line.trim().slice(0, 120)}`] : [],
      );
  });
}

describe("sources", () => {
  const sources = sourceFiles().map((file) => path.join(SRC, file));

  it("draw random numbers from a seeded generator only", () => {
    const uses = linesWith(sources, /Math\.random\s*\(/).filter((line) => !/: (\*|\/\/|\/\*)/.test(line));
    expect(uses).toEqual([]);
  });

  it("name no path of the machine they were written on", () => {
    // Written in pieces, so that this file does not find itself.
    const home = new RegExp(`(^|[^\\w.])/(${["wo" + "rk", "ro" + "ot", "ho" + "me/\\w+"].join("|")})/`);
    expect(linesWith(textFiles(), home)).toEqual([]);
  });

  it("have no test that is focused", () => {
    const focused = new RegExp(`\\b(it|test|describe)\\.${"on" + "ly"}\\b`);
    expect(
      linesWith(
        textFiles().filter((file) => file.endsWith(".test.ts")),
        focused,
      ),
    ).toEqual([]);
  });

  it("are small enough to be read: no committed file over 1 MB", () => {
    const large = textFiles().filter(
      (file) => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 1_000_000,
    );
    expect(large.map((file) => path.relative(ROOT, file))).toEqual([]);
  });
});
