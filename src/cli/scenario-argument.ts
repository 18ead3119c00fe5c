/** Reads the scenario that a command names; wrong input becomes one UserError with a line for each mistake. */

import { parseScenario } from '../grid/scenario/parse.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import { indicatorUnits } from '../report/indicators.ts';
import { UserError } from '../run/errors.ts';
import type { RunOptions } from '../run/run-scenario.ts';
import { checkGridFiles } from '../run/segment.ts';

/** Where a head-end listens. */
export type Endpoint = NonNullable<RunOptions['target']>;

export interface ScenarioFlags {
  readonly set: readonly string[];
  readonly steps?: string;
  readonly stations?: string;
  readonly speed?: string;
}

export function readScenario(file: string, flags: ScenarioFlags): Scenario {
  const sets = flags.speed === undefined ? flags.set : [...flags.set, `speed=${flags.speed}`];
  const cut = { steps: flags.steps ?? null, stations: flags.stations ?? null };
  const parsed = parseScenario({ file, sets, cut, indicators: indicatorUnits() });
  if (!parsed.ok) {
    const lines = parsed.errors.map((error) => error.toString());
    // Named as the user wrote it.
    const named = flags.speed === undefined ? lines : lines.map((line) => line.replace(/^--set:speed:/, '--speed:'));
    throw new UserError(named.join('\n'));
  }
  checkGridFiles(parsed.scenario);
  for (const note of parsed.notes) process.stderr.write(`meterstorm: ${note}\n`);
  return parsed.scenario;
}

/** `HOST:PORT`, with an IPv4 address as the host. */
export function endpointOf(text: string, flag: string): Endpoint {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3}|localhost):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[2] ?? -1);
  const address = match?.[1] === 'localhost' ? '127.0.0.1' : (match?.[1] ?? '');
  const valid = address.split('.').every((part) => Number(part) <= 255);
  if (match === null || !valid || port < 1 || port > 65535) {
    throw new UserError(`meterstorm: ${flag}: found \`${text}\`, allowed is ADDRESS:PORT such as 10.0.0.5:4059`);
  }
  return { address, port };
}

/** Where concentrators are that a head-end pulls: the first one, the second one address further, and so on. */
export const DEFAULT_LISTEN = '127.64.0.1:4059';
