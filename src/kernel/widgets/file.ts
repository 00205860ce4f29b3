import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { OsccError } from "../../core/errors";
import type { Comm } from "../notebook-api";
import { Widget, type WidgetOptions } from "./widget";

/** What a file picker takes. */
export interface FilePickerOptions extends WidgetOptions {
  /** Where to begin, and the folder that is not left. Default: the notebook's. */
  readonly folder?: string;
  /** Endings to offer, as in `[".pth", ".safetensors"]`. Default: all files. */
  readonly endings?: readonly string[];
  /** Choose a folder instead of a file. Default `false`. */
  readonly folders?: boolean;
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** More entries than this are not listed; nobody reads them. */
const MAX_ENTRIES = 2000;

/** A file (or folder) on the kernel's machine; its value is the path, or `undefined`. Made by {@link file}. */
export class FilePicker extends Widget<string | undefined> {
  readonly kind = "file";
  readonly #root: string;
  readonly #endings: readonly string[] | undefined;
  readonly #folders: boolean;

  constructor({ folder = process.cwd(), endings, folders = false, ...options }: FilePickerOptions = {}) {
    super(undefined, options);
    this.#root = path.resolve(folder);
    this.#endings = endings?.map((ending) => ending.toLowerCase());
    this.#folders = folders;
  }

  protected override state() {
    return {
      ...super.state(),
      value: this.value === undefined ? null : path.relative(this.#root, this.value),
    };
  }

  protected override details() {
    return { folders: this.#folders, root: path.basename(this.#root) };
  }

  protected words(): string {
    return this.value === undefined ? "nothing chosen" : path.relative(this.#root, this.value) || ".";
  }

  protected check(value: unknown): string | undefined {
    return value === undefined || value === null ? undefined : this.#inside(String(value));
  }

  /** The front end asks what is in a folder. */
  protected override async receive({ list }: Record<string, unknown>, comm: Comm): Promise<void> {
    if (typeof list !== "string") return;
    try {
      const folder = this.#inside(list);
      comm.send({
        listing: { folder: path.relative(this.#root, folder), entries: await this.#entries(folder) },
      });
    } catch (error) {
      comm.send({ listing: { folder: list, entries: [], problem: (error as Error).message } });
    }
  }

  async #entries(folder: string): Promise<Entry[]> {
    const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
    const entries = await Promise.all(
      names.slice(0, MAX_ENTRIES).map(async (name) => {
        const found = await stat(path.join(folder, name)).catch(() => undefined);
        return { name, isFolder: found?.isDirectory() ?? false };
      }),
    );
    return entries
      .filter(({ name, isFolder }) => isFolder || (!this.#folders && this.#isOffered(name)))
      .sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name, "en"));
  }

  #isOffered(name: string): boolean {
    return !this.#endings || this.#endings.some((ending) => name.toLowerCase().endsWith(ending));
  }

  #inside(relative: string): string {
    const found = path.resolve(this.#root, relative);
    if (found === this.#root || found.startsWith(this.#root + path.sep)) return found;
    throw new OsccError(
      "InvalidArgument",
      [`${relative} is outside of ${this.#root}.`, "Name the folder to begin with: widget.file({ folder })."],
      { argument: "value", found: relative },
    );
  }
}

/**
 * A file of the machine that the kernel runs on. Its value is the full path, `undefined` until one is chosen.
 *
 * @param options `folder` to begin with (and not to leave), default the notebook's; `endings` to offer, default all;
 *                `folders: true` to choose a folder; `label`
 * @example
 * const weights = widget.file({ label: "Weights", endings: [".pth", ".safetensors"] });
 */
export function file(options: FilePickerOptions = {}): FilePicker {
  return new FilePicker(options);
}
