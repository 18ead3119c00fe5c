import { expect, test } from 'vitest';
import { ProcMachine } from './proc-machine.fixture.ts';
import { ProcessTree } from './process-tree.ts';

/** A machine on which something happens right after a file was read. */
class Eventful extends ProcMachine {
  readonly after = new Map<string, () => void>();

  override text(path: string): string | null {
    const text = super.text(path);
    const act = this.after.get(path);
    this.after.delete(path);
    act?.();
    return text;
  }
}

function watched(machine: ProcMachine): { readonly seconds: () => number; readonly after: (ms: number) => number } {
  const tree = new ProcessTree(10, { clock: machine.clock, files: machine });
  const seconds = (): number => Math.round((tree.sample()?.userSeconds ?? Number.NaN) * 100) / 100;
  const after = (ms: number): number => {
    machine.runTo(machine.clock.nowMs() + ms);
    return seconds();
  };
  return { seconds, after };
}

test('a child that is waited for between the looks at its parent and at itself counts once', () => {
  const machine = new Eventful();
  machine.begin(10);
  machine.begin(11, { parent: 10, cores: 1 });
  const { seconds, after } = watched(machine);
  expect(seconds()).toBe(0);
  expect(after(1000)).toBe(1);
  // Schedstat is what is read of a process last.
  machine.after.set('/proc/10/schedstat', () => machine.end(11));
  expect(after(1000)).toBe(2);
  expect(after(1000)).toBe(2);
});

test('what a grandchild took counts once when its parent ends soon after it', () => {
  const machine = new Eventful();
  machine.begin(10);
  machine.begin(11, { parent: 10 });
  machine.begin(12, { parent: 11, cores: 1 });
  const { seconds, after } = watched(machine);
  expect(seconds()).toBe(0);
  expect(after(1000)).toBe(1);
  machine.end(12);
  machine.end(11);
  expect(after(1000)).toBe(1);
  expect(after(1000)).toBe(1);
});

test('what a grandchild took stays when nobody waited for it', () => {
  const machine = new Eventful();
  machine.begin(10);
  machine.begin(11, { parent: 10 });
  machine.begin(12, { parent: 11, cores: 1 });
  const { seconds, after } = watched(machine);
  expect(seconds()).toBe(0);
  expect(after(1000)).toBe(1);
  machine.end(12, false);
  machine.end(11);
  expect(after(1000)).toBe(1);
  expect(after(1000)).toBe(1);
});
