/** A small phantom, and a copy of it with one fault of each kind. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import sharp from "sharp";
import { type Cohort, openCohort, type PatientImage } from "../../../../src/cohort";
import { phantomCohort } from "../../../../src/cohort/phantom";
import { colourSignature } from "../../../../src/cohort/verify/colour";
import { readImage } from "../../../../src/image";

export const cleanPhantom = (folder: string): Promise<string> =>
  phantomCohort({ patients: 9, seed: "verify-1", width: 360, height: 270, folder });

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
  const [a, b, c, d, e, f] = cohort.split("train");
  await plant("unreadable", a!.image("core", "x200"), async (file) => {
    const bytes = readFileSync(file);
    return bytes.subarray(0, bytes.length >> 1);
  });
  await plant("unreadable", a!.image("edge", "x400"), async () => "<html>404 not found</html>");
  await plant("blur", b!.image("core", "x400"), (file) => sharp(file).blur(3).jpeg().toBuffer());
  await plant("glass-only", c!.image("edge", "x1000"), async () =>
    sharp({ create: { width: 360, height: 270, channels: 3, background: "#f4f2f3" } })
      .jpeg()
      .toBuffer(),
  );
  await plant("size", d!.image("core", "x1000"), (file) => sharp(file).resize(216, 162).jpeg().toBuffer());
  await plant("blank", e!.image("core", "x1000"), async () =>
    sharp({ create: { width: 360, height: 270, channels: 3, background: "#000" } })
      .png()
      .toBuffer(),
  );
  await plant("duplicate", f!.image("edge", "x200"), async () =>
    readFileSync(f!.image("core", "x200").path!),
  );
  await plant("leakage", cohort.split("test")[0]!.image("core", "x400"), () =>
    sharp(b!.image("edge", "x400").path!).jpeg({ quality: 60 }).toBuffer(),
  );
  await plant("leakage", cohort.split("valid")[0]!.image("edge", "x1000"), async () =>
    readFileSync(c!.image("core", "x1000").path!),
  );
  await plant("channel-order", await clearlyStained(cohort), async (file) =>
    (await readImage(file)).swapRedBlue().toJpeg(92),
  );
  const missing = d!.image("edge", "x400");
  rmSync(missing.path!);
  planted.push(`missing ${d!.id} edge x400`);
  return planted.sort();
}

/** A whole image of the patient whose stain is least neutral: only there can an exchange be told. */
async function clearlyStained(cohort: Cohort): Promise<PatientImage> {
  let best: { image: PatientImage; hue: number } | undefined;
  for (const patient of cohort.split("train").slice(2)) {
    const image = patient.image("core", "x400");
    const { hue } = colourSignature(await image.loadResized({ size: [192, 256] }));
    if (!best || Math.abs(hue) > Math.abs(best.hue)) best = { image, hue };
  }
  return best!.image;
}
