import { describe, expect, it } from "vitest";
import { command, helpOf, readArguments, wholeNumber } from "../../../src/cli/command";

const sample = command({
  name: "sample",
  summary: "a command for these tests",
  arguments: "[FILE...]",
  options: {
    out: { type: "string", value: "FOLDER", help: "where" },
    quiet: { type: "boolean", help: "say nothing" },
  },
  run: async () => 0,
});

describe("what is typed after a command", () => {
  it("is read into values and positionals", () => {
    const { values, positionals } = readArguments(sample, ["a.ipynb", "--out", "o", "--quiet", "b.ipynb"]);
    expect(values).toEqual({ out: "o", quiet: true });
    expect(positionals).toEqual(["a.ipynb", "b.ipynb"]);
    expect(readArguments(sample, ["--out=o=p"]).values).toEqual({ out: "o=p" });
  });

  it.each([
    [["--uot", "x"], /no option of sample "--uot".*Did you mean "--out"/s],
    [["--out"], /--out needs a value: --out FOLDER.*oscc-lab sample --help/s],
    [["--quiet=yes"], /--quiet takes no value/],
  ])("%j is refused with what to type instead", (typed, message) => {
    expect(() => readArguments(sample, typed)).toThrow(message);
  });

  it("has no argument where none is expected", () => {
    const bare = command({ name: "bare", summary: "", options: {}, run: async () => 0 });
    expect(() => readArguments(bare, ["x"])).toThrow(/bare takes no argument, but "x" was given/);
  });

  it.each(["0", "70000", "80.5", "http", ""])("port %j is refused", (text) => {
    expect(() => wholeNumber("port", text, { min: 1, max: 65535 })).toThrow(/--port is .*from 1 to 65535/);
  });
});

it("help names every option", () => {
  expect(helpOf(sample)).toBe(
    [
      "a command for these tests",
      "",
      "  oscc-lab sample [FILE...] [options]",
      "",
      "  --out FOLDER  where",
      "  --quiet       say nothing",
      "  --help        show this",
      "",
    ].join("\n"),
  );
});
