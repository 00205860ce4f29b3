/** Does what the text says hold in the tables? */
import { print } from "./digits";
import type { Finding } from "./finding";

interface ClaimBase {
  readonly where: string;
  /** What the text says, in short. */
  readonly says: string;
  /** Default 2. */
  readonly decimals?: number | undefined;
}

/** A sentence of the text, in a form that can be checked. Values are by name, as printed in the tables. */
export type Claim = ClaimBase &
  (
    | { readonly claim: "best"; readonly name: string; readonly among: Readonly<Record<string, number>> }
    | {
        readonly claim: "highest value";
        readonly value: number;
        readonly among: Readonly<Record<string, number>>;
      }
    | {
        readonly claim: "all above";
        readonly bound: number;
        readonly values: Readonly<Record<string, number>>;
      }
    | {
        readonly claim: "all below";
        readonly bound: number;
        readonly values: Readonly<Record<string, number>>;
      }
    | { readonly claim: "difference"; readonly of: readonly [number, number]; readonly value: number }
  );

/** `undefined` when the claim holds. */
export function checkClaim(claim: Claim): Finding | undefined {
  const verdict = verdictOn(claim);
  if (!verdict) return undefined;
  return {
    where: claim.where,
    kind: "claim",
    printed: claim.says,
    confidence: "inconsistent",
    ...verdict,
  };
}

function verdictOn(claim: Claim): Pick<Finding, "expected" | "explanation" | "evidence"> | undefined {
  const { decimals = 2 } = claim;
  const number = (value: number) => print(value, decimals);
  switch (claim.claim) {
    case "best": {
      const [name, value] = highest(claim.among);
      const own = claim.among[claim.name];
      if (own === value) return undefined;
      return {
        expected: `${name}, ${number(value)}`,
        explanation:
          own === undefined
            ? `The table has no "${claim.name}"; its highest value is ${number(value)}, of ${name}.`
            : `${name} has ${number(value)}, more than ${claim.name} with ${number(own)}.`,
        evidence: claim.among,
      };
    }
    case "highest value": {
      const [name, value] = highest(claim.among);
      if (value === claim.value) return undefined;
      return {
        expected: `${number(value)}, of ${name}`,
        explanation: `The highest value of the table is ${number(value)}, of ${name}, not ${number(claim.value)}.`,
        evidence: claim.among,
      };
    }
    case "all above":
    case "all below": {
      const above = claim.claim === "all above";
      const failing = Object.entries(claim.values).filter(([, value]) =>
        above ? value <= claim.bound : value >= claim.bound,
      );
      if (failing.length === 0) return undefined;
      const names = failing.map(([name, value]) => `${name} ${number(value)}`).join(", ");
      return {
        expected: `every value ${above ? "above" : "below"} ${claim.bound}`,
        explanation: `Not so for ${names}.`,
        evidence: claim.values,
      };
    }
    case "difference": {
      const [a, b] = claim.of;
      const difference = a - b;
      // Three rounded numbers: each may be off by half a unit.
      if (Math.abs(difference - claim.value) <= 1.5 * 10 ** -decimals + 1e-9) return undefined;
      return {
        expected: number(difference),
        explanation: `${number(a)} − ${number(b)} = ${number(difference)}.`,
        evidence: { a, b, difference },
      };
    }
  }
}

function highest(values: Readonly<Record<string, number>>): readonly [name: string, value: number] {
  return Object.entries(values).reduce((best, entry) => (entry[1] > best[1] ? entry : best));
}
