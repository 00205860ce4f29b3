/** What explanations are: plain data, ready to be drawn, scored and saved. */
import type { Provenance } from "../core/provenance";
import type { ImageFit, View, ViewImage } from "../model";
import type { CamMethod } from "./methods";
import type { ScoreName } from "./score";

/** The map of one image. */
export interface CamMap<Image = ViewImage> {
  readonly image: Image;
  readonly view: View;
  /** Raw values from 0, rows of patches from the top: comparable between the images of one patient. */
  readonly grid: readonly (readonly number[])[];
  /**
   * The same with what speaks against the score, below 0; only of methods that say it (integrated gradients,
   * occlusion). `grid` is its part above 0.
   */
  readonly signedGrid?: readonly (readonly number[])[];
  /** Of `grid`. */
  readonly range: readonly [min: number, max: number];
  /** Zero everywhere: no patch of this image raises the score. Say so; do not draw a picture. */
  readonly isFlat: boolean;
  /** One line of evidence on this map, to be printed under it; put there by `explain.judge`. */
  readonly verdict?: string;
}

/** The maps of all images of a patient for one score, through the fusion block. The same for every method. */
export interface CamResult<Image = ViewImage> {
  readonly method: CamMethod;
  /** The layers that the maps were made from; empty for methods that use none. */
  readonly layers: readonly string[];
  readonly patient: string;
  readonly task: string;
  readonly targetClass: number;
  readonly className: string;
  /** What was explained: see `SCORES`; `"custom"` for a function of yours. */
  readonly score: ScoreName | "custom";
  /** Its value for this patient. */
  readonly scoreValue: number;
  /** Probability of the explained class, 0 to 1. */
  readonly probability: number;
  readonly maps: readonly CamMap<Image>[];
  /** What the model saw of each photograph, and the input's height over its width: where the grid lies on it. */
  readonly imageFit: ImageFit;
  readonly inputAspect: number;
  /** What a reader must know, for example that a map is flat. */
  readonly notes: readonly string[];
  readonly provenance: Provenance;
}

/** What one image of a patient adds to a score. */
export interface ImageContribution<Image = ViewImage> {
  readonly image: Image;
  readonly view: View;
  /** Shapley value, in units of the score; above 0 where the image speaks for the class. */
  readonly value: number;
  /** The share of attention that the fusion block gives to the image, 0-1, where the block has such shares. */
  readonly attention?: number;
}

/** How the score of one patient is divided among the patient's images: `explain.contributions`. */
export interface ContributionResult<Image = ViewImage> {
  readonly patient: string;
  readonly task: string;
  readonly targetClass: number;
  readonly className: string;
  readonly score: ScoreName | "custom";
  /** Probability of the explained class, 0 to 1. */
  readonly probability: number;
  /** The score with all images. */
  readonly all: number;
  /** The score with none: every image replaced by what stands for a missing one. */
  readonly none: number;
  /** What stands for a missing image, in words. */
  readonly baseline: string;
  /** In the order of the model's views. Their values sum to `all - none`. */
  readonly images: readonly ImageContribution<Image>[];
  readonly notes: readonly string[];
  readonly provenance: Provenance;
}
