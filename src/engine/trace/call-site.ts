/** Where in the user's code an operation was called: from the stack, past TensorFlow.js and this engine. */
import path from "node:path";

const ENGINE_FOLDER = path.resolve(__dirname, "..");
const CORE_FOLDER = path.resolve(ENGINE_FOLDER, "..", "core");

/** Frames deep enough to reach the user through TensorFlow.js. */
const FRAMES = 60;

/** ` at model.ts:12:7`, ready to be put into a message; empty when no line of the user's is on the stack. */
export function callSite(): string {
  return placeIn(stack());
}

/** The same for an error that was thrown while `withLongStacks` was in force. */
export function placeOfError(error: Error): string {
  return placeIn(error.stack?.split("\n").map((line) => line.trim()) ?? []);
}

/** Whether TensorFlow.js threw an error, rather than the user's code or this package. */
export function isFromTensorFlow(error: Error): boolean {
  const first = error.stack?.split("\n").find((line) => line.trim().startsWith("at "));
  return first !== undefined && /tfjs-core/.test(first);
}

/** Errors thrown in `work` carry enough of the stack to reach the user's line through TensorFlow.js. */
export function withLongStacks<T>(work: () => T): T {
  const former = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = former;
  }
}

function placeIn(lines: readonly string[]): string {
  const line = lines.find(isUserFrame);
  const place = line && /\(?((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1];
  return place ? ` at ${shorten(place)}` : "";
}

/** TensorFlow.js draws random numbers in JavaScript: seen from a backend, only the stack tells them from constants. */
export function drawsRandomNumbers(): boolean {
  return stack().some((line) =>
    /\b(randomUniform|randomNormal|randomStandardNormal|randomGamma|truncatedNormal|randomUniformInt|rand)_+\b/.test(
      line,
    ),
  );
}

function stack(): string[] {
  const former = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const lines = new Error().stack?.split("\n").slice(1) ?? [];
  Error.stackTraceLimit = former;
  return lines.map((line) => line.trim());
}

function isUserFrame(line: string): boolean {
  return (
    line.startsWith("at ") &&
    !line.includes("node_modules") &&
    !line.includes("node:internal") &&
    !line.includes("tfjs-core/src/") &&
    !line.includes(`${ENGINE_FOLDER}${path.sep}`) &&
    !line.includes(`${CORE_FOLDER}${path.sep}`)
  );
}

function shorten(place: string): string {
  const file = place.replace(/^file:\/\//, "");
  return path.isAbsolute(file) ? path.relative(process.cwd(), file) : file;
}
