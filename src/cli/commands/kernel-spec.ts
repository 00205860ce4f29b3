/** `oscc-lab install` and `uninstall`: the kernel for a Jupyter that is started by other means. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { PACKAGE_ROOT } from "../../core/paths";
import { OSCC_KERNEL_SPEC, readKernelSpec } from "../../kernel/kernel-spec";
import { command } from "../command";

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
    const { kernel, extension } = placesIn(dataFolder(values.prefix));
    const spec = readKernelSpec(OSCC_KERNEL_SPEC);
    rmSync(kernel, { recursive: true, force: true });
    mkdirSync(kernel, { recursive: true });
    // The launcher stays where it is: beside the build that it starts. A Jupyter that is started from a menu (VS Code)
    // often has another PATH than a terminal, without Node.
    const argv = spec.argv.map((argument) =>
      argument === "node" ? process.execPath : argument.replaceAll("{resource_dir}", OSCC_KERNEL_SPEC),
    );
    writeFileSync(path.join(kernel, "kernel.json"), `${JSON.stringify({ ...spec, argv }, null, 2)}\n`);
    for (const logo of LOGOS) cpSync(path.join(OSCC_KERNEL_SPEC, logo), path.join(kernel, logo));
    rmSync(extension, { recursive: true, force: true });
    cpSync(path.join(PACKAGE_ROOT, "labextensions", NAME), extension, { recursive: true });
    process.stdout.write(`Registered the kernel     ${kernel}\n           the extension  ${extension}\n`);
    return 0;
  },
});

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
      rmSync(folder, { recursive: true });
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

/** The per-user data folder, by Jupyter's own rules. */
export function jupyterDataFolder(): string {
  if (process.env.JUPYTER_DATA_DIR) return process.env.JUPYTER_DATA_DIR;
  if (process.platform === "darwin") return path.join(homedir(), "Library", "Jupyter");
  if (process.platform === "win32")
    return path.join(process.env.APPDATA ?? path.join(homedir(), "AppData", "Roaming"), "jupyter");
  return path.join(process.env.XDG_DATA_HOME ?? path.join(homedir(), ".local", "share"), "jupyter");
}

/** Where the kernel and the extension go inside a Jupyter data folder. */
export function placesIn(dataFolder: string): { kernel: string; extension: string } {
  return {
    kernel: path.join(dataFolder, "kernels", NAME),
    extension: path.join(dataFolder, "labextensions", NAME),
  };
}

/** A folder of the same name may be somebody else's: ours says so in its JSON file. */
function isOurs(folder: string): boolean {
  const files = ["kernel.json", "package.json"]
    .map((file) => path.join(folder, file))
    .filter((file) => existsSync(file));
  return files.some((file) => readFileSync(file, "utf8").includes(NAME));
}
