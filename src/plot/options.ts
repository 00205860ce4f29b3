/** What every figure lets a person choose. */
export interface FigureOptions {
  /** Replaces the default title. */
  readonly title?: string;
  /** Replaces the default line under the title. */
  readonly subtitle?: string;
  /** Lines at the foot: what a reader must keep in mind. Notices of the data appear there without being asked. */
  readonly caveats?: readonly string[];
}
