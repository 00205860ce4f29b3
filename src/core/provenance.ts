/**
 * Where a value comes from. It travels with every result that was computed from a cohort, so that a figure
 * can say, without being asked, that it shows synthetic data or data with a caveat.
 */
export interface Provenance {
  /** The cohort's name, for example `Multi-OSCC` or `phantom-1`. */
  readonly cohort: string;
  /** Generated data, not patients. */
  readonly synthetic: boolean;
  /** One line that every figure made from this data must carry; absent for plain real data. */
  readonly notice?: string;
}

/** What every figure of the phantom says. */
export const PHANTOM_NOTICE = "phantom cohort, not patient data";

/** The distinct notices of several sources, in order. */
export function notices(...sources: readonly (Provenance | undefined)[]): string[] {
  return [...new Set(sources.flatMap((s) => (s?.notice ? [s.notice] : [])))];
}
