/**
 * systemd's journal through `journalctl -f -o json`: one JSON object a line (journal-fields of systemd). Its cursor says where to go
 * on after a restart. What journald itself suppresses under a flood is not seen; it says so in a message of its own.
 */

import type { Clock } from '../../base/clock.ts';
import { CommandLines } from './command-lines.ts';
import type { LineSink, LineSource } from './line-source.ts';

export interface JournalLinesOptions {
  readonly clock: Clock;
  /** The kernel's messages alone. */
  readonly kernel: boolean;
  /** Of this unit alone; null: all. */
  readonly unit: string | null;
}

export function journalLines({ clock, kernel, unit }: JournalLinesOptions): LineSource {
  const command = (noted: string | null): readonly string[] => [
    'journalctl',
    '--follow',
    '--output=json',
    '--no-pager',
    ...(kernel ? ['--dmesg'] : []),
    ...(unit === null ? [] : [`--unit=${unit}`]),
    // A file of a cursor needs no more than what comes after it.
    ...(noted === null ? ['--lines=0'] : [`--after-cursor=${noted}`]),
  ];
  return new CommandLines({ clock, command, take: takeEntry });
}

/** The cursor of the entry; null: the line is none, but what journalctl has to say. */
export function takeEntry(line: string, sink: LineSink): string | null {
  const entry = parsed(line);
  if (entry === null) {
    sink.event({ rule: 'source-failed', severity: 'warning', text: `journalctl says: ${line.slice(0, TEXT_MAX)}`, fields: {} });
    return null;
  }
  const text = messageOf(entry['MESSAGE']);
  const microseconds = Number(entry['__REALTIME_TIMESTAMP'] ?? Number.NaN);
  const fields: Record<string, string> = {};
  for (const [field, key] of FIELDS) if (typeof entry[key] === 'string') fields[field] = entry[key];
  if (text !== '') sink.line({ text, timeMs: Number.isFinite(microseconds) ? microseconds / 1000 : null, fields });
  return typeof entry['__CURSOR'] === 'string' ? entry['__CURSOR'] : null;
}

const TEXT_MAX = 300;
const FIELDS = [
  ['unit', '_SYSTEMD_UNIT'],
  ['identifier', 'SYSLOG_IDENTIFIER'],
  ['host', '_HOSTNAME'],
] as const;

function parsed(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Text, or a list of bytes where it is no UTF-8 or has control characters. */
function messageOf(message: unknown): string {
  if (typeof message === 'string') return message.split('\n')[0] ?? '';
  return Array.isArray(message) ? Buffer.from(message as number[]).toString('utf8') : '';
}
