/**
 * WebAssembly as bytes: a module with one function that works on a given memory, and the few instructions it takes.
 * @see https://webassembly.github.io/spec/core/binary (the numbers below)
 */

/** Value types. */
export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;

const SECTION = { types: 1, imports: 2, functions: 3, exports: 7, code: 10 } as const;

/** Vectors of four single-precision numbers. */
export const F32X4 = {
  splat: simd(0x13),
  abs: simd(0xe0),
  neg: simd(0xe1),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  min: simd(0xe8),
  max: simd(0xe9),
} as const;

export const I32_ADD = [0x6a];
const I32_LESS_UNSIGNED = [0x49];

export const getLocal = (index: number) => [0x20, ...unsigned(index)];
export const setLocal = (index: number) => [0x21, ...unsigned(index)];
export const numberOf = (value: number) => [
  0x43,
  ...new Uint8Array(Float32Array.of(value).buffer), // little-endian, as every machine this runs on
];
/** Vectors lie at multiples of 16 bytes. */
export const loadVector = (offset: number) => [...simd(0x00), ALIGNED_16, ...unsigned(offset)];
export const storeVector = (offset: number) => [...simd(0x0b), ALIGNED_16, ...unsigned(offset)];
const ALIGNED_16 = 4;

/** Repeat `body`, adding `step` to the local `counter`, while it is below the local `end`; at least once. */
export function repeatBelow(counter: number, end: number, step: number, body: readonly number[]): number[] {
  const NO_RESULT = 0x40;
  return [
    ...[0x03, NO_RESULT],
    ...body,
    ...[...getLocal(counter), 0x41, ...signed(step), ...I32_ADD, ...setLocal(counter)],
    ...[...getLocal(counter), ...getLocal(end), ...I32_LESS_UNSIGNED],
    ...[0x0d, 0x00], // back to the start of the loop
    0x0b,
  ];
}

/** A function without a result: its parameters, further locals (their types in order), and its instructions. */
export interface WasmFunction {
  readonly parameters: readonly number[];
  readonly locals: readonly number[];
  readonly body: readonly number[];
}

/** A module that imports `env.memory` and exports the function as `run`. */
export function wasmModule({ parameters, locals, body }: WasmFunction): Uint8Array<ArrayBuffer> {
  const code = [...list(locals.map((type) => [1, type])), ...body, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(SECTION.types, list([[0x60, ...list(parameters.map((type) => [type])), 0]])),
    ...section(SECTION.imports, list([[...text("env"), ...text("memory"), 0x02, 0x00, 0x00]])),
    ...section(SECTION.functions, list([[0]])),
    ...section(SECTION.exports, list([[...text("run"), 0x00, 0]])),
    ...section(SECTION.code, list([[...unsigned(code.length), ...code]])),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): number[] {
  const bytes = Buffer.from(value, "utf8");
  return [...unsigned(bytes.length), ...bytes];
}

function simd(operation: number): readonly number[] {
  return [0xfd, ...unsigned(operation)];
}

/** LEB128 */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** LEB128 of a whole number that is not negative, where the format reads a sign. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}
