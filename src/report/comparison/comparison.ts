/**
 * Several alternatives of a data centre on the same load, side by side: the type behind `compare.json`. The runs of each are
 * whole reports of their own; here are their medians and what follows from them.
 */

import type { IndicatorUnit } from '../../base/threshold.ts';
import type { MachineFacts } from '../../monitor/machine-facts.ts';
import type { Problem, RunLoad, RunReport } from '../run-report.ts';

export interface Comparison {
  readonly meterstorm: string;
  readonly load: ComparedLoad;
  /** Runs of each alternative that were meant to be. */
  readonly repeat: number;
  /** False: interrupted; some runs are left out. */
  readonly complete: boolean;
  /** What comes out of it, in a sentence or two. */
  readonly conclusion: string;
  /** In the order of their file. */
  readonly alternatives: readonly ComparedAlternative[];
  readonly measures: readonly ComparedMeasure[];
  readonly problems: readonly ComparedProblem[];
  readonly series: ComparedSeries;
  /** null: no run left a report. */
  readonly machine: MachineFacts | null;
}

/** What all were given. */
export interface ComparedLoad {
  /** Of the first run that left a report; null: there is none. */
  readonly run: RunLoad | null;
  /** Whether each run that came to its end was sent the same; null: fewer than two did. */
  readonly same: boolean | null;
  readonly text: string;
}

/** What one run was sent: two of the same digests and counts were sent the same bytes. */
export interface SentLoad {
  /** SHA-256 of the scenario, from which every byte follows, and of how far each concentrator came. */
  readonly scenarioDigest: string;
  readonly sentDigest: string;
}

export type RunState = 'ran' | 'failed' | 'interrupted' | 'left-out';

export interface ComparedRun {
  /** Its directory, within that of the comparison. */
  readonly folder: string;
  readonly state: RunState;
  /** Why it failed; empty: it did not. */
  readonly why: string;
  /** What else was noticed, e.g. when its head-end was stopped; may be empty. */
  readonly note: string;
  readonly load: SentLoad | null;
}

/** A run and its report, from which a comparison is made. */
export interface ReportedRun extends ComparedRun {
  readonly report: RunReport | null;
}

export interface ComparedAlternative {
  readonly name: string;
  readonly description: string;
  /** true: in each run that came to its end. false: not in one. null: it could not be known, or no run came to its end. */
  readonly able: boolean | null;
  readonly why: string;
  /** Thresholds of the scenario that did not hold in one of its runs, as they were written. */
  readonly brokenThresholds: readonly string[];
  readonly runs: readonly ComparedRun[];
}

/** A number of each alternative. */
export interface ComparedMeasure {
  readonly id: string;
  readonly group: MeasureGroup;
  readonly label: string;
  readonly unit: IndicatorUnit;
  /** null: neither is. */
  readonly better: 'lower' | 'higher' | null;
  /** As the alternatives. */
  readonly cells: readonly MeasureCell[];
}

export type MeasureGroup = 'result' | 'kpi' | 'delays' | 'needs';

export interface MeasureCell {
  /** Of each run that tells. */
  readonly values: readonly number[];
  /** null: no run tells. */
  readonly median: number | null;
  /** `best`: no other is better beyond what runs differ by anyway. `noise`: as good as the best one, as far as runs can tell. */
  readonly mark: 'best' | 'noise' | 'worse' | null;
  /** Times the best one's median; null where that says nothing. */
  readonly timesBest: number | null;
}

export interface ComparedProblem {
  readonly id: Problem['id'];
  readonly severity: Problem['severity'];
  /** As the alternatives: of each its first one of that kind, and in how many runs it was seen; null: in none. */
  readonly cells: readonly ({ readonly title: string; readonly evidence: string; readonly runs: number } | null)[];
}

/** Over the time of the machine, of one run of each alternative: the one with the median length. */
export interface ComparedSeries {
  readonly seconds: readonly number[];
  readonly alternatives: readonly {
    readonly name: string;
    /** null: nobody could see it. */
    readonly storedReadings: readonly number[] | null;
    /** Sent to the alternative that was sent most by then, and not stored here (not confirmed, where nobody could see more). */
    readonly backlogReadings: readonly number[];
  }[];
}
