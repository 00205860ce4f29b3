/**
 * Named parameters: how they are declared, drawn, counted.
 *
 * A building block declares its parameters as a table of shapes and initial distributions, in torch layouts
 * and with torch names; `initialise` draws them. Each tensor has a random stream of its own, named after it,
 * so adding a block never changes the initial values of another one.
 */
import { inspect } from "node:util";
import { invalidArgument } from "../core/errors";
import type { Rng } from "../core/random";
import type { HostTensor } from "../engine";

/** A float32 tensor in host memory. */
export interface ParameterTensor extends HostTensor {
  readonly dtype: "float32";
  readonly data: Float32Array;
}

/** The parameters of a model by name: `encoder.blocks.0.attn.qkv.weight` and so on. */
export type Parameters = Readonly<Record<string, ParameterTensor>>;

/** How a parameter starts. */
export type Initial =
  | { readonly constant: number }
  /** Normal, resampled beyond two standard deviations as `timm.layers.trunc_normal_` effectively does. */
  | { readonly truncatedNormal: number }
  | { readonly normal: number }
  /** Uniform in [-bound, bound]. */
  | { readonly uniform: number };

export interface ParameterDeclaration {
  readonly shape: readonly number[];
  readonly initial: Initial;
}

export type ParameterDeclarations = Readonly<Record<string, ParameterDeclaration>>;

/** A linear layer, `weight` [out, in], started as `torch.nn.Linear` starts: uniform within 1 / sqrt(in). */
export function linearParameters(name: string, inputs: number, outputs: number): ParameterDeclarations {
  const initial = { uniform: 1 / Math.sqrt(inputs) };
  return {
    [`${name}.weight`]: { shape: [outputs, inputs], initial },
    [`${name}.bias`]: { shape: [outputs], initial },
  };
}

/** A linear layer started as timm starts those of a ViT: truncated normal 0.02, zero bias. */
export function vitLinearParameters(name: string, inputs: number, outputs: number): ParameterDeclarations {
  return {
    [`${name}.weight`]: { shape: [outputs, inputs], initial: { truncatedNormal: 0.02 } },
    [`${name}.bias`]: { shape: [outputs], initial: { constant: 0 } },
  };
}

/** Gain one, bias zero. */
export function layerNormParameters(name: string, width: number): ParameterDeclarations {
  return {
    [`${name}.weight`]: { shape: [width], initial: { constant: 1 } },
    [`${name}.bias`]: { shape: [width], initial: { constant: 0 } },
  };
}

/** The same declarations under a prefix: `prefixed("fusion", { "a": ... })` declares `fusion.a`. */
export function prefixed(prefix: string, declarations: ParameterDeclarations): ParameterDeclarations {
  return Object.fromEntries(Object.entries(declarations).map(([name, d]) => [`${prefix}.${name}`, d]));
}

/** The entries under a prefix, with the prefix taken off. Works on tensors, declarations and live tensors alike. */
export function under<T>(prefix: string, entries: Readonly<Record<string, T>>): Record<string, T> {
  const start = `${prefix}.`;
  return Object.fromEntries(
    Object.entries(entries)
      .filter(([name]) => name.startsWith(start))
      .map(([name, value]) => [name.slice(start.length), value]),
  );
}

/**
 * Draw every declared parameter. The same `rng` path gives the same values.
 *
 * @example
 * const parameters = model.initialise(model.vitParameters(model.vitConfig("tiny")), new Rng(7));
 */
export function initialise(declarations: ParameterDeclarations, rng: Rng): Parameters {
  return Object.fromEntries(
    Object.entries(declarations).map(([name, { shape, initial }]): [string, ParameterTensor] => {
      const data = new Float32Array(elements(shape));
      const stream = rng.split(name);
      for (let i = 0; i < data.length; i++) data[i] = draw(initial, stream);
      return [name, { shape, dtype: "float32", data }];
    }),
  );
}

function draw(initial: Initial, rng: Rng): number {
  if ("constant" in initial) return initial.constant;
  if ("uniform" in initial) return rng.range(-initial.uniform, initial.uniform);
  if ("normal" in initial) return rng.normal(0, initial.normal);
  let z = rng.normal();
  while (Math.abs(z) > 2) z = rng.normal();
  return z * initial.truncatedNormal;
}

/** Number of values in a shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** One row of the parameter table. Prints as a line of it. */
export interface ParameterCount {
  /** Part of the model: `encoder`, `fusion`, `heads.REC`. */
  readonly part: string;
  readonly parameters: number;
  /** Size as float32 in mebibytes (2^20 bytes): the "MB" of the Multi-OSCC paper, Tables 5 and 6. */
  readonly mebibytes: number;
}

/**
 * Count parameters, by part and in total, in the paper's unit (float32 MiB).
 *
 * @param parameters  tensors or declarations, by name
 * @returns           one row a part (first name component; heads one by one), then `total`. It prints as a table with
 *                    sizes to two decimals, as in the paper
 * @example
 * model.countParameters(run.model.parameters);
 * // [{ part: "encoder", parameters: 21665664, mebibytes: 82.65 }, ...]
 */
export function countParameters(
  parameters: Readonly<Record<string, { readonly shape: readonly number[] }>>,
): ParameterCount[] {
  const parts = new Map<string, number>();
  for (const [name, { shape }] of Object.entries(parameters)) {
    const part = name
      .split(".")
      .slice(0, name.startsWith("heads.") ? 2 : 1)
      .join(".");
    parts.set(part, (parts.get(part) ?? 0) + elements(shape));
  }
  const total = [...parts.values()].reduce((a, b) => a + b, 0);
  const rows = [...parts, ["total", total] as const].map(([part, n]) => ({
    part,
    parameters: n,
    mebibytes: mebibytes(n),
  }));
  return Object.defineProperty(rows, inspect.custom, { value: () => parameterText(rows) });
}

/** The rows as the paper prints sizes: float32 MiB with two decimals. */
function parameterText(rows: readonly ParameterCount[]): string {
  const numbers = rows.map(({ parameters }) => parameters.toLocaleString("en-US"));
  const sizes = rows.map((row) => row.mebibytes.toFixed(2));
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length));
  const [names, counts, mib] = [widest(rows.map(({ part }) => part)), widest(numbers), widest(sizes)];
  return rows
    .map(
      ({ part }, i) =>
        `${part.padEnd(names)}  ${numbers[i]!.padStart(counts)}  ${sizes[i]!.padStart(mib)} MiB`,
    )
    .join("\n");
}

/** Size of `count` float32 values in MiB. */
export function mebibytes(count: number): number {
  return (count * 4) / 2 ** 20;
}

/** Check that a tensor from the engine is float32, as every parameter is. */
export function asParameter(name: string, tensor: HostTensor): ParameterTensor {
  if (!(tensor.data instanceof Float32Array)) throw invalidArgument(name, tensor.dtype, "a float32 tensor");
  return { shape: tensor.shape, dtype: "float32", data: tensor.data };
}
