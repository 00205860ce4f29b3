/** Epoch sizes of the published oversampling on the real labels. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { Rng } from "../../../src/core/random";
import { balancedTuples } from "../../../src/train";
import { ABSENT, SHARED_DATA } from "../model/shared";

const labels = SHARED_DATA && path.join(SHARED_DATA, "multi-oscc", "all_metadata.json");
const split = SHARED_DATA && path.join(SHARED_DATA, "multi-oscc", "split_seed=2024.json");
const present = labels && split && existsSync(labels) && existsSync(split);

describe.skipIf(!present)(`balanced label tuples${present ? "" : `: ${ABSENT}`}`, () => {
  test.each([
    [["REC"], 1490],
    [["LNM"], 1184],
    [["TD"], 1494],
    [["TI"], 1022],
    [["CE"], 1718],
    [["PI"], 1532],
    [["REC", "LNM", "TD", "TI", "CE", "PI"], 9300],
  ])("%s: an epoch shows %i patients", (tasks, size) => {
    const train = new Set((JSON.parse(readFileSync(split!, "utf8")) as { train: number[] }).train);
    const { datainfo } = JSON.parse(readFileSync(labels!, "utf8")) as { datainfo: Record<string, number>[] };
    const tuples = datainfo
      .filter((row) => train.has(row.pid!))
      .map((row) => tasks.map((task) => row[task]!));
    expect(tuples).toHaveLength(925);
    expect(balancedTuples(tuples, new Rng(1))).toHaveLength(size);
  });
});
