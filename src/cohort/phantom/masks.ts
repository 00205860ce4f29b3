/** The truth masks: one byte for each pixel, one bit for each sign. */

/**
 * Bits of a truth mask. The six tasks' signs, then `tumour` (any tumour epithelium) and `tissue` (not glass).
 *
 * - `TD`: keratin pearls; in a poorly differentiated tumour, all of it.
 * - `TI`: tumour cords between muscle fibres.
 * - `PI`: the tumour collar around a nerve.
 * - `CE`: tumour plugs inside vessels.
 * - `LNM`: buds, single tumour cells and groups of up to four, in the stroma.
 * - `REC`: necrosis and myxoid stroma.
 *
 * @example
 * const { truth } = phantom.renderPhantomView({ labels: { TI: 1 }, site: "edge" });
 * const invaded = truth.bits.map((byte) => (byte & phantom.MASK_BITS.TI ? 255 : 0));
 */
export const MASK_BITS = {
  TD: 1,
  TI: 2,
  PI: 4,
  CE: 8,
  LNM: 16,
  REC: 32,
  tumour: 64,
  tissue: 128,
} as const;

/** A sign that a truth mask has a bit for. */
export type MaskBit = keyof typeof MASK_BITS;

/** The share of pixels, in [0, 1], on which each bit is set. */
export function maskAreas(mask: Uint8Array): Record<MaskBit, number> {
  const histogram = new Uint32Array(256);
  for (let i = 0; i < mask.length; i++) histogram[mask[i]!]!++;
  const areas = {} as Record<MaskBit, number>;
  for (const [name, bit] of Object.entries(MASK_BITS) as [MaskBit, number][]) {
    let pixels = 0;
    for (let byte = 0; byte < 256; byte++) if (byte & bit) pixels += histogram[byte]!;
    areas[name] = pixels / mask.length;
  }
  return areas;
}
