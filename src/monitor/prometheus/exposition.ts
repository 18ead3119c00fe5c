/**
 * Prometheus' text format 0.0.4, as far as values go:
 *
 *   # TYPE http_requests_total counter
 *   http_requests_total{code="200",path="/a\"b"} 1027 1395066363000
 *
 * A line that can't be read is counted and left out; a whole text without one value is no exposition.
 */

export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';

export interface ExposedValue {
  /** The name with its labels, sorted by their names: `a{b="c",d="e"}`; without labels the name alone. */
  readonly name: string;
  readonly metric: string;
  /** Whether the value only rises, and begins at 0 when its process does. */
  readonly counts: boolean;
  readonly value: number;
  /** null: now. */
  readonly timeMs: number | null;
}

export interface Exposition {
  readonly values: readonly ExposedValue[];
  readonly unreadableLines: number;
}

const TYPE = /^#\s*TYPE\s+([A-Za-z_:][\w:]*)\s+(\w+)\s*$/;
/** White space is taken in one place at a time: a line of many blanks is not gone through again for each of them. */
const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\s*\{(.*)\})?\s+(\S+)(?:\s+(-?\d{1,18}))?$/;
const LABEL = /\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y;

export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const values: ExposedValue[] = [];
  let unreadableLines = 0;
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (trimmed === '') continue;
    if (trimmed.startsWith('#')) {
      const [, name, type] = TYPE.exec(trimmed) ?? [];
      if (name !== undefined && type !== undefined) types.set(name, type);
      continue;
    }
    const value = parseSample(trimmed, types);
    if (value === null) unreadableLines++;
    else values.push(value);
  }
  return { values, unreadableLines };
}

function parseSample(line: string, types: ReadonlyMap<string, string>): ExposedValue | null {
  const [, metric = '', labelText = '', valueText = '', timeText] = SAMPLE.exec(line) ?? [];
  const value = numberOf(valueText);
  const labels = labelsOf(labelText);
  if (metric === '' || value === null || labels === null) return null;
  const name = labels.length === 0 ? metric : `${metric}{${labels.join(',')}}`;
  return { name, metric, counts: countsUp(metric, types), value, timeMs: timeText === undefined ? null : Number(timeText) };
}

/** As written, quotes and escapes included; null: unreadable. */
function labelsOf(text: string): readonly string[] | null {
  const labels: string[] = [];
  const end = text.trimEnd().length;
  for (LABEL.lastIndex = 0; LABEL.lastIndex < end; ) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined || value === undefined) return null;
    labels.push(`${name}="${value}"`);
  }
  return labels.sort();
}

function numberOf(text: string): number | null {
  const special = /^([-+]?)(?:Inf|inf|Infinity)$/.exec(text);
  if (special !== null) return special[1] === '-' ? -Infinity : Infinity;
  if (/^(?:NaN|nan)$/.test(text)) return Number.NaN;
  return text !== '' && /^[-+]?(?:\d|\.\d)/.test(text) && !Number.isNaN(Number(text)) ? Number(text) : null;
}

/** Parts of histograms and summaries are counters, quantiles are not. Without a type the name tells. */
function countsUp(metric: string, types: ReadonlyMap<string, string>): boolean {
  const own = types.get(metric);
  if (own !== undefined && own !== 'untyped') return own === 'counter';
  const part = /^(.*)_(bucket|sum|count)$/.exec(metric);
  const family = types.get(part?.[1] ?? '');
  if (family === 'histogram' || (family === 'summary' && part?.[2] !== 'bucket')) return true;
  return own === undefined && metric.endsWith('_total');
}
