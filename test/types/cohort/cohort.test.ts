/** What the compiler knows about a cohort. The assertions are checked by `npm run check`; at run time they are no-ops. */
import { expect, expectTypeOf, test } from "vitest";
import type {
  Cohort,
  CohortSchema,
  Fold,
  MultiOscc,
  openCohort,
  Patient,
  PatientImage,
  PatientRow,
  Split,
  Task,
} from "../../../src/cohort";
import type { ExplainablePatient } from "../../../src/explain";
import type { RgbImage } from "../../../src/image";
import type { TrainingCohort } from "../../../src/train/cohort";

declare const cohort: Cohort;
declare const patient: Patient;
declare const open: typeof openCohort;

/** Never run: only read by the compiler. */
function compileOnly(): void {
  expectTypeOf(patient.image("core", "x400")).toEqualTypeOf<PatientImage<MultiOscc>>();
  expectTypeOf(patient.image("core", "x400").load()).resolves.toEqualTypeOf<RgbImage>();
  // @ts-expect-error there is no x100 in Multi-OSCC
  patient.image("core", "x100");
  // @ts-expect-error there is no centre
  patient.image("centre", "x200");
  // @ts-expect-error no such policy
  patient.images({ onMissing: "ignore" });

  expectTypeOf(patient.labels.TD).toEqualTypeOf<number | undefined>();
  expectTypeOf(patient.labels).toEqualTypeOf<
    Readonly<Record<"REC" | "LNM" | "TD" | "TI" | "CE" | "PI", number | undefined>>
  >();
  expectTypeOf(patient.split).toEqualTypeOf<Split | undefined>();
  expectTypeOf(patient.clinical?.ageYears).toEqualTypeOf<number | undefined>();
  expectTypeOf(patient.clinical?.smokingHistory).toEqualTypeOf<boolean | undefined>();
  expectTypeOf(patient.clinical?.recurrenceDays).toEqualTypeOf<number | null | undefined>();

  cohort.where({ split: "train", TD: "poor", REC: 1 });
  // @ts-expect-error TD has no class "bad"
  cohort.where({ TD: "bad" });
  // @ts-expect-error no task XY
  cohort.where({ XY: 1 });
  expectTypeOf(cohort.rows()).toEqualTypeOf<PatientRow<Task>[]>();
  expectTypeOf(cohort.rows()[0]!.TD).toEqualTypeOf<number | null>();
  expectTypeOf(cohort.folds({ stratify: ["TD", "REC"] })).toEqualTypeOf<Fold<MultiOscc>[]>();

  // A cohort of one's own: exact with a schema, plain strings with CohortSchema.
  const schema = {
    name: "mine",
    sites: ["tissue"],
    magnifications: ["x40"],
    tasks: { OSCC: { title: "carcinoma", classes: ["normal", "carcinoma"] } },
  } as const;
  const mine = open("folder", { schema });
  expectTypeOf(mine).resolves.toHaveProperty("tasks").toEqualTypeOf<readonly "OSCC"[]>();
  const any = open<CohortSchema>("folder");
  expectTypeOf(any).resolves.toHaveProperty("sites").toEqualTypeOf<readonly string[]>();
  expectTypeOf(open()).resolves.toEqualTypeOf<Cohort<MultiOscc>>();

  // Whatever works on any cohort takes this one.
  const anyCohort: Cohort<CohortSchema> = cohort;
  const anyPatient: Patient<CohortSchema> = patient;
  const anyImage: PatientImage<CohortSchema> = patient.image("core", "x200");
  // Training and explaining ask for less than a cohort, in their own words.
  const toTrain: TrainingCohort<Task> = cohort;
  const anyToTrain: TrainingCohort = anyCohort;
  const toExplain: ExplainablePatient<PatientImage> = patient;
  void [toTrain, anyToTrain, toExplain];
  void [anyCohort, anyPatient, anyImage];
}

test("the types above are compiled", () => {
  expect(compileOnly).toBeTypeOf("function");
});
