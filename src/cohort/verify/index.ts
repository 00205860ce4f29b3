/** Checks of a whole data set. */
export { dctHash, differenceHash, hammingDistance } from "./perceptual-hash";
export { PROBLEM_KINDS, type ProblemKind, type Severity, type VerifyProblem, VerifyReport } from "./report";
export { type VerifyOptions, verifyCohort } from "./verify";
