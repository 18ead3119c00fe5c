import { appendFileSync, copyFileSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { LogFiles } from './log-files.ts';

const work = mkdtempSync(join(tmpdir(), 'meterstorm-logs-'));
afterAll(() => rmSync(work, { recursive: true }));
const following: Following[] = [];
afterEach(() => {
  for (const one of following.splice(0)) one.source.stop();
});

let directories = 0;
function newDirectory(): string {
  const path = join(work, String(++directories));
  mkdirSync(path);
  return path;
}

/** Who follows files on a clock that moves when it is told to. */
class Following {
  readonly clock = new VirtualClock();
  readonly lines: string[] = [];
  readonly events: string[] = [];
  readonly places: string[] = [];
  note: string | null;
  readonly source: LogFiles;

  constructor(path: string, noted: string | null = null) {
    following.push(this);
    this.note = noted;
    this.source = new LogFiles({ clock: this.clock, path });
    this.source.start(
      {
        line: ({ text, fields }) => {
          this.lines.push(text);
          this.places.push(`${fields['file']?.split('/').at(-1)}:${fields['offset']}`);
        },
        event: ({ rule }) => this.events.push(rule),
        note: (text) => (this.note = text),
      },
      noted,
    );
  }

  /** Lines since the last call. */
  after(seconds: number): readonly string[] {
    let reached = false;
    this.clock.schedule(seconds * 1000, () => (reached = true));
    this.clock.run(() => reached);
    return this.lines.splice(0);
  }
}

describe('a file', () => {
  test('is read from its end, and then as it grows; an open line waits for its end', () => {
    const path = join(newDirectory(), 'a.log');
    writeFileSync(path, 'old\nbegun ');
    const one = new Following(path);
    expect(one.after(1)).toEqual([]);
    appendFileSync(path, 'before\nnew\nop');
    expect(one.after(1)).toEqual(['begun before', 'new']);
    expect(one.places).toEqual(['a.log:4', 'a.log:17']);
    expect(one.after(30)).toEqual([]);
    appendFileSync(path, 'en\n');
    expect(one.after(1)).toEqual(['open']);
  });

  test('that comes later is read from its begin', () => {
    const path = join(newDirectory(), 'a.log');
    const one = new Following(path);
    one.after(1);
    expect(one.events).toEqual(['source-missing']);
    writeFileSync(path, 'first\n');
    expect(one.after(1)).toEqual(['first']);
    expect(one.events).toEqual(['source-missing']);
  });

  test('of more than a few megabytes is read in pieces, each line once', () => {
    const path = join(newDirectory(), 'a.log');
    const one = new Following(path);
    one.after(1);
    const lines = Array.from({ length: 150_000 }, (_, i) => `line ${i} ${'x'.repeat(60)}`);
    writeFileSync(path, `${lines.join('\n')}\n`);
    expect(one.after(1)).toEqual(lines);
  });
});

describe('a file that can not be looked at', () => {
  test.each(['loop.log', '*.log'])('is an event once, and no end of the others: %s', (name) => {
    const directory = newDirectory();
    const path = join(directory, 'loop.log');
    symlinkSync('loop.log', path);
    const one = new Following(join(directory, name));
    expect(one.events).toEqual(['source-failed']);
    one.after(2);
    unlinkSync(path);
    writeFileSync(path, 'a\n');
    expect(one.after(1)).toEqual(['a']);
    expect(one.events).toEqual(['source-failed']);
  });

  test('keeps nobody from going on', () => {
    const directory = newDirectory();
    const path = join(directory, 'a.log');
    writeFileSync(path, '');
    const first = new Following(path);
    first.after(1);
    appendFileSync(path, 'a\n');
    symlinkSync('loop', join(directory, 'loop'));
    expect(new Following(path, first.note).lines).toEqual(['a']);
  });
});

test('whoever ends reads what is there by then, however much it is', () => {
  const path = join(newDirectory(), 'a.log');
  writeFileSync(path, '');
  const one = new Following(path);
  appendFileSync(path, `${'x'.repeat(99)}\n`.repeat(100_000));
  one.source.stop();
  expect(one.lines).toHaveLength(100_000);
});

describe('rotation', () => {
  test('by renaming: what still goes to the old file is read, and the new one beside it', () => {
    const directory = newDirectory();
    const path = join(directory, 'a.log');
    writeFileSync(path, '');
    const one = new Following(path);
    one.after(1);
    appendFileSync(path, 'a1\n');
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, 'a2\n');
    expect(one.after(1)).toEqual(['a1', 'a2']);
    writeFileSync(path, 'b1\n');
    appendFileSync(`${path}.1`, 'a3\nunended');
    expect(one.after(1)).toEqual(['a3', 'b1']);
    // Its last line is one once nobody has written for a while.
    expect(one.after(11)).toEqual(['unended']);
    appendFileSync(path, 'b2\n');
    expect(one.after(1)).toEqual(['b2']);
    expect(one.events).toEqual([]);
  });

  test('by deletion: what was written before is still read', () => {
    const path = join(newDirectory(), 'a.log');
    writeFileSync(path, '');
    const one = new Following(path);
    one.after(1);
    appendFileSync(path, 'last\n');
    unlinkSync(path);
    expect(one.after(1)).toEqual(['last']);
    writeFileSync(path, 'new\n');
    expect(one.after(20)).toEqual(['new']);
  });

  test('by copytruncate: the file goes on at its begin', () => {
    const path = join(newDirectory(), 'a.log');
    writeFileSync(path, '');
    const one = new Following(path);
    one.after(1);
    appendFileSync(path, 'first\nsecond\n');
    expect(one.after(1)).toEqual(['first', 'second']);
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    appendFileSync(path, 'third\n');
    expect(one.after(1)).toEqual(['third']);
    expect(one.events).toEqual(['log-truncated']);
  });

  test('by copytruncate, and grown beyond where it was: its begin is another one', () => {
    const path = join(newDirectory(), 'a.log');
    writeFileSync(path, '');
    const one = new Following(path);
    one.after(1);
    appendFileSync(path, 'x\n');
    expect(one.after(1)).toEqual(['x']);
    truncateSync(path);
    appendFileSync(path, 'longer than before\nand more\n');
    expect(one.after(1)).toEqual(['longer than before', 'and more']);
    expect(one.events).toEqual(['log-truncated']);
  });

  test('to names that the pattern finds too: nothing is read twice', () => {
    const directory = newDirectory();
    const path = join(directory, 'app.log');
    writeFileSync(path, 'old\n');
    const one = new Following(join(directory, 'app*'));
    one.after(1);
    appendFileSync(path, 'one\n');
    one.after(1);
    renameSync(path, join(directory, 'app-1.log'));
    writeFileSync(path, 'two\n');
    expect(one.after(1)).toEqual(['two']);
    renameSync(join(directory, 'app-1.log'), join(directory, 'else.log'));
    expect(one.after(20)).toEqual([]);
    // And comes back under a name that is looked at.
    renameSync(join(directory, 'else.log'), join(directory, 'app-2.log'));
    appendFileSync(join(directory, 'app-2.log'), 'three\n');
    expect(one.after(2)).toEqual(['three']);
  });

  test('a name with signs of a pattern is a name', () => {
    const directory = newDirectory();
    const path = join(directory, 'a(1)+.log');
    writeFileSync(path, '');
    const one = new Following(join(directory, '*(1)+.l*g'));
    one.after(1);
    writeFileSync(join(directory, 'a1.log'), 'no\n');
    appendFileSync(path, 'yes\n');
    expect(one.after(1)).toEqual(['yes']);
  });
});

describe('whoever goes on', () => {
  test('reads what came meanwhile, no line twice', () => {
    const path = join(newDirectory(), 'a.log');
    writeFileSync(path, '');
    const one = new Following(path);
    one.after(1);
    appendFileSync(path, 'a\nb\npart');
    expect(one.after(1)).toEqual(['a', 'b']);
    one.source.stop();
    appendFileSync(path, 'ly\nc\n');
    const two = new Following(path, one.note);
    expect(two.after(1)).toEqual(['partly', 'c']);
    two.source.stop();
    expect(new Following(path, two.note).after(1)).toEqual([]);
  });

  test('finds a file that was renamed meanwhile, and takes the new one from its begin', () => {
    const path = join(newDirectory(), 'a.log');
    writeFileSync(path, 'a\n');
    const one = new Following(path);
    one.after(1);
    one.source.stop();
    appendFileSync(path, 'b\n');
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'c\n');
    expect(new Following(path, one.note).after(1)).toEqual(['b', 'c']);
  });

  test('sees that a file of the same number is another one', () => {
    const directory = newDirectory();
    const path = join(directory, 'a.log');
    writeFileSync(path, 'a long first line\nb\n');
    const one = new Following(path);
    one.after(1);
    one.source.stop();
    // Written anew, and longer than before.
    truncateSync(path);
    appendFileSync(path, 'another first line\nmore than there was\n');
    expect(new Following(path, one.note).after(1)).toEqual(['another first line', 'more than there was']);
  });

  test('a hard link is the same file', () => {
    const directory = newDirectory();
    writeFileSync(join(directory, 'a.log'), '');
    linkSync(join(directory, 'a.log'), join(directory, 'b.log'));
    expect(statSync(join(directory, 'a.log')).ino).toBe(statSync(join(directory, 'b.log')).ino);
    const one = new Following(join(directory, '*.log'));
    one.after(1);
    appendFileSync(join(directory, 'a.log'), 'once\n');
    expect(one.after(1)).toEqual(['once']);
  });
});
