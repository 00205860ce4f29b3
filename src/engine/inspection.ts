/** Finding out where in a compiled function values stop being finite. */
import {
  type BareProgram,
  checkInputs,
  firstNotFiniteOf,
  type NotFiniteValue,
  type Program,
} from "./program";
import { residentProgram } from "./resident";
import type { Inspection } from "./trace/trace";

/**
 * The program, able to look into itself: with a second graph of the same function, traced when it is asked for, that
 * gives one number for each value on the way.
 */
export function withInspection(
  name: string,
  program: BareProgram,
  trace: (placeOf?: string) => Inspection,
): Program {
  // TensorFlow.js computes what the processor's graph computes.
  const device = program.device === "eager" ? "cpu" : program.device;
  const firstNotFinite = async (
    given: Parameters<Program["run"]>[0],
  ): Promise<NotFiniteValue | undefined> => {
    const inputs = checkInputs(name, program.inputs, given);
    const state = await program.readState();
    const before = firstNotFiniteOf("input", inputs) ?? firstNotFiniteOf("state", state);
    if (before) return before;
    const { traced, values } = trace();
    const looking = await residentProgram(traced, state, device, undefined, performance.now(), true);
    try {
      const { finite } = await looking.run(inputs);
      const index = finite!.data.findIndex(Number.isNaN);
      const found = values[index];
      // Traced once more, now with an eye on this value's line.
      return found && { title: found.title, place: trace(found.made).values[index]!.place };
    } finally {
      await looking.dispose();
    }
  };
  return { ...program, firstNotFinite };
}
