/** What can be wrong with a chain before it is compiled. */
import { invalidArgument, unknownName } from "../../core/errors";
import { checkState } from "../program";
import type { ChainForward } from "./forward";

type Described = Pick<ChainForward, "chain" | "items" | "inputs" | "parameters">;

/** Check names and sizes; `name` begins the messages. */
export function checkChain(name: string, { chain, items, inputs, parameters }: Described): void {
  if (chain.length === 0) throw invalidArgument(`${name}: chain`, "empty", "at least one link");
  checkState(name, parameters);
  for (const [key, { dtype }] of Object.entries(parameters))
    if (dtype !== "float32") throw invalidArgument(`${name}: parameter ${key}`, dtype, "float32");
  const known = Object.keys(parameters);
  for (const link of chain)
    for (const full of Object.values(link.parameters))
      if (!known.includes(full)) throw unknownName(`parameter of link ${link.kind}`, full, known);
  checkInput(name, items.input, inputs);
  const count = inputs[items.input]![0] ?? 0;
  if (!Number.isInteger(items.group) || items.group < 1 || count % items.group !== 0)
    throw invalidArgument(`${name}: items.group`, items.group, `a divisor of the ${count} items`);
}

/** Check that there is an input of that name. */
export function checkInput(name: string, input: string, inputs: Described["inputs"]): void {
  if (!Object.hasOwn(inputs, input)) throw unknownName(`input of ${name}`, input, Object.keys(inputs));
}
