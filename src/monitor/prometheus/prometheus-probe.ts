/** Watches what a Prometheus server would scrape: GET of an exposition. The number of its series is bounded. */

import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import type { PartFault, ReadValue, Readout, ValueProbe } from '../value/value-probe.ts';
import { parseExposition, type ExposedValue } from './exposition.ts';

export interface PrometheusTarget {
  /** `http:` or `https:`. */
  readonly url: string;
  /** Begins of metric names; null: all. */
  readonly only: readonly string[] | null;
}

export const SERIES_PER_TARGET_MAX = 5000;
const BYTES_MAX = 16 * 2 ** 20;

export class PrometheusProbe implements ValueProbe {
  readonly #target: PrometheusTarget;
  /** Which series are followed: the first ones that were seen. */
  readonly #followed = new Set<string>();

  constructor(target: PrometheusTarget) {
    this.#target = target;
  }

  async read(signal: AbortSignal): Promise<Readout> {
    const { url, only } = this.#target;
    const { values, unreadableLines } = parseExposition(await textOf(url, signal));
    if (values.length === 0) throw new Error(`${shown(url)} answers with no values in Prometheus’ text format`);
    const wanted = only === null ? values : values.filter(({ metric }) => only.some((begin) => metric.startsWith(begin)));
    const kept = wanted.filter(({ name }) => this.#follows(name));
    const faults: PartFault[] = [];
    if (unreadableLines > 0) faults.push({ part: 'exposition', why: `${unreadableLines} lines can’t be read` });
    if (kept.length < wanted.length) {
      faults.push({ part: 'series', why: `${wanted.length - kept.length} are left out, because a target has ${SERIES_PER_TARGET_MAX} at most; name those you want with \`only\`` });
    }
    return { values: kept.map(readValue), faults };
  }

  close(): void {}

  #follows(name: string): boolean {
    if (this.#followed.has(name)) return true;
    if (this.#followed.size >= SERIES_PER_TARGET_MAX) return false;
    this.#followed.add(name);
    return true;
  }
}

function readValue({ name, metric, counts, value, timeMs }: ExposedValue): ReadValue {
  const unit = /_(seconds|bytes|ratio|celsius|volts|amperes|joules|grams|meters)(?:_total|_sum)?$/.exec(metric)?.[1] ?? '';
  if (!counts) return { name, unit, type: 'gauge', timeMs, value };
  return { name, unit: unit === '' ? '1/s' : `${unit}/s`, type: 'counter', resets: true, timeMs, value };
}

function textOf(url: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getHttps : getHttp;
    const request = get(url, { signal, headers: { accept: 'text/plain;version=0.0.4', 'user-agent': 'meterstorm' }, agent: false }, (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        reject(new Error(`${shown(url)} answers with status ${response.statusCode ?? 0}`));
      } else bodyOf(response, url).then(resolve, reject);
    });
    request.on('error', reject);
  });
}

async function bodyOf(response: IncomingMessage, url: string): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > BYTES_MAX) throw new Error(`${shown(url)} answers with more than ${BYTES_MAX} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Without what may be secret. */
function shown(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
