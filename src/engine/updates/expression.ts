/** An update of state, element by element, as plain data: what a kernel is made from. */

/** Operators that compute each element from the elements in the same place. */
export const ELEMENT_OPERATORS = [
  "Abs",
  "Add",
  "Div",
  "Max",
  "Min",
  "Mul",
  "Neg",
  "Reciprocal",
  "Sqrt",
  "Sub",
] as const;

export type ElementOperator = (typeof ELEMENT_OPERATORS)[number];

export function isElementOperator(operator: string): operator is ElementOperator {
  return (ELEMENT_OPERATORS as readonly string[]).includes(operator);
}

/** Where a value comes from: a tensor, a number given for each run, a constant, or an earlier step; and which. */
export type Operand = readonly [source: "tensor" | "number" | "constant" | "step", index: number];

/** Single-precision arithmetic on tensors of one length. Equal expressions have one kernel. */
export interface Expression {
  /** How many tensors are read or written; they lie apart from each other. */
  readonly tensors: number;
  /** How many numbers are given for each run. */
  readonly numbers: number;
  readonly constants: readonly number[];
  readonly steps: readonly { readonly operator: ElementOperator; readonly operands: readonly Operand[] }[];
  /** What is written at the end: a tensor's index, and its new elements. */
  readonly results: readonly { readonly tensor: number; readonly from: Operand }[];
}
