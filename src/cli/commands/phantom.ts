/** `oscc-lab phantom`: make a phantom cohort. */

import type { PhantomPreset } from "../../cohort/phantom";
import { unknownName } from "../../core/errors";
import { PHANTOM_NOTICE } from "../../core/provenance";
import { command, wholeNumber } from "../command";

export const phantom = command({
  name: "phantom",
  summary: "make a phantom cohort: synthetic tissue images with known truth",
  options: {
    patients: { type: "string", value: "N", help: "number of patients (default: 160)" },
    out: {
      type: "string",
      value: "FOLDER",
      help: "where to put it (default: the cache, where openCohort() finds it)",
    },
    preset: { type: "string", value: "NAME", help: "how clearly the labels show: easy, default, hard" },
    seed: { type: "string", value: "WORD", help: "same seed, same cohort (default: phantom-1)" },
    quiet: { type: "boolean", help: "say nothing but errors and progress" },
  },
  details: [
    "The folder has the raw Multi-OSCC layout, with masks and truth beside it. A cohort that is there already is",
    "left as it is. Performance on phantoms says nothing about patients.",
  ].join("\n"),
  async run({ values }) {
    const patients = wholeNumber("patients", values.patients, { min: 1, max: 10_000 });
    const { PHANTOM_PRESETS, phantomCohort } = await import("../../cohort/phantom/index.js");
    const presets = Object.keys(PHANTOM_PRESETS);
    if (values.preset !== undefined && !presets.includes(values.preset))
      throw unknownName("phantom preset", values.preset, presets);
    const folder = await phantomCohort({
      ...(patients === undefined ? {} : { patients }),
      ...(values.out === undefined ? {} : { folder: values.out }),
      ...(values.preset === undefined ? {} : { preset: values.preset as PhantomPreset }),
      ...(values.seed === undefined ? {} : { seed: values.seed }),
    });
    if (!values.quiet)
      process.stdout.write(`${folder}\n  (${PHANTOM_NOTICE}) Use it with  OSCC_DATA=${folder} npm start\n`);
    return 0;
  },
});
