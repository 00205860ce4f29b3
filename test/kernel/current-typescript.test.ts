/** Cells in today's TypeScript, on today's Node. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { startKernel } from "../../src/kernel/client";
import { printed, resultOf, temporaryFolder, useKernel } from "./support";

const under = useKernel();
const run = (code: string) => under.kernel.execute(code);

test("the kernel says which language it speaks", async () => {
  expect((await under.kernel.info()).language_info).toMatchObject({ version: expect.stringMatching(/^6\./) });
});

describe("the language", () => {
  test.each([
    [
      "resources that are given back",
      "{ using file = { [Symbol.dispose]() { console.log('closed'); } }; console.log('open'); }",
      "open\nclosed\n",
    ],
    [
      "the same with await",
      "{ await using file = { async [Symbol.asyncDispose]() { console.log('closed'); } }; }",
      "closed\n",
    ],
    [
      "standard decorators",
      "function named(_: unknown, context: ClassMethodDecoratorContext) { console.log(context.name); } class A { @named m() {} }",
      "m\n",
    ],
    [
      "arrays that are copied, not changed",
      "console.log([3, 1, 2].toSorted().join(), [1, 2].with(0, 5).join())",
      "1,2,3 5,2\n",
    ],
  ])("%s", async (_, code, output) => {
    const cell = await run(code);
    expect(cell.error).toBeUndefined();
    expect(printed(cell)).toBe(output);
  });

  test("inference of today: type predicates, NoInfer", async () => {
    const cell = await run(`
      const present: string[] = ["a", undefined].filter((entry) => entry !== undefined);
      function pick<T extends string>(of: readonly T[], otherwise: NoInfer<T>): T { return of[0] ?? otherwise; }
      pick(["core", "edge"], "core") + present.length`);
    expect(resultOf(cell)).toBe("'core1'");
    expect((await run(`pick(["core"], "margin")`)).error?.ename).toBe("TypeScriptError");
  });

  test("where a cell is, as a module knows it", async () => {
    expect(
      resultOf(await run("import.meta.dirname === process.cwd() && import.meta.url.startsWith('file:')")),
    ).toBe("true");
  });
});

describe("packages of today", () => {
  const install = (name: string, files: Record<string, string>) => {
    const folder = path.join(under.folder, "node_modules", name);
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  };

  test("that say in `exports` where they are, with their types", async () => {
    install("modern", {
      "package.json": JSON.stringify({
        name: "modern",
        exports: { "./part": { types: "./part.d.ts", default: "./part.js" } },
      }),
      "part.d.ts": "export declare const answer: 42;",
      "part.js": "exports.answer = 42;",
    });
    expect(resultOf(await run(`import { answer } from "modern/part"; const typed: 42 = answer; typed`))).toBe(
      "42",
    );
  });

  test("that are ES modules with a top-level await, by a dynamic import", async () => {
    install("awaiting", {
      "package.json": JSON.stringify({
        name: "awaiting",
        type: "module",
        exports: { types: "./index.d.ts", import: "./index.js" },
      }),
      "index.d.ts": "export declare const ready: string;",
      "index.js": "export const ready = await Promise.resolve('yes');",
    });
    const cell = await run(`const { ready } = await import("awaiting"); ready`);
    expect(resultOf(cell)).toBe("'yes'");
    expect(printed(cell, "stderr")).toBe("");
  });

  test("a dynamic import is the instance that other cells have", async () => {
    expect(
      resultOf(await run(`import * as os from "node:os"; (await import("node:os")).cpus === os.cpus`)),
    ).toBe("true");
    expect((await run(`await import("no-such-package")`)).error).toBeDefined();
  });
});

describe("settings", () => {
  const folder = temporaryFolder();
  const start = (env: Record<string, string>) => startKernel({ cwd: folder, env });

  test("strict checking, when it is asked for", async () => {
    const lax = "function length(text) { return text.length; } length('abc')";
    expect(resultOf(await run(lax))).toBe("3");
    const strict = await start({ OSCC_CELLS_STRICT: "1" });
    expect((await strict.execute(lax)).error?.evalue).toContain("implicitly has an 'any' type");
    await strict.shutdown();
  });

  test("tslab's own compiler, when it is asked for", async () => {
    const kernel = await start({ OSCC_CELL_COMPILER: "tslab" });
    expect((await kernel.info()).language_info).toMatchObject({ version: "5.0.4" });
    expect(resultOf(await kernel.execute("const a = await Promise.resolve(2); a * 21"))).toBe("42");
    await kernel.shutdown();
  });
});
