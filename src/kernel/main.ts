/** The kernel's process: read the connection file, open the channels, load the language, serve until told to end. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { isOsccError } from "../core/errors";
import { PACKAGE_ROOT } from "../core/paths";
import { CellInterpreter } from "./cell-interpreter";
import { portsOf, readConnection } from "./connection";
import { InterruptState } from "./interrupt-state";
import { Kernel } from "./kernel";
import { watchParent } from "./parent-watch";
import { type OnMessage, openChannels } from "./sockets";
import { SourceRegistry } from "./sources";
import { installStopCheck } from "./stop-check";
import { TslabCompiler } from "./tslab/compiler";
import { routeTslabDisplay } from "./tslab/display";
import { resolveFromKernelAtRunTime } from "./tslab/module-resolution";
import { UnderWay } from "./under-way";

/** Deep libraries must not push the user's own frames off the stack. */
const STACK_FRAMES = 50;

/**
 * Start the kernel.
 *
 * @param connectionFile the file that Jupyter wrote; its path is the kernel's only argument
 */
export function main(connectionFile: string | undefined): void {
  start(connectionFile ?? "").catch((error) => {
    process.stderr.write(`${isOsccError(error) ? error.message : (error?.stack ?? error)}\n`);
    process.exit(1);
  });
}

async function start(connectionFile: string): Promise<void> {
  const connection = readConnection(connectionFile);
  watchParent(() => process.exit(1));
  // Messages that come before the language is loaded wait here.
  const early: Parameters<OnMessage>[] = [];
  let deliver: OnMessage = (...message) => void early.push(message);
  const interrupts = new InterruptState();
  installStopCheck(interrupts);
  const channels = await openChannels(connection, interrupts, (...message) => deliver(...message));

  Error.stackTraceLimit = STACK_FRAMES;
  resolveFromKernelAtRunTime();
  const sources = new SourceRegistry();
  const folder = process.cwd();
  const interpreter = new CellInterpreter(folder, new TslabCompiler(folder), sources, interrupts);
  const kernel = new Kernel({
    channels,
    ports: portsOf(connection),
    interpreter,
    sources,
    interrupts,
    underWay: new UnderWay(connectionFile),
    version: packageVersion(),
    onShutdown: () => process.exit(0),
  });
  routeTslabDisplay(kernel);
  sources.install();
  process.on("SIGINT", () => kernel.interrupt());
  process.on("uncaughtException", (error) => kernel.reportUncaught(error));
  process.on("unhandledRejection", (error) => kernel.reportUncaught(error));

  kernel.announce();
  deliver = (...message) => kernel.receive(...message);
  for (const message of early) deliver(...message);
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(PACKAGE_ROOT, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
