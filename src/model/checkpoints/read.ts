/** One reader for every checkpoint file: the format is told by the first bytes, never by the file name. */
import { readFile } from "node:fs/promises";
import { printsAs } from "../../core/inspect";
import { type Checkpoint, invalidCheckpoint } from "./checkpoint";
import { looksLikeSafetensors, readSafetensors } from "./safetensors";
import { LEGACY_MAGIC, readTorchLegacy, readTorchZip } from "./torch";

const ZIP_MAGIC = Buffer.from("PK\x03\x04", "latin1");
const HDF5_MAGIC = Buffer.from("\x89HDF", "latin1");
const TAR_MAGIC_AT = 257;

/**
 * Read the tensors of a checkpoint: `.safetensors`, or `.pth`, `.pt`, `.torch` written by `torch.save`
 * (ZIP and legacy forms). Nothing in the file is executed.
 *
 * @param path     the file
 * @param options  `key`: which entry of a wrapping dictionary holds the weights, for example `"student"`;
 *                 default the first of teacher, model, state_dict, model_state_dict, ema, student, net, params
 * @returns        the tensors by name; half-precision values widened to float32
 * @throws InvalidCheckpoint  when the file is of another kind, cut short, damaged, or names a Python object
 *                 outside the allow-list; `error.data.reason` says which
 * @example
 * const weights = await model.readCheckpoint("dino_vit_small_patch16.torch");
 * weights.tensors["pos_embed"].shape; // [1, 197, 384]
 */
export async function readCheckpoint(path: string, options: { key?: string } = {}): Promise<Checkpoint> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw invalidCheckpoint(path, "unknown-format", [
      code === "ENOENT" ? "does not exist." : `cannot be opened (${code ?? String(cause)}).`,
      "Expected the path of a .safetensors, .pth, .pt or .torch file.",
    ]);
  }
  return printsAs(parseCheckpoint(path, file, options.key), inWords);
}

/** One line, instead of all the numbers. */
function inWords({ path, format, tensors, wrappers }: Checkpoint): string {
  const all = Object.values(tensors);
  const values = all.reduce((sum, { data }) => sum + data.length, 0).toLocaleString("en");
  const inside = wrappers.length > 0 ? ` in ${wrappers.join(", ")}` : "";
  return `Checkpoint · ${all.length} tensors${inside}, ${values} values · ${format} · ${path}`;
}

function parseCheckpoint(path: string, file: Buffer, key: string | undefined): Checkpoint {
  if (file.length < 16)
    throw invalidCheckpoint(path, "truncated", [
      `holds only ${file.length} bytes.`,
      "Expected a whole checkpoint. Download or copy the file again.",
    ]);
  if (startsWith(file, ZIP_MAGIC)) return readTorchZip(path, file, key);
  if (startsWith(file, LEGACY_MAGIC)) return readTorchLegacy(path, file, key);
  if (looksLikeSafetensors(file)) return readSafetensors(path, file);
  throw invalidCheckpoint(path, "unknown-format", [
    `is not a checkpoint this package reads: it starts with ${file.toString("hex", 0, 8)}${likelyKind(file)}.`,
    "Expected .safetensors, or a file written by torch.save.",
  ]);
}

function startsWith(file: Buffer, magic: Buffer): boolean {
  return file.subarray(0, magic.length).equals(magic);
}

/** Kinds of file that people hand over by mistake. */
function likelyKind(file: Buffer): string {
  if (startsWith(file, HDF5_MAGIC)) return " (HDF5, perhaps Keras weights)";
  if (file.toString("latin1", TAR_MAGIC_AT, TAR_MAGIC_AT + 5) === "ustar")
    return " (a tar archive, the format of torch before 0.1.10; save it again with a newer torch)";
  if (file[0] === 0x80) return " (a bare pickle; save the weights with torch.save)";
  if (file.toString("latin1", 0, 64).trimStart().startsWith("<"))
    return " (a web page; the download went wrong)";
  if (file.toString("latin1", 0, 7) === "version")
    return " (a Git LFS pointer; fetch the file itself with git lfs pull)";
  return "";
}
