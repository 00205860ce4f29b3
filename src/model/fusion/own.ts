/**
 * Fusion blocks of a student's own: a table of parameters and a function of tensors, defined in a cell.
 *
 * A model's specification is plain JSON, and a function is not: the specification names the block and keeps a
 * fingerprint of its source, the block itself stays in this process. Nothing of it is ever sent anywhere but as
 * the traced graph.
 */
import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { invalidArgument, OsccError, unknownName } from "../../core/errors";
import { host } from "../../core/host";
import { tf } from "../../engine";
import type { ParameterDeclaration, ParameterDeclarations } from "../parameters";
import type { FusionBlock, FusionShape } from "./block";
import { FUSIONS, type FusionKind } from "./built-in";
import { withoutMissing } from "./mask";

/**
 * A parameter of a fusion block: how it is declared, or only its shape. A shape alone starts as torch starts a
 * linear layer [out, ..., in], uniform within 1 / sqrt(in); a vector starts as zeros.
 */
export type FusionParameter = ParameterDeclaration | readonly number[];

/** What a fusion block sees beside the features. */
export interface FusionContext {
  readonly shape: FusionShape;
  /** [B, M], 1 for an image that is there, 0 for one that is missing (its features are zero); absent when all are there. */
  readonly mask?: tf.Tensor;
}

/** A fusion block as `fusion` takes it. */
export interface FusionDefinition<Name extends string = string> {
  /** For legends, tables and `run.json`; another one than the built-in blocks'. */
  readonly name: string;
  /** What is learned, by name. Default nothing. */
  readonly parameters?: (shape: FusionShape) => Readonly<Record<Name, FusionParameter>>;
  /**
   * From the features of a patient's images [B, M, D] to one vector [B, F], F = `shape.width`. A pure function of
   * tensors: it is traced once into the graph that trains.
   */
  readonly forward: (
    tokens: tf.Tensor,
    parameters: Readonly<Record<Name, tf.Tensor>>,
    context: FusionContext,
  ) => tf.Tensor;
}

/** A fusion block of one's own, made by `fusion`. */
export interface OwnFusion extends FusionBlock {
  readonly name: string;
  /** Fingerprint of its source. */
  readonly source: string;
  [inspect.custom](): string;
}

/** How a specification refers to a block. */
export interface FusionReference {
  readonly kind: string;
  /** Fingerprint of a block that is not built in. */
  readonly source?: string;
}

/** Blocks by name, for specifications that come from a file: the last definition of a name counts. */
const defined = new Map<string, OwnFusion>();
/** Blocks by the very reference that was made for them, so that a model keeps its block when the cell runs again. */
const referred = new WeakMap<FusionReference, OwnFusion>();

/**
 * A fusion block of your own, for `fit(cohort, { fusion: mine })` and `createModel`.
 *
 * `forward` is written in tensor operations (`engine.tf`, `engine.linear`, ...) and is compiled like the built-in
 * blocks: it trains as fast. Keep what it uses among its arguments and its own lines. A run that was saved with
 * it can be read back after the same cell has run.
 *
 * @param definition  see `FusionDefinition`
 * @throws InvalidArgument  for a name that is empty or taken by a built-in block
 * @example
 * const { tf, linear } = engine;
 * const maxPool = model.fusion({
 *   name: "max-pool",
 *   parameters: ({ featureWidth, width }) => ({ weight: [width, featureWidth], bias: [width] }),
 *   forward: (tokens, p) => tf.max(linear(tokens, p.weight, p.bias), 1), // [B, M, D] -> [B, F]
 * });
 * const run = await fit(cohort, { preset: "notebook", tasks: "TD", fusion: maxPool });
 */
export function fusion<Name extends string = never>(definition: FusionDefinition<Name>): OwnFusion {
  const { name, parameters, forward } = definition;
  if (typeof name !== "string" || name.trim() === "" || Object.hasOwn(FUSIONS, name))
    throw invalidArgument(
      "name",
      name,
      `a name of its own; the built-in blocks have ${Object.keys(FUSIONS).join(", ")}`,
    );
  if (typeof forward !== "function")
    throw invalidArgument("forward", forward, "a function (tokens, parameters, context) => tensor");
  const block: OwnFusion = {
    name,
    title: name,
    source: fingerprint(`${parameters}\n${forward}`),
    parameters: (shape) => declared(parameters?.(shape) ?? {}),
    forward(shape, live, features, mask) {
      const tokens = tf.reshape(withoutMissing(features, mask), [-1, shape.images, shape.featureWidth]); // [B, M, D]
      const own = live as Readonly<Record<Name, tf.Tensor>>;
      const fused = forward(tokens, own, { shape, ...(mask ? { mask } : {}) });
      return checked(name, fused, [tokens.shape[0]!, shape.width]);
    },
    [inspect.custom]: () => `Fusion block "${name}"`,
  };
  defined.set(name, block);
  return block;
}

/** A specification's reference to a fusion block of a width; it finds the block again. @throws UnknownName */
export function referTo(
  choice: FusionKind | OwnFusion,
  width: number,
): FusionReference & { readonly width: number } {
  if (typeof choice === "string") {
    if (!Object.hasOwn(FUSIONS, choice)) throw unknownName("fusion", choice, Object.keys(FUSIONS));
    return { kind: choice, width };
  }
  const reference = { kind: choice.name, source: choice.source, width };
  referred.set(reference, choice);
  return reference;
}

/**
 * The block that a specification refers to.
 *
 * @throws UnknownName  for a block that is not built in and not defined in this process, saying what to run
 */
export function fusionBlock(reference: FusionReference): FusionBlock {
  const { kind, source } = reference;
  if (source === undefined) {
    if (!Object.hasOwn(FUSIONS, kind)) throw unknownName("fusion", kind, Object.keys(FUSIONS));
    return FUSIONS[kind as FusionKind];
  }
  const made = referred.get(reference);
  if (made) return made;
  const known = defined.get(kind);
  if (!known) throw notDefined(kind);
  if (known.source !== source)
    host().warn(
      `the fusion block "${kind}" is defined differently here than when the model was saved (source ${source}, here ${known.source}): its predictions may differ.`,
    );
  referred.set(reference, known); // so that this is said once
  return known;
}

function notDefined(kind: string): OsccError<"UnknownName"> {
  const known = [...Object.keys(FUSIONS), ...defined.keys()];
  return new OsccError(
    "UnknownName",
    [
      `the model fuses with "${kind}", a block of somebody's own, which is not defined here.`,
      "A saved model holds the block's parameters, not its code.",
      `First run the cell that defines it: model.fusion({ name: "${kind}", parameters, forward }).`,
    ],
    { name: kind, kind: "fusion", known },
  );
}

/** Full declarations from shapes. */
function declared(parameters: Readonly<Record<string, FusionParameter>>): ParameterDeclarations {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, given]): [string, ParameterDeclaration] => {
      if (!isShape(given)) return [name, given];
      if (given.length === 0 || !given.every((n) => Number.isSafeInteger(n) && n > 0))
        throw invalidArgument(`the shape of ${name}`, `[${given.join(", ")}]`, "whole numbers from 1");
      const initial =
        given.length > 1 ? { uniform: 1 / Math.sqrt(given[given.length - 1]!) } : { constant: 0 };
      return [name, { shape: [...given], initial }];
    }),
  );
}

function isShape(given: FusionParameter): given is readonly number[] {
  return Array.isArray(given);
}

function checked(name: string, fused: tf.Tensor, expected: readonly [number, number]): tf.Tensor {
  if (!(fused instanceof tf.Tensor))
    throw invalidArgument(`what the fusion block "${name}" returns`, fused, "a tensor [patients, width]");
  if (fused.rank === 2 && fused.shape[0] === expected[0] && fused.shape[1] === expected[1]) return fused;
  throw new OsccError(
    "ShapeMismatch",
    [
      `the fusion block "${name}" gives shape [${fused.shape.join(", ")}].`,
      `Expected [patients ${expected[0]}, width ${expected[1]}]: one vector a patient, as wide as fusionWidth.`,
      "Its first argument is [patients, images, featureWidth]; context.shape has the sizes.",
    ],
    { expected, found: fused.shape },
  );
}

function fingerprint(source: string): string {
  return createHash("sha256").update(source).digest("hex").slice(0, 12);
}
