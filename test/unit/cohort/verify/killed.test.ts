/** A check that is killed in the middle loses nothing: the next one reads the journal and goes on. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openCohort } from "../../../../src/cohort";
import { installHost } from "../../../../src/core/host";
import { rawCohort, somePatients, temporaryFolder } from "../make-cohort";

const BIN = path.resolve(__dirname, "../../../../bin/oscc-lab.cjs");
const IMAGES = 40 * 6;

/** Run the command; kill it as soon as its journal has so many lines. */
async function verify(folder: string, cache: string, killAfter = Number.POSITIVE_INFINITY) {
  const child = spawn(process.execPath, [BIN, "verify", folder, "--json", "--parallel", "1"], {
    env: { ...process.env, OSCC_CACHE: cache },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let out = "";
  child.stdout.on("data", (text) => {
    out += text;
  });
  const watch = setInterval(() => {
    if (lines(cache) >= killAfter) child.kill("SIGKILL");
  }, 2);
  const signal = await new Promise<string | null>((resolve) => child.on("close", (_, by) => resolve(by)));
  clearInterval(watch);
  return { signal, out };
}

function journal(cache: string): string | undefined {
  const folder = path.join(cache, "verify");
  const [name] = existsSync(folder) ? readdirSync(folder) : [];
  return name === undefined ? undefined : path.join(folder, name);
}

function lines(cache: string): number {
  const file = journal(cache);
  return file === undefined ? 0 : readFileSync(file, "utf8").trim().split("\n").length;
}

test.skipIf(process.env.OSCC_SLOW_TESTS !== "1")(
  "killed in the middle, and its last line torn off: the rest is measured, nothing twice, the report is the same (needs OSCC_SLOW_TESTS=1)",
  async () => {
    const folder = await rawCohort(somePatients(40));
    const cache = temporaryFolder();
    const killed = await verify(folder, cache, 12);
    expect(killed.signal).toBe("SIGKILL");
    const known = lines(cache);
    expect(known).toBeGreaterThanOrEqual(12);
    expect(known).toBeLessThan(IMAGES);
    const file = journal(cache)!;
    truncateSync(file, readFileSync(file).length - 9);

    const report = JSON.parse((await verify(folder, cache)).out);
    expect(report).toMatchObject({ checked: IMAGES, remembered: known - 1 });
    const fresh = JSON.parse((await verify(folder, temporaryFolder())).out);
    expect(fresh).toMatchObject({ checked: IMAGES, remembered: 0, problems: report.problems });
  },
);

test("progress is one line that is updated, and ends with what was done", async () => {
  const said: string[] = [];
  const restore = installHost({
    display: (first) => {
      said.push(String(first["text/plain"]));
      return { update: (next) => said.push(String(next["text/plain"])) };
    },
    signal: () => undefined,
    warn: () => undefined,
  });
  try {
    const cohort = await openCohort(await rawCohort(somePatients(3)));
    await cohort.verify({ resume: false });
  } finally {
    restore();
  }
  expect(said[0]).toBe(`checking images ${"░".repeat(24)} 0/18`);
  expect(said.some((text) => /^checking images █+.* \d+\/18/.test(text))).toBe(true);
  expect(said.at(-1)).toBe("18 of 18 images checked, 0 of them known from before");
});
