/** `phantom.json`: the mark of a generated cohort, and what is known of its pixels. */
import { z } from "zod";
import { readJson } from "../files";
import type { Problems } from "../problems";
import type { FieldsOfView } from "../record";

const PHANTOM_CAVEAT =
  "synthetic images with stylised signs: performance on phantoms says nothing about patients";

const phantomFile = z.looseObject({
  name: z.string().optional(),
  generator: z.string().optional(),
  umPerPx: z.record(z.string(), z.number().positive()).optional(),
  fieldsOfView: z.enum(["concentric", "unrelated"]).default("concentric"),
  bits: z.record(z.string(), z.number().int().min(1).max(255)).optional(),
  caveats: z.array(z.string()).optional(),
});

export interface PhantomFacts {
  readonly name: string;
  /** Width of one pixel in micrometres, by magnification. */
  readonly umPerPx: Readonly<Record<string, number>> | undefined;
  /** A phantom camera turns its objectives about one centre, unless the file says otherwise. */
  readonly fieldsOfView: FieldsOfView | undefined;
  /** Sign to bit of the truth masks. */
  readonly maskBits: Readonly<Record<string, number>> | undefined;
  readonly caveats: readonly string[];
}

export async function readPhantomFacts(file: string, problems: Problems): Promise<PhantomFacts | undefined> {
  const content = await readJson(file, phantomFile, problems);
  if (!content) return undefined;
  return {
    name: content.name ?? content.generator ?? "phantom",
    umPerPx: content.umPerPx,
    fieldsOfView: content.fieldsOfView === "concentric" ? "concentric" : undefined,
    maskBits: content.bits,
    caveats: content.caveats ?? [PHANTOM_CAVEAT],
  };
}
