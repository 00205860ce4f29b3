/** Runs a function eagerly and compiled on the same inputs, and compares every output. */
import { expect } from "vitest";
import { Rng } from "../../../src/core/random";
import {
  compile,
  type Device,
  type HostTensor,
  hostTensor,
  sizeOf,
  type TensorSpec,
  type tf,
} from "../../../src/engine";

export interface Agreement {
  readonly device?: Device;
  /** Allowed difference, relative to the largest value of the output (at least 1). Default 2e-6. */
  readonly tolerance?: number;
}

/** Expect that compiled and eager results of a function agree, in shape, dtype and value. */
export async function expectAgreement(
  fn: (inputs: Record<string, tf.Tensor>) => Record<string, tf.Tensor>,
  inputs: Record<string, HostTensor>,
  { device = "cpu", tolerance = 2e-6 }: Agreement = {},
): Promise<void> {
  const results: Record<string, HostTensor>[] = [];
  const specs: Record<string, TensorSpec> = inputs;
  for (const where of ["eager", device] as const) {
    const program = await compile(
      (given: Record<string, tf.Tensor>) => ({ outputs: fn(given) }),
      { inputs: specs },
      {
        device: where,
      },
    );
    results.push(await program.run(inputs));
    await program.dispose();
  }
  const [eager, compiled] = results as [Record<string, HostTensor>, Record<string, HostTensor>];
  expect(Object.keys(compiled).sort()).toEqual(Object.keys(eager).sort());
  for (const [name, expected] of Object.entries(eager)) {
    const found = compiled[name]!;
    expect({ name, shape: found.shape, dtype: found.dtype }).toEqual({
      name,
      shape: expected.shape,
      dtype: expected.dtype,
    });
    const difference = largestDifference(expected.data, found.data);
    expect(difference, `${name} of shape [${expected.shape}]: difference ${difference}`).toBeLessThanOrEqual(
      tolerance,
    );
  }
}

/** The largest difference relative to the largest value (at least 1); infinite when one is not finite and the other is. */
export function largestDifference(expected: ArrayLike<number>, found: ArrayLike<number>): number {
  let worst = 0;
  let scale = 1;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [expected[i]!, found[i]!];
    if (Object.is(a, b) || a === b) continue;
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Number.POSITIVE_INFINITY;
    scale = Math.max(scale, Math.abs(a));
    worst = Math.max(worst, Math.abs(a - b));
  }
  return worst / scale;
}

/** Random numbers of a shape, in [low, high). */
export function randomHost(seed: string | number, shape: readonly number[], low = -2, high = 2): HostTensor {
  const rng = new Rng(`host/${seed}`);
  return hostTensor(
    Float32Array.from({ length: sizeOf(shape) }, () => rng.range(low, high)),
    shape,
  );
}

/** Random whole numbers of a shape, in [low, high). */
export function randomIntegers(
  seed: string | number,
  shape: readonly number[],
  low: number,
  high: number,
): HostTensor {
  const rng = new Rng(`integers/${seed}`);
  return hostTensor(
    Int32Array.from({ length: sizeOf(shape) }, () => low + rng.integer(high - low)),
    shape,
    "int32",
  );
}

/** Random truth values of a shape. */
export function randomBooleans(seed: string | number, shape: readonly number[]): HostTensor {
  const rng = new Rng(`booleans/${seed}`);
  return hostTensor(
    Uint8Array.from({ length: sizeOf(shape) }, () => (rng.chance(0.5) ? 1 : 0)),
    shape,
    "bool",
  );
}
