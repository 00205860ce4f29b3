import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import {
  buildSite,
  MASK_BITS,
  type MaskBit,
  makePatient,
  maskAreas,
  PHANTOM_PRESETS,
  type PhantomSettings,
  type PhantomView,
  renderPhantomView,
  renderView,
} from "../../../src/cohort/phantom";

const WIDTH = 216;
const HEIGHT = 162;

/** Grades not blurred, signs always shown, look-alikes always present: what differs then is the sign alone. */
const CERTAIN: PhantomSettings = {
  stainVariation: 1,
  signs: {
    ...PHANTOM_PRESETS.default.signs,
    TD: { strength: 1, blur: 0 },
    TI: { strength: 1, shown: 1, decoy: 1 },
    PI: { strength: 1, shown: 1, decoy: 1 },
    CE: { strength: 1, shown: 1, decoy: 1 },
  },
};

/** Four patients; between them each of TI, PI, CE is present twice and absent twice. */
const PATIENTS = [
  { TD: 0, TI: 0, PI: 0, CE: 0, LNM: 0, REC: 0 },
  { TD: 1, TI: 1, PI: 0, CE: 1, LNM: 1, REC: 1 },
  { TD: 1, TI: 0, PI: 1, CE: 1, LNM: 0, REC: 1 },
  { TD: 2, TI: 1, PI: 1, CE: 0, LNM: 1, REC: 0 },
];

interface Seen {
  readonly labels: (typeof PATIENTS)[number];
  readonly x200: PhantomView;
  readonly x400: PhantomView;
}
let seen: Seen[] = [];

beforeAll(() => {
  seen = PATIENTS.map((labels, i) => {
    const site = buildSite("test", makePatient("test", 901 + i, labels, CERTAIN), "edge", CERTAIN);
    return {
      labels,
      x200: renderView(site, "x200", WIDTH, HEIGHT),
      x400: renderView(site, "x400", WIDTH, HEIGHT),
    };
  });
});

/** Visit the centre of x200 with the four x400 pixels that show the same place. */
function nested(visit: (at200: number, at400: readonly number[]) => void): void {
  for (let y = 0; y < HEIGHT / 2; y++)
    for (let x = 0; x < WIDTH / 2; x++) {
      const corner = 2 * y * WIDTH + 2 * x;
      // (HEIGHT / 2) is odd: the x200 centre falls between rows, so row 40.5 + y is rounded down.
      visit((y + Math.floor(HEIGHT / 4)) * WIDTH + x + WIDTH / 4, [
        corner,
        corner + 1,
        corner + WIDTH,
        corner + WIDTH + 1,
      ]);
    }
}

describe("views of one site nest as under a microscope", () => {
  const grey = (view: PhantomView, i: number) =>
    (view.rgb[3 * i]! + view.rgb[3 * i + 1]! + view.rgb[3 * i + 2]!) / 3;

  it("in their pixels: x400 halved is the centre of x200, up to blur, grain and exposure", () => {
    for (const { x200, x400 } of seen) {
      let [difference, baseline, n] = [0, 0, 0];
      nested((at200, at400) => {
        const halved = at400.reduce((sum, i) => sum + grey(x400, i), 0) / 4;
        difference += Math.abs(grey(x200, at200) - halved);
        // The same pixel against a place elsewhere: what unrelated tissue differs by.
        baseline += Math.abs(grey(x200, (at200 + 61 * WIDTH + 37) % (WIDTH * HEIGHT)) - halved);
        n++;
      });
      expect(difference / n).toBeLessThan(18);
      expect(difference / n).toBeLessThan(0.62 * (baseline / n));
    }
  });

  it("in their masks", () => {
    for (const bit of ["tumour", "tissue", "TI", "PI"] as const satisfies readonly MaskBit[]) {
      let [both, either] = [0, 0];
      for (const { x200, x400 } of seen)
        nested((at200, at400) => {
          const near = (x200.mask[at200]! & MASK_BITS[bit]) > 0;
          const far = at400.filter((i) => (x400.mask[i]! & MASK_BITS[bit]) > 0).length >= 2;
          if (near && far) both++;
          if (near || far) either++;
        });
      expect(both / either, bit).toBeGreaterThan(0.8);
    }
  });
});

const SLOW = process.env.OSCC_SLOW_TESTS === "1";

describe("size", () => {
  // x1000 at the study's size: 0.08 um to a pixel, so the ground is painted at every eighth one.
  it.skipIf(!SLOW).each(["x200", "x400", "x1000"] as const)(
    "at 2592 x 1944 px %s shows the tissue that it shows at 324 x 243 (needs OSCC_SLOW_TESTS=1)",
    (magnification) => {
      const labels = { TI: 1, PI: 1, CE: 1 };
      const shown = (width: number) => renderPhantomView({ labels, site: "edge", magnification, width });
      const [large, small] = [shown(2592), shown(324)];
      expect([large.image.width, large.image.height]).toEqual([2592, 1944]);
      let [difference, both, either] = [0, 0, 0];
      for (let y = 0; y < 243; y++)
        for (let x = 0; x < 324; x++) {
          let [green, tumour] = [0, 0];
          for (let dy = 0; dy < 8; dy++)
            for (let dx = 0; dx < 8; dx++) {
              const at = (8 * y + dy) * 2592 + 8 * x + dx;
              green += large.image.data[3 * at + 1]! / 64;
              if (large.truth.bits[at]! & MASK_BITS.tumour) tumour++;
            }
          const at = y * 324 + x;
          const near = (small.truth.bits[at]! & MASK_BITS.tumour) > 0;
          difference += Math.abs(green - small.image.data[3 * at + 1]!) / (324 * 243);
          if (near && tumour >= 32) both++;
          if (near || tumour >= 32) either++;
        }
      expect(both / either).toBeGreaterThan(0.93);
      expect(difference).toBeLessThan(16);
    },
  );
});

describe("truth masks", () => {
  it("mark TI, PI and CE where the label says so, and nowhere else", () => {
    for (const task of ["TI", "PI", "CE"] as const)
      for (const { labels, x200 } of seen) {
        const area = maskAreas(x200.mask)[task];
        if (labels[task]) expect(area, `${task} positive`).toBeGreaterThan(0.001);
        else expect(area, `${task} negative`).toBe(0);
      }
  });

  it("mark more buds in the same patient with metastasis than without", () => {
    const buds = (LNM: number) => {
      const patient = makePatient("test", 31, { TD: 1, TI: 0, PI: 0, CE: 0, LNM, REC: 0 }, CERTAIN);
      const site = buildSite("test", patient, "edge", CERTAIN);
      return [site.budCount, maskAreas(renderView(site, "x200", WIDTH, HEIGHT).mask).LNM] as const;
    };
    const [countWith, areaWith] = buds(1);
    const [countWithout, areaWithout] = buds(0);
    expect(countWith).toBeGreaterThan(1.5 * countWithout);
    expect(areaWith).toBeGreaterThan(1.5 * areaWithout);
  });

  it("mark pearls in a well differentiated tumour and all tumour in a poor one", () => {
    const [well, , , poor] = seen.map(({ x200 }) => maskAreas(x200.mask));
    expect(well!.TD).toBeGreaterThan(0);
    expect(well!.TD).toBeLessThan(well!.tumour * 0.6);
    expect(poor!.TD).toBeGreaterThan(poor!.tumour * 0.9);
  });

  it("hold no tumour on glass", () => {
    for (const { x200 } of seen)
      expect(x200.mask.every((byte) => byte === 0 || (byte & MASK_BITS.tissue) > 0)).toBe(true);
  });
});

describe("pixels", () => {
  const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

  // A change here changes every phantom: give the generator a new name (settings.ts) before changing these.
  it("are the same on every machine", () => {
    const core = renderPhantomView({ labels: { TD: 0, REC: 1 }, pid: 7, width: 96 });
    const edge = renderPhantomView({
      labels: { TD: 1, TI: 1, PI: 1, CE: 1, LNM: 1 },
      pid: 8,
      site: "edge",
      magnification: "x400",
      width: 96,
    });
    // Close enough that the ground is painted at every second pixel only.
    const close = renderPhantomView({
      labels: { TD: 1, TI: 1 },
      site: "edge",
      magnification: "x1000",
      width: 648,
    });
    expect([
      hash(close.image.data),
      hash(close.truth.bits),
      hash(core.image.data),
      hash(core.truth.bits),
      hash(edge.image.data),
      hash(edge.truth.bits),
    ]).toMatchInlineSnapshot(`
      [
        "e2ea3c46b50bc262",
        "f7a73480f7e96333",
        "009e505ac3ca21bf",
        "3f8405ff45e6c9e7",
        "0486201fed32d9a6",
        "b2760af3af7c4e02",
      ]
    `);
  });

  it("have the colours of the study's photographs", () => {
    // Real samples: mean RGB 168-189, 90-127, 165-179; never pure white.
    const means = seen.map(({ x200 }) => {
      const sum = [0, 0, 0];
      for (let i = 0; i < x200.rgb.length; i++) sum[i % 3]! += x200.rgb[i]! / (WIDTH * HEIGHT);
      return sum;
    });
    const average = (channel: number) => means.reduce((sum, rgb) => sum + rgb[channel]!, 0) / means.length;
    expect(average(0)).toBeGreaterThan(150);
    expect(average(0)).toBeLessThan(200);
    expect(average(1)).toBeGreaterThan(75);
    expect(average(1)).toBeLessThan(135);
    expect(average(2)).toBeGreaterThan(150);
    expect(average(2)).toBeLessThan(200);
  });
});
