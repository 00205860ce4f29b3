import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { main } from "../../../src/cli/main";
import { readNotebook } from "../../../src/kernel/notebook";

const folder = mkdtempSync(path.join(tmpdir(), "oscc-run-"));
const out = path.join(folder, "out");
let said = "";

beforeAll(() => {
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

function write(name: string, title: string, ...sources: string[]): string {
  const file = path.join(folder, `${name}.ipynb`);
  const cells = [
    { cell_type: "markdown", metadata: {}, source: `# ${title}` },
    ...sources.map((source) => ({
      cell_type: "code",
      metadata: {},
      source,
      outputs: [],
      execution_count: null,
    })),
  ];
  writeFileSync(file, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells }));
  return file;
}

it("executes notebooks, one of which fails, and leaves pages, notebooks and figures", async () => {
  const good = write(
    "01-good",
    "What is seven?",
    "const seven: number = 3 + 4;",
    `({ async _repr_mimebundle_() { return { "image/png": "${PIXEL}", "text/plain": "one pixel" }; } })`,
    "seven",
  );
  const bad = write("02-bad", "What breaks?", 'throw new RangeError("the tile is empty");', "1 + 1");

  expect(await main(["notebooks", good, "--out", out]), said).toBe(0);
  expect(said).toMatch(/ok +01-good +[\d.]+ s {2}1 figure\n/);
  expect(said).toContain(path.join(out, "index.html"));
  const [, , shown, value] = readNotebook(path.join(out, "01-good.ipynb")).cells;
  expect(shown).toMatchObject({ execution_count: 2, outputs: [{ data: { "text/plain": ["one pixel"] } }] });
  expect(value).toMatchObject({ execution_count: 3, outputs: [{ data: { "text/plain": ["7"] } }] });
  expect(existsSync(path.join(out, "figures", "01-good-1.png"))).toBe(true);

  expect(await main(["notebooks", good, bad, "--only", "02", "--out", out])).toBe(1);
  expect(said).toMatch(/FAILED +02-bad[\s\S]*cell 2:\n +RangeError: the tile is empty/);
  expect(said).toContain("Failed: 02-bad");
  const page = readFileSync(path.join(out, "02-bad.html"), "utf8");
  expect(page).toContain("the tile is empty");
  expect(readFileSync(path.join(out, "index.html"), "utf8")).toContain("01-good.html");
});
