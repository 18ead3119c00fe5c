/** Rows that can't be the reading of any meter: all are counted, a few are kept as examples. */

import type { UnreadableRows } from '../reading/source.ts';

const EXAMPLES_MAX = 10;

export class UnreadableLog implements UnreadableRows {
  count = 0;
  readonly examples: string[] = [];

  /** `describe` is asked only when there is room for one more example. */
  add(describe: () => string): void {
    this.count++;
    if (this.examples.length < EXAMPLES_MAX) this.examples.push(describe());
  }
}

export type Part = 'meter' | 'channel' | 'time' | 'value' | 'status';

/** Why a row is none: the column that says nothing, what it says instead, and how the user would put it right. */
export function whyUnreadable(part: Part, column: string, text: string | null): string {
  if (text === null) return `column ${column} is empty`;
  const said = `column ${column} says \`${text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}...` : text}\``;
  if (part === 'time') return `${said}: ${timeFault(text.trim())}`;
  return `${said}: ${FAULTS[part]}`;
}

const TEXT_MAX = 40;

const FAULTS: Readonly<Record<Exclude<Part, 'time'>, string>> = {
  meter: 'no number, serial number or logical device name of a meter',
  channel: 'no number or OBIS code of a register that is read',
  value: 'no decimal number',
  status: 'no status byte',
};

function timeFault(text: string): string {
  if (/^\d{12,}(?:\.0*)?$/.test(text)) return 'too large for seconds; should it be milliseconds (time:ms=...)?';
  if (/^(?:\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4})[T ]\d\d:\d\d(?::\d\d(?:[.,]0*)?)?$/.test(text)) {
    return 'which zone is it in? (time:UTC=..., time:+01:00=... or time:Europe/Prague=...; an hour that clocks repeat or leave out has no answer)';
  }
  return 'no time on a full second';
}
