/** Files of marks, agreement and kappa: what is read, what is refused, and what must hold whatever the marks are. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isOsccError } from "../../../src/core/errors";
import {
  cohenKappa,
  type Interval,
  isUndefined,
  REVIEW_FORMAT,
  REVIEW_MARKS,
  type Review,
  type ReviewMark,
  readReview,
  reviewAgreement,
  reviewKappa,
} from "../../../src/evaluate";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "oscc-review-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mark = fc.constantFrom<ReviewMark | undefined>(...REVIEW_MARKS, undefined);
const reviewOf = (marks: readonly (ReviewMark | undefined)[], id = "page"): Review => ({
  id,
  reviewer: "A",
  title: "Review: TI",
  rows: marks.map((one, i) => ({
    case: i + 1,
    patient: String(100 + i),
    task: "TI",
    className: i % 2 ? "invaded" : "not invaded",
    probability: 0.9,
    mark: one,
    comment: "",
  })),
});

function written(content: string | Buffer, name = "marks.json"): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

const ROW = {
  case: 1,
  patient: "17",
  task: "TI",
  className: "invaded",
  probability: 0.93,
  mark: "agree",
  comment: "",
};
const asFile = (about: object = {}, ...rows: object[]) =>
  JSON.stringify({
    format: REVIEW_FORMAT,
    id: "page",
    title: "t",
    reviewer: "A",
    marks: rows.length ? rows : [ROW],
    ...about,
  });

describe("readReview", () => {
  it("gives the typed table; no mark is undefined", async () => {
    const file = written(asFile({}, ROW, { ...ROW, case: 2, mark: null }, { ...ROW, case: 3, mark: "" }));
    const { id, reviewer, rows } = await readReview(file);
    expect([id, reviewer]).toEqual(["page", "A"]);
    expect(rows.map((row) => row.mark)).toEqual(["agree", undefined, undefined]);
    expect(rows[0]).toEqual({ ...ROW });
  });

  it("reads the CSV form: quoted line ends, a byte-order mark, the apostrophe before a formula", async () => {
    const csv =
      "\ufeffcase,patient,task,class,probability,mark,comment,reviewer,review,title,format\r\n" +
      `1,17,TI,invaded,0.93,unsure,"'=SUM(A1), ""well""\nyes",A,page,t,${REVIEW_FORMAT}\r\n`;
    const { rows, id } = await readReview(written(csv, "marks.csv"));
    expect(id).toBe("page");
    expect(rows).toEqual([{ ...ROW, mark: "unsure", comment: '=SUM(A1), "well"\nyes' }]);
  });

  it.each([
    ["no JSON", "{"],
    ["another format", JSON.stringify({ format: "other", marks: [] })],
    ["no case", asFile({ marks: [] })],
    ["a probability above 1", asFile({}, { ...ROW, probability: 1.2 })],
    ["an unknown mark", asFile({}, { ...ROW, mark: "maybe" })],
    ["a case twice", asFile({}, ROW, ROW)],
    ["an array", "[1, 2]"],
    ["text that is not UTF-8", Buffer.from([0xff, 0xfe, 0x00])],
  ])("refuses %s, and says what to do", async (_what, content) => {
    const error = await readReview(written(content)).catch((e: unknown) => e);
    expect(isOsccError(error, "InvalidDataset") && error.data.problems.length).toBeGreaterThan(0);
    expect((error as Error).message).toContain("Save JSON");
  });

  it("answers random bytes and a missing file with the same named error", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (bytes, isCsv) => {
        const file = written(Buffer.from(bytes), isCsv ? "random.csv" : "random.json");
        const error = await readReview(file).catch((e: unknown) => e);
        expect(isOsccError(error, "InvalidDataset")).toBe(true);
      }),
      { numRuns: 60 },
    );
    const error = await readReview(path.join(folder, "nowhere.json")).catch((e: unknown) => e);
    expect(isOsccError(error, "InvalidDataset")).toBe(true);
  });
});

describe("reviewAgreement", () => {
  it("counts every case once, and its intervals hold their value", () => {
    fc.assert(
      fc.property(fc.array(mark, { minLength: 1, maxLength: 60 }), (marks) => {
        const found = reviewAgreement(reviewOf(marks));
        expect(found.agree + found.disagree + found.unsure + found.unmarked).toBe(marks.length);
        for (const share of [found.decided, found.marked])
          if (!isUndefined(share)) {
            expect(share.low).toBeLessThanOrEqual(share.value);
            expect(share.high).toBeGreaterThanOrEqual(share.value);
          }
        // Counting unsure as no agreement never raises the share.
        if (!isUndefined(found.decided) && !isUndefined(found.marked))
          expect(found.marked.value).toBeLessThanOrEqual(found.decided.value);
      }),
    );
  });

  it("has the published interval of Wilson: 81 of 263 is 0.255 to 0.366", () => {
    // Newcombe, Statistics in Medicine 17 (1998), table I.
    const marks = Array.from({ length: 263 }, (_, i): ReviewMark => (i < 81 ? "agree" : "disagree"));
    const { low, high } = reviewAgreement(reviewOf(marks)).decided as Interval;
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(["0.2553", "0.3662"]);
  });

  it("is undefined, with the reason, where nobody decided", () => {
    const found = reviewAgreement(reviewOf(["unsure", undefined]));
    expect(found.decided).toEqual({ undefined: true, reason: "no case is decided" });
    expect((found.marked as Interval).value).toBe(0);
  });

  it("can be asked for one class, and refuses a class that is not there", () => {
    const review = reviewOf(["agree", "disagree", "agree", "disagree"]);
    expect((reviewAgreement(review, { className: "invaded" }).decided as Interval).value).toBe(0);
    expect(() => reviewAgreement(review, { className: "invded" })).toThrow(/one of not invaded, invaded/);
  });
});

describe("kappa", () => {
  const answers = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("a", "b", "c")), {
    minLength: 1,
    maxLength: 80,
  });

  it("is symmetric, bounded, and 1 only for complete agreement", () => {
    fc.assert(
      fc.property(
        answers,
        fc.constantFrom("none" as const, "linear" as const, "quadratic" as const),
        (pairs, weights) => {
          const [first, second] = [pairs.map(([one]) => one), pairs.map(([, other]) => other)];
          const { kappa } = cohenKappa(first, second, { weights });
          const { kappa: mirrored } = cohenKappa(second, first, { weights });
          if (isUndefined(kappa)) {
            expect(new Set([...first, ...second]).size).toBe(1);
            return;
          }
          expect((mirrored as Interval).value).toBeCloseTo(kappa.value, 12);
          expect(kappa.value).toBeGreaterThanOrEqual(-1 - 1e-12);
          expect(kappa.low).toBeLessThanOrEqual(kappa.value + 1e-12);
          expect(kappa.high).toBeGreaterThanOrEqual(kappa.value - 1e-12);
          expect(kappa.value > 1 - 1e-12).toBe(pairs.every(([one, other]) => one === other));
        },
      ),
    );
  });

  it("of two reviewers looks at the cases that both marked, and refuses marks of different pages", () => {
    const first = reviewOf(["agree", "disagree", undefined, "agree"]);
    const { n, kappa } = reviewKappa(first, reviewOf(["agree", "agree", "agree", undefined]));
    expect(n).toBe(2);
    expect((kappa as Interval).value).toBe(0);
    expect(() => reviewKappa(first, reviewOf(["agree"], "other"))).toThrow(/two reviews of one page/);
    expect(() => reviewKappa(first, reviewOf([undefined, undefined]))).toThrow(/no case that both marked/);
  });

  it("refuses lists that do not pair", () => {
    expect(() => cohenKappa(["a"], [])).toThrow(/same length/);
    expect(() => cohenKappa([], [])).toThrow(/one pair/);
    expect(() => cohenKappa(["a"], ["z"], { classes: ["a"] })).toThrow(/answer is "z"/);
    expect(() => cohenKappa(["a"], ["a"], { weights: "cubic" as "none" })).toThrow(
      /one of none, linear, quadratic/,
    );
  });
});
