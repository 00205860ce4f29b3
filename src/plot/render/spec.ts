/** What a figure is before it is drawn. */

/**
 * A Plotly figure: traces, layout and configuration as plain JSON.
 *
 * The types are wide on purpose: Plotly's own type file is over a megabyte, and a cell's latency is type-checking.
 * What is inside is checked when the figure is drawn, against Plotly's schema.
 */
export interface FigureSpec {
  readonly data: readonly object[];
  readonly layout: FigureLayout;
  readonly config?: object;
}

/** A Plotly layout whose size is known. */
export interface FigureLayout {
  /** In CSS pixels. */
  readonly width: number;
  /** In CSS pixels. */
  readonly height: number;
  readonly [attribute: string]: unknown;
}
