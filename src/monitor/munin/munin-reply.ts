/**
 * What a munin-node says in answer to `config` and `fetch` (munin-monitoring/munin, doc/master/network-protocol.rst,
 * doc/reference/plugin.rst), line by line:
 *
 *   multigraph if_eth0                  opens a graph; without one, lines belong to the graph of the plugin's name
 *   graph_vlabel bits per second        of the graph
 *   down.label received                 of a field
 *   down.value 12.3                     its value: a number, `U`, or `<epoch>:<number>`, then also several
 *   # Bad exit                          the plugin failed
 *
 * Lines that are none of these are left out, as Munin's master does.
 */

import type { SeriesType } from '../store/monitor-source.ts';
import type { Band, Limits } from '../value/value-probe.ts';

export interface MuninField {
  readonly type: SeriesType;
  readonly limits: Limits;
  /** RPN of RRDtool in which the field stands for itself; null: none. */
  readonly cdef: string | null;
}

export interface MuninValue {
  readonly graph: string;
  readonly field: string;
  /** null: when it was asked for. */
  readonly timeMs: number | null;
  /** null: unknown. A bigint beyond 2^53. */
  readonly value: number | bigint | null;
}

export interface MuninConfig {
  /** By `graph.field`. */
  readonly fields: ReadonlyMap<string, MuninField>;
  /** Texts on the axis, by graph. */
  readonly units: ReadonlyMap<string, string>;
}

export interface MuninReply {
  readonly config: MuninConfig;
  /** In the order of the lines. Those of a `config` mean that nothing is left to fetch (dirtyconfig). */
  readonly values: readonly MuninValue[];
  /** What the node says instead: `Unknown service`, `Timed out`, `Bad exit`; null: nothing of that kind. */
  readonly fault: string | null;
}

const FIELD = /^([A-Za-z_][\w-]*)\.([A-Za-z_]\w*)(?:\s+(.*))?$/;
const GRAPH_ATTRIBUTE = /^(graph_vlabel|graph_period)\s+(.*)$/;
const FAULT = /^# ?(Unknown service|Timed out|Bad exit|Unknown command.*|.*[Dd]enied.*)$/;
const NAME = /^[\w.-]{1,256}$/;

/** `plugin`: whose graph it is as long as none is named. */
export function parseReply(plugin: string, lines: readonly string[]): MuninReply {
  const attributes = new Map<string, Map<string, string>>();
  const vlabels = new Map<string, string>();
  const periods = new Map<string, string>();
  const values: MuninValue[] = [];
  let graph = plugin;
  let fault: string | null = null;
  for (const line of lines) {
    const text = line.trim();
    const named = /^multigraph\s+(\S+)$/.exec(text)?.[1];
    if (named !== undefined) {
      if (NAME.test(named)) graph = named;
      continue;
    }
    const [, attribute, content = ''] = GRAPH_ATTRIBUTE.exec(text) ?? [];
    if (attribute !== undefined) {
      (attribute === 'graph_vlabel' ? vlabels : periods).set(graph, content);
      continue;
    }
    fault ??= FAULT.exec(text)?.[1] ?? null;
    const [, field, key, rest = ''] = FIELD.exec(text) ?? [];
    if (field === undefined || key === undefined) continue;
    if (key === 'value') values.push({ graph, field, ...parseValue(rest) });
    else {
      const name = `${graph}.${field}`;
      const known = attributes.get(name) ?? new Map<string, string>();
      attributes.set(name, known.set(key, rest.trim()));
    }
  }
  const fields = new Map([...attributes].map(([name, known]) => [name, fieldOf(known)]));
  const units = new Map([...vlabels].map(([name, text]) => [name, unitOf(text)]));
  return { config: { fields, units }, values, fault };
}

/** What a field is of which nothing was said. */
export const PLAIN_FIELD: MuninField = {
  type: 'gauge',
  limits: { min: null, max: null, warning: null, critical: null },
  cdef: null,
};

const TYPES: Readonly<Record<string, SeriesType>> = { GAUGE: 'gauge', COUNTER: 'counter', DERIVE: 'derive', ABSOLUTE: 'absolute' };

function fieldOf(attributes: ReadonlyMap<string, string>): MuninField {
  const bound = (name: string): number | null => numberOf(attributes.get(name) ?? '');
  return {
    type: TYPES[(attributes.get('type') ?? 'GAUGE').toUpperCase()] ?? 'gauge',
    limits: {
      min: bound('min'),
      max: bound('max'),
      warning: bandOf(attributes.get('warning') ?? ''),
      critical: bandOf(attributes.get('critical') ?? ''),
    },
    cdef: attributes.get('cdef') ?? null,
  };
}

/** `min:max`, each end may be missing; a number alone is the maximum. */
function bandOf(text: string): Band | null {
  const [first = '', second] = text.trim().split(':');
  const band = second === undefined ? { min: null, max: numberOf(first) } : { min: numberOf(first), max: numberOf(second) };
  return band.min === null && band.max === null ? null : band;
}

function parseValue(text: string): { readonly timeMs: number | null; readonly value: number | bigint | null } {
  const [, epoch, value = ''] = /^(?:(\d{1,12}):)?(\S+)$/.exec(text.trim()) ?? [];
  return { timeMs: epoch === undefined ? null : Number(epoch) * 1000, value: countOf(value) };
}

function countOf(text: string): number | bigint | null {
  if (/^-?\d{16,20}$/.test(text)) return BigInt(text);
  return numberOf(text);
}

function numberOf(text: string): number | null {
  return /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(text.trim()) ? Number(text) : null;
}

/** Rates are stored per second, whatever the graph says. */
function unitOf(vlabel: string): string {
  return vlabel.replaceAll('${graph_period}', 'second').trim().slice(0, 100);
}

/**
 * A cdef in which nothing stands but the field itself and numbers, as a function: `down,8,*`. null: it is more than that.
 */
export function conversionOf(cdef: string, field: string): ((value: number) => number) | null {
  const words = cdef.split(',').map((word) => word.trim());
  const computed = (value: number): number | null => {
    const stack: number[] = [];
    for (const word of words) {
      const number = word === field ? value : numberOf(word);
      if (number !== null) {
        stack.push(number);
        continue;
      }
      const [b, a] = [stack.pop(), stack.pop()];
      const result = a === undefined || b === undefined ? null : operate(word, a, b);
      if (result === null) return null;
      stack.push(result);
    }
    return stack.length === 1 ? (stack[0] ?? null) : null;
  };
  if (!words.includes(field) || computed(1) === null) return null;
  return (value) => computed(value) ?? Number.NaN;
}

function operate(operator: string, a: number, b: number): number | null {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  return operator === '/' ? a / b : null;
}
