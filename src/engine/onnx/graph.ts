/**
 * An ONNX graph under construction: named values, nodes between them, constants.
 *
 * Values are referred to by name. The graph does not check types or shapes: whoever adds a node knows them.
 */

/** Element types of ONNX values that are used here. */
export type OnnxType = "float32" | "float16" | "int32" | "int64" | "bool";

/** Attributes of a node: a whole number, a `Float`, text, or a list of whole numbers. */
export type Attribute = number | Float | string | readonly number[];

/** An attribute that ONNX wants as a floating-point number, even when it is whole. */
export class Float {
  constructor(readonly value: number) {}
}

/** `alpha: float(1)` in a node's attributes. */
export function float(value: number): Float {
  return new Float(value);
}

export interface ValueInfo {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  /** Documentation shown by viewers. */
  readonly description?: string;
}

export interface Node {
  readonly operator: string;
  readonly domain: string;
  inputs: string[];
  outputs: string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Constant {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  /** Little-endian elements. */
  readonly bytes: Uint8Array;
}

/** What is known of a value beside its name, for people and for looking into a graph. */
export interface Note {
  readonly type: OnnxType;
  /** Its name when it was made: an output is renamed. */
  readonly made: string;
  /** What the user's code calls it. */
  label?: string;
  /** Where in the user's code it was made, ` at model.ts:12:7`; only where this was asked for. */
  readonly place?: string;
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** `com.microsoft` for ONNX Runtime's own operators; default the standard ones. */
  readonly domain?: "" | "com.microsoft";
}

/** Constants up to this many elements are compared by value; larger ones by the array they came from. */
const COMPARED_BY_VALUE = 64;

export class Graph {
  readonly inputs: ValueInfo[] = [];
  readonly outputs: ValueInfo[] = [];
  nodes: Node[] = [];
  readonly constants = new Map<string, Constant>();
  /** Values that are known to be zero everywhere: adding them is left out. */
  readonly zeros = new Set<string>();
  /** Shapes of values, as far as they are known: of all that a tensor stood for. */
  readonly shapes = new Map<string, readonly number[]>();
  /** Notes on the same values. */
  readonly notes = new Map<string, Note>();

  private counter = 0;
  private readonly byKey = new Map<string, string>();
  private readonly byArray = new WeakMap<object, Map<string, string>>();

  /** Declare an input; its name is also the value's name. */
  input(info: ValueInfo): string {
    this.inputs.push(info);
    this.shapes.set(info.name, info.shape);
    return info.name;
  }

  /** Add a node with one output. */
  node(operator: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.nodeWithOutputs(operator, inputs, 1, options)[0]!;
  }

  /** Add a node with several outputs. */
  nodeWithOutputs(
    operator: string,
    inputs: readonly string[],
    count: number,
    { attributes = {}, domain = "" }: NodeOptions = {},
  ): string[] {
    const outputs = Array.from({ length: count }, () => this.freshName(operator));
    this.nodes.push({ operator, domain, inputs: [...inputs], outputs, attributes });
    return outputs;
  }

  /** A constant; equal constants are stored once. */
  constant(values: ArrayLike<number>, shape: readonly number[], type: OnnxType): string {
    const key = `${type}:${shape.join(",")}`;
    if (values.length <= COMPARED_BY_VALUE) {
      return this.cached(`${key}:${Array.from(values).join(",")}`, () =>
        this.storeConstant(values, shape, type),
      );
    }
    const known = this.byArray.get(values as object) ?? new Map<string, string>();
    this.byArray.set(values as object, known);
    const name = known.get(key) ?? this.storeConstant(values, shape, type);
    known.set(key, name);
    return name;
  }

  /** A value that was made before under this key, else the one that `make` makes. */
  cached(key: string, make: () => string): string {
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.byKey.set(key, made);
    return made;
  }

  /**
   * Declare outputs and finish: nodes that lead to no output are dropped, and a value that is an output takes the
   * output's name (a value that is an input, a constant or another output already is copied).
   */
  finish(outputs: readonly (ValueInfo & { readonly value: string })[]): void {
    const renamed = new Map<string, string>();
    const produced = new Set(this.nodes.flatMap((node) => node.outputs));
    for (const { value, ...info } of outputs) {
      if (produced.has(value) && !renamed.has(value)) {
        renamed.set(value, info.name);
        this.notes.set(info.name, { type: info.type, made: value, ...this.notes.get(value) });
      } else
        this.nodes.push({
          operator: "Identity",
          domain: "",
          inputs: [value],
          outputs: [info.name],
          attributes: {},
        });
      this.outputs.push(info);
    }
    const newName = (name: string) => renamed.get(name) ?? name;
    for (const node of this.nodes) {
      node.inputs = node.inputs.map(newName);
      node.outputs = node.outputs.map(newName);
    }
    this.dropUnused();
  }

  private dropUnused(): void {
    const needed = new Set(this.outputs.map((output) => output.name));
    const kept: Node[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      for (const input of node.inputs) needed.add(input);
      kept.push(node);
    }
    this.nodes = kept.reverse();
    for (const name of this.constants.keys()) if (!needed.has(name)) this.constants.delete(name);
  }

  private freshName(prefix: string): string {
    return `${prefix}_${this.counter++}`;
  }

  private storeConstant(values: ArrayLike<number>, shape: readonly number[], type: OnnxType): string {
    const name = this.freshName("constant");
    this.constants.set(name, { name, type, shape: [...shape], bytes: elementBytes(values, type) });
    return name;
  }
}

/** The elements as they lie in a file, little-endian. */
export function elementBytes(values: ArrayLike<number>, type: OnnxType): Uint8Array {
  const elements = elementArray(values, type);
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

function elementArray(values: ArrayLike<number>, type: OnnxType): ArrayBufferView {
  switch (type) {
    case "float32":
      return Float32Array.from(values);
    case "int32":
      return Int32Array.from(values);
    case "int64":
      return BigInt64Array.from(Array.from(values, (v) => BigInt(v)));
    case "bool":
      return Uint8Array.from(values, (v) => (v ? 1 : 0));
    case "float16":
      throw new Error("half-precision constants are made by casting");
  }
}
