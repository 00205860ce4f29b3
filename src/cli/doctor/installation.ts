/** Is the package itself in order: Node, native parts, build, cache? */
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { cacheFolder, PACKAGE_ROOT } from "../../core/paths";
import { type Finding, fail, firstLine, pass, warn } from "./finding";

const LEAST_NODE = [20, 19] as const;

export function checkNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return enough
    ? pass("Node", `${version}, ${process.platform} ${process.arch}`)
    : fail("Node", version, `Install Node ${LEAST_NODE.join(".")} or later: https://nodejs.org`);
}

/** Packages with compiled parts; each is loaded, because only loading shows a missing or foreign binary. */
const NATIVE_PARTS = [
  { name: "sharp", purpose: "decoding images" },
  { name: "zeromq", purpose: "talking to Jupyter" },
  { name: "onnxruntime-node", purpose: "training and inference" },
  { name: "@resvg/resvg-js", purpose: "drawing figures as PNG" },
] as const;

export function checkNativeParts(load: (name: string) => unknown = require): Finding[] {
  return NATIVE_PARTS.map(({ name, purpose }) => {
    try {
      load(name);
      return pass(name, `${versionOf(name)}, for ${purpose}`);
    } catch (error) {
      return fail(
        name,
        `does not load (${purpose}): ${firstLine(error)}`,
        `In ${PACKAGE_ROOT}: rm -rf node_modules && npm ci   (on this machine, not copied from another)`,
      );
    }
  });
}

export function checkBuild(): Finding {
  const main = path.join(PACKAGE_ROOT, "dist", "index.js");
  const kernel = path.join(PACKAGE_ROOT, "dist", "kernel", "main.js");
  return existsSync(main) && existsSync(kernel)
    ? pass("build", "dist/ is there")
    : fail("build", "dist/ is missing or incomplete", "npm run build");
}

export function checkCache(): Finding {
  const folder = cacheFolder();
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return pass("cache", folder);
  } catch (error) {
    return fail("cache", firstLine(error), "Set OSCC_CACHE to a folder that can be written.");
  }
}

export function checkExtension(): Finding {
  const folder = path.join(PACKAGE_ROOT, "labextensions", "oscc-lab");
  const needed = ["package.json", path.join("static", "plotly.min.js")];
  const missing = needed.filter((file) => !existsSync(path.join(folder, file)));
  return missing.length === 0
    ? pass("JupyterLab extension", "labextensions/oscc-lab, draws figures in JupyterLab")
    : warn(
        "JupyterLab extension",
        `${missing.join(", ")} missing: figures will be pictures in JupyterLab`,
        "node scripts/setup.mjs",
      );
}

export function checkKernelSpec(): Finding {
  const file = path.join(PACKAGE_ROOT, "kernels", "oscc-lab", "kernel.json");
  try {
    const spec = JSON.parse(readFileSync(file, "utf8")) as { display_name?: string };
    return pass("kernel specification", `kernels/oscc-lab, "${spec.display_name}"`);
  } catch (error) {
    return fail(
      "kernel specification",
      firstLine(error),
      "Restore kernels/oscc-lab/kernel.json from the repository.",
    );
  }
}

function versionOf(name: string): string {
  // Some packages do not export their package.json: it is found by its path.
  const file = path.join(PACKAGE_ROOT, "node_modules", name, "package.json");
  return existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version
    : "present";
}
