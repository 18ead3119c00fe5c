import { describe, expect, it } from 'vitest';
import type { Progress } from '../run/progress.ts';
import { compact, duration, ProgressDisplay } from './progress-display.ts';

const PROGRESS: Progress = {
  phase: 'playing',
  step: 144,
  steps: 288,
  elapsedMs: 5000,
  gridUnixSeconds: 1358204400 + 144 * 900,
  connected: 1430,
  sentReadings: 14_000_000,
  confirmedReadings: 13_900_000,
  storedReadings: 13_000_000,
  readingsPerSecond: 2_812_345,
  playedSteps: 0,
  backpressure: 0,
  backlogReadings: 900_000,
  etaMs: 5100,
  restarts: 0,
};

function output(isTTY: boolean, columns = 160): { text: string; isTTY: boolean; columns: number; write(t: string): boolean } {
  return {
    text: '',
    isTTY,
    columns,
    write(text) {
      this.text += text;
      return true;
    },
  };
}

describe('progress display', () => {
  it('says that the store fails, as long as it does', () => {
    const out = output(false);
    const display = new ProgressDisplay(out, { offsetMinutes: 60 });
    display.show({ ...PROGRESS, failing: 'could not extend file:\nNo space left on device' });
    display.show({ ...PROGRESS, phase: 'storing', elapsedMs: 90_000, failing: null });
    const [failing, fine] = out.text.split('\n');
    expect(failing).toContain('  the store fails, and is tried again: could not extend file: No space left on device  ETA');
    expect(fine).not.toContain('fails');
  });

  it('rewrites one line on a terminal, never wider than it, and leaves it clean', () => {
    const out = output(true, 60);
    const display = new ProgressDisplay(out, { offsetMinutes: 60 });
    display.show(PROGRESS);
    display.show({ ...PROGRESS, step: 145 });
    expect(out.text.includes('\n')).toBe(false);
    for (const line of out.text.split('\r\u001b[2K')) expect(line.length).toBeLessThan(60);
    display.end();
    expect(out.text.endsWith('\r\u001b[2K')).toBe(true);
  });

  it('writes plain lines elsewhere, every two seconds and at each new phase', () => {
    const out = output(false);
    const display = new ProgressDisplay(out, { offsetMinutes: 60 });
    for (let ms = 0; ms <= 5000; ms += 250) display.show({ ...PROGRESS, elapsedMs: ms });
    display.show({ ...PROGRESS, elapsedMs: 5100, phase: 'auditing' });
    display.end();
    const lines = out.text.trimEnd().split('\n');
    expect(lines.length).toBe(4);
    expect(lines[1]).toBe('2.0 s  step 144/288  01-16 12:00  2.81 M readings/s  backlog 900 k  1430 connected  ETA 5 s');
    expect(lines[3]).toBe('5.1 s  auditing');
    expect(out.text).not.toContain('\u001b');
  });

  it('numbers and durations are short', () => {
    expect([0, 999, 1234, 45_600, 2_812_345, 28_812_345].map(compact)).toEqual(['0', '999', '1.2 k', '46 k', '2.81 M', '28.8 M']);
    expect([400, 59_000, 61_000, 3_700_000].map(duration)).toEqual(['0 s', '59 s', '1 min 1 s', '1 h 1 min']);
  });
});
