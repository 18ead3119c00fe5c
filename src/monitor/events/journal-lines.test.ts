/** systemd's journal for real: a journald of the test's own, in a mount namespace. Needs root, and `npm run build`. */

import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../../base/package-root.ts';

const JOURNALD = '/lib/systemd/systemd-journald';
const possible = process.getuid?.() === 0 && existsSync(JOURNALD) && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/run']).status === 0;

const NAMESPACE = `
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd /run/log/journal
${JOURNALD} & journal=$!
"$1" --input-type=module -e "$2" & reader=$!
while kill -0 $reader 2>/dev/null; do
  logger -u /run/systemd/journal/dev-log -t kernel 'Possible SYN flooding on port 4059. Sending cookies.' 2>/dev/null
  sleep 0.1
done
kill $journal
wait $journal
`;

const built = (name: string): string => pathToFileURL(packageFile('dist', ...name.split('/'))).href;
/** Prints the first line that it finds and how far it came, goes on from there as after a crash, prints the next. */
const READER = `
import { systemClock } from '${built('base/clock.js')}';
import { journalLines } from '${built('monitor/events/journal-lines.js')}';
const read = (noted) => new Promise((resolve) => {
  const source = journalLines({ clock: systemClock, kernel: false, unit: null });
  let found = null;
  source.start({
    line: (line) => { if (line.text.includes('SYN')) found ??= line; },
    event: ({ text }) => console.error(text),
    note: (text) => { if (found !== null) { source.stop(); resolve({ found, noted: text }); } },
  }, noted);
});
const first = await read(null);
const second = await read(first.noted);
console.log(JSON.stringify([first, second]));
process.exit();
`;

describe.runIf(possible)('a journal', () => {
  test('is followed, and gone on with after what was noted', async () => {
    const { stdout } = await promisify(execFile)('unshare', ['-m', 'sh', '-c', NAMESPACE, 'sh', process.execPath, READER]);
    const [first, second] = JSON.parse(stdout) as { readonly found: { readonly text: string; readonly timeMs: number; readonly fields: object }; readonly noted: string }[];
    expect(first?.found).toMatchObject({ text: 'Possible SYN flooding on port 4059. Sending cookies.', fields: { identifier: 'kernel' } });
    expect(Math.abs((first?.found.timeMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(second?.found.timeMs).toBeGreaterThan(first?.found.timeMs ?? Infinity);
    expect(second?.noted).not.toBe(first?.noted);
  }, 60_000);
});
