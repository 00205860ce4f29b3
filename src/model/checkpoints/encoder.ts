/** Put the weights of a published encoder into a model. */
import { nearest } from "../../core/errors";
import type { Model } from "../model";
import { elements, type ParameterTensor } from "../parameters";
import { type Grid, type PositionResize, resizePositions } from "../positions";
import { type ImageSize, PREFIX_TOKENS, patchGrid, type ViTConfig, vitConfig, vitParameters } from "../vit";
import { type Checkpoint, type CheckpointTensor, invalidCheckpoint, toFloat32 } from "./checkpoint";

/** What wrapping modules put before timm's names: DataParallel, DINO, our own models. */
const NAME_PREFIXES = ["module.", "backbone.", "encoder.", "trunk.", "visual."];

/** Parts of a checkpoint that are no encoder: classification and projection heads, fusion blocks. */
const NOT_ENCODER = /^(head|heads|fusion|fc|head_dist|fc_norm|mask_token|pre_logits|loss)(\.|$)/;

const POSITIONS = "pos_embed";

/** Options of `loadEncoder`. */
export interface LoadEncoderOptions {
  /** How to fit the position embedding to another image size, default `bicubic-2d`. */
  readonly positions?: PositionResize;
  /** Patch grid of the checkpoint; default square. */
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
 * Understands timm names, alone or behind `module.`, `backbone.`, `encoder.`. Position embeddings of another
 * size are resized.
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
  const { tensors, ignored } = encoderTensors(checkpoint);

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
    const data = name === POSITIONS && resized ? resized.data : Float32Array.from(toFloat32(found));
    taken[`encoder.${name}`] = { shape, dtype: "float32", data };
  }
  return {
    model: { spec: model.spec, parameters: { ...model.parameters, ...taken } },
    report: {
      path: checkpoint.path,
      loaded: Object.keys(taken).length,
      ignored,
      missing,
      unexpected,
      ...(resized ? { positions: resized.description } : {}),
    },
  };
}

/** Width of an attention head in every published ViT that the readers know. */
const USUAL_HEAD_WIDTH = 64;

/**
 * The encoder that a checkpoint was made for, told by the shapes of its tensors.
 *
 * The number of heads leaves no trace in the shapes; it is taken as width / 64, as in all published ViTs.
 *
 * @param imageSize  pixels the model will see; default that of the checkpoint's position embedding
 * @throws InvalidCheckpoint  when it holds no ViT
 */
export function inferEncoder(checkpoint: Checkpoint, imageSize?: ImageSize): ViTConfig {
  const { tensors } = encoderTensors(checkpoint);
  const [width, , patch] = tensors.get("patch_embed.proj.weight")?.shape ?? [];
  const hidden = tensors.get("blocks.0.mlp.fc1.weight")?.shape[0];
  const grid = squareGrid((tensors.get(POSITIONS)?.shape[1] ?? 0) - PREFIX_TOKENS);
  const depth = new Set([...tensors.keys()].flatMap((name) => name.match(/^blocks\.(\d+)\./)?.[1] ?? []))
    .size;
  if (!width || !patch || !hidden || depth === 0)
    throw invalidCheckpoint(checkpoint.path, "names", [
      "holds no vision transformer in timm's names.",
      `It holds: ${listed(Object.keys(checkpoint.tensors))}.`,
      "Name the encoder it was made for.",
    ]);
  const side = imageSize ?? (grid ? grid[0] * patch : 224);
  const heads = Math.max(1, Math.round(width / USUAL_HEAD_WIDTH));
  return vitConfig(
    { imageSize: [patch, patch], patch, width, depth, heads, mlpRatio: hidden / width },
    { imageSize: side },
  );
}

/** The encoder's tensors by timm name. Our own models keep theirs under `encoder.`, beside other parts. */
function encoderTensors(checkpoint: Checkpoint) {
  const tensors = new Map<string, CheckpointTensor>();
  const ignored: string[] = [];
  for (const [fullName, tensor] of Object.entries(checkpoint.tensors)) {
    const name = withoutPrefixes(fullName);
    if (NOT_ENCODER.test(name)) ignored.push(fullName);
    else tensors.set(name, tensor);
  }
  return { tensors, ignored };
}

function withoutPrefixes(name: string): string {
  const prefix = NAME_PREFIXES.find((p) => name.startsWith(p));
  return prefix ? withoutPrefixes(name.slice(prefix.length)) : name;
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
  const from = givenGrid ?? squareGrid(tokens - PREFIX_TOKENS);
  const sameGrid = from ? from[0] === to[0] && from[1] === to[1] : tokens === PREFIX_TOKENS + to[0] * to[1];
  if (sameGrid || found.shape.length !== 3 || width !== config.width) return undefined;
  if (!from)
    throw invalidCheckpoint(
      checkpoint.path,
      "shapes",
      [
        `has a position embedding for ${tokens - PREFIX_TOKENS} patches, which is no square grid.`,
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

function squareGrid(patches: number): Grid | undefined {
  const side = Math.round(Math.sqrt(patches));
  return side > 0 && side * side === patches ? [side, side] : undefined;
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

function listed(names: readonly string[]): string {
  return names.length > 12
    ? `${names.slice(0, 12).join(", ")}, ... ${names.length - 12} more`
    : names.join(", ");
}
