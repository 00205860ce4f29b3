/** JupyterLab on this machine: where it is, and the surroundings it is started in. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { cacheFolder, PACKAGE_ROOT } from "../core/paths";

/** A JupyterLab that answered. */
export interface JupyterLab {
  readonly command: string;
  /** What stands before its own arguments: `["lab"]` for the `jupyter` command. */
  readonly before: readonly string[];
  readonly version: string;
}

/** The first JupyterLab that answers: of a `.venv` here or in the package, else of the PATH. */
export function findJupyterLab(): JupyterLab | undefined {
  const bin = process.platform === "win32" ? "Scripts" : "bin";
  const local = [process.cwd(), PACKAGE_ROOT]
    .map((folder) => path.join(folder, ".venv", bin, executable("jupyter-lab")))
    .filter((file) => existsSync(file));
  const candidates: [string, string[]][] = [
    ...local.map((file): [string, string[]] => [file, []]),
    ["jupyter-lab", []],
    ["jupyter", ["lab"]],
  ];
  for (const [command, before] of candidates) {
    const { status, stdout } = spawnSync(command, [...before, "--version"], {
      encoding: "utf8",
      timeout: 20_000,
      env: jupyterEnvironment(),
    });
    const version = /\d+\.\d+\S*/.exec(stdout ?? "")?.[0];
    if (status === 0 && version) return { command, before, version };
  }
  return undefined;
}

/**
 * The environment in which Jupyter finds our kernel and extension, and keeps everything it writes in our cache:
 * nothing is installed into the user's home, and nothing there is touched.
 */
export function jupyterEnvironment(base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const own = path.join(cacheFolder(), "jupyter");
  return {
    ...base,
    JUPYTER_PATH: joined(PACKAGE_ROOT, base.JUPYTER_PATH),
    JUPYTER_CONFIG_DIR: path.join(own, "config"),
    JUPYTER_DATA_DIR: path.join(own, "data"),
    JUPYTER_RUNTIME_DIR: path.join(own, "runtime"),
    IPYTHONDIR: path.join(own, "ipython"),
    // The kernel's command is a bare `node`: it shall be this one.
    PATH: joined(path.dirname(process.execPath), base.PATH),
  };
}

/** Make the folders that the environment names, readable by nobody else: they will hold the server's token. */
export function prepareJupyterFolders(environment: NodeJS.ProcessEnv): void {
  for (const name of ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"])
    mkdirSync(environment[name]!, { recursive: true, mode: 0o700 });
}

/** The arguments of a JupyterLab that serves this machine alone. */
export function labArguments(folder: string, options: { port?: number; firstPage?: string }): string[] {
  return [
    "--ip=127.0.0.1",
    `--ServerApp.root_dir=${folder}`,
    ...(options.port === undefined ? [] : [`--port=${options.port}`, "--ServerApp.port_retries=0"]),
    ...(options.firstPage ? [`--LabApp.default_url=/lab/tree/${options.firstPage}`] : []),
    // No question about news and no call to a server elsewhere.
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ...(process.getuid?.() === 0 ? ["--allow-root"] : []),
  ];
}

function joined(first: string, rest: string | undefined): string {
  return rest ? `${first}${path.delimiter}${rest}` : first;
}

function executable(name: string): string {
  return process.platform === "win32" ? `${name}.exe` : name;
}
