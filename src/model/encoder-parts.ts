/**
 * The encoder in two parts, cut between links of its chain: what is asked about its end needs its beginning only once.
 *
 * Letters: I images, T tokens, D width.
 */
import { runChain, type tf } from "../engine";
import { type LayerTap, unchanged } from "./block";
import type { LiveParameters } from "./layers";
import type { ModelSpec } from "./model";
import { under } from "./parameters";
import { vitChain } from "./vit";
import type { ViTConfig } from "./vit-config";

/** The link of `vitChain` that a layer is a part of: 0 for the embedding, then one for each block. */
export function linkOfLayer(config: ViTConfig, layer: string): number {
  if (layer === "patch_embed") return 0;
  const block = /^blocks\.(\d+)/.exec(layer);
  return block ? Number(block[1]) + 1 : vitChain(config).length - 1; // the last link holds what comes after the blocks
}

/** What goes into a link: tokens [T, I, D], or the images themselves where nothing comes before it. */
export function encodeUpTo(
  spec: ModelSpec,
  parameters: LiveParameters,
  images: tf.Tensor,
  link: number,
): tf.Tensor {
  return runChain(vitChain(spec.encoder).slice(0, link), under("encoder", parameters), images);
}

/** From what goes into a link to the features, [I, `featureWidth`]. The tap sees the layers from there on. */
export function encodeFrom(
  spec: ModelSpec,
  parameters: LiveParameters,
  values: tf.Tensor,
  link: number,
  tap: LayerTap = unchanged,
): tf.Tensor {
  return runChain(vitChain(spec.encoder, tap).slice(link), under("encoder", parameters), values);
}
