import { describe, expect, it } from "vitest";
import { allImports, folderOf, type Import, importsOf, sourceFiles } from "./imports";

/** Which folders of src/ each folder may import from. An arrow that is not here is a decision, not an accident. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  image: ["core"],
  stain: ["core", "image"],
  cohort: ["core", "image"],
  evaluate: ["core"],
  engine: ["core"],
  model: ["core", "engine"],
  train: ["core", "cohort", "engine", "evaluate", "image", "model"],
  explain: ["core", "cohort", "engine", "evaluate", "image", "model"],
  audit: ["core", "cohort", "evaluate", "model"],
  baseline: ["core", "cohort", "evaluate"],
  plot: ["core", "audit", "baseline", "cohort", "evaluate", "explain", "image", "stain", "train"],
  kernel: ["core", "plot"],
  cli: ["core", "baseline", "cohort", "engine", "evaluate", "image", "kernel", "model", "plot", "train"],
};

/** Packages that one folder alone may name, so that the rest does not depend on how it is done. */
const PACKAGES: readonly { readonly named: RegExp; readonly by: readonly string[]; readonly why: string }[] =
  [
    // danfojs must find a registered backend before it loads; that is in cohort/danfo.ts.
    { named: /^@tensorflow\//, by: ["engine"], why: "tensors enter through engine/" },
    { named: /^onnxruntime-/, by: ["engine"], why: "devices are chosen in engine/" },
    { named: /^danfojs/, by: ["cohort"], why: "data frames are at the edge of the API" },
    { named: /^(tslab|@tslab\/|zeromq)/, by: ["kernel"], why: "analysis runs without a kernel" },
    { named: /^(plotly|jsdom|@resvg\/|fontkit)/, by: ["plot"], why: "analysis does not draw" },
  ];

const imports = allImports();
const say = ({ file, specifier }: Import) => `${file} imports ${specifier}`;

describe("folders of src/", () => {
  it("are all in the table", () => {
    const folders = new Set(sourceFiles().flatMap((file) => folderOf(file) ?? []));
    expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  });

  it("import only what the table allows", () => {
    const upward = imports.filter(({ file, folder }) => {
      const own = folderOf(file);
      return own && folder && folder !== own && !MAY_IMPORT[own]?.includes(folder);
    });
    expect(upward.map(say)).toEqual([]);
  });

  it("never import src/index.ts", () => {
    const root = imports.filter(({ file, specifier, folder }) => {
      return folderOf(file) !== undefined && specifier.startsWith(".") && folder === undefined;
    });
    expect(root.map(say)).toEqual([]);
  });

  it("form no cycle in the table itself", () => {
    const visit = (folder: string, above: readonly string[]): string[] =>
      above.includes(folder)
        ? [[...above, folder].join(" <- ")]
        : MAY_IMPORT[folder]!.flatMap((below) => visit(below, [...above, folder]));
    expect(Object.keys(MAY_IMPORT).flatMap((folder) => visit(folder, []))).toEqual([]);
  });
});

describe("packages", () => {
  it.each(PACKAGES)("$named is named in $by only: $why", ({ named, by }) => {
    const elsewhere = imports.filter(
      ({ file, specifier }) => named.test(specifier) && !by.includes(folderOf(file) ?? ""),
    );
    expect(elsewhere.map(say)).toEqual([]);
  });

  it("are all declared in package.json", async () => {
    const { default: manifest } = await import("../../../package.json", { with: { type: "json" } });
    const declared = new Set([
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.peerDependencies),
      // tslab brings its own compiler and pins it.
      "@tslab/typescript-for-tslab",
    ]);
    const nameOf = (specifier: string) => /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)![1]!;
    const outside = imports.filter(
      ({ specifier, typeOnly }) =>
        !typeOnly && !/^(\.|node:)/.test(specifier) && !declared.has(nameOf(specifier)),
    );
    expect(outside.map(say)).toEqual([]);
  });
});

describe("the reader of imports", () => {
  const read = (text: string) =>
    importsOf("plot/roc.ts", text).map(({ specifier, folder }) => [specifier, folder]);

  it("sees every way to import", () => {
    const text = [
      'import a from "x";',
      'import {\n  b,\n  type C,\n} from "../evaluate";',
      'export { d } from "../core/errors";',
      'export * as e from "./theme";',
      'import "side-effect";',
      'const f = await import("../model/index.js");',
      "const g = require('sharp');",
    ].join("\n");
    expect(read(text)).toEqual([
      ["x", undefined],
      ["../evaluate", "evaluate"],
      ["../core/errors", "core"],
      ["./theme", "plot"],
      ["side-effect", undefined],
      ["../model/index.js", "model"],
      ["sharp", undefined],
    ]);
  });

  it("does not take examples in comments for imports", () => {
    expect(read('/**\n * import { plot } from "oscc-lab";\n */\n// import "x";\nconst a = 1;')).toEqual([]);
  });

  it("saw the house: every folder but core imports core", () => {
    const users = new Set(
      imports.filter(({ folder }) => folder === "core").map(({ file }) => folderOf(file)),
    );
    for (const folder of ["image", "cohort", "evaluate", "engine", "model", "plot", "kernel", "cli"])
      expect(users).toContain(folder);
  });
});
