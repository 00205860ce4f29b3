/** What can be set about a phantom: how strongly each label shows, and how much the stain varies. */

/** Version of the pixels. A change in any draw or formula changes images, so it changes this name. */
export const GENERATOR = "phantom-2";

/** A sign that is there or not. */
export interface ObjectSign {
  /** Size or number of the sign; 1 is the default. */
  readonly strength: number;
  /** Chance that a positive patient shows it in the field, 0 to 1. */
  readonly shown: number;
  /** Chance that a patient has the harmless look-alike (a bare nerve, a vessel without tumour), 0 to 1. */
  readonly decoy: number;
}

/** How clearly the sign of each label shows. */
export interface PhantomSigns {
  /** `strength`: distance between grades; `blur`: sd of the hidden differentiation around its grade. */
  readonly TD: { readonly strength: number; readonly blur: number };
  readonly TI: ObjectSign;
  readonly PI: ObjectSign;
  readonly CE: ObjectSign;
  readonly LNM: { readonly strength: number };
  readonly REC: { readonly strength: number };
}

/** What a preset sets. */
export interface PhantomSettings {
  /** Nuisance: 0 every slide alike, 1 as between laboratories. */
  readonly stainVariation: number;
  readonly signs: PhantomSigns;
}

/**
 * - `easy`: stronger signs, always shown, few look-alikes, nearly one stain. For first lessons.
 * - `default`: learnable, not trivial. A linear probe on frozen `phantom-tiny` with 96 patients to learn from: AUC 0.85 TD,
 *   0.93 TI, 0.92 PI, 0.85 CE, 0.85 REC, 0.72 LNM (intervals and conditions in README.md beside this file).
 * - `hard`: weaker signs, one in five positives shows nothing, many look-alikes, exaggerated stain variation.
 */
export const PHANTOM_PRESETS = {
  easy: preset({ strength: 1.3, shown: 1, decoy: 0.2, stainVariation: 0.3 }),
  default: {
    stainVariation: 1,
    signs: {
      TD: { strength: 1, blur: 0.52 },
      TI: { strength: 1, shown: 0.9, decoy: 0.5 },
      PI: { strength: 1, shown: 0.92, decoy: 0.38 },
      CE: { strength: 1, shown: 0.92, decoy: 0.45 },
      LNM: { strength: 1 },
      REC: { strength: 1 },
    },
  },
  hard: preset({ strength: 0.7, shown: 0.8, decoy: 0.7, stainVariation: 1.5 }),
} as const satisfies Record<string, PhantomSettings>;

/** `"easy" | "default" | "hard"` */
export type PhantomPreset = keyof typeof PHANTOM_PRESETS;

function preset(one: {
  strength: number;
  shown: number;
  decoy: number;
  stainVariation: number;
}): PhantomSettings {
  const { strength, shown, decoy, stainVariation } = one;
  return {
    stainVariation,
    signs: {
      TD: { strength, blur: 0.52 },
      TI: { strength, shown, decoy },
      PI: { strength, shown, decoy },
      CE: { strength, shown, decoy },
      LNM: { strength },
      REC: { strength },
    },
  };
}

/** The field at x200, in um: a 4:3 microscope photograph. */
export const FIELD_WIDTH_UM = 1000;
export const FIELD_HEIGHT_UM = 750;

/** How much narrower the field is than at x200. All fields share their centre. */
export const ZOOM = { x200: 1, x400: 2, x1000: 5 } as const;
