/** Learning-rate schedules: a rate for each epoch. */
import { invalidArgument } from "../core/errors";

/** Options of `cosine`. */
export interface CosineOptions {
  /** Rate at the start. */
  readonly start: number;
  /** Rate at the end; 1e-9 in the study. */
  readonly minimum: number;
  /** Epochs from start to end. */
  readonly epochs: number;
  /** Epochs of linear rise before the start rate is reached, default 0 as published. */
  readonly warmup?: number;
}

/**
 * Cosine annealing (Loshchilov and Hutter, ICLR 2017), stepped once an epoch like torch's `CosineAnnealingLR`.
 *
 * @param epoch  counted from 0; a fraction is allowed
 * @returns      minimum + (start - minimum) (1 + cos(pi epoch / epochs)) / 2, after the warm-up
 * @example
 * train.cosine(100, { start: 1e-6, minimum: 1e-9, epochs: 200 }); // 5.005e-7
 */
export function cosine(epoch: number, { start, minimum, epochs, warmup = 0 }: CosineOptions): number {
  if (!(epochs > 0)) throw invalidArgument("epochs", epochs, "a number above 0");
  if (epoch < warmup) return (start * (epoch + 1)) / (warmup + 1);
  const progress = Math.min(1, (epoch - warmup) / Math.max(1e-12, epochs - warmup));
  return minimum + ((start - minimum) * (1 + Math.cos(Math.PI * progress))) / 2;
}
