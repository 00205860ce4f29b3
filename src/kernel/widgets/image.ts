import type { MimeBundle } from "../../core/host";
import { Widget, type WidgetOptions } from "./widget";

/** A picture as the viewer takes it: an `RgbImage` is one. */
export interface ViewableImage {
  readonly width: number;
  readonly height: number;
  toJpeg(quality?: number): Promise<Buffer>;
}

/** A picture to zoom and pan. Its value is what is in view, in pixels of the picture. Made by {@link image}. */
export class ImageViewer extends Widget<ImageField> {
  readonly kind = "image";
  readonly #jpeg: string;

  constructor(
    readonly width: number,
    readonly height: number,
    jpeg: Buffer,
    options: WidgetOptions,
  ) {
    super({ x: 0, y: 0, width, height }, options);
    this.#jpeg = jpeg.toString("base64");
  }

  override _repr_mimebundle_(): MimeBundle {
    const { "text/html": _, ...bundle } = super._repr_mimebundle_();
    return { ...bundle, "image/jpeg": this.#jpeg };
  }

  protected override details() {
    return { width: this.width, height: this.height, jpeg: this.#jpeg };
  }

  protected words(): string {
    const { x, y, width, height } = this.value;
    return `${Math.round(width)} × ${Math.round(height)} px at (${Math.round(x)}, ${Math.round(y)})`;
  }

  protected check(value: unknown): ImageField {
    const { x = 0, y = 0, width = this.width, height = this.height } = value as Partial<ImageField>;
    const [w, h] = [clamp(width, 1, this.width), clamp(height, 1, this.height)];
    return { x: clamp(x, 0, this.width - w), y: clamp(y, 0, this.height - h), width: w, height: h };
  }
}

/** A rectangle of a picture, in its pixels. */
export interface ImageField {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A picture to zoom (wheel, + and −) and pan (drag, arrow keys). Its value is the field in view.
 *
 * @param picture an `RgbImage`, any size; it is sent as JPEG
 * @param options `label`; `quality` of the JPEG, default 85
 * @example
 * const image = await cohort.patients[0]!.image("core", "x400").load();
 * await widget.image(image, { label: "core, x400" })
 */
export async function image(
  picture: ViewableImage,
  { quality = 85, ...options }: WidgetOptions & { readonly quality?: number } = {},
): Promise<ImageViewer> {
  return new ImageViewer(picture.width, picture.height, await picture.toJpeg(quality), options);
}

function clamp(value: number, low: number, high: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(value, low), high) : low;
}
