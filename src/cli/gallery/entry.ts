/** What the gallery knows about one executed notebook. */
import type { FailedCell, Notebook } from "../../kernel/notebook";

/** One picture that a notebook showed. */
export interface SavedFigure {
  /** The cell it belongs to, and which of its outputs it is, both from 0. */
  readonly cell: number;
  readonly output: number;
  /** The PNG file. */
  readonly file: string;
  /** The picture in words. */
  readonly alt: string;
}

export interface ExecutedEntry {
  /** The file's name without its ending. */
  readonly name: string;
  readonly notebook: Notebook;
  readonly figures: readonly SavedFigure[];
  readonly failed: readonly FailedCell[];
  readonly elapsedMs: number;
}
