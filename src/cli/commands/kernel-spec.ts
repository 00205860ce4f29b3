/** `oscc-lab install` and `uninstall`: the kernel for a Jupyter that is started by other means. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { OsccError } from "../../core/errors";
import { PACKAGE_ROOT } from "../../core/paths";
import { OSCC_KERNEL_SPEC, readKernelSpec } from "../../kernel/kernel-spec";
import { command } from "../command";
import { jupyterDataFolder, lastingNode } from "../jupyter-places";

const NAME = "oscc-lab";

/** What a front end shows beside the kernel's name. */
const LOGOS = ["logo-svg.svg", "logo-32x32.png", "logo-64x64.png"];

export const installCommand = command({
  name: "install",
  summary: "register the kernel and the extension with the Jupyter in your home folder",
  options: {
    prefix: {
      type: "string",
      value: "FOLDER",
      help: "into FOLDER/share/jupyter, as of a virtual environment or /usr/local (default: your home)",
    },
  },
  details: [
    "Not needed for  npm start, which finds both by itself. The registered kernel runs this very folder with this",
    "very Node: after moving either, install again. VS Code finds the kernel in your home as well.",
    "Undo with  oscc-lab uninstall  and the same --prefix.",
  ].join("\n"),
  async run({ values }) {
    const folder = dataFolder(values.prefix);
    const { kernel, extension } = placesIn(folder);
    for (const place of [kernel, extension]) if (existsSync(place) && !isOurs(place)) throw taken(place);
    try {
      registerKernel(kernel);
      rmSync(extension, { recursive: true, force: true });
      cpSync(path.join(PACKAGE_ROOT, "labextensions", NAME), extension, { recursive: true });
    } catch (cause) {
      throw unwritable(folder, cause);
    }
    process.stdout.write(`Registered the kernel     ${kernel}\n           the extension  ${extension}\n`);
    if (isTemporary(PACKAGE_ROOT))
      process.stderr.write(
        `They run ${PACKAGE_ROOT}, which npm may clear away.\n  To keep them: install oscc-lab in a folder of yours, and run this there.\n`,
      );
    return 0;
  },
});

function registerKernel(folder: string): void {
  const spec = readKernelSpec(OSCC_KERNEL_SPEC);
  const node = lastingNode();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The launcher stays where it is: beside the build that it starts. A Jupyter that is started from a menu (VS Code)
  // often has another PATH than a terminal, without Node.
  const argv = spec.argv.map((argument) =>
    argument === "node" ? node : argument.replaceAll("{resource_dir}", OSCC_KERNEL_SPEC),
  );
  writeFileSync(path.join(folder, "kernel.json"), `${JSON.stringify({ ...spec, argv }, null, 2)}\n`);
  for (const logo of LOGOS) cpSync(path.join(OSCC_KERNEL_SPEC, logo), path.join(folder, logo));
}

/** `npx` keeps packages that it fetched for one command in a folder of this name. */
function isTemporary(folder: string): boolean {
  return folder.split(path.sep).includes("_npx");
}

function taken(folder: string): OsccError<"InvalidArgument"> {
  return new OsccError(
    "InvalidArgument",
    [
      `${folder} is not ours; it is left alone.`,
      "Move it away, or name another place:  oscc-lab install --prefix FOLDER",
    ],
    { argument: "--prefix", found: folder },
  );
}

function unwritable(folder: string, cause: unknown): OsccError<"InvalidArgument"> {
  return new OsccError(
    "InvalidArgument",
    [
      `nothing can be registered in ${folder}.`,
      cause instanceof Error ? cause.message : String(cause),
      "Name a folder that you may write:  oscc-lab install --prefix FOLDER",
    ],
    { argument: "--prefix", found: folder },
    { cause },
  );
}

export const uninstallCommand = command({
  name: "uninstall",
  summary: "undo install",
  options: installCommand.options,
  async run({ values }) {
    const places = Object.values(placesIn(dataFolder((values as { prefix?: string }).prefix)));
    const present = places.filter((folder) => existsSync(folder));
    for (const folder of present) {
      if (!isOurs(folder)) {
        process.stderr.write(`${folder} is not ours; it is left alone.\n`);
        continue;
      }
      try {
        rmSync(folder, { recursive: true });
      } catch (cause) {
        throw unwritable(folder, cause);
      }
      process.stdout.write(`Removed ${folder}\n`);
    }
    if (present.length === 0) process.stdout.write("Nothing was registered.\n");
    return 0;
  },
});

/** Where Jupyter looks below a prefix, or for this user. */
function dataFolder(prefix: string | undefined): string {
  return prefix === undefined ? jupyterDataFolder() : path.join(path.resolve(prefix), "share", "jupyter");
}

/** Where the kernel and the extension go inside a Jupyter data folder. */
export function placesIn(dataFolder: string): { kernel: string; extension: string } {
  return {
    kernel: path.join(dataFolder, "kernels", NAME),
    extension: path.join(dataFolder, "labextensions", NAME),
  };
}

/** A folder of the same name may be somebody else's: ours says so in its JSON file. An empty one is nobody's. */
function isOurs(folder: string): boolean {
  if (readdirSync(folder).length === 0) return true;
  const files = ["kernel.json", "package.json"]
    .map((file) => path.join(folder, file))
    .filter((file) => existsSync(file));
  return files.some((file) => readFileSync(file, "utf8").includes(NAME));
}
