/** The balancing methods by name, and the option that chooses one. */
import { invalidArgument, unknownName } from "../../core/errors";
import { GRAD_NORM_DEFAULTS, type GradNormOptions, gradNorm } from "./grad-norm";
import type { BalancingMethod } from "./method";
import { PARETO_DEFAULTS, type ParetoOptions, type ParetoScaling, pareto } from "./pareto";
import { GRADIENT_PLACES, type GradientPlace } from "./place";
import { sum } from "./sum";
import { UNCERTAINTY_DEFAULTS, type UncertaintyOptions, uncertainty } from "./uncertainty";

/** Ways to balance the losses of several tasks. */
export const BALANCINGS = ["sum", "gradNorm", "pareto", "uncertainty"] as const;
/** `"sum" | "gradNorm" | "pareto" | "uncertainty"` */
export type BalancingName = (typeof BALANCINGS)[number];

/**
 * How the losses of several tasks are weighed.
 *
 * - `"sum"`: all the same, the default.
 * - `"gradNorm"` (Chen et al., 2018): so that tasks learn at like rates.
 * - `"pareto"` (MGDA: Sener and Koltun, 2018): so that every step helps all tasks, as far as one can.
 * - `"uncertainty"` (Kendall et al., 2018): tasks whose loss stays high count less.
 *
 * With options: `{ gradNorm: { alpha: 1.5 } }`, `{ pareto: { gradientsOf: "shared" } }`, `{ uncertainty: { ... } }`.
 */
export type Balancing =
  | BalancingName
  | { readonly gradNorm: GradNormOptions }
  | { readonly pareto: ParetoOptions }
  | { readonly uncertainty: UncertaintyOptions };

/** A choice with nothing left open, as `run.json` holds it. */
export type BalancingSettings =
  | "sum"
  | { readonly gradNorm: Required<GradNormOptions> }
  | { readonly pareto: Required<ParetoOptions> }
  | { readonly uncertainty: Required<UncertaintyOptions> };

/** The choice with defaults, checked. */
export function checkedBalancing(choice: Balancing): BalancingSettings {
  if (typeof choice === "string" && !BALANCINGS.includes(choice))
    throw unknownName("balancing", choice, BALANCINGS);
  if (choice === "sum") return "sum";
  const given: Readonly<Record<string, object>> = typeof choice === "string" ? { [choice]: {} } : choice;
  const [name, ...others] = typeof given === "object" && given !== null ? Object.keys(given) : [];
  if (name === undefined || others.length > 0)
    throw invalidArgument("balancing", choice, `one of ${BALANCINGS.join(", ")}, or { gradNorm: { ... } }`);
  if (!BALANCINGS.includes(name as BalancingName)) throw unknownName("balancing", name, BALANCINGS);
  const settings = {
    [name]: { ...DEFAULTS[name as keyof typeof DEFAULTS], ...given[name] },
  } as unknown as BalancingSettings;
  balancingMethod(settings); // which looks at the numbers
  const place = gradientPlace(settings);
  if (!GRADIENT_PLACES.includes(place)) throw unknownName("place of gradients", place, GRADIENT_PLACES);
  return settings;
}

const DEFAULTS = {
  gradNorm: GRAD_NORM_DEFAULTS,
  pareto: PARETO_DEFAULTS,
  uncertainty: UNCERTAINTY_DEFAULTS,
} as const;

/** The method behind a choice. */
export function balancingMethod(settings: BalancingSettings): BalancingMethod {
  if (settings === "sum") return sum;
  if ("gradNorm" in settings) return gradNorm(settings.gradNorm);
  if ("pareto" in settings) return pareto(settings.pareto);
  return uncertainty(settings.uncertainty);
}

/** Where a choice takes gradients; methods that need none are watched at the last shared layer. */
export function gradientPlace(settings: BalancingSettings): GradientPlace {
  if (settings === "sum" || "uncertainty" in settings) return "lastSharedLayer";
  return "gradNorm" in settings ? settings.gradNorm.gradientsOf : settings.pareto.gradientsOf;
}

/** Whether a method needs the gradients of tasks. */
export function needsGradients(settings: BalancingSettings): boolean {
  return settings !== "sum" && !("uncertainty" in settings);
}

/** The scaling of MGDA, if that is the method. */
export function paretoScaling(settings: BalancingSettings): ParetoScaling | undefined {
  return settings !== "sum" && "pareto" in settings ? settings.pareto.scaling : undefined;
}
