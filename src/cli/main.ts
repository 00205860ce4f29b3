/** The command line: `oscc-lab <command>`. */
import { isOsccError, nearest } from "../core/errors";
import { packageVersion } from "../core/version";
import { type Command, helpOf, readArguments } from "./command";
import { doctor } from "./commands/doctor";
import { importArraysCommand } from "./commands/import-arrays";
import { installCommand, uninstallCommand } from "./commands/kernel-spec";
import { notebooks } from "./commands/notebooks";
import { phantom } from "./commands/phantom";
import { start } from "./commands/start";
import { verify } from "./commands/verify";

const COMMANDS: readonly Command[] = [
  start,
  notebooks,
  doctor,
  phantom,
  verify,
  importArraysCommand,
  installCommand,
  uninstallCommand,
];

/** Exit code for something mistyped, as is usual. */
const USAGE = 2;

/**
 * Run one command.
 *
 * @param typed what was typed after `oscc-lab`
 * @returns the exit code: 0 done, 1 it failed, 2 it was mistyped
 */
export async function main(typed: readonly string[]): Promise<number> {
  const [name, ...rest] = typed;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(overview());
    return 0;
  }
  if (name === "--version" || name === "-v") {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const found = COMMANDS.find((one) => one.name === name);
  if (!found) return unknownCommand(name);
  if (rest.includes("--help") || rest.includes("-h")) {
    process.stdout.write(helpOf(found));
    return 0;
  }
  return runCommand(found, rest);
}

async function runCommand(found: Command, typed: readonly string[]): Promise<number> {
  let reading = true;
  try {
    const given = readArguments(found, typed);
    reading = false;
    return await found.run(given);
  } catch (error) {
    // An error of ours was written for a person; anything else is a defect, and its stack is what helps.
    const text = isOsccError(error)
      ? `${error.name}: ${error.message}`
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
    process.stderr.write(`${text}\n`);
    return reading ? USAGE : 1;
  }
}

function unknownCommand(name: string): number {
  const names = COMMANDS.map((one) => one.name);
  const suggestion = nearest(name, names);
  process.stderr.write(
    `There is no command "${name}".${suggestion ? ` Did you mean  oscc-lab ${suggestion}?` : ""}\n` +
      `  Commands: ${names.join(", ")}. See  oscc-lab --help.\n`,
  );
  return USAGE;
}

function overview(): string {
  const width = Math.max(...COMMANDS.map((one) => one.name.length));
  return [
    `oscc-lab ${packageVersion()}: computational pathology in TypeScript notebooks.`,
    "Research and teaching only, not for diagnosis.",
    "",
    "  oscc-lab <command> [options]",
    "",
    ...COMMANDS.map((one) => `  ${one.name.padEnd(width)}  ${one.summary}`),
    "",
    "oscc-lab <command> --help says more about one of them.",
    "Your own data: set OSCC_DATA to a folder; encoder weights: OSCC_WEIGHTS.",
    "",
  ].join("\n");
}
