/** What lies around the package: JupyterLab, the data, the weights. None of it is needed to run the notebooks. */
import { host, installHost } from "../../core/host";
import { findJupyterLab } from "../jupyter";
import { type Finding, fail, firstLine, pass, warn } from "./finding";

export function checkJupyterLab(): Finding {
  const lab = findJupyterLab();
  if (!lab)
    return warn(
      "JupyterLab",
      "not found in .venv or on the PATH; notebooks still run with  npm start -- --headless",
      "python3 -m venv .venv && .venv/bin/pip install jupyterlab",
    );
  return Number(lab.version.split(".")[0]) >= 4
    ? pass("JupyterLab", `${lab.version} (${lab.command})`)
    : warn(
        "JupyterLab",
        `${lab.version}; the extension needs 4`,
        ".venv/bin/pip install --upgrade jupyterlab",
      );
}

export async function checkData(folder = process.env.OSCC_DATA): Promise<Finding> {
  const what = "dataset (OSCC_DATA)";
  if (!folder)
    return warn(
      what,
      "not set; notebooks use the phantom cohort and say so",
      "export OSCC_DATA=/path/to/the/data",
    );
  // What opening would say on its way is one line of the list here.
  const restore = installHost({ ...host(), warn: () => {} });
  try {
    const { openCohort } = await import("../../cohort/index.js");
    const { name, patients, warnings } = await openCohort(folder);
    const found = `${name}, ${patients.length} patients, in ${folder}`;
    if (warnings.length === 0) return pass(what, found);
    const more = warnings.length > 1 ? ` (and ${warnings.length - 1} more)` : "";
    return warn(
      what,
      `${found}; ${warnings[0]}${more}`,
      "cohort.warnings lists all; what is there can be used.",
    );
  } catch (error) {
    return fail(
      what,
      firstLine(error),
      "Point OSCC_DATA at a folder with a data set (openCohort says what it looks for), or unset it.",
    );
  } finally {
    restore();
  }
}

export async function checkWeights(file = process.env.OSCC_WEIGHTS): Promise<Finding> {
  const what = "weights (OSCC_WEIGHTS)";
  if (!file)
    return warn(
      what,
      "not set; encoders start from random weights",
      "export OSCC_WEIGHTS=/path/to/encoder.pth",
    );
  try {
    const { readCheckpoint } = await import("../../model/checkpoints/read.js");
    const { format, tensors } = await readCheckpoint(file);
    return pass(what, `${Object.keys(tensors).length} tensors (${format}) in ${file}`);
  } catch (error) {
    return fail(
      what,
      firstLine(error),
      "Point OSCC_WEIGHTS at a .pth, .torch or .safetensors file, or unset it.",
    );
  }
}
