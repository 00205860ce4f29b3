/** What one site of one patient consists of: lists of objects in um, and the fields between them. */
import type { Rng } from "../../core/random";
import type { Site } from "../schema";
import type { Cell, RedCell } from "./cells";
import type { Cord } from "./cords";
import type { EpithelialBins } from "./epithelial-bins";
import type { SlowFields } from "./fields";
import { type Ellipse, ellipseDistance } from "./geometry";
import type { Lobule, Unit } from "./lobules";
import type { Noise } from "./noise";
import type { PhantomPatient } from "./patient";
import type { PhantomSettings } from "./settings";

export interface Nest extends Ellipse {
  /** Radius of the circle of the same area, um. */
  readonly radius: number;
}

export interface Nerve extends Ellipse {
  /** Thickness factor of the tumour collar; 0 for a bare nerve. */
  readonly collar: number;
  /** Direction of the middle of the collar, radians. */
  readonly collarDirection: number;
  /** Cosine beyond which the collar is open: -1 goes all the way round. */
  readonly collarOpening: number;
  /** Half thickness of the collar, um. */
  readonly collarThickness: number;
  readonly seed: number;
}

export interface Vessel extends Ellipse {
  /** Holds a tumour plug. */
  readonly plugged: boolean;
  readonly wall: number;
  /** Share of the lumen that is full of red cells. */
  readonly fill: number;
  readonly capillary: boolean;
  readonly seed: number;
  /** Where the plug lies; set when the cells are placed. */
  plug?: { readonly x: number; readonly y: number; readonly radius: number };
}

/** An acinus of a minor salivary gland, or one of its ducts. */
export interface Acinus extends Unit {
  readonly duct: boolean;
  /** 0 serous (granular, purple) to 1 mucous (clear). */
  readonly mucous: number;
}

/** A keratin pearl or a necrotic heart of a nest. */
export interface Pearl extends Ellipse {
  readonly necrotic: boolean;
  /** How far the keratin has shrunk and cracked, 0 to 1. */
  readonly crack: number;
  readonly seed: number;
}

/** A place where a group of one to four tumour cells may lie. */
export interface Bud {
  readonly x: number;
  readonly y: number;
  readonly cells: number;
}

export interface Muscle {
  readonly present: boolean;
  /** Direction of the fibres. */
  readonly angle: number;
  readonly cos: number;
  readonly sin: number;
  /** Mean width of a fibre, um. */
  readonly fibreWidth: number;
}

/** A continuous piece of tissue. Origin at the centre of the field; x right, y down; all lengths in um. */
export interface TissueSite {
  readonly settings: PhantomSettings;
  readonly patient: PhantomPatient;
  readonly site: Site;
  /** Names this site's random streams. */
  readonly stream: Rng;
  /** The tumour's differentiation here: the patient's, slightly moved. */
  readonly differentiation: number;
  /** 0 none to 1 full keratinisation of mature cells. */
  readonly keratinisation: number;
  /** 0 regular to 1 pleomorphic cells. */
  readonly pleomorphism: number;
  readonly coarse: Noise;
  readonly fine: Noise;
  readonly nests: Nest[];
  readonly cords: readonly Cord[];
  readonly nerves: Nerve[];
  readonly vessels: Vessel[];
  readonly glands: Lobule<Acinus>[];
  readonly fat: Lobule[];
  readonly pearls: Pearl[];
  /** Places for buds, more than are wanted: not every place is free. */
  readonly budPlaces: Bud[];
  readonly budsWanted: number;
  budCount: number;
  readonly muscle: Muscle;
  /** Thickness of surface mucosa, um; 0 for none. */
  readonly mucosa: number;
  readonly fields: SlowFields;
  readonly cells: Cell[];
  readonly redCells: RedCell[];
  epithelialBins: EpithelialBins;
}

/** A nerve is not an ellipse: the fields and the drawing share this wobble. um, negative inside. */
export function nerveDistance(coarse: Noise, nerve: Nerve, x: number, y: number): number {
  return ellipseDistance(nerve, x, y) + 0.11 * nerve.rx * coarse(x / 48 + nerve.seed, y / 48);
}
