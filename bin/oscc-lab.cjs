#!/usr/bin/env node
// The command: everything is in src/cli; this file only finds the build.
"use strict";
const { existsSync } = require("node:fs");
const path = require("node:path");

const root = path.resolve(__dirname, "..");
const main = path.join(root, "dist", "cli", "main.js");
if (!existsSync(main)) {
  process.stderr.write(
    `oscc-lab is not built: ${main} is missing.\n  Run  node scripts/setup.mjs  in ${root}.\n`,
  );
  process.exit(1);
}
require(main)
  .main(process.argv.slice(2))
  .then((code) => {
    process.exitCode = code;
  });
