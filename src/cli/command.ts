/** What a command is: its words, its options, what it does. Help and parsing both come from the same table. */
import { parseArgs } from "node:util";
import { OsccError, unknownName } from "../core/errors";

/** One option of a command. */
export interface Option {
  readonly type: "string" | "boolean";
  /** May be given several times; its value is then a list. */
  readonly multiple?: boolean;
  /** What it does, for the help. */
  readonly help: string;
  /** What stands for its value in the help: `FOLDER`. */
  readonly value?: string;
}

/** One command. */
export interface Command<
  Options extends Readonly<Record<string, Option>> = Readonly<Record<string, Option>>,
> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What may stand after the name besides options: `[NOTEBOOK...]`. Without it, nothing may. */
  readonly arguments?: string;
  readonly options: Options;
  /** More about it, for its own help. */
  readonly details?: string;
  /** Does it; gives the exit code. */
  run(given: Given<Options>): Promise<number>;
}

/** What was typed after the command. */
export interface Given<Options extends Readonly<Record<string, Option>> = Readonly<Record<string, Option>>> {
  readonly values: { readonly [K in keyof Options]?: ValueOf<Options[K]> };
  readonly positionals: readonly string[];
}

type ValueOf<O extends Option> = O["type"] extends "string"
  ? O extends { readonly multiple: true }
    ? readonly string[]
    : string
  : boolean;

/** Keeps the options' names in the type, so that `values` is checked. */
export function command<const Options extends Readonly<Record<string, Option>>>(
  definition: Command<Options>,
): Command {
  return definition as unknown as Command;
}

/**
 * Read what was typed after a command.
 *
 * @throws UnknownName for an option that does not exist; InvalidArgument for a value too many or too few
 */
export function readArguments(definition: Command, typed: readonly string[]): Given {
  const known = { ...definition.options, help: HELP };
  const options = Object.fromEntries(
    Object.entries<Option>(known).map(([name, { type, multiple = false }]) => [name, { type, multiple }]),
  );
  try {
    const { values, positionals, tokens } = parseArgs({
      args: [...typed],
      options,
      allowPositionals: true,
      strict: false,
      tokens: true,
    });
    for (const token of tokens) {
      if (token.kind !== "option") continue;
      const option = known[token.name as keyof typeof known] as Option | undefined;
      if (!option)
        throw unknownName(`option of ${definition.name}`, token.rawName, Object.keys(known).map(dashed));
      if (option.type === "string" && !token.value)
        throw usageError(
          definition,
          `${token.rawName} needs a value: ${token.rawName} ${option.value ?? "VALUE"}`,
        );
      if (option.type === "boolean" && token.value !== undefined)
        throw usageError(definition, `${token.rawName} takes no value`);
    }
    if (positionals.length > 0 && !definition.arguments)
      throw usageError(definition, `${definition.name} takes no argument, but "${positionals[0]}" was given`);
    return { values: values as Given["values"], positionals };
  } catch (error) {
    if (error instanceof OsccError) throw error;
    throw usageError(definition, error instanceof Error ? error.message : String(error));
  }
}

/** A mistake in what was typed, with the way to the help. */
export function usageError(definition: Command, problem: string): OsccError<"InvalidArgument"> {
  return new OsccError("InvalidArgument", [`${problem}.`, `See  oscc-lab ${definition.name} --help.`], {
    argument: definition.name,
    found: problem,
  });
}

/** A whole number from the text of an option, or `undefined` when the option was not given. */
export function wholeNumber(
  name: string,
  text: string | undefined,
  range: { min: number; max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  throw new OsccError(
    "InvalidArgument",
    [`--${name} is "${text}"; expected a whole number from ${range.min} to ${range.max}.`],
    { argument: name, found: text },
  );
}

/** The help text of one command. */
export function helpOf(definition: Command): string {
  const rows = Object.entries({ ...definition.options, help: HELP }).map(
    ([name, option]): [string, string] => [
      `${dashed(name)}${option.type === "string" ? ` ${option.value ?? "VALUE"}` : ""}`,
      option.help,
    ],
  );
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    `${definition.summary}`,
    "",
    `  oscc-lab ${definition.name}${definition.arguments ? ` ${definition.arguments}` : ""} [options]`,
    "",
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    ...(definition.details ? ["", definition.details] : []),
    "",
  ].join("\n");
}

const HELP: Option = { type: "boolean", help: "show this" };

function dashed(name: string): string {
  return `--${name}`;
}
