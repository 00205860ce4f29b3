/** A small phantom, and a copy of it with faults of every kind that `verify` knows. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import sharp from "sharp";
import { type Cohort, openCohort, type Patient, type PatientImage } from "../../../../src/cohort";
import { phantomCohort } from "../../../../src/cohort/phantom";
import { colourSignature } from "../../../../src/cohort/verify/colour";
import { readImage } from "../../../../src/image";

export const cleanPhantom = (folder: string): Promise<string> =>
  phantomCohort({ patients: 14, seed: "verify-1", width: 360, height: 270, folder });

/** Copies the phantom and damages the copy. Returns what was planted, as `kind patient site magnification`. */
export async function damage(clean: string, folder: string): Promise<string[]> {
  cpSync(clean, folder, { recursive: true });
  const cohort = await openCohort(folder);
  const planted: string[] = [];
  const plant = async (
    kind: string,
    image: PatientImage,
    change: (file: string) => Promise<Uint8Array | string>,
  ) => {
    const file = image.path!;
    writeFileSync(file, await change(file));
    planted.push(`${kind} ${image.patient.id} ${image.site} ${image.magnification}`);
  };
  const swapped = async (file: string) => (await readImage(file)).swapRedBlue().toJpeg(92);
  const stained = await byStain(cohort);
  const [wholly, g] = [stained.pop()!, stained.pop()!];
  const [a, b, c, d, e, f] = stained;

  await plant("unreadable", a!.image("core", "x200"), async (file) => {
    const bytes = readFileSync(file);
    return bytes.subarray(0, bytes.length >> 1);
  });
  await plant("unreadable", a!.image("edge", "x400"), async () => "<html>404 not found</html>");
  await plant("unreadable", a!.image("edge", "x1000"), async () => "");
  await plant("blur", b!.image("core", "x400"), (file) => sharp(file).blur(3).jpeg().toBuffer());
  await plant("glass-only", c!.image("edge", "x1000"), () => oneColour("#f4f2f3").jpeg().toBuffer());
  await plant("size", d!.image("core", "x1000"), (file) => sharp(file).resize(216, 162).jpeg().toBuffer());
  await plant("blank", e!.image("core", "x1000"), () => oneColour("#000").png().toBuffer());
  await plant("duplicate", f!.image("edge", "x200"), async () =>
    readFileSync(f!.image("core", "x200").path!),
  );
  await plant("leakage", cohort.split("test")[0]!.image("core", "x400"), () =>
    sharp(b!.image("edge", "x400").path!).jpeg({ quality: 60 }).toBuffer(),
  );
  await plant("leakage", cohort.split("valid")[0]!.image("edge", "x1000"), async () =>
    readFileSync(c!.image("core", "x1000").path!),
  );
  await plant("colour", d!.image("core", "x200"), (file) =>
    sharp(file).greyscale().toColourspace("srgb").jpeg().toBuffer(),
  );
  await plant("channel-order", g!.image("core", "x400"), swapped);
  for (const image of wholly.allImages()) writeFileSync(image.path!, await swapped(image.path!));
  planted.push(`channel-order ${wholly.id} null null`);
  rmSync(d!.image("edge", "x400").path!);
  planted.push(`missing ${d!.id} edge x400`);
  rmSync(cohort.split("test")[1]!.imageFolder!, { recursive: true });
  planted.push(`missing ${cohort.split("test")[1]!.id} null null`);
  return planted.sort();
}

function oneColour(background: string): sharp.Sharp {
  return sharp({ create: { width: 360, height: 270, channels: 3, background } });
}

/** Training patients, those with the clearest nuclei last: without them, red and blue cannot be told apart. */
async function byStain(cohort: Cohort): Promise<Patient[]> {
  const clearness = new Map<Patient, number>();
  for (const patient of cohort.split("train")) {
    const colours = await Promise.all(
      patient
        .allImages()
        .map(async (image) => colourSignature(await image.loadResized({ size: [192, 256] }))),
    );
    const mean = (name: "nuclei" | "detail") => colours.reduce((sum, colour) => sum + colour[name], 0) / 6;
    clearness.set(patient, mean("detail") + mean("nuclei"));
  }
  return [...clearness].sort(([, x], [, y]) => x - y).map(([patient]) => patient);
}
