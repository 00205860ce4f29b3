/** A figure is a value: it can be shown in a cell, saved, or taken apart as JSON. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { inspect } from "node:util";
import { invalidArgument, OsccError } from "../core/errors";
import { host, type MimeBundle } from "../core/host";
import type { FigureSpec } from "./render/spec";
import { visibleText } from "./words";

export type { FigureLayout, FigureSpec } from "./render/spec";

/** How the interactive form behaves. No button sends data to a server. */
const CONFIG = {
  displaylogo: false,
  showSendToCloud: false,
  responsive: true,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
};

/** Plotly's JSON form, which JupyterLab draws with the extension that comes with this package. */
const PLOTLY_MIME = "application/vnd.plotly.v1+json";

/**
 * One figure: a Plotly spec that is interactive in JupyterLab and a picture everywhere else.
 *
 * It ends a cell as itself; in a script, save it. A figure with sliders or buttons keeps them in `interactive`; its PNG
 * has none that could not work there.
 *
 * @example
 * const figure = plot.training(run);
 * await figure.save("training.png");
 */
export class Figure {
  /** Traces, layout and configuration as Plotly's plain JSON. */
  readonly spec: FigureSpec;
  /**
   * What JupyterLab shows instead of `spec`, where the figure has controls (sliders, buttons); everything they do
   * happens in the page, so it survives a closed kernel. The PNG and the SVG show `spec`.
   */
  readonly interactive: FigureSpec | undefined;
  /** The title, without markup. */
  readonly title: string;
  /** The figure in words, for readers who do not see it. */
  readonly alt: string;
  #svg: Promise<string> | undefined;

  /**
   * @param spec  Plotly traces and layout; the layout has a width and a height
   * @param words `title` (default: the layout's) and `alt`, the figure in words (default: the title);
   *              `interactive`: the same with controls, for JupyterLab
   * @throws OsccError `InvalidFigure` when a number is NaN or infinite
   */
  constructor(spec: FigureSpec, words: { title?: string; alt?: string; interactive?: FigureSpec } = {}) {
    this.spec = plainSpec(spec);
    this.interactive = words.interactive && plainSpec(words.interactive);
    this.title = words.title ?? visibleText(titleText(spec)).trim();
    this.alt = words.alt ?? this.title;
  }

  /**
   * The figure as SVG text. Deterministic: same spec, same text.
   *
   * @throws OsccError `InvalidFigure` when Plotly would pass over a part of the spec in silence
   */
  async svg(): Promise<string> {
    if (!this.#svg) {
      const { toSvg } = await import("./render/draw.js");
      this.#svg = toSvg(this.spec).then((svg) => describe(svg, this.title, this.alt));
    }
    return this.#svg;
  }

  /**
   * The figure as PNG bytes.
   *
   * @param options `scale` PNG pixels per CSS pixel, default 2, range 0.1 to 8
   */
  async png({ scale = 2 }: { scale?: number } = {}): Promise<Buffer> {
    if (!(scale >= 0.1 && scale <= 8)) throw invalidArgument("scale", scale, "a number from 0.1 to 8");
    const { rasterise } = await import("./render/draw.js");
    return rasterise(await this.svg(), scale);
  }

  /** Show the figure: in the notebook when a kernel runs this, else its words in the terminal. */
  async show(): Promise<void> {
    host().display(await this._repr_mimebundle_(), this.displayMetadata);
  }

  /**
   * Save the figure. The file's ending says how: `.png` (scale 2), `.svg`, or `.json` (the Plotly spec).
   *
   * @throws OsccError `InvalidArgument` for another ending
   */
  async save(file: string): Promise<void> {
    await writeFile(file, await this.#contentFor(file));
  }

  async #contentFor(file: string): Promise<string | Buffer> {
    const ending = path.extname(file).toLowerCase();
    switch (ending) {
      case ".png":
        return this.png();
      case ".svg":
        return this.svg();
      case ".json":
        return JSON.stringify(this.interactive ?? this.spec);
      default:
        throw invalidArgument(
          "file",
          file,
          "a name that ends in .png, .svg or .json",
          `For example: figure.save("${path.basename(file, ending) || "figure"}.png")`,
        );
    }
  }

  /**
   * What a cell shows: interactive where the extension is present, a PNG of at most 300 kB elsewhere, words last.
   *
   * @throws OsccError `InvalidFigure` when Plotly would pass over a part of either form in silence
   */
  async _repr_mimebundle_(): Promise<MimeBundle> {
    const { pngWithinBudget } = await import("./render/budget.js");
    const png = await pngWithinBudget(await this.svg());
    const shown = this.interactive ?? this.spec;
    if (this.interactive) {
      const { check } = await import("./render/draw.js");
      await check(this.interactive);
    }
    return {
      [PLOTLY_MIME]: { ...shown, config: { ...CONFIG, ...shown.config } },
      "image/png": png.toString("base64"),
      "text/plain": this.alt,
    };
  }

  /** The size at which the PNG is meant to be seen, as Jupyter's display metadata. */
  get displayMetadata(): Record<string, unknown> {
    const { width, height } = this.spec.layout;
    return { "image/png": { width, height } };
  }

  [inspect.custom](): string {
    const { width, height } = this.spec.layout;
    return `Figure "${this.title}" - ${width} x ${height} px, ${this.spec.data.length} traces`;
  }
}

/** The text of the annotation named "title" (figures of this package) or of the layout's title. */
function titleText({ layout }: FigureSpec): string {
  const annotations = (layout.annotations ?? []) as readonly { name?: string; text?: string }[];
  const title = annotations.find(({ name }) => name === "title");
  return title?.text ?? (layout.title as { text?: string } | undefined)?.text ?? "untitled";
}

/** Name the picture for screen readers, as SVG has it. */
function describe(svg: string, title: string, alt: string): string {
  const asXml = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  return svg.replace(
    /<svg([^>]*)>/,
    `<svg$1 role="img"><title>${asXml(title)}</title><desc>${asXml(alt)}</desc>`,
  );
}

/**
 * The spec as plain JSON: typed arrays become arrays, numbers keep six significant digits (a picture shows
 * three), `undefined` goes. NaN is refused: Plotly would leave a gap and say nothing; a gap is `null`.
 */
function plainSpec(spec: FigureSpec): FigureSpec {
  const problems: string[] = [];
  const plain = plainValue(spec, "", problems) as FigureSpec;
  if (problems.length > 0)
    throw new OsccError(
      "InvalidFigure",
      [
        "the figure holds numbers that cannot be drawn:",
        ...problems.slice(0, 8).map((problem) => `- ${problem}`),
        "Leave a gap with null, or say in words that the value is undefined.",
      ],
      { problems },
    );
  return plain;
}

function plainValue(value: unknown, where: string, problems: string[]): unknown {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) problems.push(`${where} is ${value}`);
    return Number.isInteger(value) ? value : Number(value.toPrecision(6));
  }
  if (ArrayBuffer.isView(value)) return plainValue([...(value as Float64Array)], where, problems);
  if (Array.isArray(value)) return value.map((item, i) => plainValue(item, `${where}[${i}]`, problems));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.map(([name, inner]) => [name, plainValue(inner, where ? `${where}.${name}` : name, problems)]),
  );
}
