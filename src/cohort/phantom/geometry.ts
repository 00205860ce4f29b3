/** Ellipses: the primitive that nests, nerves, vessels and cells are made of. Lengths in um, angles in radians. */

export interface Ellipse {
  readonly x: number;
  readonly y: number;
  /** Half axes. */
  readonly rx: number;
  readonly ry: number;
  /** Direction of `rx`. */
  readonly angle: number;
  readonly cos: number;
  readonly sin: number;
  /** The larger half axis: nothing of the ellipse is farther from its centre. */
  readonly reach: number;
}

export function ellipse(x: number, y: number, rx: number, ry: number, angle: number): Ellipse {
  return { x, y, rx, ry, angle, cos: Math.cos(angle), sin: Math.sin(angle), reach: Math.max(rx, ry) };
}

/** Signed distance to the rim in um, negative inside. First order: exact on the rim, good near it. */
export function ellipseDistance(e: Ellipse, x: number, y: number): number {
  const dx = x - e.x;
  const dy = y - e.y;
  const a = (dx * e.cos + dy * e.sin) / e.rx;
  const b = (-dx * e.sin + dy * e.cos) / e.ry;
  const radius = Math.sqrt(a * a + b * b);
  if (radius < 1e-4) return -Math.min(e.rx, e.ry);
  const slopeA = a / e.rx;
  const slopeB = b / e.ry;
  return (radius * (radius - 1)) / Math.sqrt(slopeA * slopeA + slopeB * slopeB);
}

/** The point at (along, across) in the ellipse's own axes. */
export function fromAxes(e: Ellipse, along: number, across: number): [x: number, y: number] {
  return [e.x + along * e.cos - across * e.sin, e.y + along * e.sin + across * e.cos];
}

export function distanceBetween(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
