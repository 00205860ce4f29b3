/** What is sent to a worker thread, and the work done there. */
import { applyAugmentation, type DrawnAugmentation } from "./draw";

/** Several pictures of one size, and what is done to each. */
export interface AugmentTask {
  /** `[images, height, width, 3]`, 0-255. */
  readonly pixels: Uint8Array | Float32Array;
  readonly width: number;
  readonly height: number;
  /** One for each image. */
  readonly drawn: readonly DrawnAugmentation[];
}

/** The pictures, changed: `[images, height, width, 3]`, 0-255 except for the published defect. */
export function augmentAll({ pixels, width, height, drawn }: AugmentTask): Float32Array {
  const length = width * height * 3;
  const out = new Float32Array(pixels.length);
  drawn.forEach((one, i) => {
    const data = new Float32Array(pixels.subarray(i * length, (i + 1) * length));
    out.set(applyAugmentation({ width, height, data }, one).data, i * length);
  });
  return out;
}
