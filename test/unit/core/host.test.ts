import { afterEach, describe, expect, it } from "vitest";
import { currentSignal, throwIfAborted } from "../../../src/core/abort";
import { isOsccError } from "../../../src/core/errors";
import { type Host, host, inNotebook, installHost, type MimeBundle } from "../../../src/core/host";
import { duration, startProgress } from "../../../src/core/progress";
import { notices, PHANTOM_NOTICE } from "../../../src/core/provenance";

let restore: (() => void) | undefined;
afterEach(() => restore?.());

function recordingHost(signal?: AbortSignal) {
  const shown: MimeBundle[] = [];
  const recorder: Host = {
    display(bundle) {
      shown.push(bundle);
      return { update: (next) => shown.push(next) };
    },
    signal: () => signal,
    warn: (message) => shown.push({ "text/plain": message }),
  };
  restore = installHost(recorder);
  return shown;
}

describe("host", () => {
  it("is the terminal until a kernel installs itself, and again afterwards", () => {
    const terminal = host();
    expect(inNotebook()).toBe(false);
    recordingHost();
    expect(inNotebook()).toBe(true);
    expect(host()).not.toBe(terminal);
    restore?.();
    restore = undefined;
    expect(host()).toBe(terminal);
  });

  it("shows progress in one display and keeps the summary", () => {
    const shown = recordingHost();
    const progress = startProgress("decoding", 4);
    for (let i = 1; i <= 4; i++) progress.update(i);
    progress.end("4 images decoded");
    const texts = shown.map((b) => String(b["text/plain"]).trim());
    expect(texts[0]).toContain("decoding");
    expect(texts.some((t) => t.includes("4/4"))).toBe(true);
    expect(texts.at(-1)).toBe("4 images decoded");
  });

  it("hands the cell's signal to long work, unless another one is given", () => {
    const cell = new AbortController();
    const own = new AbortController();
    recordingHost(cell.signal);
    expect(currentSignal()).toBe(cell.signal);
    expect(currentSignal(own.signal)).toBe(own.signal);
    cell.abort();
    try {
      throwIfAborted(currentSignal(), "training");
      expect.unreachable();
    } catch (error) {
      expect(isOsccError(error, "Aborted") && error.data.what).toBe("training");
    }
  });
});

describe("words", () => {
  it("names durations as a person would", () => {
    expect([400, 12_300, 200_000, 7_500_000].map(duration)).toEqual([
      "0.4 s",
      "12 s",
      "3 min 20 s",
      "2 h 05 min",
    ]);
  });

  it("joins notices without repeating them", () => {
    const phantom = { cohort: "phantom-1", synthetic: true, notice: PHANTOM_NOTICE };
    expect(notices(phantom, undefined, phantom, { cohort: "real", synthetic: false })).toEqual([
      PHANTOM_NOTICE,
    ]);
  });
});
