import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Endpoint } from '../../network/wire/wire.ts';
import { TcpWire } from '../../network/wire/tcp-wire.ts';
import type { BufferFiles } from '../buffer/buffer-files.ts';
import { NodeBufferFiles } from '../buffer/node-buffer-files.ts';
import { MemoryStore, MemoryStoreContent } from '../store/memory-store.ts';
import { StoreLoader } from '../store/store-loader.ts';
import { Intake } from './intake.ts';
import { push, Sender } from './sender.fixture.ts';

describe('intake over TCP', () => {
  async function until(condition: () => boolean): Promise<void> {
    const limit = performance.now() + 20_000;
    while (!condition()) {
      if (performance.now() > limit) throw new Error('condition never held');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('takes messages from many connections through real files, with noise on some', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'meterstorm-intake-'));
    const wire = new TcpWire();
    const files: BufferFiles = new NodeBufferFiles(directory);
    const intake = new Intake({ clock: systemClock, wire, files, number: 0, endpoint: { address: '127.0.0.1', port: 0 }, rollMs: 20 });
    let to: Endpoint | null = null;
    intake.start((result) => {
      if ('error' in result) throw new Error(result.error);
      to = result.endpoint;
    });
    await until(() => to !== null);
    const endpoint = to as unknown as Endpoint;
    const senders = Array.from({ length: 50 }, () => new Sender({ wire, clock: systemClock, to: endpoint }));
    const noisy = Array.from({ length: 5 }, () => new Sender({ wire, clock: systemClock, to: endpoint }));
    await until(() => [...senders, ...noisy].every((sender) => sender.open));
    for (const [i, sender] of noisy.entries()) sender.connection.write(new Uint8Array(100 + i).fill(i + 1));
    for (let at = 1; at <= 40; at++) {
      senders.forEach((sender, i) => sender.connection.write(push(i * 100, 70, at)));
      if (at % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => senders.every((sender) => sender.last === 40));
    await until(() => noisy.every((sender) => sender.closed !== null));
    let stopped = false;
    intake.stop(() => {
      stopped = true;
    });
    await until(() => stopped && senders.every((sender) => sender.closed !== null));
    expect(intake.stats()).toMatchObject({ messages: 2000, readings: 140_000, durableReadings: 140_000, malformedMessages: 5, connections: 0 });
    const content = new MemoryStoreContent();
    const loader = new StoreLoader({ clock: systemClock, files, store: new MemoryStore({ clock: systemClock, content, delayMs: 0 }) });
    let stored = false;
    loader.start(() =>
      loader.stop(() => {
        stored = true;
      }),
    );
    await until(() => stored);
    expect(content.rows).toBe(140_000);
    expect(loader.stats()).toMatchObject({ storedReadings: 140_000, duplicatesDropped: 0, backlogFiles: 0 });
    rmSync(directory, { recursive: true });
  });

  it('says why it can not listen', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'meterstorm-intake-'));
    const wire = new TcpWire();
    const intake = new Intake({
      clock: systemClock,
      wire,
      files: new NodeBufferFiles(directory),
      number: 0,
      endpoint: { address: '203.0.113.1', port: 1 },
    });
    const result = await new Promise((resolve) => intake.start(resolve));
    expect(result).toMatchObject({ error: expect.stringContaining('203.0.113.1') as string });
    rmSync(directory, { recursive: true });
  });
});
