// A real JupyterLab (or Notebook) server that finds the kernel and the extension of this checkout through JUPYTER_PATH, and
// keeps everything it writes in a folder of its own.

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");

const PYTHON = process.env.OSCC_PYTHON ?? "/usr/bin/python3";
/** No question about news over the notebook, no look for updates. */
const QUIET = { fetchNews: "false", checkForUpdates: false };

const STARTS_WITHIN_MS = 60_000;

/** The front ends in which the extension must be at home, and the Debian release that each is taken from. */
export const FRONT_ENDS = {
  "jupyterlab-4.0": { release: "trixie", module: "jupyterlab", application: "LabApp", page: "lab/tree" },
  "jupyterlab-4.4": { release: "forky", module: "jupyterlab", application: "LabApp", page: "lab/tree" },
  "notebook-7": {
    release: "forky",
    module: "notebook",
    application: "JupyterNotebookApp",
    page: "notebooks",
  },
};

/** Forky's build of ipywidgets' manager has lost its style sheets: no slider of it has a size. */
const MANAGER_RELEASE = "trixie";

/** The folder with the front ends of a release, unpacked by the script if that was not done before. */
function labEnvironment(release) {
  const script = path.join(ROOT, "scripts", "lab-environment.sh");
  const { status, stdout, stderr } = spawnSync("sh", [script, release], { encoding: "utf8" });
  if (status !== 0) throw new Error(`JupyterLab cannot be unpacked:\n${stderr}`);
  return stdout.trim();
}

/**
 * Start a front end on a folder.
 *
 * @param {string} folder where its notebooks are
 * @param {keyof FRONT_ENDS} name
 * @param {{ widgetManager?: boolean }} extras `widgetManager`: with ipywidgets' manager
 * @returns {Promise<{ notebook: (file: string) => string, log: () => string, stop: () => Promise<void> }>} `notebook` is the address of one
 */
export async function startLab(folder, name = "jupyterlab-4.0", { widgetManager = false } = {}) {
  const { release, module, application, page } = FRONT_ENDS[name];
  const environment = labEnvironment(release);
  const home = mkdtempSync(path.join(tmpdir(), "oscc-lab-home-"));
  const port = await freePort();
  const token = randomBytes(16).toString("hex");
  const shared = path.join(environment, "usr", "share", "jupyter");
  const options = [
    "--allow-root",
    "--no-browser",
    "--ip=127.0.0.1",
    `--port=${port}`,
    `--IdentityProvider.token=${token}`,
    `--ServerApp.root_dir=${folder}`,
    // Lets a test ask the running application what it shows.
    `--${application}.expose_app_in_browser=True`,
    "--LabApp.extension_manager=readonly",
  ];
  setting(home, "apputils-extension/notification", QUIET);
  // Debian's Notebook 7 recolours every toolbar for each new toolbar of a cell: 0.7 s when a cell is chosen and up to 26 s once, without our
  // extension as with it. JupyterLab has the same toolbar, and has it on.
  setting(home, "cell-toolbar-extension/plugin", { showToolbar: name !== "notebook-7" });
  const child = spawn(PYTHON, ["-m", module, ...options], {
    cwd: folder,
    env: {
      ...process.env,
      HOME: home,
      PYTHONPATH: path.join(environment, "usr", "lib", "python3", "dist-packages"),
      JUPYTER_PATH: [
        ROOT,
        ...(widgetManager ? [path.join(labEnvironment(MANAGER_RELEASE), "widget-manager")] : []),
        shared,
      ].join(path.delimiter),
      JUPYTERLAB_DIR: path.join(shared, "lab"),
      JUPYTERLAB_SETTINGS_DIR: path.join(home, "settings"),
      JUPYTER_CONFIG_DIR: path.join(home, "config"),
      JUPYTER_DATA_DIR: path.join(home, "data"),
      JUPYTER_RUNTIME_DIR: path.join(home, "runtime"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  const ended = new Promise((resolve) => child.once("exit", resolve));
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      log += chunk;
    });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 8000);
    await ended;
    clearTimeout(late);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await answers(`http://127.0.0.1:${port}/api?token=${token}`, () => child.exitCode !== null);
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${log}`);
  }
  const notebook = (file) =>
    `http://127.0.0.1:${port}/${page}/${encodeURIComponent(file)}?token=${token}&reset`;
  return { notebook, log: () => log, stop };
}

/** What a user would choose in the settings editor. */
function setting(home, plugin, values) {
  const file = path.join(home, "settings", "@jupyterlab", `${plugin}.jupyterlab-settings`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(values));
}

/** The browser's program, of this machine. */
export function chromiumPath() {
  const found = [process.env.OSCC_CHROMIUM, "/usr/bin/chromium", "/usr/bin/google-chrome"].find(
    (file) => file && existsSync(file),
  );
  if (!found)
    throw new Error("There is no Chromium here: apt-get install chromium, or name one in $OSCC_CHROMIUM.");
  return found;
}

async function answers(url, hasEnded) {
  for (const deadline = Date.now() + STARTS_WITHIN_MS; Date.now() < deadline; ) {
    if (hasEnded()) throw new Error("JupyterLab ended before it answered.");
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  throw new Error("JupyterLab did not answer in time.");
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
