/** What to do when a training does not fit in memory. */
import { isOsccError, OsccError } from "../core/errors";
import type { FitSettings } from "./options";

/** An error of too little memory with advice that fits the run; any other error as it is. */
export function withMemoryAdvice(thrown: unknown, { microBatch, batch, imageSize }: FitSettings): unknown {
  const error = isOsccError(thrown) ? thrown : outOfArrays(thrown);
  if (!isOsccError(error, "OutOfMemory")) return thrown;
  const together = Math.min(microBatch, batch);
  const advice =
    together > 1
      ? `Compute fewer patients at once, which gives the same run:  microBatch: ${Math.floor(together / 2)}  (now ${together}).`
      : `One patient at a time is the least. Use smaller images (imageSize, now ${imageSize}), fewer views, or mode: "frozen".`;
  const [found, ...rest] = error.message.split("\n  ").slice(0, -1);
  return new OsccError("OutOfMemory", [found ?? error.message, ...rest, advice], error.data, {
    cause: error,
  });
}

/** What JavaScript says when it cannot make an array, as for the images of a batch. */
function outOfArrays(error: unknown): OsccError<"OutOfMemory"> | undefined {
  if (!(error instanceof RangeError && /array/i.test(error.message))) return undefined;
  const lines = ["there is not enough memory for the images of a batch.", ""];
  return new OsccError("OutOfMemory", lines, { program: "training step" });
}
