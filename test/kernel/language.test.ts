/** Completion, inspection and completeness, in a notebook folder far from this package. */
import { describe, expect, test } from "vitest";
import { useKernel } from "./support";

const under = useKernel();
const IMPORT = 'import { nearest, OsccError } from "oscc-lab/dist/core/errors";\n';

describe("completion", () => {
  test("knows the variables of earlier cells", async () => {
    await under.kernel.execute("const patient = { age: 61, sites: ['core'] };");
    const { matches, start, end } = await under.kernel.complete("patient.si");
    expect(matches).toEqual(["sites"]);
    expect([start, end]).toEqual([8, 10]);
  });

  test("knows names of this package and their kinds", async () => {
    const { matches, metadata } = await under.kernel.complete(`${IMPORT}near`);
    expect(matches).toContain("nearest");
    expect(metadata._jupyter_types_experimental).toContainEqual(
      expect.objectContaining({ text: "nearest", type: "alias" }),
    );
  });

  test("offers the members of a union", async () => {
    const { matches } = await under.kernel.complete('const m: "x200" | "x400" = "x');
    expect(matches).toEqual(expect.arrayContaining(["x200", "x400"]));
  });

  test("counts characters, not UTF-16 units", async () => {
    const before = 'const dye = "🔬"; dye.leng';
    const { matches, start, end } = await under.kernel.complete(before);
    expect(matches).toEqual(["length"]);
    expect([...before].slice(start, end).join("")).toBe("leng");
  });
});

describe("inspection", () => {
  test("shows type and documentation of a name of this package", async () => {
    const data = await under.kernel.inspect(`${IMPORT}nearest`);
    expect(data?.["text/plain"]).toContain(
      "nearest(name: string, known: readonly string[]): string | undefined",
    );
    expect(data?.["text/plain"]).toContain("The known name nearest to a mistyped one");
    expect(data?.["text/markdown"]).toContain("```ts");
  });

  test("knows variables of earlier cells", async () => {
    await under.kernel.execute("const ratio = 4.5;");
    expect((await under.kernel.inspect("ratio"))?.["text/plain"]).toContain("const ratio: 4.5");
  });

  test("finds nothing where there is nothing", async () => {
    expect(await under.kernel.inspect("   ")).toBeUndefined();
  });
});

describe("completeness", () => {
  test.each([
    ["1 + 1", "complete"],
    ["function f() {", "incomplete"],
    ["const text = `first line", "incomplete"],
    ["/* a comment", "incomplete"],
    ["[1, 2,", "incomplete"],
    ["const = 5", "invalid"],
    ["if (x) }", "invalid"],
    ["await fetch('x')", "complete"],
  ])("%s is %s", async (code, status) => {
    expect((await under.kernel.isComplete(code)).status).toBe(status);
  });

  test("an open block indents", async () => {
    expect(await under.kernel.isComplete("if (1) {")).toEqual({ status: "incomplete", indent: "  " });
  });
});
