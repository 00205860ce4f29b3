/**
 * A chain: a long computation written as links, each from one tensor to the next.
 *
 * The same chain runs in two ways. Inline (`runChain`) it is plain operations, part of whatever is computed around it.
 * Link by link (`compileChain`, `compileChainStep`) each link is a small graph of its own, and links of one kind share theirs: that takes
 * far less memory, since only what lies between links, and little of what lies inside, is kept for the way back.
 */
import type { Tensors } from "../program";
import type { tf } from "../tensors";

/** One link of a chain: what it does and which parameters it needs. */
export interface Link {
  /** Links of one kind are the same function with other parameters. */
  readonly kind: string;
  /** The parameters it reads: the name in `apply`, and the full name. */
  readonly parameters: Readonly<Record<string, string>>;
  /** A pure function of tensors. Axis 0 of `x` of the first link, and of the last link's result, are the items. */
  readonly apply: (parameters: Tensors, x: tf.Tensor) => tf.Tensor;
}

/** Links, each taking what the one before gives. */
export type Chain = readonly Link[];

/** Run a chain inline, on live tensors by full name. */
export function runChain(chain: Chain, parameters: Readonly<Tensors>, x: tf.Tensor): tf.Tensor {
  return chain.reduce((value, link) => link.apply(parametersOf(link, parameters), value), x);
}

/** The entries that a link reads, under the names it knows them by. */
export function parametersOf<T>(link: Link, entries: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(link.parameters).map(([local, full]) => [local, entries[full]!]));
}
