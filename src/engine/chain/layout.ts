/**
 * Where parameters lie: one after the other in a long vector, so that an optimiser can go over them in equal pieces.
 *
 * A piece is small enough for the processor's cache to hold it with its moments: the many passes of an update over it
 * then cost little more than one.
 */
import { sizeOf } from "../tensors";

/** Elements in a piece, 256 KiB. */
const PIECE = 2 ** 16;
/** Each tensor begins at a multiple of so many elements, a cache line. */
const ALIGNMENT = 16;

export interface FlatLayout {
  /** Elements in all, a multiple of `piece`. */
  readonly length: number;
  readonly piece: number;
  /** Where each parameter begins. */
  readonly offsets: Readonly<Record<string, number>>;
  /** The pieces, each with parameters of one group only. */
  readonly pieces: readonly { readonly offset: number; readonly group: string }[];
}

export function flatLayout(
  parameters: Readonly<Record<string, { readonly shape: readonly number[] }>>,
  groupOf: (name: string) => string,
): FlatLayout {
  const names = Object.keys(parameters);
  const size = (name: string) => roundUp(sizeOf(parameters[name]!.shape), ALIGNMENT);
  const total = names.reduce((sum, name) => sum + size(name), 0);
  const piece = Math.min(PIECE, roundUp(total, ALIGNMENT));
  const offsets: Record<string, number> = {};
  const pieces: { offset: number; group: string }[] = [];
  let length = 0;
  for (const group of new Set(names.map(groupOf))) {
    const start = length;
    for (const name of names.filter((candidate) => groupOf(candidate) === group)) {
      offsets[name] = length;
      length += size(name);
    }
    length = start + roundUp(length - start, piece);
    for (let offset = start; offset < length; offset += piece) pieces.push({ offset, group });
  }
  return { length, piece, offsets, pieces };
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
