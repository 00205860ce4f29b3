/** A kernel without its parent is a process that nobody will ever end. */

const INTERVAL_MS = 1000;

/**
 * Call `onGone` when the process that started this one is gone: then another process becomes the parent.
 *
 * @returns how to stop watching
 */
export function watchParent(onGone: () => void): () => void {
  const parent = process.ppid;
  // Started by the system's first process (as in a container), which is never gone.
  if (parent <= 1) return () => {};
  const timer = setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
