/**
 * Thresholds of a scenario: what must hold of a run, or it fails. A list of expressions, each of one comparison, as k6 has them:
 *
 *   threshold   = indicator comparison limit
 *   indicator   = a name that the caller knows, such as `delays.sendingToConfirmationMs.p99`
 *   comparison  = "<" | "<=" | ">" | ">=" | "==" | "!="
 *   limit       = number [ unit ]          the unit that the indicator is counted in, of any size: `2 s`, `4 GB`, `99.5 %`
 *
 * All entries must hold, so there is no `and`. Which indicators there are is handed in: a scenario knows nothing of reports.
 */

import { COMPARISONS, type Comparison, type IndicatorUnit, type Threshold } from '../../base/threshold.ts';
import * as hints from './hints.ts';
import { nearMiss } from './near-miss.ts';
import { quoted, type Problem } from './scenario-error.ts';
import { describe, find, type Path, type Tree } from './tree.ts';

/** Names of the indicators that a threshold may name, and their units. */
export type KnownIndicators = ReadonlyMap<string, IndicatorUnit>;

export interface ParsedThresholds {
  readonly thresholds: readonly Threshold[];
  readonly problems: readonly Problem[];
}

const LIST: Path = ['thresholds'];

/** What is neither a text nor a list is left to the schema. */
export function parseThresholds(tree: Tree, known: KnownIndicators): ParsedThresholds {
  const parsed = entriesOf(find(tree, LIST)).map(({ node, path }) => parseEntry(node, path, known));
  return {
    thresholds: parsed.flatMap((entry) => ('found' in entry ? [] : [entry])),
    problems: parsed.flatMap((entry) => ('found' in entry ? [entry] : [])),
  };
}

function entriesOf(list: Tree | undefined): readonly { readonly node: Tree; readonly path: Path }[] {
  if (list?.kind === 'list') return list.items.map((node, i) => ({ node, path: [...LIST, i] }));
  return list?.kind === 'scalar' && typeof list.value === 'string' ? [{ node: list, path: LIST }] : [];
}

type Misread = Pick<Problem, 'found' | 'allowed' | 'hint'>;

function parseEntry(node: Tree, path: Path, known: KnownIndicators): Threshold | Problem {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return { at: node.at, path, found: describe(node), allowed: EXPRESSION };
  const result = parseExpression(node.value, known);
  return 'found' in result ? { at: node.at, path, ...result } : result;
}

const EXPRESSION = 'an indicator, one of < <= > >= == != and a number with its unit, such as `delays.sendingToConfirmationMs.p99 < 2 s`';
const FORM = /^([A-Za-z][\w.-]*)\s*([<>=!≤≥≠]+)\s*(\S.*)$/u;

/** One entry of the list. Any text is answered. */
export function parseExpression(source: string, known: KnownIndicators): Threshold | Misread {
  const text = source.trim().replaceAll(/\s+/g, ' ');
  const [, indicator = '', sign = '', rest = ''] = FORM.exec(text) ?? [];
  if (indicator === '') return { found: text === '' ? 'an empty text' : quoted(text), allowed: EXPRESSION };
  if (/&&|\|\||\b(?:and|or)\b|[a-z][\w.-]*\s*[<>=!]/i.test(rest)) return { found: `more than one comparison in ${quoted(text)}`, allowed: 'one in each entry; all entries must hold' };
  const unit = known.get(indicator);
  if (unit === undefined) {
    return { found: `unknown indicator ${quoted(indicator)}`, hint: nearIndicator(indicator, known), allowed: 'a name that `meterstorm indicators` lists' };
  }
  const comparison = COMPARISONS.find((one) => one === sign);
  if (comparison === undefined) {
    const meant = MEANT[sign];
    return { found: `${quoted(sign)} in ${quoted(text)}`, hint: meant === undefined ? null : `${indicator} ${meant} ${rest}`, allowed: COMPARISONS.join(' ') };
  }
  const kind = LIMITS[unit];
  const limit = kind.read(rest);
  if (limit !== null) return { text, indicator, comparison, limit };
  return { found: `${quoted(rest)} for ${quoted(indicator)}`, hint: repairedLimit(rest, kind), allowed: kind.allowed };
}

const MEANT: Readonly<Record<string, Comparison>> = { '=': '==', '===': '==', '!==': '!=', '<>': '!=', '=<': '<=', '=>': '>=', '≤': '<=', '≥': '>=', '≠': '!=' };

/** Also for one who left out the group, or wrote the path of `report.json` in full. */
function nearIndicator(word: string, known: KnownIndicators): string | null {
  const names = [...known.keys()];
  const inGroup = names.filter((name) => name.endsWith(`.${word}`) || word.endsWith(`.${name}`));
  return inGroup.length === 1 ? (inGroup[0] ?? null) : nearMiss(word, names);
}

function repairedLimit(text: string, { read, words }: LimitKind): string | null {
  const percent = hints.percentOf(Number(text));
  if (percent !== null && read(percent) !== null) return percent;
  const bare = hints.withoutSeparators(text);
  if (bare !== null && read(bare) !== null) return bare;
  return hints.repaired(read, words)(text);
}

interface LimitKind {
  /** In the unit of the indicator; null: not of the form. */
  readonly read: (text: string) => number | null;
  readonly allowed: string;
  /** Units as they are written by mistake. */
  readonly words: hints.UnitWords;
}

const MS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SECONDS = { ms: 0.001, s: 1, min: 60, h: 3600, d: 86_400 } as const;
const BYTES = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;
const BYTE_WORDS: hints.UnitWords = { B: ['byte', 'bytes'], kB: ['k'], MB: ['m', 'mb'], GB: ['g', 'gb'], TB: ['t', 'tb'], KiB: ['ki'], MiB: ['mi'], GiB: ['gi'], TiB: ['ti'] };

const DURATION = 'a duration with its unit, such as `2 s` (ms, s, min, h, d)';

const LIMITS: Readonly<Record<IndicatorUnit, LimitKind>> = {
  count: { read: quantity({ '': 1 }), allowed: 'a number without a unit, such as `0` or `1e6`', words: {} },
  number: { read: quantity({ '': 1 }), allowed: 'a number without a unit, such as `1.5`', words: {} },
  'per-second': { read: quantity({ '': 1, '/s': 1 }), allowed: 'a number a second, such as `1e6` or `1e6 /s`', words: {} },
  seconds: { read: quantity(SECONDS), allowed: DURATION, words: hints.TIME_WORDS },
  milliseconds: { read: quantity(MS), allowed: DURATION, words: hints.TIME_WORDS },
  bytes: { read: quantity(BYTES), allowed: 'a size with its unit, such as `4 GB` (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)', words: BYTE_WORDS },
  share: { read: quantity({ '%': 0.01 }), allowed: 'a percentage with its sign, such as `99.5 %`', words: {} },
};

/** A number and one of the units; fifteen digits drop the residue of binary fractions. */
function quantity(factors: Readonly<Record<string, number>>): (text: string) => number | null {
  return (text) => {
    const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(\S*)$/.exec(text.trim()) ?? [];
    const factor = Object.hasOwn(factors, unit) ? factors[unit] : undefined;
    if (digits === '' || factor === undefined) return null;
    const value = Number((Number(digits) * factor).toPrecision(15));
    return Number.isFinite(value) ? value : null;
  };
}
