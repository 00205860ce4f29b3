/** Mirrors and quarter turns: pixels move, none is changed. A slide has no up and no left. */
import { blankLike, type Pixels } from "./pixels";
import { checkNumber, type StepKind } from "./step";

/** Mirror left-right, up-down and, where the picture is square, about its diagonal: each with its own probability. */
export interface SymmetryStep {
  readonly kind: "symmetry";
  /** Probability of left and right changing places. */
  readonly horizontal: number;
  /** Probability of up and down changing places. */
  readonly vertical: number;
  /** Probability of rows and columns changing places; with both mirrors it gives all eight symmetries of a square. Default 0. */
  readonly diagonal?: number;
  readonly probability?: number;
}

/** First about the diagonal, then the mirrors. */
export interface Symmetry {
  readonly diagonal: boolean;
  readonly horizontal: boolean;
  readonly vertical: boolean;
}

export const symmetry: StepKind<SymmetryStep, Symmetry> = {
  check({ horizontal, vertical, diagonal = 0 }) {
    checkNumber("symmetry.horizontal", horizontal, 0, 1);
    checkNumber("symmetry.vertical", vertical, 0, 1);
    checkNumber("symmetry.diagonal", diagonal, 0, 1);
  },
  draw({ horizontal, vertical, diagonal = 0 }, { width, height }, rng) {
    return {
      vertical: rng.chance(vertical),
      horizontal: rng.chance(horizontal),
      diagonal: rng.chance(diagonal) && width === height,
    };
  },
  apply: move,
};

function move(image: Pixels, { diagonal, horizontal, vertical }: Symmetry): Pixels {
  if (!diagonal && !horizontal && !vertical) return image;
  const { width, height, data } = image;
  const out = blankLike(image);
  for (let y = 0; y < height; y++) {
    const row = vertical ? height - 1 - y : y;
    for (let x = 0; x < width; x++) {
      const column = horizontal ? width - 1 - x : x;
      const from = 3 * (diagonal ? column * width + row : row * width + column);
      const to = 3 * (y * width + x);
      out.data[to] = data[from]!;
      out.data[to + 1] = data[from + 1]!;
      out.data[to + 2] = data[from + 2]!;
    }
  }
  return out;
}
