// What Jupyter starts: the built kernel of the package that this folder lies in.
"use strict";
const { existsSync, realpathSync } = require("node:fs");
const path = require("node:path");

const root = path.resolve(realpathSync(__dirname), "..", "..");
const main = path.join(root, "dist", "kernel", "main.js");
if (!existsSync(main)) {
  process.stderr.write(`oscc-lab is not built: ${main} is missing.\nRun  npm run build  in ${root}.\n`);
  process.exit(1);
}
// Node 22 and later keep the compiled code of the language from one start to the next.
require("node:module").enableCompileCache?.();
require(main).main(process.argv[2]);
