/** Files that are there whole or not at all, whatever happens while they are written. */
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";

/**
 * Write a file beside its place, force it to the disk, then move it there. A process that is killed on the way
 * leaves the former file as it was.
 *
 * @param write  writes the whole file at the path it is given
 */
export async function writeWhole(file: string, write: (beside: string) => Promise<void>): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  const beside = `${file}.${writer(process.pid)}.part`;
  try {
    await write(beside);
    await toDisk(beside);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  // The move itself is on the disk once the folder is; not every system lets a folder be opened.
  await toDisk(folder).catch(() => undefined);
}

/** Remove what processes of this machine that are gone left half written beside a file. */
export async function removeParts(file: string): Promise<void> {
  const folder = path.dirname(file);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [, host, pid] = /^(.+)-(\d+)\.part$/.exec(name.slice(path.basename(file).length + 1)) ?? [];
    if (name.startsWith(`${path.basename(file)}.`) && host === hostname() && !isAlive(Number(pid)))
      await rm(path.join(folder, name), { force: true });
  }
}

function writer(pid: number): string {
  return `${hostname()}-${pid}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function toDisk(place: string): Promise<void> {
  const handle = await open(place, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
