/** The real thing: a process that loads files into DuckDB is killed with -9 again and again. */

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import { below, streamKey } from '../../base/random.ts';
import { ReadingBatch } from '../../reading/batch.ts';
import { BlockMemory } from '../buffer/block.ts';
import { bufferFileName } from '../buffer/buffer-name.ts';
import { DuckDbSource } from './duckdb-source.ts';

const METERS = 20_000;
const STEPS = 60;
const ROWS = METERS * STEPS;
const T0 = 1_699_920_000;
const FILES = 12;

/** Loads until it is killed, or until the directory is empty. Says when it begins to load. */
const CHILD = `
import { systemClock as clock } from './compiled/base/clock.js';
import { NodeBufferFiles } from './compiled/headend/buffer/node-buffer-files.js';
import { DuckDbStore } from './compiled/headend/store/duckdb-store.js';
import { StoreLoader } from './compiled/headend/store/store-loader.js';
const [, , buffer, database] = process.argv;
const loader = new StoreLoader({ clock, files: new NodeBufferFiles(buffer), store: new DuckDbStore(database), commitRows: 100_000 });
loader.start(() => {
  process.stdout.write('ready\\n');
  loader.stop(() => {
    process.stdout.write(JSON.stringify(loader.stats()) + '\\n');
  });
});
`;

let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'meterstorm-kill-'));
  symlinkSync(packageFile('node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(directory, 'child.js'), CHILD);
  const config = {
    extends: packageFile('tsconfig.json'),
    compilerOptions: { noEmit: false, rootDir: packageFile('src'), outDir: 'compiled' },
    files: [packageFile('src', 'headend', 'store', 'store-loader.ts'), packageFile('src', 'headend', 'store', 'duckdb-store.ts'), packageFile('src', 'headend', 'buffer', 'node-buffer-files.ts')],
    include: [],
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
  execFileSync(packageFile('node_modules', '.bin', 'tsc'), ['-p', directory], { stdio: 'inherit' });
});

afterAll(() => rmSync(directory, { recursive: true }));

function valueOf(meter: number, step: number): number {
  return meter * 1000 + step;
}

/** All readings, and every eighth block a second time in the file after its own. */
function writeFiles(buffer: string): number {
  const rows = new ReadingBatch(5000);
  const memory = new BlockMemory(5000);
  const blocks: Uint8Array[][] = Array.from({ length: FILES }, () => []);
  let doubled = 0;
  for (let at = 0, number = 0; at < ROWS; number++) {
    rows.length = 0;
    for (; rows.length < 5000; at++) {
      const [meter, step] = [at % METERS, Math.floor(at / METERS)];
      rows.push({ meter, channel: 0, time: T0 + step * 900, value: valueOf(meter, step), status: step % 5 });
    }
    memory.take(rows, { fromUnixMs: 0, toUnixMs: 0 });
    const file = Math.floor((number * FILES * 5000) / ROWS);
    const targets = number % 8 === 0 && file + 1 < FILES ? [file, file + 1] : [file];
    doubled += (targets.length - 1) * 5000;
    for (const target of targets) blocks[target]?.push(memory.finish(blocks[target]?.length ?? 0).slice());
  }
  blocks.forEach((pieces, file) => writeFileSync(join(buffer, bufferFileName(0, file + 1, 'sealed')), Buffer.concat(pieces)));
  return doubled;
}

function child(buffer: string, database: string, killAfterMs: number): Promise<{ killed: boolean; output: string }> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [join(directory, 'child.js'), buffer, database], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    started.stdout.on('data', (bytes: Buffer) => {
      if (output === '' && killAfterMs < Infinity) setTimeout(() => started.kill('SIGKILL'), killAfterMs);
      output += bytes.toString();
    });
    started.on('error', reject);
    started.on('close', (_code, signal) => resolve({ killed: signal === 'SIGKILL', output }));
  });
}

describe('store loader under kill -9', () => {
  it('stores every reading exactly once', async () => {
    const seed = Number(process.pid);
    const key = streamKey(seed, 'kill');
    const buffer = join(directory, 'buffer');
    const database = join(directory, 'readings.duckdb');
    mkdirSync(buffer);
    writeFiles(buffer);
    let kills = 0;
    for (let life = 0; life < 8; life++) {
      const { killed } = await child(buffer, database, 5 + below(key, life, 60));
      if (killed) kills++;
      if (readdirSync(buffer).length === 0) break;
    }
    expect(kills, `seed ${seed}`).toBeGreaterThan(1);
    const last = await child(buffer, database, Infinity);
    expect(JSON.parse(last.output.split('\n')[1] ?? '')).toMatchObject({ faults: 0, backlogFiles: 0 });
    expect(readdirSync(buffer)).toEqual([]);
    const seen = new Uint8Array(ROWS);
    let rows = 0;
    for await (const batch of new DuckDbSource(database).batches()) {
      for (let i = 0; i < batch.length; i++) {
        const { meter, time, value, status } = batch.row(i);
        const step = (time - T0) / 900;
        if (value !== valueOf(meter, step) || status !== step % 5) throw new Error(`seed ${seed}: meter ${meter}, step ${step}`);
        seen[step * METERS + meter]!++;
      }
      rows += batch.length;
    }
    expect(rows, `seed ${seed}`).toBe(ROWS);
    expect(seen.every((count) => count === 1)).toBe(true);
  }, 120_000);
});
