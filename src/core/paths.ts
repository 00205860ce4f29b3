/** Where things stand on disk. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** The package's own folder (the one with `package.json`). */
export const PACKAGE_ROOT = path.resolve(__dirname, "..", "..");

/**
 * The folder for what can be made again: phantom cohorts, decoded images.
 * `$OSCC_CACHE` if set; `.cache/` of a checkout; else the user's cache folder.
 */
export function cacheFolder(): string {
  if (process.env.OSCC_CACHE) return path.resolve(process.env.OSCC_CACHE);
  if (existsSync(path.join(PACKAGE_ROOT, "src")) && existsSync(path.join(PACKAGE_ROOT, "notebooks")))
    return path.join(PACKAGE_ROOT, ".cache");
  return path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "oscc-lab");
}
