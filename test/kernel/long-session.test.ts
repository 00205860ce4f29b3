/** A long day at the notebook: many cells, many figures, and the memory they leave. */
import { expect, test } from "vitest";
import { resultOf, useKernel } from "./support";

const under = useKernel();
const runsSlowTests = process.env.OSCC_SLOW_TESTS === "1";
const MB = 1e6;

/** What the kernel's heap holds after everything that nobody needs is gone. */
async function heapMb(): Promise<number> {
  const cell = await under.kernel.execute(
    `import v8 from "node:v8"; import vm from "node:vm";
     v8.setFlagsFromString("--expose-gc");
     const collect = vm.runInNewContext("gc") as () => void;
     for (let round = 0; round < 4; round++) { collect(); await new Promise((resolve) => setTimeout(resolve, 20)); }
     process.memoryUsage().heapUsed`,
    { storeHistory: false },
  );
  return Number(resultOf(cell)) / MB;
}

test.skipIf(!runsSlowTests)(
  "1,000 cells and 200 figures leave no heap behind (needs OSCC_SLOW_TESTS=1)",
  async () => {
    const cells = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const cell = await under.kernel.execute(
          `let value = ${i}; const rows = Array.from({ length: 100 }, (_, k) => ({ k, value })); rows.length + value`,
        );
        expect(resultOf(cell)).toBe(String(100 + i));
      }
    };
    const figures = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const cell = await under.kernel.execute(
          `plot.table([{ figure: ${i}, of: ${count} }], { title: "Figure ${i}" })`,
        );
        expect(cell.error).toBeUndefined();
      }
    };
    await under.kernel.execute(`import * as plot from "oscc-lab/dist/plot/index";`);
    await cells(100);
    await figures(20);
    const before = await heapMb();
    await cells(900);
    await figures(180);
    const growth = (await heapMb()) - before;
    // The history keeps the text of each cell, and each cell's code stays callable: some ten kilobytes a cell.
    expect(growth).toBeLessThan(60);
  },
  600_000,
);
