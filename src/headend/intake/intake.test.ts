import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { MemoryWire } from '../../network/wire/memory-wire.ts';
import { BlockReader } from '../buffer/block-reader.ts';
import type { FileFault } from '../buffer/buffer-files.ts';
import { bufferFileName, parseBufferName } from '../buffer/buffer-name.ts';
import { type FileOperation, MemoryBufferFiles, MemoryDisk } from '../buffer/memory-buffer-files.ts';
import { MemoryStore, MemoryStoreContent } from '../store/memory-store.ts';
import { StoreLoader } from '../store/store-loader.ts';
import { Intake, type IntakeOptions } from './intake.ts';
import { expectedRows, push, Sender, T0 } from './sender.fixture.ts';

const ENDPOINT = { address: '127.0.0.1', port: 4059 };

interface World {
  readonly clock: VirtualClock;
  readonly wire: MemoryWire;
  readonly disk: MemoryDisk;
  files: MemoryBufferFiles;
  intake: Intake;
}

type Options = Partial<IntakeOptions> & {
  readonly diskMs?: number;
  readonly fault?: (operation: FileOperation) => FileFault | null;
  readonly seed?: number;
};

function world(options: Options = {}): World {
  const clock = new VirtualClock(T0 * 1000);
  const wire = new MemoryWire({ clock, delayMs: 1, seed: options.seed ?? 5 });
  const disk = new MemoryDisk();
  return { clock, wire, disk, ...begin({ clock, wire, disk }, options) };
}

function begin(on: Pick<World, 'clock' | 'wire' | 'disk'>, options: Options): Pick<World, 'files' | 'intake'> {
  const { diskMs = 2, fault, seed = 1 } = options;
  const files = new MemoryBufferFiles({
    clock: on.clock,
    disk: on.disk,
    seed,
    delayMs: diskMs,
    ...(fault === undefined ? {} : { fault }),
  });
  const intake = new Intake({ clock: on.clock, wire: on.wire, files, number: 0, endpoint: ENDPOINT, ...options });
  intake.start((result) => expect(result).toEqual({ endpoint: ENDPOINT }));
  return { files, intake };
}

function connect({ clock, wire }: World, count: number): Sender[] {
  const senders = Array.from({ length: count }, () => new Sender({ wire, clock, to: ENDPOINT }));
  reach({ clock }, () => senders.every((sender) => sender.open || sender.closed !== null));
  return senders;
}

function started(options: Options = {}): World {
  const made = world(options);
  wait(made, 500);
  return made;
}

/** Lets the world go on until the condition holds; a minute of it must be enough. */
function reach({ clock }: Pick<World, 'clock'>, condition: () => boolean): void {
  const end = clock.nowMs() + 60_000;
  clock.run(() => condition() || clock.nowMs() > end);
  expect(condition()).toBe(true);
}

function wait({ clock }: World, ms: number): void {
  const end = clock.nowMs() + ms;
  clock.schedule(ms, () => {});
  clock.run(() => clock.nowMs() >= end);
}

function stop({ clock, intake }: World): void {
  let stopped = false;
  intake.stop(() => {
    stopped = true;
  });
  reach({ clock }, () => stopped);
}

/** Each reading as `meter time value`, in the order of the files. */
function durable(disk: MemoryDisk): string[] {
  const rows: string[] = [];
  const inOrder = Array.from(disk.files).sort(([a], [b]) => (parseBufferName(a)?.number ?? 0) - (parseBufferName(b)?.number ?? 0));
  for (const [, pieces] of inOrder) {
    const reader = new BlockReader(Uint8Array.from(pieces.flatMap((piece) => Array.from(piece))));
    for (let block = reader.next(); block !== null; block = reader.next()) {
      for (let i = 0; i < block.rows; i++) rows.push(`${block.meter[i]} ${block.time[i]} ${block.value[i]}`);
    }
  }
  return rows;
}

describe('intake', () => {
  it('makes a lone message durable and confirms it at once, with its date-time and offset', () => {
    const made = started();
    const [sender] = connect(made, 1) as [Sender];
    const beganMs = made.clock.nowMs();
    sender.connection.write(push(100, 70, 12_345));
    reach(made, () => sender.confirmed.length > 0);
    expect(sender.confirmed).toEqual([12_345]);
    expect(Array.from(sender.offsets)).toEqual([60]);
    // A few pieces on the wire, one write, the way back: no waiting for a group.
    expect(made.clock.nowMs() - beganMs).toBeLessThan(15);
    expect(durable(made.disk)).toEqual(expectedRows(100, 70, 12_345));
  });

  it('never confirms what is not durable', () => {
    const made = started({ diskMs: 40, groupMs: 5 });
    const senders = connect(made, 5);
    let checked = 0;
    for (let at = 1; at <= 40; at++) {
      senders.forEach((sender, i) => sender.connection.write(push(i * 100, 10, at)));
      wait(made, 7);
      const rows = new Set(durable(made.disk));
      senders.forEach((sender, i) => {
        for (let step = 1; step <= sender.last; step++) {
          for (const row of expectedRows(i * 100, 10, step)) expect(rows.has(row)).toBe(true);
          checked++;
        }
      });
    }
    expect(checked).toBeGreaterThan(100);
    reach(made, () => senders.every((sender) => sender.last === 40));
  });

  it('confirms lazily: one confirmation for many messages, the last one in the end', () => {
    const made = started({ confirmEveryMs: 200 });
    const senders = connect(made, 3);
    for (let at = 1; at <= 100; at++) {
      for (const sender of senders) sender.connection.write(push(1, 5, at));
      wait(made, 10);
    }
    reach(made, () => senders.every((sender) => sender.last === 100));
    for (const { confirmed, atMs } of senders) {
      expect(confirmed.length).toBeGreaterThanOrEqual(4);
      expect(confirmed.length).toBeLessThanOrEqual(8);
      expect(confirmed).toEqual(Array.from(confirmed).sort((a, b) => a - b));
      for (let i = 1; i < atMs.length; i++) expect((atMs[i] ?? 0) - (atMs[i - 1] ?? 0)).toBeGreaterThan(190);
    }
    expect(made.intake.stats()).toMatchObject({ messages: 300, readings: 1500, connections: 3, accepted: 3 });
  });

  it('confirms what is left as soon as nothing new comes, long before its time', () => {
    const made = started({ confirmEveryMs: 10_000 });
    const senders = connect(made, 3);
    for (let at = 1; at <= 20; at++) {
      for (const sender of senders) sender.connection.write(push(1, 5, at));
      wait(made, 10);
    }
    const lastMs = made.clock.nowMs();
    for (const sender of senders) expect(sender.confirmed).toEqual([1]);
    reach(made, () => senders.every((sender) => sender.last === 20));
    expect(made.clock.nowMs() - lastMs).toBeLessThan(150);
    for (const sender of senders) expect(sender.confirmed).toEqual([1, 20]);
  });

  it('writes many messages as one group under load', () => {
    const made = started({ groupMs: 10 });
    const senders = connect(made, 20);
    for (let at = 1; at <= 50; at++) {
      for (const sender of senders) sender.connection.write(push(1, 5, at));
      wait(made, 2);
    }
    reach(made, () => senders.every((sender) => sender.last === 50));
    expect(made.intake.stats().groups).toBeLessThan(25);
  });

  it('closes a connection for malformed bytes, counts why, and keeps the others', () => {
    const made = started();
    const good = push(1, 3, 1);
    const trailing = push(1, 3, 1).slice();
    trailing[7]!++;
    const unknown = good.slice();
    unknown[8] = 0xc1;
    const cases: [Uint8Array, string][] = [
      [Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9), 'wrapper-version'],
      [Uint8Array.of(0, 1, 0, 1, 0, 1, 0, 0), 'wrapper-length-zero'],
      [unknown, 'apdu-unknown'],
      [Uint8Array.from([...trailing, 0]), 'trailing-bytes'],
    ];
    const [healthy, ...bad] = connect(made, cases.length + 1) as [Sender, ...Sender[]];
    bad.forEach((sender, i) => sender.connection.write(cases[i]?.[0] ?? good));
    reach(made, () => bad.every((sender) => sender.closed !== null));
    healthy.connection.write(good);
    reach(made, () => healthy.last === 1);
    const stats = made.intake.stats();
    expect(stats.malformedMessages).toBe(cases.length);
    for (const [, reason] of cases) expect(stats.malformed).toMatchObject({ [reason]: 1 });
    expect(stats.connections).toBe(1);
    expect(durable(made.disk)).toEqual(expectedRows(1, 3, 1));
  });

  it('keeps whole messages of a connection that breaks in the middle of one', () => {
    const made = started();
    const [sender] = connect(made, 1) as [Sender];
    sender.connection.write(push(1, 3, 1));
    sender.connection.write(push(1, 3, 2).subarray(0, 40));
    reach(made, () => made.intake.stats().bytes > 100 && sender.last === 1);
    made.wire.breakConnections(() => true);
    wait(made, 50);
    expect(durable(made.disk)).toEqual(expectedRows(1, 3, 1));
    expect(made.intake.stats()).toMatchObject({ partialMessages: 1, closed: 1, connections: 0 });
  });

  it('refuses a message that no group can hold', () => {
    const made = started({ groupRows: 50 });
    const [large, small] = connect(made, 2) as [Sender, Sender];
    large.connection.write(push(1, 51, 1));
    small.connection.write(push(1, 50, 1));
    reach(made, () => large.closed !== null && small.last === 1);
    expect(made.intake.stats().malformed).toMatchObject({ 'too-many-readings': 1 });
  });

  it('stops reading when the disk is behind, loses nothing and keeps the order', () => {
    const made = started({ groupRows: 40, diskMs: 30, stashBytesMax: 4000 });
    const senders = connect(made, 10);
    for (let at = 1; at <= 30; at++) senders.forEach((sender, i) => sender.connection.write(push(i * 100, 7, at)));
    reach(made, () => senders.every((sender) => sender.last === 30));
    const rows = durable(made.disk);
    expect(rows).toHaveLength(10 * 30 * 7);
    for (let i = 0; i < 10; i++) {
      const expected = Array.from({ length: 30 }, (_, k) => expectedRows(i * 100, 7, k + 1)).flat();
      expect(rows.filter((row) => Math.floor(Number(row.split(' ')[0]) / 100) === i)).toEqual(expected);
    }
    const stats = made.intake.stats();
    expect(stats.fullPauses).toBeGreaterThan(5);
    expect(stats.pausedMs).toBeGreaterThan(100);
  });

  it('stops reading when the store lags, and goes on when it has caught up', () => {
    const made = started({ backlogBytesMax: 1000 });
    const lagging = bufferFileName(9, 1, 'sealed');
    made.disk.files.set(lagging, [new Uint8Array(2000)]);
    const [sender] = connect(made, 1) as [Sender];
    wait(made, 300);
    for (let at = 1; at <= 5; at++) sender.connection.write(push(1, 5, at));
    wait(made, 500);
    expect(sender.last).toBe(0);
    expect(made.intake.stats()).toMatchObject({ backlogPauses: 1, backlogBytes: 2000 });
    made.disk.files.delete(lagging);
    reach(made, () => sender.last === 5);
    expect(made.intake.stats().pausedMs).toBeGreaterThan(400);
  });

  it('waits for a disk that fails, and confirms when it works again', () => {
    let left = 0;
    const made = started({ fault: (operation) => (operation === 'append' && left-- > 0 ? { error: 'no space', code: 'full' } : null) });
    const [sender] = connect(made, 1) as [Sender];
    left = 3;
    sender.connection.write(push(1, 5, 1));
    reach(made, () => sender.last === 1);
    expect(made.clock.nowMs()).toBeGreaterThan(1500);
    expect(made.intake.stats()).toMatchObject({ bufferFaults: 3, lastBufferFault: 'no space' });
    expect(new Set(durable(made.disk))).toEqual(new Set(expectedRows(1, 5, 1)));
  });

  it('holds no more connections than it may', () => {
    const made = started({ connectionsMax: 3 });
    const senders = connect(made, 5);
    wait(made, 20);
    expect(senders.filter((sender) => sender.closed !== null)).toHaveLength(2);
    expect(made.intake.stats()).toMatchObject({ refused: 2, connections: 3 });
  });

  it('stops: takes what has arrived, confirms all of it, seals, closes', () => {
    const made = started({ confirmEveryMs: 10_000, diskMs: 20 });
    const senders = connect(made, 4);
    for (let at = 1; at <= 3; at++) {
      for (const sender of senders) sender.connection.write(push(1, 5, at));
      wait(made, 5);
    }
    wait(made, 10);
    stop(made);
    wait(made, 20);
    for (const sender of senders) {
      expect(sender.closed).not.toBeNull();
      expect(sender.last).toBe(3);
    }
    const states = Array.from(made.disk.files, ([name, pieces]) => `${name.split('.')[1]} ${pieces.length}`);
    expect(states.sort()).toEqual(['open 0', expect.stringMatching(/^sealed [1-9]/)]);
  });
});

describe('intake and loader', () => {
  it('lose no confirmed reading and store none twice, wherever the intake is killed', () => {
    let crashes = 0;
    for (let k = 0; k < 200; k++) {
      let operations = 0;
      let files: MemoryBufferFiles | null = null;
      const fault = (): null => {
        if (operations++ === k) files?.crash();
        return null;
      };
      const made = world({ fault, rollMs: 30, seed: k, diskMs: 3 });
      files = made.files;
      wait(made, 50);
      const senders = connect(made, 3);
      for (let at = 1; at <= 15; at++) {
        senders.forEach((sender, i) => sender.connection.write(push(i * 100, 4, at)));
        wait(made, 8);
        if (operations > k) break;
      }
      wait(made, 30);
      if (operations <= k) break;
      crashes++;
      // The process is gone, and its connections with it; what was not confirmed is sent again to the next one.
      made.wire.breakConnections(() => true);
      const next = { ...made, wire: new MemoryWire({ clock: made.clock, delayMs: 1, seed: k }) };
      Object.assign(next, begin(next, { rollMs: 30, diskMs: 3 }));
      wait(next, 500);
      const again = connect(next, 3);
      const confirmed = senders.map((sender) => sender.last);
      again.forEach((sender, i) => {
        for (let at = (confirmed[i] ?? 0) + 1; at <= 15; at++) sender.connection.write(push(i * 100, 4, at));
      });
      reach(next, () => again.every((sender, i) => sender.last === 15 || confirmed[i] === 15));
      stop(next);
      const content = new MemoryStoreContent();
      const store = new MemoryStore({ clock: made.clock, content, delayMs: 1 });
      const loader = new StoreLoader({ clock: made.clock, files: next.files, store });
      let stored = false;
      loader.start(() =>
        loader.stop(() => {
          stored = true;
        }),
      );
      reach(made, () => stored);
      const rows = Array.from({ length: content.rows }, (_, i) => content.readings.row(i));
      const found = rows.map((row) => `${row.meter} ${row.time} ${row.value}`).sort();
      const expected = [0, 100, 200].flatMap((first) => Array.from({ length: 15 }, (_, i) => expectedRows(first, 4, i + 1)).flat());
      expect(found, `k ${k}`).toEqual(expected.sort());
    }
    expect(crashes).toBeGreaterThan(20);
    expect(crashes).toBeLessThan(200);
  });
});
