/** Every file in `wrong/` is wrong in the ways that its `# expect:` comments say, all of them, in that order, and in no other. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemFiles, type ScenarioFiles } from './files.ts';
import { parseScenarioFrom } from './parse.ts';
import type { KnownIndicators } from './thresholds.ts';

const directory = join(import.meta.dirname, 'wrong');

/** Paths as if the program ran in `wrong/`, so that messages are the same on every machine. */
const files: ScenarioFiles = {
  read: (path) => systemFiles.read(join(directory, path)),
  isFile: (path) => systemFiles.isFile(path),
};

/** As a caller hands them in. */
const indicators: KnownIndicators = new Map([
  ['audit.missing', 'count'],
  ['audit.missingShare', 'share'],
  ['run.readingsPerSecond', 'per-second'],
  ['run.realTimeFactor', 'number'],
  ['resources.peakRssBytes', 'bytes'],
  ['run.peakRssBytes', 'bytes'],
  ['run.wallSeconds', 'seconds'],
  ['delays.sendingToConfirmationMs.p99', 'milliseconds'],
  ['kpi.storedWithin1h', 'share'],
]);

const names = readdirSync(directory).filter((name) => name.endsWith('.yaml'));

describe('wrong scenarios', () => {
  test('are many', () => {
    expect(names.length).toBeGreaterThanOrEqual(100);
  });

  test.each(names)('%s', (name) => {
    const text = readFileSync(join(directory, name), 'utf8');
    const expected = comments(text, 'expect').map((line) => (/^\d/.test(line) ? `${name}:${line}` : line));
    const parsed = parseScenarioFrom(files, { file: name, sets: comments(text, 'set'), indicators });
    expect(expected.length).toBeGreaterThan(0);
    expect(parsed.ok ? [] : parsed.errors.map(String)).toEqual(expected);
  });

  test.each(names)('%s: every error has one line and says what was found and what is allowed', (name) => {
    const text = readFileSync(join(directory, name), 'utf8');
    const parsed = parseScenarioFrom(files, { file: name, sets: comments(text, 'set'), indicators });
    if (parsed.ok) throw new Error('this file is right');
    for (const error of parsed.errors) {
      expect(String(error)).not.toMatch(/[\n\r]|undefined|\[object/);
      expect(error.found).not.toBe('');
      expect(error.allowed).not.toBe('');
      expect(error.message).toContain(error.allowed);
      expect(Object.isFrozen(error)).toBe(true);
    }
  });
});

function comments(text: string, kind: 'expect' | 'set'): readonly string[] {
  return [...text.matchAll(new RegExp(`^# ${kind}: (.*)$`, 'gm'))].map((match) => match[1] ?? '');
}
