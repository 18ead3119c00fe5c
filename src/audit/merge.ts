/** Puts the audits of all segments of a grid together. */

import { assert } from '../base/assert.ts';
import type { AuditResult } from './auditor.ts';
import { EXAMPLES_PER_KIND, type Example, type FindingCounts, type FindingKind } from './findings.ts';
import type { StepCounts } from './step-series.ts';

export function mergeAudits(parts: readonly AuditResult[]): AuditResult {
  const [first, ...rest] = parts;
  assert(first !== undefined, 'there is at least one segment');
  let findings = first.findings;
  let series = first.series;
  for (const part of rest) {
    findings = addFindings(findings, part.findings);
    series = addSeries(series, part.series);
  }
  return { findings, series, examples: fewOfEachKind(parts.flatMap((part) => part.examples)) };
}

/** Whether the store holds exactly what it must. */
export function isExact(findings: FindingCounts): boolean {
  return findings.missing === 0 && findings.duplicate === 0 && findings.wrong === 0 && findings.unexpected === 0;
}

function addFindings(a: FindingCounts, b: FindingCounts): FindingCounts {
  return {
    planned: a.planned + b.planned,
    sent: a.sent + b.sent,
    stored: a.stored + b.stored,
    missing: a.missing + b.missing,
    duplicate: a.duplicate + b.duplicate,
    wrong: a.wrong + b.wrong,
    wrongBy: {
      status: a.wrongBy.status + b.wrongBy.status,
      none: a.wrongBy.none + b.wrongBy.none,
      rounded: a.wrongBy.rounded + b.wrongBy.rounded,
      scaled: a.wrongBy.scaled + b.wrongBy.scaled,
      shifted: a.wrongBy.shifted + b.wrongBy.shifted,
      swapped: a.wrongBy.swapped + b.wrongBy.swapped,
      other: a.wrongBy.other + b.wrongBy.other,
    },
    unexpected: a.unexpected + b.unexpected,
    unreadable: a.unreadable + b.unreadable,
    late: a.late + b.late,
    lostByPlan: a.lostByPlan + b.lostByPlan,
    neverAvailable: a.neverAvailable + b.neverAvailable,
    inFlight: a.inFlight + b.inFlight,
    attribution: {
      simulator: a.attribution.simulator + b.attribution.simulator,
      network: a.attribution.network + b.attribution.network,
      headend: a.attribution.headend + b.attribution.headend,
    },
  };
}

function addSeries(a: StepCounts, b: StepCounts): StepCounts {
  return {
    meters: sum(a.meters, b.meters),
    concentrators: sum(a.concentrators, b.concentrators),
    inTime: sum(a.inTime, b.inTime),
    late: sum(a.late, b.late),
    readingsByDelaySteps: sum(a.readingsByDelaySteps, b.readingsByDelaySteps),
    missingByDelaySteps: sum(a.missingByDelaySteps, b.missingByDelaySteps),
    readingsByStepsLeft: sum(a.readingsByStepsLeft, b.readingsByStepsLeft),
    missingByStepsLeft: sum(a.missingByStepsLeft, b.missingByStepsLeft),
  };
}

function sum(a: Float64Array, b: Float64Array): Float64Array {
  assert(a.length === b.length, 'segments have the same steps');
  return a.map((value, i) => value + b[i]!);
}

function fewOfEachKind(examples: readonly Example[]): readonly Example[] {
  const kept = new Map<FindingKind, number>();
  return examples.filter((example) => {
    const count = (kept.get(example.kind) ?? 0) + 1;
    kept.set(example.kind, count);
    return count <= EXAMPLES_PER_KIND;
  });
}
