/** What an encoder is called beside a run. */
import { type EncoderName, VIT_PRESETS, type ViTConfig } from "../model";

type Size = Pick<ViTConfig, "patch" | "width" | "depth" | "heads">;

/**
 * The name it was asked for by, where it is that one; weights bring their own encoder, which is called as the first
 * preset of its size, or by its size.
 */
export function encoderTitle(asked: EncoderName | Size, encoder: Size): string {
  if (typeof asked === "string" && isLike(VIT_PRESETS[asked], encoder)) return asked;
  const known = Object.entries(VIT_PRESETS).find(([, preset]) => isLike(preset, encoder));
  return known?.[0] ?? `ViT ${encoder.width} x ${encoder.depth}`;
}

function isLike(a: Size, b: Size): boolean {
  return a.patch === b.patch && a.width === b.width && a.depth === b.depth && a.heads === b.heads;
}
