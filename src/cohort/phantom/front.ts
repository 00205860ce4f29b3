/** The invasive front: where the tumour meets the host tissue at the edge site. */
import type { Rng } from "../../core/random";
import type { Noise } from "./noise";

export interface InvasiveFront {
  /** Direction from tumour to host, radians. */
  readonly angle: number;
  /** Signed distance in um: negative on the tumour's side, positive on the host's. */
  distance(x: number, y: number): number;
}

/** In the core there is tumour everywhere: the front is this far away, um. */
const FAR_INSIDE = -400;

/** A line at a random angle through about the centre, warped. */
export function drawFront(rng: Rng, atEdge: boolean, fine: Noise): InvasiveFront {
  const angle = rng.range(0, 2 * Math.PI);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const offset = rng.normal(-20, 50);
  const warp = rng.range(30, 80);
  return {
    angle,
    distance: atEdge
      ? (x, y) => x * cos + y * sin - offset + warp * fine(x / 230 + 7, y / 230)
      : () => FAR_INSIDE,
  };
}
