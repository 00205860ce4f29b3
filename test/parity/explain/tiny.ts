/** The tiny model of the reference script, and its patient. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { Rng } from "../../../src/core/random";
import type { CamMethod, ExplainablePatient } from "../../../src/explain";
import { createModel, type Model, type ViewImage, type ViewPixels } from "../../../src/model";

type Maps = readonly (readonly number[])[];

export interface Reference
  extends Readonly<Record<LayerMethod, readonly Maps[]> & Record<OtherMethod, Maps>> {
  readonly model: {
    readonly imageSize: readonly [number, number];
    readonly patch: number;
    readonly width: number;
    readonly depth: number;
    readonly heads: number;
    readonly mlpRatio: number;
    readonly fusionWidth: number;
    readonly headHidden: readonly number[];
    readonly classes: number;
    readonly images: number;
    readonly mean: readonly [number, number, number];
    readonly std: readonly [number, number, number];
  };
  readonly target: number;
  readonly pixels: readonly (readonly number[])[];
  readonly parameters: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>
  >;
  readonly logits: readonly number[];
  readonly shapley: { readonly all: number; readonly none: number; readonly values: readonly number[] };
}

/** Methods whose reference holds the first and the last `norm1`. */
export const LAYER_METHODS = [
  "gradCam",
  "gradCamPlusPlus",
  "layerCam",
  "hiResCam",
  "eigenCam",
  "scoreCam",
] as const satisfies readonly CamMethod[];
export const OTHER_METHODS = [
  "attentionRollout",
  "relevance",
  "integratedGradients",
  "occlusion",
  "upstreamMultiOscc",
] as const satisfies readonly CamMethod[];
type LayerMethod = (typeof LAYER_METHODS)[number];
type OtherMethod = (typeof OTHER_METHODS)[number];

export const reference = JSON.parse(
  readFileSync(path.join(__dirname, "../../fixtures/explain/methods.json"), "utf8"),
) as Reference;

export function tinyModel(): Model {
  const { imageSize, patch, width, depth, heads, mlpRatio, ...rest } = reference.model;
  const { spec, parameters } = createModel(
    {
      encoder: { imageSize, patch, width, depth, heads, mlpRatio },
      fusion: "concat",
      fusionWidth: rest.fusionWidth,
      headHidden: rest.headHidden,
      tasks: { A: { title: "a", classes: Array.from({ length: rest.classes }, (_, c) => `class ${c}`) } },
      views: Array.from({ length: rest.images }, (_, i) => ({ site: "core", magnification: `x${i}` })),
      normalisation: { mean: rest.mean, std: rest.std },
    },
    new Rng(1),
  );
  return {
    spec,
    parameters: Object.fromEntries(
      Object.keys(parameters).map((name) => {
        const { shape, data } = reference.parameters[name]!;
        return [name, { shape, dtype: "float32" as const, data: Float32Array.from(data) }];
      }),
    ),
  };
}

export function tinyPatient(): ExplainablePatient {
  const [height, width] = reference.model.imageSize;
  return {
    id: "tiny",
    provenance: { cohort: "tiny", synthetic: true },
    images: () =>
      reference.pixels.map((values): ViewImage => {
        const pixels: ViewPixels = {
          width,
          height,
          data: Uint8Array.from(values),
          resize: async () => pixels,
        };
        return { load: async () => pixels };
      }),
  };
}
