import { describe, expect, it } from "vitest";
import { invalidArgument, isOsccError, nearest, OsccError, unknownName } from "../../../src/core/errors";

describe("errors", () => {
  it("say what was found, what is known, and the nearest name", () => {
    const error = unknownName("magnification", "x2000", ["x200", "x400", "x1000"]);
    expect(error.message).toBe(
      'there is no magnification "x2000".\n  Known: x200, x400, x1000.\n  Did you mean "x200"?',
    );
    expect(error.name).toBe("UnknownNameError");
  });

  it("narrow by code", () => {
    const error: unknown = new OsccError("MissingDataset", ["nothing in ./x."], { folder: "./x" });
    expect(isOsccError(error, "MissingDataset") && error.data.folder).toBe("./x");
    expect(isOsccError(error, "Undefined")).toBe(false);
    expect(isOsccError(new Error("other"))).toBe(false);
  });

  it("keep the cause", () => {
    const cause = new Error("underneath");
    expect(new OsccError("Kernel", ["it broke."], { detail: "x" }, { cause }).cause).toBe(cause);
  });

  it("quote text and not numbers", () => {
    expect(invalidArgument("imageSize", 230, "a multiple of 16", "Use 224 or 240.").message).toBe(
      "imageSize is 230; expected a multiple of 16.\n  Use 224 or 240.",
    );
    expect(invalidArgument("device", "gpu", "a device").message).toContain('"gpu"');
  });

  it("find the nearest name, transpositions included, and nothing far away", () => {
    expect(nearest("gatde", ["gated", "concat", "lmf"])).toBe("gated");
    expect(nearest("TRANSFORMER", ["transformer", "concat"])).toBe("transformer");
    expect(nearest("zzzzzzzz", ["gated", "concat"])).toBeUndefined();
  });

  it("shorten long lists", () => {
    const known = Array.from({ length: 40 }, (_, i) => `layer.${i}`);
    expect(unknownName("layer", "layer.99", known).message).toContain("... 16 more");
  });
});
