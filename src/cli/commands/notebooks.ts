/** `oscc-lab notebooks`: execute notebooks without Jupyter or Python. */
import { command } from "../command";
import type { RunNotebooksOptions } from "../run-notebooks";

export const notebooks = command({
  name: "notebooks",
  summary: "execute notebooks and make a gallery of pages and figures",
  arguments: "[NOTEBOOK...]",
  options: {
    out: { type: "string", value: "FOLDER", help: "where results go (default: out)" },
    only: { type: "string", value: "WORDS", help: "only notebooks whose name contains one of these: 03,roc" },
  },
  details: [
    "Without NOTEBOOK, all of notebooks/ are executed, each in a fresh kernel, with Node alone. FOLDER then holds",
    "  index.html          the gallery",
    "  NAME.html           one page for each notebook, complete in itself",
    "  NAME.ipynb          the executed notebook",
    "  figures/NAME-N.png  every figure",
    "Set OSCC_DATA to run them on your own data. Exits 1 if any cell failed.",
  ].join("\n"),
  run: ({ values, positionals }) =>
    executeAll({
      files: positionals,
      out: values.out ?? "out",
      ...(values.only === undefined ? {} : { only: values.only.split(",").map((word) => word.trim()) }),
    }),
});

/** The kernel client has compiled parts: loaded only here, so that  oscc-lab doctor  runs where they are broken. */
export async function executeAll(options: RunNotebooksOptions): Promise<number> {
  const { runNotebooks } = await import("../run-notebooks.js");
  return runNotebooks(options);
}
