/**
 * Errors that speak to a person: what was found, what was expected, what to do next.
 *
 * One class, told apart by a literal `code`, so that `isOsccError(e, "MissingImage")` narrows the
 * type of `e.data`. Add a code to `OsccErrorData` to add an error.
 */

/** The data that each error code carries. The keys are the closed set of codes. */
export interface OsccErrorData {
  /** A folder that should hold a data set is not there, or holds none. */
  MissingDataset: { folder: string };
  /** A data set was read and cannot be used; `problems` lists everything that was found, not the first. */
  InvalidDataset: { folder: string; problems: readonly string[] };
  /** An image that a patient should have is not there. */
  MissingImage: { patient: string; site: string; magnification: string; path?: string };
  /** A patient of whom every image is missing or masked: there is nothing to look at. */
  NoImages: { patient: string };
  /** A file that should hold a compiled program does not, or one of another version, or lacks its state. */
  InvalidProgram: { path: string; reason: ProgramProblem; names?: readonly string[] };
  /** A file exists but cannot be decoded as an image. */
  UnreadableImage: { path: string };
  /** A file is no NumPy array, is cut off, or holds what cannot be read. */
  UnreadableArray: { path: string };
  /** A patient, task, site, magnification or layer that does not exist was asked for. */
  UnknownName: { name: string; kind: string; known: readonly string[] };
  /** An option or argument is outside what is allowed. */
  InvalidArgument: { argument: string; found: unknown };
  /** A tensor or array has another shape than the computation needs. */
  ShapeMismatch: { expected: readonly (number | string)[]; found: readonly number[] };
  /** A tensor operation that the tracing backend cannot express. */
  UnsupportedOperation: { operation: string };
  /** A loss, gradient or parameter became NaN or infinite: `tensor` was the first, in the order of computation. */
  NotFinite: { step: number; tensor: string };
  /** No device can do the work, or the one asked for is not here. */
  DeviceUnavailable: { device: string; reasons: readonly string[] };
  /** The compute worker stopped unexpectedly. */
  WorkerCrashed: { reason: string };
  /** The compute runtime refused a graph or failed while running it. */
  ComputeFailed: { program: string; reason: string };
  /** The compute runtime could not get memory: `bytes` the block that failed, `needed` about how much it all takes. */
  OutOfMemory: { program: string; bytes?: number; needed?: number };
  /** A statistic that is not defined on this input (one class only, no patient, ...). */
  Undefined: { statistic: string; reason: string };
  /** An iterative fit stopped before its solution stood still; `change` is the last step's size. */
  NotConverged: { computation: string; iterations: number; change: number };
  /** Some combination of columns tells the classes apart without error, so that coefficients have no finite value. */
  Separated: { columns: readonly string[] };
  /** A figure specification that Plotly would draw wrongly or not at all. */
  InvalidFigure: { problems: readonly string[] };
  /**
   * A checkpoint file that cannot be read, or does not fit the model.
   * `reason` says which kind of problem, `names` the tensors (or pickle globals) concerned.
   */
  InvalidCheckpoint: { path: string; reason?: CheckpointProblem; names?: readonly string[] };
  /** The work was stopped on request. */
  Aborted: { what: string };
  /** A notebook, kernel or JupyterLab installation problem. */
  Kernel: { detail: string };
}

/** What can be wrong with the file of a compiled program. */
export type ProgramProblem = "missing" | "not-a-program" | "truncated" | "version" | "device" | "state";

/** What can be wrong with a checkpoint. */
export type CheckpointProblem =
  | "unknown-format"
  | "truncated"
  | "corrupt"
  | "forbidden-global"
  | "unsupported-dtype"
  | "names"
  | "shapes"
  | "version"
  | "another-run";

/** The closed set of error codes. */
export type OsccErrorCode = keyof OsccErrorData;

/**
 * The one error class of this package.
 *
 * @example
 * try {
 *   await openCohort("./nowhere");
 * } catch (error) {
 *   if (isOsccError(error, "MissingDataset")) console.log(error.data.folder);
 * }
 */
export class OsccError<C extends OsccErrorCode = OsccErrorCode> extends Error {
  readonly code: C;
  readonly data: OsccErrorData[C];

  /**
   * @param code    which error this is
   * @param lines   the message: first what was found, then what was expected, then what to do next;
   *                lines after the first are indented for reading in a cell
   * @param data    the facts of this error, for programs
   * @param options `cause`: the error underneath, if there is one
   */
  constructor(code: C, lines: readonly string[], data: OsccErrorData[C], options?: { cause?: unknown }) {
    super(lines.join("\n  "), options);
    this.name = `${code}Error`;
    this.code = code;
    this.data = data;
  }
}

/** Is this one of our errors, and (optionally) this one? Narrows `data`. */
export function isOsccError<C extends OsccErrorCode>(error: unknown, code?: C): error is OsccError<C> {
  return error instanceof Error && "code" in error && "data" in error && error.name === `${error.code}Error`
    ? code === undefined || error.code === code
    : false;
}

/**
 * The known name nearest to a mistyped one, or `undefined` when none is near (Damerau-Levenshtein).
 *
 * @example
 * nearest("x2000", ["x200", "x400", "x1000"]); // "x200"
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.ceil(name.length / 2)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * An error for a name that does not exist, with the nearest one that does.
 *
 * @param kind   what the name stands for, in words: "task", "layer", "magnification"
 */
export function unknownName(kind: string, name: string, known: readonly string[]): OsccError<"UnknownName"> {
  const suggestion = nearest(name, known);
  const shown = known.length > 24 ? [...known.slice(0, 24), `... ${known.length - 24} more`] : known;
  return new OsccError(
    "UnknownName",
    [
      `there is no ${kind} "${name}".`,
      `Known: ${shown.join(", ")}.`,
      ...(suggestion ? [`Did you mean "${suggestion}"?`] : []),
    ],
    { name, kind, known },
  );
}

/** An error for an argument outside its range. `expected` completes "expected ...", `advice` says what to do. */
export function invalidArgument(
  argument: string,
  found: unknown,
  expected: string,
  advice?: string,
): OsccError<"InvalidArgument"> {
  const shown = typeof found === "string" ? JSON.stringify(found) : asText(found);
  return new OsccError(
    "InvalidArgument",
    [`${argument} is ${shown}; expected ${expected}.`, ...(advice ? [advice] : [])],
    { argument, found },
  );
}

/** `String(found)`, also for objects that have no text form. */
function asText(found: unknown): string {
  try {
    return String(found);
  } catch {
    return Object.prototype.toString.call(found);
  }
}

function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = Math.min(row[j - 1]! + 1, previous[j]! + 1, previous[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        d = Math.min(d, beforePrevious[j - 2]! + 1);
      row.push(d);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length]!;
}
