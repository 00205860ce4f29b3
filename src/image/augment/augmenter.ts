/** Augmentation for training: off the main thread, and the same whatever runs in parallel. */
import os from "node:os";
import type { Rng } from "../../core/random";
import { compiledScript, Threads } from "../../core/threads";
import { imageStreams } from "./augment";
import { type AugmentationScene, drawAugmentation } from "./draw";
import { type Augmentation, type AugmentationRecipe, augmentationRecipe } from "./recipe";
import { type AugmentTask, augmentAll } from "./task";

/** Beyond this, threads wait for memory and not for arithmetic. */
const MOST_THREADS = 8;

/**
 * Changes the images of patients by a recipe. Chance is drawn here, from the stream that the caller gives; threads
 * only carry out what was drawn, so that their number and order do not matter.
 */
export class Augmenter {
  private readonly recipe: AugmentationRecipe;
  private readonly threads: Threads<AugmentTask, Float32Array> | undefined;

  /**
   * @param augmentation a recipe or its name
   * @param scene   size of the images and what the model normalises by
   * @param options `threads`: at most so many; default one less than processors, at most 8; 0 works on this thread
   * @throws UnknownName, InvalidArgument
   */
  constructor(
    augmentation: Augmentation,
    private readonly scene: AugmentationScene,
    options: { readonly threads?: number } = {},
  ) {
    this.recipe = augmentationRecipe(augmentation);
    const { threads = Math.min(MOST_THREADS, Math.max(1, os.availableParallelism() - 1)) } = options;
    // To move pixels takes less time than to send them.
    const onlyMoves = this.recipe.steps.every(({ kind }) => kind === "symmetry");
    const script = threads > 0 && !onlyMoves ? compiledScript(__filename, "worker") : undefined;
    this.threads = script === undefined ? undefined : new Threads(script, threads);
  }

  /**
   * Change the images of one patient.
   *
   * @param pixels `[images, height, width, 3]`, 0-255; left as they are
   * @param rng    the stream of this patient's turn in this epoch
   * @returns      the same shape, not rounded
   */
  async run(pixels: Uint8Array | Float32Array, rng: Rng): Promise<Float32Array> {
    const { width, height } = this.scene;
    const images = pixels.length / (width * height * 3);
    const drawn = imageStreams(this.recipe.draw ?? "patient", rng, images).map((stream) =>
      drawAugmentation(this.recipe, this.scene, stream),
    );
    const task = { pixels, width, height, drawn };
    return this.threads ? this.threads.run(task) : augmentAll(task);
  }

  /** Stop the threads. */
  async dispose(): Promise<void> {
    await this.threads?.close();
  }
}
