/** Errors speak of the user's cells, in the user's TypeScript. */
import { describe, expect, test } from "vitest";
import { tracebackOf, useKernel } from "./support";

const under = useKernel();
const run = (code: string) => under.kernel.execute(code);

describe("an error at run time", () => {
  test("names the cell and the line, through functions of other cells", async () => {
    const first = await run(`interface Options { size: number }

type Unused = string;
function resize(options: Options): number {
  throw new RangeError("size " + options.size);
}`);
    const second = await run("const options = { size: 3 };\n\nresize(options);");
    expect(second.error).toMatchObject({ ename: "RangeError", evalue: "size 3" });
    const text = tracebackOf(second);
    expect(text).toMatch(/^RangeError: size 3\n/);
    expect(text).toContain(`> 5 |   throw new RangeError("size " + options.size);`);
    expect(text).toContain(`at resize (Cell [${first.executionCount}], line 5:9)`);
    expect(text).toContain(`at Cell [${second.executionCount}], line 3:1`);
    expect(text).not.toMatch(/node:|tslab|dist\/kernel|evalmachine|oscc-cell/);
  });

  test("shows the cell in colours, that change no letter of it", async () => {
    const cell = await run("/* a comment\n*/ const half = 0.5;\nthrow new Error('half is ' + half); // here");
    const traceback = cell.error!.traceback.join("\n");
    expect(traceback).toContain("\x1b[90m/* a comment\x1b[39m");
    expect(traceback).toContain("\x1b[35mconst\x1b[39m half = \x1b[34m0.5\x1b[39m;");
    expect(traceback).toContain(
      "\x1b[35mthrow\x1b[39m \x1b[35mnew\x1b[39m Error(\x1b[32m'half is '\x1b[39m + half",
    );
    expect(tracebackOf(cell)).toContain("> 3 | throw new Error('half is ' + half); // here\n    |       ^");
  });

  test("maps lines after an await and inside a callback", async () => {
    const cell = await run(
      "await null;\n\n[1].forEach((x: number) => {\n  throw new Error('here ' + x);\n});",
    );
    expect(tracebackOf(cell)).toContain(`Cell [${cell.executionCount}], line 4:9`);
  });

  test("a stack that the user prints is mapped too", async () => {
    const cell = await run("\nnew Error('mine').stack");
    expect(JSON.stringify(cell.outputs)).toContain(`Cell [${cell.executionCount}], line 2:1`);
  });

  test("puts the message of our own errors first, whole", async () => {
    const cell = await run(`
      import { unknownName } from "oscc-lab/dist/core/errors";
      throw unknownName("magnification", "x100", ["x200", "x400", "x1000"]);`);
    expect(cell.error?.ename).toBe("UnknownNameError");
    expect(tracebackOf(cell)).toMatch(
      /^UnknownNameError: there is no magnification "x100"\.\n {2}Known: x200, x400, x1000\.\n {2}Did you mean/,
    );
  });

  test("tells its causes", async () => {
    const cell = await run("throw new Error('outer', { cause: new TypeError('inner') })");
    expect(tracebackOf(cell)).toContain("caused by TypeError: inner");
  });

  test("tells what was thrown when that is no error", async () => {
    expect((await run("throw { status: 404 }")).error).toMatchObject({
      ename: "Thrown",
      evalue: "{ status: 404 }",
    });
  });

  test("an error that a library throws later points at the await", async () => {
    const cell = await run('import { openCohort } from "oscc-lab";\nawait openCohort("/no/such/folder")');
    expect(cell.error?.ename).toBe("MissingDatasetError");
    expect(tracebackOf(cell)).toMatch(/Cell \[\d+\], line 2/);
    expect(tracebackOf(cell)).toContain("lastError.stack");
    expect(tracebackOf(cell)).not.toMatch(/dist[\\/]/);
  });

  test("folds the frames of libraries, and keeps the full stack at hand", async () => {
    const cell = await run('import { create } from "fontkit";\ncreate(Buffer.from([1, 2, 3, 4]))');
    expect(cell.status).toBe("error");
    expect(tracebackOf(cell)).toContain("lastError.stack");
    expect(tracebackOf(cell)).not.toContain("node_modules");
    const stack = await run("lastError.stack!");
    expect(JSON.stringify(stack.outputs)).toContain("node_modules/fontkit");
  });
});

describe("a type error", () => {
  test("stops the cell and marks the place", async () => {
    const cell = await run('let ran = 1;\nconst width: number = "wide";');
    expect(cell.error?.ename).toBe("TypeScriptError");
    expect(tracebackOf(cell)).toContain(
      `Cell [${cell.executionCount}], line 2:7 - Type 'string' is not assignable to type 'number'.`,
    );
    expect(tracebackOf(cell)).toContain('2 | const width: number = "wide";\n  |       ~~~~~');
    expect((await run("ran")).error?.evalue).toContain("Cannot find name 'ran'");
  });

  test("offers the nearest name where TypeScript knows one", async () => {
    const cell = await run('const magnification = "x200"; magnificaton');
    expect(cell.error?.evalue).toContain("Did you mean 'magnification'?");
  });

  test("explains a nested mismatch on indented lines", async () => {
    const cell = await run("const f: (o: { a: { b: number } }) => void = (o: { a: { b: string } }) => {};");
    expect(cell.error?.evalue).toMatch(/is not assignable to type .*\n {2}/);
  });

  test("counts several", async () => {
    const cell = await run("one; two; three;");
    expect(tracebackOf(cell)).toMatch(/^TypeScriptError: 3 type errors; the cell was not run\./);
  });

  test("a syntax error is one too", async () => {
    const cell = await run("const = 5");
    expect(cell.error?.ename).toBe("TypeScriptError");
  });
});
