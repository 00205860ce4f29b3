/** Where Jupyter looks for what belongs to this user, and which Node it shall start. */
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** What Jupyter reads as "no" in a variable that switches something on. */
const NO = ["", "no", "n", "false", "off", "0", "0.0"];

/**
 * The per-user data folder, by the rules of `jupyter_core`; VS Code follows the same.
 * An empty variable counts as none, as it does there.
 */
export function jupyterDataFolder(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (env.JUPYTER_DATA_DIR) return path.resolve(env.JUPYTER_DATA_DIR);
  const home = homedir();
  const wantsPlatformFolders = !NO.includes((env.JUPYTER_PLATFORM_DIRS ?? "").toLowerCase());
  if (platform === "darwin")
    return wantsPlatformFolders
      ? path.join(home, "Library", "Application Support", "Jupyter")
      : path.join(home, "Library", "Jupyter");
  if (platform === "win32")
    return wantsPlatformFolders
      ? path.join(env.LOCALAPPDATA || path.join(home, "AppData", "Local"), "Jupyter")
      : path.join(env.APPDATA || path.join(home, "AppData", "Roaming"), "jupyter");
  return path.join(env.XDG_DATA_HOME || path.join(home, ".local", "share"), "jupyter");
}

/**
 * The Node that runs now, by the name under which it will be found tomorrow: Homebrew and others keep each version in a folder
 * of its own, removed with the next one, and a link on the PATH that stays.
 */
export function lastingNode(env: NodeJS.ProcessEnv = process.env): string {
  const name = path.basename(process.execPath);
  const running = realpathSync(process.execPath);
  const onPath = (env.PATH ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return (
    onPath.map((folder) => path.join(folder, name)).find((file) => realPath(file) === running) ??
    process.execPath
  );
}

function realPath(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}
