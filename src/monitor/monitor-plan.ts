/** What is to be watched beside the run itself, ready to be carried out. Plain data: it travels to the monitoring process. */

import type { Rule } from './events/rule.ts';
import type { ProbeSchedule } from './value/probe-runner.ts';

export interface MonitorPlan {
  readonly targets: readonly TargetPlan[];
  readonly logs: readonly LogPlan[];
}

/** Whose values are asked for. */
export interface TargetPlan extends ProbeSchedule {
  readonly name: string;
  readonly source:
    | { readonly kind: 'munin'; readonly host: string; readonly port: number; readonly plugins: readonly string[] | null }
    | { readonly kind: 'prometheus'; readonly url: string; readonly only: readonly string[] | null }
    | { readonly kind: 'postgres'; readonly url: string }
    | { readonly kind: 'host' };
}

/** Whose lines are looked at. */
export interface LogPlan {
  readonly name: string;
  readonly source:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'journal'; readonly kernel: boolean; readonly unit: string | null }
    /** For `sh -c`. */
    | { readonly kind: 'command'; readonly command: string };
  /** The first that matches a line makes the event. */
  readonly rules: readonly Rule[];
}

/** Where nothing else is said. */
export const USUAL_SCHEDULE: ProbeSchedule = { periodMs: 10_000, timeoutMs: 5000 };
/** Each plugin of a munin-node is a process there, one after the other. */
export const MUNIN_SCHEDULE: ProbeSchedule = { periodMs: 60_000, timeoutMs: 30_000 };
export const MUNIN_PORT = 4949;
