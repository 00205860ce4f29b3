/** Every check over every fact of a paper. */
import type { Column } from "../evaluate";
import { checkClaim } from "./claim-check";
import { type CountedClass, checkClassCounts } from "./class-count-check";
import { canSearch } from "./confusion-search";
import { checkCorrelation } from "./correlation-check";
import { type Audit, type CheckCount, CONFIDENCES, FINDING_KINDS, type Finding } from "./finding";
import { checkInterval } from "./interval-check";
import { checkMean } from "./mean-check";
import { checkMetrics } from "./metrics-check";
import type { PrintedPaper } from "./paper";
import { checkParameters } from "./parameter-check";

/** The label file that a paper's tables were made from: a cohort is one. */
export interface LabelFile {
  /** Labels by task, equal lengths; -1 where a label is not known. */
  labelColumns(): Readonly<Record<string, Column>>;
  classCounts(): readonly CountedClass[];
}

/**
 * Find what is arithmetically impossible or inconsistent in a paper's printed numbers.
 *
 * A finding says where, what is printed, what would be expected, the numbers that it follows from, and how sure it
 * is. No finding is not a proof that a paper is right; `checks` says what was looked at.
 *
 * @param paper  as `readPaper` gives it, or `audit.MULTI_OSCC_PAPER`
 * @param labels the label file behind the tables, for class counts and kinds of correlation; a cohort will do.
 *               Default: none, these checks are left out
 * @returns findings, the surest first
 * @example
 * const result = audit.auditPaper(audit.MULTI_OSCC_PAPER);
 * result.findings.filter((finding) => finding.confidence === "impossible");
 */
export function auditPaper(paper: PrintedPaper, labels?: LabelFile): Audit {
  const columns = labels?.labelColumns() ?? {};
  const metrics = paper.metrics ?? [];
  const searchable = metrics.filter(({ supports }) => canSearch(supports));
  const found: Finding[] = [
    ...searchable.flatMap(checkMetrics),
    ...(paper.means ?? []).flatMap(checkMean),
    ...(paper.intervals ?? []).flatMap(checkInterval),
    ...(paper.correlations ?? []).flatMap((fact) => checkCorrelation(fact, columns)),
    ...checkClassCounts(paper.classCounts ?? [], labels?.classCounts()),
    ...checkParameters(paper.parameters ?? []),
    ...(paper.claims ?? []).flatMap((claim) => checkClaim(claim) ?? []),
  ];
  const findings = joined(found).sort(bySureness);
  return {
    source: paper.source,
    findings,
    checks: checksOf({ ...paper, metrics: searchable }, findings),
    notChecked: [
      ...(paper.notChecked ?? []),
      ...metrics
        .filter((fact) => !searchable.includes(fact))
        .map(({ where }) => `${where}: too many confusion matrices to search them all`),
      ...withoutLabels(paper, labels),
    ],
  };
}

/** The same printed numbers in several tables are one finding. */
function joined(findings: readonly Finding[]): Finding[] {
  const byContent = new Map<string, Finding>();
  for (const finding of findings) {
    const { where: _, ...content } = finding;
    const key = JSON.stringify(content);
    const before = byContent.get(key);
    byContent.set(key, before ? { ...before, where: `${before.where}; ${finding.where}` } : finding);
  }
  return [...byContent.values()];
}

function bySureness(a: Finding, b: Finding): number {
  return (
    CONFIDENCES.indexOf(a.confidence) - CONFIDENCES.indexOf(b.confidence) ||
    FINDING_KINDS.indexOf(a.kind) - FINDING_KINDS.indexOf(b.kind)
  );
}

function checksOf(paper: PrintedPaper, findings: readonly Finding[]): CheckCount[] {
  const facts = {
    metrics: paper.metrics,
    mean: paper.means,
    interval: paper.intervals,
    correlation: paper.correlations,
    "class count": paper.classCounts,
    parameters: paper.parameters,
    claim: paper.claims,
  };
  return FINDING_KINDS.map((kind) => ({
    kind,
    checked: facts[kind]?.length ?? 0,
    findings: findings.filter((finding) => finding.kind === kind).length,
  })).filter(({ checked }) => checked > 0);
}

function withoutLabels(paper: PrintedPaper, labels: LabelFile | undefined): string[] {
  if (labels) return [];
  const needy = [
    ...(paper.correlations?.length ? ["whether correlations are of the kind they are called"] : []),
    ...(paper.classCounts?.length ? ["whether class counts are those of the labels"] : []),
  ];
  return needy.length > 0 ? [`${needy.join(", and ")}: this needs the label file`] : [];
}
