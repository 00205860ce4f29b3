/**
 * Seeded random numbers. There is no `Math.random()` in this package: a generator is passed explicitly,
 * and one generator is split by name, so that adding a use never shifts the draws of another one.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand), seeded with a hash of the stream's path,
 * for example `"7/fit/shuffle"`. Same path, same numbers, on every machine.
 */

/** 32-bit FNV-1a hash of a string with an avalanche finish. */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * A named stream of random numbers.
 *
 * @example
 * const rng = new Rng(7);
 * rng.split("shuffle").shuffle([1, 2, 3]); // independent of rng.split("augment")
 */
export class Rng {
  readonly path: string;
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** @param path the stream's name; a bare number is a seed */
  constructor(path: string | number) {
    this.path = String(path);
    this.a = hash32(this.path);
    this.b = hash32(`b${this.path}`);
    this.c = hash32(`c${this.path}`);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** A new, independent stream named under this one. Does not advance this stream. */
  split(name: string | number): Rng {
    return new Rng(`${this.path}/${name}`);
  }

  /** The generator's state: four numbers that `restore` takes back. */
  get state(): readonly [number, number, number, number] {
    return [this.a, this.b, this.c, this.counter];
  }

  /** Continue from a state that `state` gave. */
  restore(state: readonly [number, number, number, number]): void {
    [this.a, this.b, this.c, this.counter] = state;
  }

  /** A whole number in [0, 2^32). */
  uint32(): number {
    const t = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + t) | 0;
    return t >>> 0;
  }

  /** A number in [0, 1), with 32 random bits. */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** A number in [low, high). */
  range(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** A whole number in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** True with probability `p`. */
  chance(p: number): boolean {
    return this.uniform() < p;
  }

  /** A normal deviate (Box-Muller, the cosine half). */
  normal(mean = 0, sd = 1): number {
    const u = 1 - this.uniform();
    const v = this.uniform();
    return mean + sd * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }

  /** A Poisson count (Knuth's product below mean 40, rounded normal above). */
  poisson(mean: number): number {
    if (mean <= 0) return 0;
    if (mean > 40) return Math.max(0, Math.round(this.normal(mean, Math.sqrt(mean))));
    const limit = Math.exp(-mean);
    let k = 0;
    let product = 1;
    do {
      k++;
      product *= this.uniform();
    } while (product > limit);
    return k - 1;
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }
}
