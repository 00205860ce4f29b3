/** How the tumour grows: nests, buds, and what lies at the heart of nests. */
import type { Rng } from "../../core/random";
import { FIELD, type SlowFields } from "./fields";
import type { InvasiveFront } from "./front";
import { ellipse } from "./geometry";
import { clamp, lerp } from "./noise";
import { FIELD_HEIGHT_UM, FIELD_WIDTH_UM } from "./settings";
import type { Bud, Nest, Pearl } from "./site";

/** Shape of nests at one grade of differentiation. Lengths in um. */
export interface NestShape {
  readonly smallestRadius: number;
  readonly largestRadius: number;
  /** Largest ratio of the axes. */
  readonly elongation: number;
  /** Stroma kept between nests. */
  readonly gap: number;
  /** Amplitude and wavelength of the warp that makes their outline irregular. */
  readonly warp: number;
  readonly warpWavelength: number;
  /** Chance that a nest joins its neighbour. */
  readonly joining: number;
  /** Share of nests at half size. */
  readonly smallShare: number;
}

/** Well, moderately, poorly differentiated: from large smooth islands to thin irregular strands. */
const NESTS_BY_GRADE: readonly NestShape[] = [
  {
    smallestRadius: 70,
    largestRadius: 190,
    elongation: 2.4,
    gap: 20,
    warp: 34,
    warpWavelength: 105,
    joining: 0.22,
    smallShare: 0.12,
  },
  {
    smallestRadius: 28,
    largestRadius: 90,
    elongation: 3,
    gap: 14,
    warp: 24,
    warpWavelength: 66,
    joining: 0.32,
    smallShare: 0.25,
  },
  {
    smallestRadius: 14,
    largestRadius: 44,
    elongation: 6,
    gap: 9,
    warp: 17,
    warpWavelength: 46,
    joining: 0.45,
    smallShare: 0.4,
  },
];

/** Nest shape at a continuous differentiation, interpolated between the grades. */
export function nestShapeAt(differentiation: number): NestShape {
  const grade = clamp(differentiation, 0, 2);
  const below = Math.min(1, Math.floor(grade));
  const t = grade - below;
  const a = NESTS_BY_GRADE[below]!;
  const b = NESTS_BY_GRADE[below + 1]!;
  const between = (key: keyof NestShape) => lerp(a[key], b[key], t);
  return {
    smallestRadius: between("smallestRadius"),
    largestRadius: between("largestRadius"),
    elongation: between("elongation"),
    gap: between("gap"),
    warp: between("warp"),
    warpWavelength: between("warpWavelength"),
    joining: between("joining"),
    smallShare: between("smallShare"),
  };
}

/** Throw nests, biggest first, until they cover about half of the field. */
export function drawNests(rng: Rng, atEdge: boolean, front: InvasiveFront, differentiation: number): Nest[] {
  const shape = nestShapeAt(differentiation);
  const nests: Nest[] = [];
  const throws = differentiation > 1.4 ? 2600 : 900;
  const wanted = FIELD_WIDTH_UM * FIELD_HEIGHT_UM * (atEdge ? 0.5 : rng.range(0.5, 0.66));
  let covered = 0;
  for (let i = 0; i < throws && covered < wanted; i++) {
    const left = 1 - i / throws;
    const radius =
      lerp(shape.smallestRadius, shape.largestRadius, rng.uniform() ** 1.3) *
      (rng.chance(shape.smallShare) ? 0.5 : 1) *
      lerp(0.7, 1.1, left);
    const elongation = Math.exp(rng.uniform() * Math.log(shape.elongation));
    const x = rng.range(-FIELD_WIDTH_UM / 2 - 30, FIELD_WIDTH_UM / 2 + 30);
    const y = rng.range(-FIELD_HEIGHT_UM / 2 - 30, FIELD_HEIGHT_UM / 2 + 30);
    if (front.distance(x, y) > -radius * 0.5) continue;
    const spacing = rng.chance(shape.joining) ? -0.35 * radius : shape.gap;
    const free = nests.every(
      (other) => Math.hypot(other.x - x, other.y - y) >= (other.radius + radius) * 0.93 + spacing,
    );
    // At the edge of a less differentiated tumour, strands point the way they invade.
    const angle = atEdge && differentiation > 0.7 ? front.angle + rng.normal(0, 0.6) : rng.range(0, Math.PI);
    if (!free) continue;
    const stretch = Math.sqrt(elongation);
    nests.push({ ...ellipse(x, y, radius * stretch, radius / stretch, angle), radius });
    covered += Math.PI * radius * radius;
  }
  return nests;
}

/** Places for buds ahead of the front and between the nests: the sign of metastasis. */
export function drawBudPlaces(
  rng: Rng,
  front: InvasiveFront,
  budding: number,
): { places: Bud[]; wanted: number } {
  const wanted = rng.poisson(58 * budding);
  const places: Bud[] = [];
  for (let i = 0; i < 2500 && places.length < 5 * wanted; i++) {
    const x = rng.normal(0, 210);
    const y = rng.normal(0, 160);
    const distance = front.distance(x, y);
    if (distance < -90 || distance > 190) continue;
    // Small groups are the commoner ones.
    const cells = 1 + Math.floor(rng.uniform() * rng.uniform() * 4.2);
    places.push({ x, y, cells });
  }
  return { places, wanted };
}

/** Keratin pearls and necrosis, where a nest is thick enough. */
export function drawNestHearts(
  rng: Rng,
  nests: readonly Nest[],
  fields: SlowFields,
  differentiation: number,
  necrosis: number,
): Pearl[] {
  const pearls: Pearl[] = [];
  const keratinising = clamp(1.35 - differentiation * 1.15);
  for (const nest of nests) {
    const depth = -fields.sample(nest.x, nest.y, FIELD.epithelium);
    const [u1, u2, u3, u4, u5] = [rng.uniform(), rng.uniform(), rng.uniform(), rng.uniform(), rng.uniform()];
    if (depth < 16) continue;
    if (depth > 38 && u1 < necrosis) {
      const rx = depth * 0.62 * (0.8 + u2 * 0.4);
      const ry = depth * 0.5 * (0.8 + u3 * 0.4);
      const seed = Math.floor(u4 * 65536);
      pearls.push({ ...ellipse(nest.x, nest.y, rx, ry, nest.angle), necrotic: true, crack: 0, seed });
      continue;
    }
    if (u1 <= 1 - (0.1 + 0.85 * keratinising) * (depth > 30 ? 1 : 0.22)) continue;
    const radius = clamp(depth * lerp(0.28, 0.62, u2), 8, 52) * lerp(0.65, 1, keratinising);
    const x = nest.x + (u3 - 0.5) * depth * 0.5;
    const y = nest.y + (u4 - 0.5) * depth * 0.5;
    pearls.push({
      ...ellipse(x, y, radius * (1 + 0.35 * u5), radius, u5 * 9),
      necrotic: false,
      crack: u4,
      seed: Math.floor(u5 * 65536),
    });
    // A very thick nest holds a smaller second pearl.
    if (depth > 75 && u5 > 0.3) {
      const direction = u3 * 6.28;
      const small = radius * 0.55;
      const x2 = nest.x + Math.cos(direction) * depth * 0.62;
      const y2 = nest.y + Math.sin(direction) * depth * 0.62;
      pearls.push({
        ...ellipse(x2, y2, small * 1.15, small, u4 * 9),
        necrotic: false,
        crack: u5,
        seed: Math.floor(u3 * 65536),
      });
    }
  }
  return pearls;
}
