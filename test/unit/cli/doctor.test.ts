import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { report } from "../../../src/cli/commands/doctor";
import { deviceFinding } from "../../../src/cli/doctor/devices";
import { fail, pass, warn } from "../../../src/cli/doctor/finding";
import { checkNativeParts, checkNode } from "../../../src/cli/doctor/installation";
import { checkData, checkWeights } from "../../../src/cli/doctor/surroundings";

const folder = mkdtempSync(path.join(tmpdir(), "oscc-doctor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the doctor", () => {
  it.each([
    ["20.19.0", "PASS"],
    ["22.4.1", "PASS"],
    ["20.18.3", "FAIL"],
    ["18.20.0", "FAIL"],
  ])("judges Node %s: %s", (version, state) => {
    expect(checkNode(version).state).toBe(state);
  });

  it("names the native part that does not load, and how to mend it", () => {
    const findings = checkNativeParts((name) => {
      if (name === "sharp") throw new Error("Could not load the sharp module\nmore lines");
      return {};
    });
    expect(findings.map(({ state }) => state)).toEqual(["FAIL", "PASS", "PASS", "PASS"]);
    expect(findings[0]!.found).toBe("does not load (decoding images): Could not load the sharp module");
    expect(findings[0]!.fix).toMatch(/npm ci/);
  });

  it("takes an absent GPU for a warning and a broken processor for a failure", () => {
    expect(deviceFinding({ name: "webgpu", available: false, detail: "no graphics device" }).state).toBe(
      "WARN",
    );
    expect(deviceFinding({ name: "cpu", available: false, detail: "broken" }).state).toBe("FAIL");
    expect(deviceFinding({ name: "cpu", available: true, detail: "2 threads" }).state).toBe("PASS");
  });

  it("opens the data set: absent, wrong, right", async () => {
    expect((await checkData("")).state).toBe("WARN");
    const wrong = await checkData(path.join(folder, "nowhere"));
    expect(wrong.state).toBe("FAIL");
    expect(wrong.found).toContain("nowhere");
    expect(wrong.fix).toBeTruthy();
  });

  it("reads the weights: absent, missing, not a checkpoint", async () => {
    expect((await checkWeights("")).state).toBe("WARN");
    expect((await checkWeights(path.join(folder, "none.pth"))).state).toBe("FAIL");
    const page = path.join(folder, "page.pth");
    writeFileSync(page, "<!doctype html><title>404: not found</title>");
    expect((await checkWeights(page)).state).toBe("FAIL");
  });

  it("prints one line for each finding, its fix under it, and the counts", () => {
    const text = report([
      pass("Node", "20.19"),
      warn("weights", "not set", "export W=x"),
      fail("sharp", "gone", "npm ci"),
    ]);
    expect(text).toBe(
      [
        "PASS  Node     20.19",
        "WARN  weights  not set",
        "               fix: export W=x",
        "FAIL  sharp    gone",
        "               fix: npm ci",
        "",
        "1 PASS, 1 WARN, 1 FAIL",
        "",
      ].join("\n"),
    );
  });
});
