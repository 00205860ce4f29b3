import path from "node:path";
import { describe, expect, it } from "vitest";
import { jupyterEnvironment, labArguments } from "../../../src/cli/jupyter";
import { cacheFolder, PACKAGE_ROOT } from "../../../src/core/paths";

describe("JupyterLab's surroundings", () => {
  it("find our kernel first, and what was there before after it", () => {
    const environment = jupyterEnvironment({ JUPYTER_PATH: "/elsewhere", PATH: "/usr/bin", OTHER: "kept" });
    expect(environment.JUPYTER_PATH).toBe([PACKAGE_ROOT, "/elsewhere"].join(path.delimiter));
    expect(environment.PATH).toBe([path.dirname(process.execPath), "/usr/bin"].join(path.delimiter));
    expect(environment.OTHER).toBe("kept");
    expect(jupyterEnvironment({}).JUPYTER_PATH).toBe(PACKAGE_ROOT);
  });

  it("keep everything Jupyter writes out of the home folder", () => {
    const environment = jupyterEnvironment({});
    for (const name of ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"])
      expect(path.relative(cacheFolder(), environment[name]!)).toMatch(/^jupyter/);
  });

  it("serve this machine alone, with the token on", () => {
    const settings = labArguments("notebooks", { port: 9001, firstPage: "01-patients.ipynb" });
    expect(settings).toContain("--ip=127.0.0.1");
    expect(settings).toContain("--port=9001");
    expect(settings).toContain("--LabApp.default_url=/lab/tree/01-patients.ipynb");
    expect(settings.join(" ")).not.toMatch(/token|password/);
  });
});
