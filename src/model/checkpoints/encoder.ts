/** Put the weights of a published encoder into a model. */
import { inspect } from "node:util";
import { nearest } from "../../core/errors";
import type { Model } from "../model";
import { elements, type ParameterTensor } from "../parameters";
import { type Grid, type PositionResize, resizePositions } from "../positions";
import { vitParameters } from "../vit";
import { patchGrid, type ViTConfig } from "../vit-config";
import { type Checkpoint, type CheckpointTensor, invalidCheckpoint, toFloat32 } from "./checkpoint";
import { ownEncoder, squareGrid } from "./infer";
import { encoderTensors } from "./names";

const POSITIONS = "pos_embed";

/** Options of `loadEncoder`. */
export interface LoadEncoderOptions {
  /** How to fit the position embedding to another image size, default `bicubic-2d`. */
  readonly positions?: PositionResize;
  /** Patch grid of the checkpoint; default square, or what one of our own files says. */
  readonly grid?: Grid;
  /** `false`: keep the initial value of encoder tensors the file lacks, and ignore those it has too many of. Default `true`. */
  readonly strict?: boolean;
}

/** What was taken from a checkpoint, in words and names. */
export interface LoadReport {
  readonly path: string;
  /** Number of tensors taken. */
  readonly loaded: number;
  /** Heads and other parts that are no encoder. */
  readonly ignored: readonly string[];
  /** Encoder tensors that the file lacks (only when not strict). */
  readonly missing: readonly string[];
  /** Tensors that the encoder does not know (only when not strict). */
  readonly unexpected: readonly string[];
  /** Set when the position embedding was resized: `14 x 14 to 32 x 32, bicubic-2d`. */
  readonly positions?: string;
}

/**
 * The model with its encoder's weights taken from a checkpoint; fusion and heads stay as they are.
 *
 * Understands the names of timm, DINO, DINOv2 (registers, LayerScale, SwiGLU), Hugging Face's ViT and DINOv2, and CONCH,
 * alone or behind `module.`, `backbone.`, `encoder.`, `visual.trunk.`. Heads, poolers, text models and mask tokens are
 * left out. Position embeddings of another size are resized; registers have none.
 *
 * @throws InvalidCheckpoint  listing every tensor that is missing, not expected, or of another shape
 * @example
 * const weights = await model.readCheckpoint(process.env.OSCC_WEIGHTS!);
 * const { model: start, report } = model.loadEncoder(fresh, weights);
 */
export function loadEncoder(
  model: Model,
  checkpoint: Checkpoint,
  options: LoadEncoderOptions = {},
): { model: Model; report: LoadReport } {
  const { strict = true, positions = "bicubic-2d" } = options;
  const config = model.spec.encoder;
  const wanted = vitParameters(config);
  const { tensors, ignored } = encoderTensors(checkpoint.tensors);

  const missing = Object.keys(wanted).filter((name) => !tensors.has(name));
  const unexpected = [...tensors.keys()].filter((name) => !(name in wanted));
  if (strict && missing.length + unexpected.length > 0) throw otherNames(checkpoint, missing, unexpected);

  const resized = resizedPositions(checkpoint, tensors, config, positions, options.grid);
  const mismatched = Object.entries(wanted).filter(([name, { shape }]) => {
    const found = tensors.get(name);
    return found && !(name === POSITIONS && resized) && !sameShape(found.shape, shape);
  });
  if (mismatched.length > 0)
    throw otherShapes(
      checkpoint,
      mismatched.map(([name, { shape }]) => ({ name, expected: shape, found: tensors.get(name)!.shape })),
    );

  const taken: Record<string, ParameterTensor> = {};
  for (const [name, { shape }] of Object.entries(wanted)) {
    const found = tensors.get(name);
    if (!found) continue;
    const data = name === POSITIONS && resized ? resized.data : new Float32Array(toFloat32(found));
    taken[`encoder.${name}`] = { shape, dtype: "float32", data };
  }
  return {
    model: { spec: model.spec, parameters: { ...model.parameters, ...taken } },
    report: readable({
      path: checkpoint.path,
      loaded: Object.keys(taken).length,
      ignored,
      missing,
      unexpected,
      ...(resized ? { positions: resized.description } : {}),
    }),
  };
}

/** The same report, which prints as sentences when it ends a cell. As JSON it stays what it is. */
function readable(report: LoadReport): LoadReport {
  return Object.defineProperty({ ...report }, inspect.custom, { value: () => loadReportText(report) });
}

/** A load report as text: how many tensors were taken, and what was left out, missing or resized. */
function loadReportText({ path, loaded, ignored, missing, unexpected, positions }: LoadReport): string {
  const lines = [`${loaded} tensors of the encoder taken from ${path}.`];
  if (positions) lines.push(`Position embedding resized: ${positions}.`);
  if (ignored.length > 0) lines.push(`No part of an encoder, left out: ${listed(ignored)}.`);
  if (missing.length > 0) lines.push(`Not in the file, kept as they started: ${listed(missing)}.`);
  if (unexpected.length > 0) lines.push(`Not known to this encoder, left out: ${listed(unexpected)}.`);
  return lines.join("\n  ");
}

function resizedPositions(
  checkpoint: Checkpoint,
  tensors: ReadonlyMap<string, CheckpointTensor>,
  config: ViTConfig,
  method: PositionResize,
  givenGrid: Grid | undefined,
) {
  const found = tensors.get(POSITIONS);
  if (!found) return undefined;
  const to = patchGrid(config);
  const [, tokens = 0, width = 0] = found.shape;
  const own = ownEncoder(checkpoint);
  const from = givenGrid ?? (own ? patchGrid(own) : squareGrid(tokens - 1));
  const sameGrid = from ? from[0] === to[0] && from[1] === to[1] : tokens === 1 + to[0] * to[1];
  if (sameGrid || found.shape.length !== 3 || width !== config.width) return undefined;
  if (!from)
    throw invalidCheckpoint(
      checkpoint.path,
      "shapes",
      [
        `has a position embedding for ${tokens - 1} patches, which is no square grid.`,
        `The model needs ${to[0]} x ${to[1]}.`,
        "Say which grid it was made for: loadEncoder(model, checkpoint, { grid: [rows, columns] }).",
      ],
      [POSITIONS],
    );
  return {
    data: resizePositions(toFloat32(found), width, from, to, method),
    description: `${from[0]} x ${from[1]} to ${to[0]} x ${to[1]}, ${method}`,
  };
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && elements(a) === elements(b) && a.every((n, i) => n === b[i]);
}

function otherNames(checkpoint: Checkpoint, missing: readonly string[], unexpected: readonly string[]) {
  const hint = (name: string) => {
    const near = nearest(name, unexpected);
    return near ? `${name} (the file has ${near})` : name;
  };
  return invalidCheckpoint(
    checkpoint.path,
    "names",
    [
      "does not hold the tensors of this encoder.",
      ...(missing.length > 0 ? [`Missing: ${listed(missing.map(hint))}.`] : []),
      ...(unexpected.length > 0 ? [`Not expected: ${listed(unexpected)}.`] : []),
      "Choose the encoder the weights were made for, or take what fits with { strict: false }.",
    ],
    [...missing, ...unexpected],
  );
}

interface Mismatch {
  readonly name: string;
  readonly expected: readonly number[];
  readonly found: readonly number[];
}

function otherShapes(checkpoint: Checkpoint, mismatches: readonly Mismatch[]) {
  return invalidCheckpoint(
    checkpoint.path,
    "shapes",
    [
      `holds ${mismatches.length} tensors of other shapes than this encoder's.`,
      ...mismatches
        .slice(0, 12)
        .map(
          ({ name, expected, found }) =>
            `${name}: expected [${expected.join(", ")}], found [${found.join(", ")}].`,
        ),
      ...(mismatches.length > 12 ? [`... ${mismatches.length - 12} more.`] : []),
      "Choose the encoder the weights were made for.",
    ],
    mismatches.map(({ name }) => name),
  );
}

export function listed(names: readonly string[]): string {
  return names.length > 12
    ? `${names.slice(0, 12).join(", ")}, ... ${names.length - 12} more`
    : names.join(", ");
}
