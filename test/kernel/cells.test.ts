/** What cells mean: results, variables that live on, top-level await, modules. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { resultOf, useKernel } from "./support";

const under = useKernel();
const run = (code: string) => under.kernel.execute(code);
const value = async (code: string) => {
  const cell = await run(code);
  if (cell.error) throw new Error(cell.error.evalue);
  return resultOf(cell);
};

describe("results", () => {
  test("the last expression is the result, counted", async () => {
    const first = await run("1 + 1");
    const second = await run("2 + 2");
    expect(resultOf(first)).toBe("2");
    expect(second.executionCount).toBe(first.executionCount! + 1);
    expect(second.outputs).toMatchObject([
      { type: "execute_result", executionCount: second.executionCount, data: { "text/plain": "4" } },
    ]);
  });

  test("a statement and an undefined value give none", async () => {
    expect((await run("const quiet = 1;")).outputs).toEqual([]);
    expect((await run("undefined")).outputs).toEqual([]);
  });

  test("arrays and objects print as Node prints them", async () => {
    expect(await value('({ a: [1, 2], b: "x" })')).toBe("{ a: [ 1, 2 ], b: 'x' }");
  });

  test("a value that draws itself is drawn, also when that takes time", async () => {
    const cell = await run(`({
      async _repr_mimebundle_() {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { "text/html": "<b>figure</b>", "image/png": new Uint8Array([1, 2, 3]), "text/plain": "figure" };
      },
    })`);
    expect(cell.outputs).toMatchObject([
      {
        type: "execute_result",
        data: { "text/html": "<b>figure</b>", "image/png": "AQID", "text/plain": "figure" },
      },
    ]);
  });

  test("a value that cannot draw itself fails the cell", async () => {
    const cell = await run('({ _repr_mimebundle_() { throw new RangeError("no pixels"); } })');
    expect(cell).toMatchObject({ status: "error", error: { ename: "RangeError", evalue: "no pixels" } });
  });
});

describe("variables", () => {
  test("a function and a later cell share one variable", async () => {
    await run("let n = 0; function increase() { n++; }");
    expect(await value("increase(); n += 10; increase(); n")).toBe("12");
    expect(await value("n")).toBe("12");
  });

  test("a later cell sees what a timer of an earlier one assigns", async () => {
    await run("let late = 0; setTimeout(() => { late = 7; }, 5);");
    await run("await new Promise((resolve) => setTimeout(resolve, 30))");
    expect(await value("late")).toBe("7");
  });

  test("every kind of declaration lives on", async () => {
    await run(`
      const { first, ...rest } = { first: 1, second: 2 };
      const [head = 5, [deep]] = [undefined, [6]];
      class Patient { constructor(readonly id: string) {} }
      enum Site { Core, Edge }
      var old = 3;
      interface Shape { width: number }
      async function later() { return 9; }
    `);
    expect(await value("[first, rest.second, head, deep, new Patient('p').id, Site.Edge, old].join()")).toBe(
      "'1,2,5,6,p,1,3'",
    );
    expect(await value("const shape: Shape = { width: 4 }; shape.width + await later()")).toBe("13");
  });

  test("a name may be declared again, with another type", async () => {
    await run("const again = 1; const keep = () => again;");
    await run('const again = "text";');
    expect(await value("again.toUpperCase()")).toBe("'TEXT'");
    expect(await value("keep()")).toBe("1");
  });

  test("an object may name them in the short form", async () => {
    await run("const stain = 'eosin'; let strength = 1;");
    expect(await value("({ stain, deep: { strength } })")).toBe("{ stain: 'eosin', deep: { strength: 1 } }");
    await run("({ strength } = { strength: 2 }); ({ strength = 3 } = { strength: undefined });");
    expect(await value("const { length } = stain; ({ length, strength })")).toBe(
      "{ length: 5, strength: 3 }",
    );
  });

  test("imports live on", async () => {
    await run('import * as os from "node:os"; import { join } from "node:path"; import fs from "node:fs";');
    expect(await value('[typeof os.cpus, join("a", "b"), typeof fs.readFileSync]')).toBe(
      "[ 'function', 'a/b', 'function' ]",
    );
  });

  test("what a cell assigned before it failed is kept, what it did not reach is not", async () => {
    await run("const reached = 'before'; const unreached = 'before';");
    await run("let reached = 1; throw new Error('stop'); let unreached = 2; let neither = 3;");
    expect(await value("reached + 1")).toBe("2");
    expect(await value("unreached.length")).toBe("6");
    expect((await run("neither")).error?.evalue).toContain("Cannot find name 'neither'");
  });

  test("expressions of the front end see them", async () => {
    await run("let seen = 41;");
    const { userExpressions } = await under.kernel.execute("", {
      userExpressions: { good: "seen + 1", bad: "unseen" },
    });
    expect(userExpressions).toMatchObject({
      good: { status: "ok", data: { "text/plain": "42" } },
      bad: { status: "error", ename: "ReferenceError" },
    });
  });
});

describe("await at top level", () => {
  test.each([
    ["await (async () => 5)()", "5"],
    ["const answer = await Promise.resolve(6); answer", "6"],
    ["let sum = 0; for await (const x of [1, Promise.resolve(2)]) sum += x; sum", "3"],
    ["if (true) { await null; } 8", "8"],
    ["[await Promise.resolve(1)].length", "1"],
  ])("%s", async (code, expected) => {
    expect(await value(code)).toBe(expected);
  });

  test("an await inside a function does not make the cell wait", async () => {
    expect(await value("const wait = async () => await Promise.resolve(3); typeof wait")).toBe("'function'");
  });
});

describe("modules", () => {
  test("this package is found from a folder that knows nothing of it", async () => {
    expect(
      await value('import { nearest } from "oscc-lab/dist/core/errors"; nearest("x100", ["x200"])'),
    ).toBe("'x200'");
  });

  test("the whole package is one import, and its values keep their types", async () => {
    expect(await value('import { type Cohort, openCohort, plot } from "oscc-lab"; typeof openCohort')).toBe(
      "'function'",
    );
    await run("1 + 1"); // a cell that declares nothing
    // The type comes from a package that only the kernel has.
    expect(await value("const tableOf = (cohort: Cohort) => cohort.table(); typeof tableOf")).toBe(
      "'function'",
    );
    const wrong = await run("tableOf(5)");
    expect(wrong.error?.evalue).toContain("'number' is not assignable to parameter of type 'Cohort<");
    await run("let table: Awaited<ReturnType<typeof tableOf>> | undefined;");
    const right = await under.kernel.inspect("table");
    expect(right?.["text/plain"]).toContain("let table: DataFrame");
  });

  test("its types are known too", async () => {
    const cell = await run('import { nearest } from "oscc-lab/dist/core/errors"; nearest(5, [])');
    expect(cell.error?.ename).toBe("TypeScriptError");
    expect(cell.error?.evalue).toContain("'number' is not assignable to parameter of type 'string'");
  });

  test("the packages that this one is made of are found", async () => {
    expect(await value('import { z } from "zod"; z.number().parse(4)')).toBe("4");
  });

  test("a package that nobody has is named", async () => {
    const cell = await run('import { x } from "no-such-package"');
    expect(cell.error?.evalue).toContain("Cannot find module 'no-such-package'");
  });

  test("a TypeScript file beside the notebook is compiled, and read again when it changes", async () => {
    const file = path.join(under.folder, "helper.ts");
    writeFileSync(file, "export const size = (n: number): number => n * 2;\n");
    expect(await value('import { size } from "./helper"; size(4)')).toBe("8");
  });

  test("an error in it is told with its own line", async () => {
    const file = path.join(under.folder, "broken.ts");
    writeFileSync(
      file,
      "interface A { b: string }\n\nexport function fail(a: A): never {\n  throw new Error(a.b);\n}\n",
    );
    const cell = await run('import { fail } from "./broken"; fail({ b: "from afar" })');
    expect(cell.error?.traceback.join("\n")).toContain("broken.ts, line 4");
  });
});
