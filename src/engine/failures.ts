/** What the compute runtime says when it fails, as an error a person can act on. */
import { freemem } from "node:os";
import { isOsccError, OsccError } from "../core/errors";
import type { Device } from "./program";

/** What was being done when it failed. */
export interface Doing {
  readonly program: string;
  readonly device: Device;
  readonly what: "loading" | "running";
  /** How many bytes it takes at least; asked only when memory ran out. */
  readonly bytesNeeded?: () => number;
}

/** Translate a failure of loading or running a program. Errors that are already ours pass through. */
export function computeFailure(doing: Doing, error: unknown): Error {
  // A worker that has no memory to start, or to go on, dies of it.
  const crash = isOsccError(error, "WorkerCrashed") && OUT_OF_MEMORY.test(error.data.reason);
  if (isOsccError(error) && !crash) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (OUT_OF_MEMORY.test(message)) return outOfMemory(doing, message, error);
  if (/requires f16/i.test(message)) return noHalfPrecision(doing, error);
  if (doing.device !== "cpu" && DEVICE_LOST.test(message)) return deviceLost(doing, message, error);
  return failed(doing, message, error);
}

const OUT_OF_MEMORY =
  /bad_alloc|out of memory|out_of_memory|memory limit|allocate memory|Array buffer allocation failed|Invalid typed array length|failed to map segment/i;

/** What Dawn (WebGPU) and CUDA say of a card that was pulled, reset or put to sleep. */
const DEVICE_LOST =
  /device (was |is )?lost|DeviceLost|DEVICE_LOST|device unavailable|device-side assert|unspecified launch failure|CUDA(?:_ERROR| failure| error)/i;

function outOfMemory(
  { program, what, bytesNeeded }: Doing,
  message: string,
  cause: unknown,
): OsccError<"OutOfMemory"> {
  const bytes = Number(/requested buffer of size (\d+)/.exec(message)?.[1]) || undefined;
  const needed = Math.max(bytesNeeded?.() ?? 0, bytes ?? 0) || undefined;
  const free = process.availableMemory?.() ?? freemem();
  return new OsccError(
    "OutOfMemory",
    [
      `there is not enough memory for ${what} ${program}${needed ? `: it takes at least ${gibibytes(needed)}` : ""}.`,
      ...(bytes ? [`One block of ${gibibytes(bytes)} was asked for and not given.`] : []),
      ...(needed && needed > free ? [`About ${gibibytes(free)} are free on this machine.`] : []),
      "Use smaller images, or fewer at a time (a smaller batch, or in fit a smaller microBatch).",
    ],
    { program, ...(bytes ? { bytes } : {}), ...(needed ? { needed } : {}) },
    { cause },
  );
}

function gibibytes(bytes: number): string {
  const amount = bytes / 2 ** 30;
  return amount < 0.1 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${amount.toFixed(amount < 10 ? 2 : 0)} GiB`;
}

function noHalfPrecision({ program }: Doing, cause: unknown): OsccError<"DeviceUnavailable"> {
  return new OsccError(
    "DeviceUnavailable",
    [
      `${program} was compiled with half precision, which this graphics device does not have.`,
      'Use precision: "f32".',
    ],
    { device: "webgpu", reasons: ["no half precision (shader-f16)"] },
    { cause },
  );
}

function deviceLost(
  { program, what, device }: Doing,
  message: string,
  cause: unknown,
): OsccError<"DeviceUnavailable"> {
  const reason = firstLine(message);
  return new OsccError(
    "DeviceUnavailable",
    [
      `the device ${device} was lost while ${what} ${program}: ${reason}`,
      "What lay on it (weights, optimiser state) is gone: a card was reset, unplugged, or its driver gave up.",
      'Restart the kernel and go on from the last checkpoint, or compute with { device: "cpu" }.',
    ],
    { device, reasons: [reason] },
    { cause },
  );
}

function failed({ program, what }: Doing, message: string, cause: unknown): OsccError<"ComputeFailed"> {
  const reason = firstLine(message);
  return new OsccError(
    "ComputeFailed",
    [
      `${what} ${program} failed in ONNX Runtime: ${reason}`,
      'The same function with { device: "eager" } shows where; program.save(path) writes the graph for a viewer.',
    ],
    { program, reason },
    { cause },
  );
}

function firstLine(message: string): string {
  return message.split("\n")[0]!.slice(0, 400);
}
