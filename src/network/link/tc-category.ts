/** One category of lines in the words of tc and nft. netem: sch_netem.c and tc-netem(8); limits: nft(8), iptables-extensions(8). */

import { assert } from '../../base/assert.ts';
import type { LinkParameters } from './link-parameters.ts';

export type Direction = 'each' | 'split';

/** What tc takes as a delay and as a deviation: 32 bits of 64 ns. */
export const DELAY_MAX_MS = 274_000;
/** netem's table of the normal distribution ends at so many standard deviations. */
const SIGMAS_MAX = 3.5227;
const LIMIT_MIN = 1000;
/** Half of what the kernel's u32 holds, because a device may carry both directions. */
const LIMIT_MAX = 2 ** 31 - 1;

/**
 * Packets that can be under way at once, which netem's queue must hold (its default of 1000 would lose the rest): within the
 * longest delay each station may send its burst, and then the rate.
 */
export function netemLimit(category: LinkParameters, { stations, direction }: { readonly stations: number; readonly direction: Direction }): number {
  const { latencyMs, jitterMs } = delayOf(category, direction);
  const longestSeconds = (latencyMs + SIGMAS_MAX * jitterMs) / 1000;
  const packets = stations * (category.burstPackets + category.ratePacketsPerSecond * longestSeconds);
  return Math.min(LIMIT_MAX, Math.max(LIMIT_MIN, Math.ceil(packets)));
}

/** What stands after `netem`. `limit`: a number, or what the shell makes one of. */
export function netemLine(category: LinkParameters, { limit, direction }: { readonly limit: string; readonly direction: Direction }): string {
  return [`limit ${limit}`, ...delayWords(category, direction), ...lossWords(category)].join(' ');
}

function delayWords(category: LinkParameters, direction: Direction): readonly string[] {
  const { latencyMs, jitterMs } = delayOf(category, direction);
  if (jitterMs === 0) return latencyMs === 0 ? [] : [`delay ${milliseconds(latencyMs)}`];
  // tc refuses a distribution around zero.
  const words = `delay ${milliseconds(Math.max(latencyMs, 0.001))} ${milliseconds(jitterMs)}`;
  return [words, ...(category.correlation === 0 ? [] : [percentage(category.correlation)]), 'distribution normal'];
}

/** gemodel p, r, 1-h, 1-k: a bad time begins, ends, loss within it, loss between them. */
function lossWords({ loss, lossBursts }: LinkParameters): readonly string[] {
  if (lossBursts !== null) return ['loss gemodel', ...[lossBursts.enter, lossBursts.leave, lossBursts.loss, loss].map(percentage)];
  return loss === 0 ? [] : [`loss random ${percentage(loss)}`];
}

/** Half a round trip is half the mean and, of two independent halves, the deviation by the root of two. */
function delayOf({ latencyMs, jitterMs }: LinkParameters, direction: Direction): { readonly latencyMs: number; readonly jitterMs: number } {
  const [mean, deviation] = direction === 'each' ? [latencyMs, jitterMs] : [latencyMs / 2, jitterMs / Math.SQRT2];
  return { latencyMs: Math.min(DELAY_MAX_MS, mean), jitterMs: Math.min(DELAY_MAX_MS, deviation) };
}

const UNITS = [
  ['second', 'sec', 1],
  ['minute', 'min', 60],
  ['hour', 'hour', 3600],
  ['day', 'day', 86_400],
] as const;
const RATE_ERROR_MAX = 0.001;

/** `15/second`, `78/minute`: both limiters take whole numbers, so the unit is the first in which the rate is one. */
export function rateWords(packetsPerSecond: number, limiter: 'nft' | 'hashlimit'): string {
  assert(packetsPerSecond > 0, 'a line carries something');
  const error = (seconds: number): number => Math.abs(Math.round(packetsPerSecond * seconds) / (packetsPerSecond * seconds) - 1);
  const [long, short, seconds] = UNITS.find((unit) => error(unit[2]) <= RATE_ERROR_MAX) ?? UNITS[3];
  return `${Math.max(1, Math.round(packetsPerSecond * seconds))}/${limiter === 'nft' ? long : short}`;
}

/** A line of comment; printable whatever the name has in it. */
export function spokenCategory(category: LinkParameters, stations: number): string {
  const { name, latencyMs, jitterMs, correlation, loss, lossBursts, ratePacketsPerSecond, burstPackets } = category;
  return [
    `${printable(name)}: ${stations} stations`,
    `${latencyMs} ms +- ${jitterMs} ms${correlation === 0 ? '' : ` correlation ${percentage(correlation)}`}`,
    `loss ${percentage(loss)}${lossBursts === null ? '' : ' and in bursts'}`,
    `${ratePacketsPerSecond} packets/s, burst ${burstPackets}`,
  ].join(', ');
}

/** A name in a comment must not end it. */
export function printable(name: string): string {
  return name.replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
}

function milliseconds(value: number): string {
  return `${plain(value, 3)}ms`;
}

function percentage(share: number): string {
  return `${plain(share * 100, 7)}%`;
}

/** Without exponent, superfluous zeros and the noise of floating point. */
function plain(value: number, decimals: number): string {
  return value.toFixed(decimals).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}
