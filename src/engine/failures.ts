/** What the compute runtime says when it fails, as an error a person can act on. */
import { isOsccError, OsccError } from "../core/errors";

/** Translate a failure of loading or running `program`. Errors that are already ours pass through. */
export function computeFailure(program: string, doing: "loading" | "running", error: unknown): Error {
  if (isOsccError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return (
    outOfMemory(program, doing, message, error) ??
    noHalfPrecision(program, message, error) ??
    failed(program, doing, message, error)
  );
}

function outOfMemory(program: string, doing: string, message: string, cause: unknown): OsccError | undefined {
  if (!/bad_alloc|out of memory|Failed to allocate memory|Array buffer allocation failed/i.test(message))
    return undefined;
  const bytes = Number(/requested buffer of size (\d+)/.exec(message)?.[1]) || undefined;
  const amount = bytes ? `; one block of ${(bytes / 2 ** 30).toFixed(2)} GiB was asked for` : "";
  return new OsccError(
    "OutOfMemory",
    [
      `there is not enough memory for ${doing} ${program}${amount}.`,
      "Use smaller images, or fewer at a time (a smaller batch, accumulated over more steps).",
    ],
    { program, ...(bytes ? { bytes } : {}) },
    { cause },
  );
}

function noHalfPrecision(program: string, message: string, cause: unknown): OsccError | undefined {
  if (!/requires f16/i.test(message)) return undefined;
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

function failed(program: string, doing: string, message: string, cause: unknown): OsccError {
  const reason = message.split("\n")[0]!.slice(0, 400);
  return new OsccError(
    "ComputeFailed",
    [
      `${doing} ${program} failed in ONNX Runtime: ${reason}`,
      'The same function with { device: "eager" } shows where; program.save(path) writes the graph for a viewer.',
    ],
    { program, reason },
    { cause },
  );
}
