/** `oscc-lab start`: JupyterLab when it is here and somebody sits before it, else all notebooks without it. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { OsccError } from "../../core/errors";
import { PACKAGE_ROOT } from "../../core/paths";
import { command, wholeNumber } from "../command";
import {
  findJupyterLab,
  type JupyterLab,
  jupyterEnvironment,
  labArguments,
  prepareJupyterFolders,
} from "../jupyter";
import { atTerminal } from "../terminal";
import { executeAll } from "./notebooks";

const NOTEBOOKS = path.join(PACKAGE_ROOT, "notebooks");
/** The notebook that opens first. */
const FIRST_PAGE = "01-patients.ipynb";

export const start = command({
  name: "start",
  summary: "open the notebooks in JupyterLab, or run them all where there is none",
  options: {
    headless: { type: "boolean", help: "run all notebooks without JupyterLab, even where it is present" },
    port: { type: "string", value: "PORT", help: "JupyterLab's port (default: 8888 or the next free one)" },
    out: { type: "string", value: "FOLDER", help: "where results go when headless (default: out)" },
  },
  details: [
    "JupyterLab is looked for in ./.venv and on the PATH. It finds the kernel and the extension through",
    "JUPYTER_PATH, serves this machine alone, and keeps its files in .cache: nothing goes into your home.",
    "Without JupyterLab or without a terminal, the notebooks are executed by Node alone; see",
    "oscc-lab notebooks --help.",
  ].join("\n"),
  async run({ values }) {
    const port = wholeNumber("port", values.port, { min: 1, max: 65535 });
    if (values.headless) return executeAll({ out: values.out ?? "out" });
    const lab = atTerminal() ? findJupyterLab() : undefined;
    if (lab) return openLab(lab, port);
    process.stdout.write(
      atTerminal()
        ? "JupyterLab was not found (looked in .venv and on the PATH); running the notebooks without it.\n" +
            "  To work in them, install it with  python3 -m venv .venv && .venv/bin/pip install jupyterlab\n"
        : "No terminal; running the notebooks without JupyterLab.\n",
    );
    return executeAll({ out: values.out ?? "out" });
  },
});

function openLab(lab: JupyterLab, port: number | undefined): Promise<number> {
  const environment = jupyterEnvironment();
  prepareJupyterFolders(environment);
  const firstPage = existsSync(path.join(NOTEBOOKS, FIRST_PAGE)) ? { firstPage: FIRST_PAGE } : {};
  const settings = labArguments(NOTEBOOKS, { ...(port === undefined ? {} : { port }), ...firstPage });
  process.stdout.write(`Opening JupyterLab ${lab.version} on notebooks/ (stop it with Ctrl+C twice).\n`);
  const child = spawn(lab.command, [...lab.before, ...settings], {
    cwd: NOTEBOOKS,
    env: environment,
    stdio: "inherit",
  });
  // Ctrl+C goes to the whole terminal group: Jupyter asks back and decides; this process waits for it.
  const wait = () => {};
  process.on("SIGINT", wait);
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(
        new OsccError(
          "Kernel",
          [`JupyterLab could not be started: ${cause.message}.`, "Try  npm start -- --headless."],
          { detail: "JupyterLab did not start" },
          { cause },
        ),
      ),
    );
    child.once("exit", (code, signal) => {
      process.removeListener("SIGINT", wait);
      resolve(signal ? 1 : (code ?? 1));
    });
  });
}
