import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, it } from "vitest";
import {
  concordance,
  cox,
  dynamicAuc,
  kaplanMeier,
  logRank,
  type SurvivalTimes,
  survivalAt,
} from "../../../src/evaluate";

/** The real labels and follow-up are not part of the repository; these checks run where they are present. */
const shared = process.env.OSCC_SHARED_DATA ?? path.join(__dirname, "../../../../shared/data");
const LABELS = path.join(shared, "multi-oscc", "all_metadata.json");
const CLINICAL = path.join(shared, "multi-oscc", "clinical_data_2024.csv");
const present = existsSync(LABELS) && existsSync(CLINICAL);

type Task = "TD" | "LNM" | "TI" | "PI" | "CE";

describe.skipIf(!present)("recurrence of the 1,325 patients (needs $OSCC_SHARED_DATA)", () => {
  let data: SurvivalTimes;
  let labels: Record<Task, number[]>;

  beforeAll(() => {
    const { datainfo } = JSON.parse(readFileSync(LABELS, "utf8")) as {
      datainfo: ({ pid: number } & Record<Task, number>)[];
    };
    const byPatient = new Map(datainfo.map((row) => [row.pid, row]));
    // The last two columns hold no commas: days to recurrence (or "Not recurred") and days of follow-up.
    const table = parse(readFileSync(CLINICAL, "utf8"), { bom: true }) as string[][];
    const parsed = table.slice(1).map((cells) => {
      const [recurred, followUp] = cells.slice(-2) as [string, string];
      const event = recurred !== "Not recurred";
      return { pid: Number(cells[0]), event, time: Number(event ? recurred : followUp) };
    });
    data = { time: parsed.map(({ time }) => time), event: parsed.map(({ event }) => event) };
    const of = (task: Task) => parsed.map(({ pid }) => byPatient.get(pid)![task]);
    labels = { TD: of("TD"), LNM: of("LNM"), TI: of("TI"), PI: of("PI"), CE: of("CE") };
  });

  it("are free of recurrence after 1, 2, 3 and 5 years as found before", () => {
    const curve = kaplanMeier(data);
    expect([curve.n, curve.events]).toEqual([1325, 275]);
    const found = [1, 2, 3, 5].map((years) => survivalAt(curve, years * 365.25).value as number);
    expect(found.map((share) => share.toFixed(3))).toEqual(["0.889", "0.857", "0.833", "0.742"]);
  });

  it("have the C-index of each label over 288,202 pairs, and 46 censored on the day of an event", () => {
    const c = Object.fromEntries(
      Object.entries(labels).map(([task, risk]) => {
        const found = concordance(data, risk);
        // A first count left out pairs of an event and a censoring on the same day; R compares them, as the censored one was without the event then.
        expect(found.pairs).toBe(288202 + 46);
        return [task, found.c.value.toFixed(3)];
      }),
    );
    expect(c).toEqual({ TD: "0.559", LNM: "0.541", TI: "0.543", PI: "0.540", CE: "0.524" });
  });

  it("differ by grade in the log-rank test, in Cox regression and after two years", () => {
    const grades = Object.fromEntries(
      ["well", "moderate", "poor"].map((name, grade) => {
        const members = labels.TD.flatMap((label, i) => (label === grade ? [i] : []));
        return [name, { time: members.map((i) => data.time[i]!), event: members.map((i) => data.event[i]!) }];
      }),
    );
    const test = logRank(grades);
    expect(test.pValue).toBeLessThan(0.001);
    expect(test.groups.reduce((sum, { observed }) => sum + observed, 0)).toBe(275);
    expect(test.groups.reduce((sum, { expected }) => sum + expected, 0)).toBeCloseTo(275, 9);
    const fit = cox(data, labels);
    expect(fit.coefficients[0]!.hazardRatio.low).toBeGreaterThan(1);
    const [twoYears] = dynamicAuc(data, labels.TD, [730.5]);
    expect(twoYears!.auc).toBeGreaterThan(0.52);
    expect(twoYears!.cases + twoYears!.controls).toBeLessThanOrEqual(1325);
  });
});
