import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type EndedRun, RunChild } from './run-child.ts';

const work = mkdtempSync(join(tmpdir(), 'meterstorm-run-child-'));
afterAll(() => rmSync(work, { recursive: true }));

/** A program in the place of the command line: much on stdout, three lines on stderr, exit code 3. */
const main = join(work, 'main.mjs');
writeFileSync(main, `process.stdout.write('x'.repeat(2 ** 21)); process.stderr.write('one\\ntwo\\n\\nlast'); process.exitCode = 3;`);

async function ran(log: string): Promise<EndedRun & { readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const child = new RunChild({ main, args: [], log, onLine: (line) => lines.push(line), interrupt: new AbortController().signal });
  return { ...(await child.run()), lines };
}

describe('a run as a process', () => {
  const told = { code: 3, signal: null, lastLine: 'last', lines: ['one', 'two', 'last'] };

  test('says how it ended, and leaves all that it printed', async () => {
    const log = join(work, 'run.log');
    expect(await ran(log)).toEqual(told);
    expect(readFileSync(log, 'utf8')).toHaveLength(2 ** 21 + 'one\ntwo\n\nlast'.length);
  });

  test.runIf(existsSync('/dev/full'))('goes on when the disk of its log is full', async () => {
    expect(await ran('/dev/full')).toEqual(told);
  });

  test('goes on when its log can’t be made', async () => {
    expect(await ran(join(work, 'nowhere', 'run.log'))).toEqual(told);
  });
});
