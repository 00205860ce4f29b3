/**
 * The variables of the cells.
 *
 * Each cell runs in a function of its own, so that a later cell may declare a name again. What it declares becomes an
 * accessor here that reads and writes the cell's own variable: a function of cell 1 and an assignment
 * in cell 2 share one `let`.
 */

/** Reads and (for `let` and `var`) writes one variable of a cell. */
export type Binding = readonly [read: () => unknown, write?: (value: unknown) => void];

/** A cell's view of the scope while it runs. */
export interface CellScope {
  /** The `exports` of the cell's compiled code: its own names over those of earlier cells. */
  readonly exports: Record<string, unknown>;
  /** Called at the start of the cell with its variables. */
  bind(bindings: Record<string, Binding>): void;
  /**
   * Called at the end, however the cell ended: its imports become visible, and names that never got a value
   * give way to those that were there before.
   *
   * @returns the names that never got a value
   */
  settle(): Set<string>;
}

export class Scope {
  private readonly variables: Record<string, unknown> = Object.create(null);

  /** The value of an expression over all variables. */
  evaluate(expression: string): unknown {
    // Sloppy mode on purpose: `with` makes the accessors look like variables.
    return new Function("scope", `with (scope) { return (${expression}\n); }`)(this.variables);
  }

  /** The variable that holds this very object, the latest if there are several. */
  nameOf(value: object): string | undefined {
    return Object.keys(this.variables)
      .filter((name) => hasValue(this.variables, name) && this.variables[name] === value)
      .at(-1);
  }

  /** Give the cells a variable that is not declared in any of them. */
  set(name: string, value: unknown): void {
    Object.defineProperty(this.variables, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }

  /** @param declares the names that the cell declares */
  enter(declares: readonly string[]): CellScope {
    const { variables } = this;
    const exports = cellExports(variables, declares);
    const former = new Map<string, PropertyDescriptor | undefined>();
    return {
      exports,
      bind(bindings) {
        for (const [name, binding] of Object.entries(bindings)) {
          former.set(name, Object.getOwnPropertyDescriptor(variables, name));
          Object.defineProperty(variables, name, accessor(name, binding));
        }
      },
      settle() {
        publishImports(exports, variables, declares);
        return dropUnassigned(variables, former);
      },
    };
  }
}

/**
 * The compiled code writes `exports.n = n = 1` for its own names: plain properties take these writes, at full speed.
 * Names of earlier cells are found through the prototype, where the accessors are.
 */
function cellExports(variables: object, declares: readonly string[]): Record<string, unknown> {
  const exports = Object.create(variables) as Record<string, unknown>;
  for (const name of declares)
    Object.defineProperty(exports, name, {
      value: undefined,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  return exports;
}

function accessor(name: string, [read, write]: Binding): PropertyDescriptor {
  const refuse = () => {
    throw new TypeError(`Assignment to constant variable "${name}".`);
  };
  return { get: read, set: write ?? refuse, enumerable: true, configurable: true };
}

/** The compiled code puts each imported name on `exports`, mostly as a getter; later cells use it through the scope. */
function publishImports(exports: object, variables: object, declares: readonly string[]): void {
  const own = new Set([...declares, "__esModule"]);
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(exports)))
    if (!own.has(name)) Object.defineProperty(variables, name, { ...descriptor, configurable: true });
}

function dropUnassigned(
  variables: Record<string, unknown>,
  former: ReadonlyMap<string, PropertyDescriptor | undefined>,
): Set<string> {
  const unassigned = new Set<string>();
  for (const [name, descriptor] of former) {
    if (hasValue(variables, name)) continue;
    unassigned.add(name);
    if (descriptor) Object.defineProperty(variables, name, descriptor);
    else delete variables[name];
  }
  return unassigned;
}

/** A variable whose declaration was never reached cannot be read (the "temporal dead zone"). */
function hasValue(variables: Record<string, unknown>, name: string): boolean {
  try {
    void variables[name];
    return true;
  } catch {
    return false;
  }
}
