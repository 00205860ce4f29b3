/** The native image library (sharp, libvips), loaded once and only when first needed. */
import type Sharp from "sharp";
import { host } from "../core/host";

export type SharpModule = typeof Sharp;

/** Which library decodes: sharp's native code, or jimp in pure JavaScript (about 80 times slower). */
export type Decoder = "sharp" | "jimp";

let loading: Promise<SharpModule | undefined> | undefined;

/** sharp, or `undefined` where its native part is missing; that is said once. */
export function nativeSharp(): Promise<SharpModule | undefined> {
  loading ??= import("sharp").then(
    (module) => {
      const sharp = module.default;
      // Each file is decoded once and kept by our own cache: libvips' cache would only grow memory.
      sharp.cache(false);
      return sharp;
    },
    (cause: Error) => {
      host().warn(
        `images are decoded with jimp (pure JavaScript, slow): sharp's native part is missing (${firstLine(cause)}). ` +
          "Reinstall with  npm install --include=optional sharp.",
      );
      return undefined;
    },
  );
  return loading;
}

/** The decoder that will be used: the one asked for, else sharp if it is here, else jimp. */
export async function chooseDecoder(asked?: Decoder): Promise<Decoder> {
  return asked ?? ((await nativeSharp()) ? "sharp" : "jimp");
}

/** The decoder with its version, for cache keys: another version may round pixels differently. */
export async function decoderVersion(asked?: Decoder): Promise<string> {
  if ((await chooseDecoder(asked)) === "jimp") return "jimp-1";
  const sharp = await nativeSharp();
  return `sharp-${sharp?.versions.sharp ?? "?"}-vips-${sharp?.versions.vips ?? "?"}`;
}

function firstLine(error: Error): string {
  return error.message.split("\n")[0] ?? "";
}
