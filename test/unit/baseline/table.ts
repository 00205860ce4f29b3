/** A cohort with labels, split and clinical table and no images, whose outcomes follow from known columns. */
import { type Cohort, openCohort } from "../../../src/cohort";
import { CLINICAL_COLUMNS as HEADER } from "../../../src/cohort/phantom/clinical";
import { Rng } from "../../../src/core/random";
import { labelEntry, put, temporaryFolder } from "../cohort/make-cohort";

const SITES = ["Tongue", "Tongue", "Gingiva & Jaw", "Buccal Mucosa"];

/** Columns of one patient, in file order. */
export type Row = Record<(typeof HEADER)[number], string | number>;

export interface Made {
  patients?: number;
  seed?: number;
  /** Change a row after it has been drawn. */
  edit?: (row: Row, index: number) => Partial<Row>;
  /** Change the labels of a patient. */
  labels?: (index: number) => Partial<Record<"TD" | "CE" | "TI" | "PI" | "LNM" | "REC", number>>;
  clinical?: boolean;
}

/**
 * Metastasis (LNM) becomes likelier with age and with smoking; differentiation (TD) with the site; recurrence (REC)
 * is drawn without any cause, and radiotherapy is given to those who will have one.
 */
export async function clinicalCohort(made: Made = {}): Promise<Cohort> {
  const { patients = 240, seed = 1, clinical = true } = made;
  const folder = temporaryFolder();
  const rng = new Rng(seed);
  const rows: Row[] = [];
  const entries = [];
  const ids = Array.from({ length: patients }, (_, i) => i + 1);
  for (const pid of ids) {
    const age = Math.round(rng.normal(57, 11));
    const smoking = rng.chance(0.4) ? 1 : 0;
    const site = SITES[rng.integer(SITES.length)]!;
    const risk = 1 / (1 + Math.exp(-((age - 57) / 6 + 1.5 * smoking - 0.8)));
    const recurrence = rng.chance(0.25) ? 1 : 0;
    const labels = {
      LNM: rng.chance(risk) ? 1 : 0,
      TD: rng.chance(0.8) ? Math.min(2, SITES.indexOf(site)) : rng.integer(3),
      REC: recurrence,
      TI: rng.integer(2),
      PI: rng.integer(2),
      CE: rng.integer(2),
      ...made.labels?.(pid - 1),
    };
    entries.push(labelEntry({ pid, labels }));
    const days = recurrence ? 30 + rng.integer(1500) : 747 + rng.integer(2000);
    const row: Row = {
      ...(Object.fromEntries(HEADER.map((name) => [name, 0])) as Row),
      PID: pid,
      "Age(Y)": rng.chance(0.08) ? "/" : age,
      "Weight(kg)": Math.round(rng.normal(62, 9)),
      "Height(cm)": Math.round(rng.normal(164, 7)),
      "SmokingHistory(0no/1yes)": smoking,
      "Surgery Site": site,
      ASAGrade: rng.integer(4),
      "6-Class Flap": "Thigh",
      SurgicalMethod: "Resection",
      "Radiotherapy(0no/1yes)": recurrence,
      "[annotation] recurrence time": recurrence ? days : "Not recurred",
      "[annotation] last followup time": days,
    };
    rows.push({ ...row, ...made.edit?.(row, pid - 1) } as Row);
  }
  const train = Math.round(patients * 0.6);
  const test = Math.round(patients * 0.3);
  put(folder, {
    "all_metadata.json": { num: patients, datainfo: entries },
    "split_seed=2024.json": {
      train: ids.slice(0, train),
      valid: ids.slice(train, -test),
      test: ids.slice(-test),
    },
    ...(clinical
      ? {
          "clinical_data_2024.csv": [HEADER, ...rows.map((row) => HEADER.map((name) => row[name]))]
            .map((line) => line.join(","))
            .join("\n"),
        }
      : {}),
  });
  return openCohort(folder);
}
