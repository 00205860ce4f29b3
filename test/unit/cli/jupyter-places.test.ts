import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { jupyterDataFolder, lastingNode } from "../../../src/cli/jupyter-places";

const home = homedir();

it.each<[string, NodeJS.ProcessEnv, NodeJS.Platform, string]>([
  ["the usual place", {}, "linux", path.join(home, ".local", "share", "jupyter")],
  ["XDG's", { XDG_DATA_HOME: "/x/daten ü" }, "linux", "/x/daten ü/jupyter"],
  [
    "an empty variable is none",
    { XDG_DATA_HOME: "" },
    "linux",
    path.join(home, ".local", "share", "jupyter"),
  ],
  ["Jupyter's own before XDG's", { JUPYTER_DATA_DIR: "/j", XDG_DATA_HOME: "/x" }, "linux", "/j"],
  ["from where one stands", { JUPYTER_DATA_DIR: "here" }, "linux", path.resolve("here")],
  [
    "JUPYTER_PATH is for looking only",
    { JUPYTER_PATH: "/p" },
    "linux",
    path.join(home, ".local/share/jupyter"),
  ],
  ["macOS", {}, "darwin", path.join(home, "Library", "Jupyter")],
  [
    "macOS, as Jupyter is to have it",
    { JUPYTER_PLATFORM_DIRS: "1" },
    "darwin",
    path.join(home, "Library/Application Support/Jupyter"),
  ],
  [
    "macOS, switched off",
    { JUPYTER_PLATFORM_DIRS: "False" },
    "darwin",
    path.join(home, "Library", "Jupyter"),
  ],
  ["Windows", { APPDATA: "/a" }, "win32", path.join("/a", "jupyter")],
  [
    "Windows, as Jupyter is to have it",
    { LOCALAPPDATA: "/l", JUPYTER_PLATFORM_DIRS: "1" },
    "win32",
    path.join("/l", "Jupyter"),
  ],
])("the user's Jupyter folder: %s", (_, env, platform, expected) => {
  expect(jupyterDataFolder(env, platform)).toBe(expected);
});

it("Node by its link on the PATH, which outlives the version behind it", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "oscc-node-"));
  try {
    const other = path.join(folder, "other");
    const links = path.join(folder, "bin");
    for (const place of [other, links]) mkdirSync(place);
    const name = path.basename(process.execPath);
    symlinkSync("/bin/sh", path.join(other, name));
    symlinkSync(process.execPath, path.join(links, name));
    const PATH = ["relative", path.join(folder, "gone"), other, links].join(path.delimiter);
    expect(lastingNode({ PATH })).toBe(path.join(links, name));
    expect(lastingNode({ PATH: other })).toBe(process.execPath);
    expect(lastingNode({})).toBe(process.execPath);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
