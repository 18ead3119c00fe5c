/** Looks at this machine with a scenario in mind: facts, needs, and what a doctor says of them. */

import type { Scenario } from '../grid/scenario/scenario.ts';
import { thisSystem, type ReadSystem } from '../monitor/read-system.ts';
import { descriptorsMax, readSystemFacts } from '../monitor/system-facts.ts';
import { type Finding, findingsOf } from './doctor.ts';
import { runNeeds, type RunNeeds } from './run-needs.ts';

export interface Examination {
  readonly scenario: Scenario;
  /** Address of somebody else's head-end; null: ours. */
  readonly target: string | null;
  readonly simulators: number | null;
  readonly intakes: number | null;
  /** Where the run will write; null: only what a run looks at before it starts, nothing is loaded. */
  readonly directory: string | null;
}

/** What a run counts with where the limit can't be known. */
const DESCRIPTORS_UNKNOWN = 1024;
const DATABASE = '@duckdb/node-api';

export async function examine(
  options: Examination,
  system: ReadSystem = thisSystem,
): Promise<{ readonly needs: RunNeeds; readonly findings: readonly Finding[] }> {
  const { directory, target } = options;
  const needs = runNeeds(options.scenario, { ...options, limit: descriptorsMax(system) ?? DESCRIPTORS_UNKNOWN, cores: system.cores() });
  const facts = await readSystemFacts(system, {
    addresses: needs.addresses,
    directory: target === null ? directory : null,
    module: target !== null || directory === null ? null : DATABASE,
  });
  return { needs, findings: findingsOf(facts, needs) };
}
