/** A small line chart as SVG text: of a training's losses, of its scores. */

/** Told apart on white and on black, and with every common colour vision deficiency. */
export const LINE_COLOURS = ["#3b8fd6", "#e08a1e", "#2aa876", "#c9709f", "#8a7fd4", "#b0892b"] as const;

export interface ChartSeries {
  readonly name: string;
  /** One value an epoch, from the first; a gap where it is not defined. */
  readonly values: readonly (number | undefined)[];
}

export interface ChartOptions {
  readonly title: string;
  /** Epochs that are planned: the whole width. */
  readonly epochs: number;
  readonly series: readonly ChartSeries[];
  /** An epoch to mark: the best one. */
  readonly mark: number | undefined;
  /** Values that are always in view. Default: those of the series alone. */
  readonly range?: readonly [low: number, high: number];
}

const WIDTH = 308;
const HEIGHT = 128;
const LEFT = 38;
const RIGHT = 8;
const TOP = 22;
const BOTTOM = 18;

/** The chart; text takes the colour of the page. */
export function chart({ title, epochs, series, mark, range }: ChartOptions): string {
  const values = series.flatMap((one) => one.values).filter((v): v is number => v !== undefined);
  const [low, high] = limits([...values, ...(range ?? [])]);
  const x = (epoch: number) => LEFT + ((epoch - 1) / Math.max(1, epochs - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const parts = [
    ...[low, (low + high) / 2, high].map((value) =>
      gridLine(y(value), values.length > 0 ? value : undefined),
    ),
    label(LEFT, HEIGHT - 4, "1", "start"),
    label(WIDTH - RIGHT, HEIGHT - 4, `epoch ${epochs}`, "end"),
    ...(mark === undefined || values.length === 0 ? [] : [marker(x(mark))]),
    ...series.map((one, i) => line(one, LINE_COLOURS[i % LINE_COLOURS.length]!, x, y)),
    legend(title, series, mark !== undefined && values.length > 0),
  ];
  return `<svg width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" style="max-width:100%;font:10.5px var(--jp-ui-font-family, system-ui, sans-serif)" fill="currentColor">${parts.join("")}</svg>`;
}

/** With a little air, and never of no height. */
function limits(values: readonly number[]): [low: number, high: number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const air = high > low ? (high - low) * 0.06 : Math.max(0.05, Math.abs(high) * 0.1);
  return [low - (low === 0.5 ? 0 : air), high + (high === 1 ? 0 : air)];
}

function gridLine(at: number, value: number | undefined): string {
  const size = Math.abs(value ?? 0);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return `<path d="M${LEFT} ${at.toFixed(1)}H${WIDTH - RIGHT}" stroke="currentColor" stroke-opacity="0.14"/>${value === undefined ? "" : label(LEFT - 5, at + 3.5, value.toFixed(digits), "end")}`;
}

function marker(at: number): string {
  return `<path d="M${at.toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}" stroke="currentColor" stroke-opacity="0.5" stroke-dasharray="3 3"/>`;
}

function line(
  { values }: ChartSeries,
  colour: string,
  x: (epoch: number) => number,
  y: (value: number) => number,
): string {
  let pen = "M";
  const path = values
    .map((value, i) => {
      if (value === undefined) {
        pen = "M";
        return "";
      }
      const point = `${pen}${x(i + 1).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
      return point;
    })
    .join("");
  const last = values.findLastIndex((value) => value !== undefined);
  const dot =
    last < 0
      ? ""
      : `<circle cx="${x(last + 1).toFixed(1)}" cy="${y(values[last]!).toFixed(1)}" r="2.6" fill="${colour}"/>`;
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.8" stroke-linejoin="round"/>${dot}`;
}

/** The title, then each name behind its colour, and what the dashed line is. */
function legend(title: string, series: readonly ChartSeries[], marked: boolean): string {
  const names = series
    .map(
      ({ name }, i) =>
        `<tspan dx="9" font-weight="700" fill="${LINE_COLOURS[i % LINE_COLOURS.length]}">━</tspan><tspan dx="3">${escapeHtml(name)}</tspan>`,
    )
    .join("");
  return `<text x="${LEFT}" y="12"><tspan font-weight="600">${escapeHtml(title)}</tspan>${names}${marked ? '<tspan dx="9" fill-opacity="0.7">┆ best epoch</tspan>' : ""}</text>`;
}

function label(x: number, y: number, text: string, anchor: "start" | "end"): string {
  return `<text x="${x}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill-opacity="0.7">${escapeHtml(text)}</text>`;
}

/** Names given by a person are shown as they are. */
export function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
