/** One informative line for an object that ends a cell. */
import { inspect } from "node:util";

/** Give a class or object a one-line print. */
export function printsAs<T extends object>(target: T, line: (self: T) => string): T {
  Object.defineProperty(target, inspect.custom, {
    value(this: T) {
      return line(this);
    },
    enumerable: false,
  });
  return target;
}
