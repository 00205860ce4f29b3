/**
 * Occlusion (Zeiler and Fergus, ECCV 2014, section 4.2). A square of the image is hidden, and what the score loses by it
 * is what the square was worth:
 *
 *   value = f(x) - f(x with the square hidden)
 *
 * The square moves over the image; a patch gets the mean of the squares that covered it. Hidden means the model's mean
 * colour. The other images of the patient stay as they are. No gradient is used.
 */
import { invalidArgument } from "../../core/errors";
import { hidden, spreadPatches } from "../masks";
import { joined } from "../probe";
import { type Subject, scoresWith } from "../subject";
import type { TokenGrid } from "../tokens";
import type { MapMethod, MethodSettings } from "./method";

export const occlusionMethod: MapMethod = {
  title: "Occlusion",
  paper: "Zeiler and Fergus, ECCV 2014",
  usesLayers: false,
  followsScore: true,
  isSigned: true,
  async maps(subject, settings) {
    const { probe } = subject;
    const squares = squaresOn(probe.grid, settings);
    const total = probe.images * squares.length;
    const maps: Float64Array[] = [];
    for (let image = 0; image < probe.images; image++)
      maps.push(
        await mapOf(subject, image, squares, (done) =>
          settings.onProgress?.(image * squares.length + done, total),
        ),
      );
    return { layers: [maps] };
  },
};

/** The patches of each square. By default a square is an eighth of the grid's shorter side and moves by half of that. */
function squaresOn({ rows, columns }: TokenGrid, settings: MethodSettings): number[][] {
  const shorter = Math.min(rows, columns);
  const { window = Math.max(1, Math.round(shorter / 8)) } = settings;
  const { stride = Math.max(1, Math.floor(window / 2)) } = settings;
  checkPatches("window", window, shorter);
  checkPatches("stride", stride, window);
  return places(rows, window, stride).flatMap((top) =>
    places(columns, window, stride).map((left) =>
      Array.from(
        { length: window * window },
        (_, i) => (top + Math.floor(i / window)) * columns + left + (i % window),
      ),
    ),
  );
}

/** Where squares begin along a side; the last one ends with the side. */
function places(patches: number, window: number, stride: number): number[] {
  const last = patches - window;
  const regular = Array.from({ length: Math.floor(last / stride) + 1 }, (_, i) => i * stride);
  return regular[regular.length - 1] === last ? regular : [...regular, last];
}

function checkPatches(name: string, found: number, most: number): void {
  if (Number.isInteger(found) && found >= 1 && found <= most) return;
  throw invalidArgument(name, found, `a whole number of patches from 1 to ${most}`);
}

async function mapOf(
  subject: Subject,
  image: number,
  squares: readonly (readonly number[])[],
  onDone: (squares: number) => void,
): Promise<Float64Array> {
  const { probe, pixels, scoreValue } = subject;
  const { spec, grid, imageValues, group } = probe;
  const own = pixels.subarray(image * imageValues, (image + 1) * imageValues);
  const patches = grid.rows * grid.columns;
  const sums = new Float64Array(patches);
  const counts = new Float64Array(patches);
  for (let first = 0; first < squares.length; first += group) {
    const some = squares.slice(first, first + group);
    const seen = some.map((square) => {
      const keep = new Float32Array(patches).fill(1);
      for (const patch of square) keep[patch] = 0;
      return hidden(own, spreadPatches(keep, grid, spec.encoder.imageSize), spec.normalisation);
    });
    const scores = await scoresWith(subject, image, joined(seen));
    some.forEach((square, s) => {
      for (const patch of square) {
        sums[patch]! += scoreValue - scores[s]!;
        counts[patch]!++;
      }
    });
    onDone(first + some.length);
  }
  return sums.map((sum, patch) => sum / counts[patch]!);
}
