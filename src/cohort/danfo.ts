/** danfojs, loaded when a table is first asked for (0.7 s). */
export type Danfo = typeof import("danfojs-node");

/** Printed, a frame is as narrow as its contents: in a notebook the 17 characters a column of danfojs do not fit on a line. */
export const NARROW = {
  tableDisplayConfig: {
    columns: {},
    drawHorizontalLine: (line: number, rows: number) => line < 2 || line === rows,
  },
};

let loading: Promise<Danfo> | undefined;

/** The library. Its tensors share the registry of backends with the rest of the package. */
export function loadDanfo(): Promise<Danfo> {
  loading ??= quietly(async () => {
    const module = await import("danfojs-node");
    // A CommonJS package: its names stand under `default` when it is imported as a module.
    return ((module as { default?: Danfo }).default ?? module) as Danfo;
  });
  return loading;
}

/** Its copy of tfjs sets the platform again and says so on the console, which means nothing to a reader. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = (...parts: unknown[]) => {
    if (!String(parts[0]).startsWith("Platform node has already been set")) warn(...parts);
  };
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}
