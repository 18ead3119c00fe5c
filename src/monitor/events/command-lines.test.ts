import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { CommandLines } from './command-lines.ts';
import { takeEntry } from './journal-lines.ts';
import type { FoundLine } from './rule-watch.ts';

const sources: CommandLines[] = [];
afterEach(() => {
  for (const source of sources.splice(0)) source.stop();
});

interface Heard {
  readonly lines: string[];
  readonly events: string[];
  readonly notes: string[];
}

function hear(script: string, options: { readonly noted?: string; readonly take?: (line: string) => string | null } = {}): Heard {
  const heard: Heard = { lines: [], events: [], notes: [] };
  const { take } = options;
  const source = new CommandLines({
    clock: systemClock,
    command: (noted) => ['sh', '-c', script, 'sh', noted ?? 'nothing'],
    ...(take === undefined ? {} : { take }),
  });
  sources.push(source);
  source.start({ line: ({ text }) => heard.lines.push(text), event: ({ text }) => heard.events.push(text), note: (text) => heard.notes.push(text) }, options.noted ?? null);
  return heard;
}

async function until(held: () => boolean): Promise<void> {
  while (!held()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a command', () => {
  test('is heard as it writes, in both streams, to its last line', async () => {
    const heard = hear('echo a; printf "b\\nc" >&2; sleep 1000');
    await until(() => heard.lines.length === 2);
    expect(heard.lines.toSorted()).toEqual(['a', 'b']);
    expect(heard.events).toEqual([]);
  });

  test('that ends is started again, with what was noted; that is an event the first time', async () => {
    const heard = hear('echo "$1"; exit 3', { noted: 'x', take: (line) => `${line}x` });
    await until(() => heard.notes.length === 2);
    expect(heard.notes).toEqual(['xx', 'xxx']);
    expect(heard.events).toEqual(['sh ended with exit code 3; it said last: x']);
  });

  test('that is none is an event', async () => {
    const source = new CommandLines({ clock: systemClock, command: () => ['no-such-program'] });
    sources.push(source);
    const events: string[] = [];
    source.start({ line: () => {}, event: ({ text }) => events.push(text), note: () => {} }, null);
    await until(() => events.length > 0);
    expect(events[0]).toMatch(/^no-such-program ended with spawn no-such-program ENOENT/);
  });

  test('is ended with all that it started', async () => {
    const heard = hear('sleep 1000 & echo $!; wait');
    await until(() => heard.lines.length === 1);
    const pid = Number(heard.lines[0]);
    expect(() => process.kill(pid, 0)).not.toThrow();
    for (const source of sources.splice(0)) source.stop();
    await until(() => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
  });
});

describe('the journal', () => {
  const take = (line: string): { readonly cursor: string | null; readonly lines: readonly FoundLine[]; readonly events: readonly string[] } => {
    const lines: FoundLine[] = [];
    const events: string[] = [];
    const cursor = takeEntry(line, { line: (found) => lines.push(found), event: ({ text }) => events.push(text), note: () => {} });
    return { cursor, lines, events };
  };

  /** As `journalctl -o json` of systemd 252 writes them, shortened. */
  test('is read as JSON', () => {
    const entry =
      '{"__CURSOR":"s=fa;i=2b","__REALTIME_TIMESTAMP":"1700000000123456","_HOSTNAME":"hes","SYSLOG_IDENTIFIER":"kernel","PRIORITY":"4","MESSAGE":"TCP: out of memory -- consider tuning tcp_mem"}';
    expect(take(entry)).toEqual({
      events: [],
      cursor: 's=fa;i=2b',
      lines: [{ text: 'TCP: out of memory -- consider tuning tcp_mem', timeMs: 1_700_000_000_123.456, fields: { identifier: 'kernel', host: 'hes' } }],
    });
    expect(take('{"__CURSOR":"c","_SYSTEMD_UNIT":"a.service","MESSAGE":[104,105,27]}').lines[0]).toMatchObject({ text: 'hi\u001B', fields: { unit: 'a.service' } });
    expect(take('{"__CURSOR":"c","MESSAGE":null}')).toEqual({ cursor: 'c', lines: [], events: [] });
    for (const other of ['No journal files were found.', '7', 'null', '{"a":']) expect(take(other), other).toEqual({ cursor: null, lines: [], events: [`journalctl says: ${other}`] });
  });
});
