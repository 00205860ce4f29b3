/** A cohort as something to browse: each patient by a thumbnail and the labels. */
import { announceOpened, type BrowsableItem } from "../core/browsable";
import type { Cohort } from "./cohort";
import type { Patient } from "./patient";
import type { CohortSchema } from "./schema";

const THUMBNAIL_WIDTH_PX = 112;

/** Let a front end list the patients of a cohort beside the notebook. */
export function announceCohort<S extends CohortSchema>(cohort: Cohort<S>): void {
  announceOpened({
    source: cohort,
    name: `${cohort.name}: ${cohort.patients.length} patients`,
    ...(cohort.provenance.notice ? { notice: cohort.provenance.notice } : {}),
    items: cohort.patients.map((patient) => itemOf(cohort, patient)),
    code: (id, source) =>
      `const patient = ${source}.patient(${JSON.stringify(id)});\nawait plot.magnifications(patient)`,
    openingCode: `await openCohort(${JSON.stringify(cohort.folder)})`,
  });
}

function itemOf<S extends CohortSchema>(cohort: Cohort<S>, patient: Patient<S>): BrowsableItem {
  const labels = cohort.tasks.flatMap((task) => {
    const label = patient.labels[task];
    return label === undefined ? [] : [`${task} ${label}`];
  });
  return {
    id: patient.id,
    note: [patient.split, ...labels].filter((part) => part !== undefined).join(" · "),
    thumbnail: async () => {
      const image = patient.allImages().find(({ status }) => status === "present");
      if (!image) return undefined;
      const picture = await image.load();
      const height = Math.max(1, Math.round((picture.height * THUMBNAIL_WIDTH_PX) / picture.width));
      return (await picture.resize(THUMBNAIL_WIDTH_PX, height)).toJpeg(80);
    },
  };
}
