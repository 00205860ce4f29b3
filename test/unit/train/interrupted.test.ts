/** A run that is killed, at any moment and again and again, ends as if nothing had happened. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../../src/core/paths";
import { Rng } from "../../../src/core/random";

/** A kill takes a second, most of it to start again. */
const KILLS = 4;
const runsSlowTests = process.env.OSCC_SLOW_TESTS === "1";
/** The training itself takes some three seconds, nearly all of them writing checkpoints. */
const LONGEST_MS = 500;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-interrupted-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function start(form: string, checkpoint: string): ChildProcess {
  const child = path.join(__dirname, "interrupted-child.cjs");
  return spawn(process.execPath, [child, path.join(PACKAGE_ROOT, "dist"), checkpoint, form]);
}

/** The run as the child prints it, once it has come to its end. */
async function outcome(child: ChildProcess): Promise<unknown> {
  let [printed, said] = ["", ""];
  child.stdout!.on("data", (text) => {
    printed += text;
  });
  child.stderr!.on("data", (text) => {
    said += text;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`the child ended with ${code}: ${said}`);
  return JSON.parse(printed.split("\n").findLast((line) => line.startsWith("{"))!);
}

/** Let a child train for a while, then kill it. Whether it was still at it. */
async function killed(child: ChildProcess, afterMs: number): Promise<boolean> {
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.on("exit", (_, signal) => resolve(signal)),
  );
  const begun = new Promise<void>((resolve) =>
    child.stderr!.on("data", (text) => {
      if (String(text).includes("training SIGN")) resolve();
    }),
  );
  child.stdout!.resume();
  await Promise.race([begun, ended]);
  await sleep(afterMs);
  child.kill("SIGKILL");
  return (await ended) === "SIGKILL";
}

/** Kill a run so many times, then let it end, and compare it with one that was left alone. */
async function survives(form: string, kills: number) {
  const wanted = await outcome(start(form, "none"));
  const rng = new Rng(`kills ${form} ${kills}`);
  let [hits, runs] = [0, 0];
  // On a fast disk a run may end before it is hit so often: then it is another run's turn.
  while (hits < kills) {
    const checkpoint = path.join(folder, `${form} ${++runs}`);
    while (hits < kills && (await killed(start(form, checkpoint), rng.range(0, LONGEST_MS)))) hits++;
    expect(await outcome(start(form, checkpoint))).toEqual(wanted);
    // What the killed ones left half written is gone.
    expect(readdirSync(checkpoint)).toEqual(["best.safetensors", "training.safetensors"]);
  }
}

describe("a training that is killed ends with the same losses and weights, to the last bit", () => {
  test.each([
    ["graph", KILLS],
    ["chain", 1],
  ])("in the form of a %s, %i times", survives, 120_000);

  test.skipIf(!runsSlowTests).each([
    ["graph", 20],
    ["chain", 8],
  ])("in the form of a %s, %i times (needs OSCC_SLOW_TESTS=1)", survives, 400_000);
});
