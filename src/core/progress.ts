/** Progress in place: one display that is updated, never a scroll of lines. */
import { host, type ProgressLine } from "./host";

export interface Progress {
  /** `done` of `total` units are finished; `note` is a few words on what is happening. */
  update(done: number, note?: string): void;
  /** The work is over; `summary` stays on screen. */
  end(summary?: string): void;
}

/** A person reads at most this many updates a second. */
const INTERVAL_MS = 100;

/**
 * Start reporting on work of `total` units. Cheap to call often: updates are thinned to ten a second.
 *
 * @example
 * const progress = startProgress("decoding images", 72);
 * progress.update(36);
 * progress.end("72 images decoded");
 */
export function startProgress(label: string, total: number): Progress {
  const started = performance.now();
  let last = Number.NEGATIVE_INFINITY;
  const line = progressLine(barText(label, 0, total, "", undefined));
  return {
    update(done, note = "") {
      const now = performance.now();
      if (now - last < INTERVAL_MS && done < total) return;
      last = now;
      const elapsedMs = now - started;
      const leftMs = done > 0 ? (elapsedMs / done) * (total - done) : undefined;
      line.update(barText(label, done, total, note, leftMs));
    },
    end: (summary) => line.end(summary ?? `${label}: done`),
  };
}

/** The host's own line, or a display that is updated. */
function progressLine(text: string): ProgressLine {
  const present = host();
  if (present.progressLine) return present.progressLine(text);
  const shown = present.display({ "text/plain": text });
  const update = (next: string) => shown.update({ "text/plain": next });
  return { update, end: update };
}

function barText(
  label: string,
  done: number,
  total: number,
  note: string,
  leftMs: number | undefined,
): string {
  const width = 24;
  const filled = total > 0 ? Math.round((done / total) * width) : 0;
  const bar = "█".repeat(filled) + "░".repeat(width - filled);
  const left = leftMs === undefined || done >= total ? "" : `, about ${duration(leftMs)} left`;
  return `${label} ${bar} ${done}/${total}${note ? ` ${note}` : ""}${left}`;
}

/** A duration a person can read: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`. */
export function duration(ms: number): string {
  // Rounded before it is divided: 119.7 s is 2 min 0 s, not 1 min 60 s.
  const tenths = Math.round(ms / 100);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
