/** `meterstorm link`: the lines of a scenario as a table, or as a script for the kernel. */

import { writeFileSync } from 'node:fs';
import type { LinkCategory, LinkSession, Scenario } from '../grid/scenario/scenario.ts';
import { duration, whole } from '../base/format.ts';
import { LOOPBACK_FIRST } from '../run/concentrator-address.ts';
import { UserError } from '../run/errors.ts';
import { linkScript, stationsOfLinks, type Limiter } from '../run/link-script.ts';
import { readScenario } from './scenario-argument.ts';

export interface LinkFlags {
  readonly set: readonly string[];
  readonly tc: boolean;
  readonly out?: string;
  readonly firstAddress?: string;
  readonly limiter?: Limiter;
}

export function linkCommand(file: string, flags: LinkFlags): void {
  if (!flags.tc) {
    for (const [flag, value] of [['--out', flags.out], ['--first-address', flags.firstAddress], ['--limiter', flags.limiter]] as const) {
      if (value !== undefined) throw new UserError(`meterstorm: ${flag}: it is about the script; add --tc, or leave it out`);
    }
  }
  const scenario = readScenario(file, flags);
  if (scenario.network.links === 'ignored') {
    throw new UserError(`meterstorm: link: ${scenario.name} ignores its links, so there is nothing to play; allowed: --set network.links=played`);
  }
  if (flags.tc) writeScript(scenario, flags);
  else process.stdout.write(linkTable(scenario));
}

function writeScript(scenario: Scenario, flags: LinkFlags): void {
  const { text, warnings } = linkScript(scenario, { firstAddress: flags.firstAddress ?? LOOPBACK_FIRST, limiter: flags.limiter ?? 'nft' });
  for (const warning of warnings) process.stderr.write(`meterstorm: link: ${warning}\n`);
  if (flags.out === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(flags.out, text, { mode: 0o755 });
  } catch (cause) {
    throw new UserError(`meterstorm: --out: ${flags.out} can't be written (${(cause as NodeJS.ErrnoException).code}); allowed is the path of a file`, { cause });
  }
  process.stdout.write(`${flags.out}\n`);
}

function linkTable(scenario: Scenario): string {
  const stations = stationsOfLinks(scenario);
  const rows = [
    ['link', 'stations', 'delay', 'loss', 'rate', 'over the rate', 'connections'],
    ...scenario.grid.links.map((link, i) => [
      link.name,
      whole(stations[i] ?? 0),
      spokenDelay(link),
      spokenLoss(link),
      `${link.ratePacketsPerSecond} packets/s, ${link.burstPackets} at once`,
      link.excess === 'shape' ? 'waits' : 'is lost',
      link.session === null ? 'live until closed' : spokenSession(link.session),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) => row.map((cell, column) => (column === 1 ? cell.padStart(widths[1] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ').trimEnd());
  const direction = scenario.network.direction === 'each' ? 'in each direction' : 'of a round trip, half of it in each direction';
  return `${scenario.name}: ${whole(scenario.grid.stations)} stations; delays are ${direction}\n\n${lines.join('\n')}\n`;
}

function spokenDelay({ latencyMs, jitterMs, correlation }: LinkCategory): string {
  const delay = jitterMs === 0 ? `${latencyMs} ms` : `${latencyMs} ms +- ${jitterMs} ms`;
  return correlation === 0 ? delay : `${delay}, correlation ${share(correlation)}`;
}

function spokenLoss({ loss, lossBursts }: LinkCategory): string {
  if (lossBursts === null) return share(loss);
  return `${share(loss)}, in bursts ${share(lossBursts.loss)} (enter ${share(lossBursts.enter)}, leave ${share(lossBursts.leave)})`;
}

function spokenSession(session: LinkSession): string {
  const { upSeconds, reattachSecondsMin, reattachSecondsMax, silent, idleSeconds, daily, newAddress } = session;
  return [
    upSeconds === null ? 'do not drop by themselves' : `drop after ${duration(upSeconds)} on average`,
    ...(idleSeconds === null ? [] : [`are forgotten after ${duration(idleSeconds)} of silence`]),
    ...(daily === 0 ? [] : [`${share(daily)} are cut once a day`]),
    `back after ${duration(reattachSecondsMin)} to ${duration(reattachSecondsMax)}`,
    `${share(silent)} of drops are silent`,
    ...(newAddress ? ['another address then'] : []),
  ].join(', ');
}

/** All that the scenario says, unlike the rounded percentages of a report. */
function share(value: number): string {
  return `${Number((value * 100).toPrecision(10))} %`;
}
