/** Fixtures made with PyTorch, SciPy and timm-named weights; local files, not part of the repository. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const folder = process.env.OSCC_SHARED_DATA ?? path.resolve(__dirname, "../../../../shared/data");

export const SHARED_DATA = existsSync(path.join(folder, "fixtures")) ? folder : undefined;

/** Why a parity test is skipped. */
export const ABSENT = "needs the shared reference data ($OSCC_SHARED_DATA), which is not on this machine";

export function fixture(name: string): string {
  return path.join(folder, "fixtures", name);
}

export interface ReferenceValues {
  tiny_vit: {
    x: number[];
    cls_feature: number[];
    logits: number[];
    cam_target_class: number;
    gradcam_raw: number[][];
    gradcampp_raw: number[][];
  };
  odd: Record<string, { shape: number[]; dtype: string; values: number[] }>;
  focal: { logits: number[][]; labels: number[]; elementwise: number[][]; mean: number; ce_mean: number };
  pos_zoom_5_to_9: { in: number[][]; out: number[][] };
  pos_zoom_197_to_1025: { in: number[]; out: number[] };
  pos_bicubic_14_to_32: { in: number[]; out_align_false: number[] };
}

export function referenceValues(): ReferenceValues {
  return JSON.parse(readFileSync(fixture("reference_values.json"), "utf8")) as ReferenceValues;
}

/** The largest absolute difference of two lists of the same length. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
