/** Grow one site of one patient: draw the objects, compute the fields between them, place the cells. */
import { Rng } from "../../core/random";
import type { Site } from "../schema";
import { drawCords } from "./cords";
import { NO_EPITHELIUM } from "./epithelial-bins";
import { FIELD, SlowFields } from "./fields";
import { fillFields } from "./fill-fields";
import { drawFront } from "./front";
import { drawGlassEdge } from "./glass-edge";
import { drawHostStructures } from "./host-structures";
import { drawMuscle } from "./muscle";
import { clamp, makeNoise, smooth } from "./noise";
import type { PhantomPatient } from "./patient";
import { placeCells } from "./place-cells";
import { FIELD_HEIGHT_UM, FIELD_WIDTH_UM, type PhantomSettings } from "./settings";
import type { TissueSite } from "./site";
import { drawBudPlaces, drawNestHearts, drawNests, nestShapeAt } from "./tumour-growth";

/** Tissue is grown this far beyond the field, so that nothing ends at its border. um */
export const MARGIN_UM = 40;

/**
 * Grow the tissue of one site.
 *
 * @param seed     the cohort's seed; with the pid and the site it names every random stream
 * @param patient  see `makePatient`
 * @param site     `"core"`: tumour everywhere; `"edge"`: an invasive front across the field
 *
 * @example
 * const settings = phantom.PHANTOM_PRESETS.default;
 * const someone = phantom.makePatient("phantom-1", 1, { REC: 0, LNM: 0, TD: 1, TI: 1, CE: 0, PI: 0 }, settings);
 * const site = phantom.buildSite("phantom-1", someone, "edge", settings);
 * const photograph = phantom.renderView(site, "x400", 648, 486);
 */
export function buildSite(
  seed: string,
  patient: PhantomPatient,
  site: Site,
  settings: PhantomSettings,
): TissueSite {
  const stream = new Rng(`${seed}/${patient.pid}/${site}`);
  const { traits } = patient;
  const atEdge = site === "edge";
  const coarse = makeNoise(stream.split("noise1"));
  const fine = makeNoise(stream.split("noise2"));
  const differentiation = clamp(traits.differentiation + stream.split("diff").normal(0, 0.12), -0.3, 2.4);

  const front = drawFront(stream.split("front"), atEdge, fine);
  const host = drawHostStructures(stream.split("host"), atEdge, front, patient, settings);
  const { muscle, border: muscleBorder } = drawMuscle(stream.split("muscle"), atEdge, front, patient);
  const nests = drawNests(stream.split("nests"), atEdge, front, differentiation);
  const cords =
    atEdge && traits.invadesMuscle
      ? drawCords(
          stream.split("cords"),
          front,
          muscle,
          muscleBorder.start,
          differentiation,
          settings.signs.TI.strength,
          host,
        )
      : [];
  const buds = atEdge
    ? drawBudPlaces(stream.split("buds"), front, traits.budding)
    : { places: [], wanted: 0 };

  const ground = stream.split("gap");
  const glass = drawGlassEdge(ground, atEdge);
  const fields = new SlowFields(
    -FIELD_WIDTH_UM / 2 - MARGIN_UM,
    -FIELD_HEIGHT_UM / 2 - MARGIN_UM,
    FIELD_WIDTH_UM + 2 * MARGIN_UM,
    FIELD_HEIGHT_UM + 2 * MARGIN_UM,
  );
  const { warp, warpWavelength } = nestShapeAt(differentiation);
  fillFields(fields, {
    coarse,
    fine,
    front,
    host,
    nests,
    cords,
    muscle,
    muscleBorder,
    glass,
    warp,
    warpWavelength,
    collagenAngle: ground.range(0, Math.PI),
    looseness: traits.looseness,
    inflammation: traits.inflammation * ground.range(0.85, 1.15),
  });

  const onTissue = (o: { x: number; y: number; reach: number }) =>
    fields.sample(o.x, o.y, FIELD.glass) > o.reach * 0.6 + 4;
  const tissue: TissueSite = {
    settings,
    patient,
    site,
    stream,
    differentiation,
    keratinisation: clamp(1.25 - differentiation * 0.62, 0.08, 1),
    pleomorphism: smooth(0.9, 1.9, differentiation),
    coarse,
    fine,
    nests,
    cords,
    nerves: host.nerves.filter(onTissue),
    vessels: host.vessels.filter(onTissue),
    glands: host.glands.filter(onTissue),
    fat: host.fat.filter(onTissue),
    pearls: drawNestHearts(stream.split("pearls"), nests, fields, differentiation, traits.necrosis),
    budPlaces: buds.places,
    budsWanted: buds.wanted,
    budCount: 0,
    muscle,
    mucosa: glass.mucosa,
    fields,
    cells: [],
    redCells: [],
    epithelialBins: NO_EPITHELIUM,
  };
  placeCells(tissue);
  return tissue;
}
