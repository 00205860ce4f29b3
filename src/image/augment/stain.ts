/** More or less hematoxylin, more or less eosin: what differs from one laboratory to the next. */
import { blankLike, clamp, type Pixels, type ValueRange } from "./pixels";
import { checkNumber, type StepKind } from "./step";

/**
 * Change the amounts of hematoxylin, of eosin and of what is neither, each by its own random factor and shift, in
 * optical density. Colours stay those of stained tissue, which random hues would not.
 *
 * @see Tellez et al., IEEE TMI 2018, "HED" augmentation; stain vectors of Ruifrok and Johnston, 2001
 */
export interface StainStep {
  readonly kind: "stain";
  /** Each amount is multiplied by 1 plus or minus at most this. */
  readonly factor: number;
  /** To each amount at most this is added or taken away, in units of optical density (natural logarithm). */
  readonly shift: number;
  readonly probability?: number;
}

/** For hematoxylin, eosin and the rest. */
export interface Stain {
  readonly factors: readonly number[];
  readonly shifts: readonly number[];
}

/** Optical densities of red, green and blue: hematoxylin, eosin, and DAB for what is neither; unit length. */
const VECTORS = [
  [0.65, 0.7, 0.29],
  [0.07, 0.99, 0.11],
  [0.27, 0.57, 0.78],
].map((vector) => {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
});

export const stain: StepKind<StainStep, Stain> = {
  check({ factor, shift }) {
    checkNumber("stain.factor", factor, 0, 1);
    checkNumber("stain.shift", shift, 0, 2);
  },
  draw({ factor, shift }, _, rng) {
    return {
      factors: VECTORS.map(() => 1 + rng.range(-factor, factor)),
      shifts: VECTORS.map(() => rng.range(-shift, shift)),
    };
  },
  apply: restain,
};

/** Density = amounts x vectors, so new density = density x (inverse x factors x vectors) + shifts x vectors. */
function restain(image: Pixels, { factors, shifts }: Stain, range: ValueRange): Pixels {
  const { data } = image;
  const out = blankLike(image);
  const scaled = VECTORS.map((vector, stain) => vector.map((value) => factors[stain]! * value));
  const change = Float64Array.from(product(INVERSE, scaled).flat());
  const [offset] = product([shifts], VECTORS);
  for (let i = 0; i < data.length; i += 3) {
    const red = densityOf(data[i]!);
    const green = densityOf(data[i + 1]!);
    const blue = densityOf(data[i + 2]!);
    for (let c = 0; c < 3; c++) {
      const density = red * change[c]! + green * change[3 + c]! + blue * change[6 + c]! + offset![c]!;
      out.data[i + c] = clamp(WHITE * Math.exp(-density) - 1, range);
    }
  }
  return out;
}

function densityOf(value: number): number {
  return -Math.log((value + 1) / WHITE);
}

/** Grey levels are raised by one, so that black has a density. */
const WHITE = 256;

type Matrix = readonly (readonly number[])[];

function product(a: Matrix, b: Matrix): number[][] {
  return a.map((row) =>
    b[0]!.map((_, column) => row.reduce((sum, value, k) => sum + value * b[k]![column]!, 0)),
  );
}

/** By cofactors. */
function inverse3(m: Matrix): number[][] {
  const at = (row: number, column: number) => m[(row + 3) % 3]![(column + 3) % 3]!;
  const cofactor = (row: number, column: number) =>
    at(row + 1, column + 1) * at(row + 2, column + 2) - at(row + 1, column + 2) * at(row + 2, column + 1);
  const determinant = [0, 1, 2].reduce((sum, column) => sum + at(0, column) * cofactor(0, column), 0);
  return [0, 1, 2].map((row) => [0, 1, 2].map((column) => cofactor(column, row) / determinant));
}
const INVERSE = inverse3(VECTORS);
