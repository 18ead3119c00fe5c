/**
 * Writes what a scenario means as tables: the grid, the plan, or the true readings. CSV is written as a stream; Parquet is
 * made of the CSV by DuckDB. The same scenario gives the same bytes.
 */

import { createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CHANNELS } from '../reading/batch.ts';
import { channelCount } from '../grid/scenario/scenario.ts';
import type { Scenario } from '../grid/scenario/scenario.ts';
import type { Endpoint } from '../network/wire/wire.ts';
import {
  concentratorSystemTitle,
  LOGICAL_DEVICE_NAME_BYTES,
  meterSystemTitle,
  putConcentratorName,
} from '../protocol/dlms/push/logical-device-name.ts';
import { MasterKey } from '../protocol/dlms/security/keys.ts';
import { CONCENTRATOR_SAP, meterSap } from '../simulator/concentrator/concentrator-view.ts';
import { logicalDeviceName } from '../simulator/meter/identity-objects.ts';
import { AddressBlock } from './concentrator-address.ts';
import { buildSegment, type SegmentGrid } from './segment.ts';

export type ExportKind = 'grid' | 'plan' | 'readings' | 'devices';
export type ExportFormat = 'csv' | 'parquet';

interface Table {
  readonly name: string;
  readonly lines: (grid: SegmentGrid, inventory: Inventory) => Iterable<string>;
}

/** What a head-end that pulls has to know: see `devices` of `meterstorm export`. */
interface Inventory {
  readonly listen: Endpoint;
  /** Null: an installation without security. */
  readonly masterKey: MasterKey | null;
}

/** Answers the files that were written. */
export async function exportScenario(
  scenario: Scenario,
  options: {
    readonly kind: ExportKind;
    readonly format: ExportFormat;
    readonly directory: string;
    /** Of `devices`: the first concentrator. */
    readonly listen: Endpoint;
    /** Of `devices` with security: 32 bytes. */
    readonly masterKey: Uint8Array | null;
  },
): Promise<readonly string[]> {
  const grid = buildSegment(scenario, { index: 0, count: 1 });
  const files: string[] = [];
  const inventory = { listen: options.listen, masterKey: options.masterKey === null ? null : new MasterKey(options.masterKey) };
  for (const table of TABLES[options.kind]) {
    const file = join(options.directory, `${table.name}.${options.format}`);
    const csv = options.format === 'csv' ? file : `${file}.csv.part`;
    // Whoever may read an older file of this name keeps the right to.
    if (inventory.masterKey !== null) for (const old of new Set([csv, file])) rmSync(old, { force: true });
    await pipeline(Readable.from(chunks(table.lines(grid, inventory))), createWriteStream(csv));
    if (options.format === 'parquet') {
      await csvToParquet(csv, file);
      rmSync(csv);
    }
    files.push(file);
  }
  return files;
}

const TABLES: Readonly<Record<ExportKind, readonly Table[]>> = {
  grid: [
    { name: 'stations', lines: stationLines },
    { name: 'meters', lines: meterLines },
  ],
  plan: [{ name: 'plan', lines: planLines }],
  readings: [{ name: 'readings', lines: readingLines }],
  devices: [{ name: 'devices', lines: deviceLines }],
};

function* stationLines(grid: SegmentGrid): Iterable<string> {
  const { scenario, stations } = grid;
  const { stationSizes, links } = scenario.grid;
  yield 'station,first_meter,meters,size,link,accessibility,longitude,latitude,logical_device_name\n';
  for (let s = 0; s < stations.count; s++) {
    const first = stations.firstMeter[s]!;
    const size = cell(stationSizes[stations.size[s]!]?.name);
    const link = cell(links[stations.link[s]!]?.name);
    const accessibility = cell(scenario.behaviour.concentratorAccessibility[stations.accessibility[s]!]?.name);
    const place = `${stations.longitude[s]!.toFixed(5)},${stations.latitude[s]!.toFixed(5)}`;
    yield `${s},${first},${stations.firstMeter[s + 1]! - first},${size},${link},${accessibility},${place},${deviceName(s)}\n`;
  }
}

function* meterLines(grid: SegmentGrid): Iterable<string> {
  const { scenario, stations, meters } = grid;
  yield 'meter,station,pattern,tariff,accessibility,annual_wh\n';
  for (let s = 0; s < stations.count; s++) {
    for (let m = stations.firstMeter[s]!; m < stations.firstMeter[s + 1]!; m++) {
      const pattern = cell(scenario.grid.consumption[meters.consumption[m]!]?.pattern);
      const tariff = cell(scenario.grid.tariffs[meters.tariff[m]!]?.name);
      const accessibility = cell(scenario.behaviour.meterAccessibility[meters.accessibility[m]!]?.name);
      yield `${m},${s},${pattern},${tariff},${accessibility},${meters.annualWh[m]!}\n`;
    }
  }
}

function* planLines(grid: SegmentGrid): Iterable<string> {
  const { plan } = grid;
  yield 'station,sent_step,meter,measured_step\n';
  for (let s = plan.fromStation; s < plan.toStation; s++) {
    for (let step = 0; step < plan.steps; step++) {
      plan.step(s);
      const { rows } = plan;
      for (let i = 0; i < rows.currentCount; i++) yield `${s},${step},${rows.current[i]!},${step}\n`;
      for (let i = 0; i < rows.lateCount; i++) yield `${s},${step},${rows.lateMeter[i]!},${rows.lateStep[i]!}\n`;
    }
  }
}

function* readingLines(grid: SegmentGrid): Iterable<string> {
  const { scenario, meters, truth } = grid;
  const { steps, intervalSeconds, start, registers } = scenario.behaviour;
  yield 'meter,channel,time,value_wh,status\n';
  for (let step = 0; step < steps; step++) {
    const time = start.unixSeconds + step * intervalSeconds;
    const iso = new Date(time * 1000).toISOString().replace('.000Z', 'Z');
    for (let m = 0; m < meters.count; m++) {
      const status = truth.status(m, time);
      for (let channel = 0; channel < channelCount(registers); channel++) {
        yield `${m},${CHANNELS[channel]},${iso},${truth.register(m, channel, time)},${status}\n`;
      }
    }
  }
}

/** Concentrators and, behind them, meters; with security the secrets of each, so that this file is one. */
function* deviceLines({ scenario, stations }: SegmentGrid, { listen, masterKey }: Inventory): Iterable<string> {
  const block = new AddressBlock(listen.address);
  const secret = masterKey !== null && scenario.security !== null;
  yield `kind,number,station,address,port,sap,logical_device_name,system_title${secret ? ',encryption_key,authentication_key,master_key,manager_password,reader_password' : ''}\n`;
  const secrets = (title: Uint8Array): string => {
    if (masterKey === null || scenario.security === null) return '';
    const { encryption, authentication, master } = masterKey.keysOf(title, scenario.security);
    const passwords = (['manager', 'reader'] as const).map((level) => Buffer.from(masterKey.passwordOf(title, level)).toString('latin1'));
    return `,${[hex(encryption), hex(authentication), hex(master), ...passwords].join(',')}`;
  };
  for (let s = 0; s < stations.count; s++) {
    const where = `${s},${block.addressOf(s)},${listen.port}`;
    const title = concentratorSystemTitle(s);
    yield `concentrator,${s},${where},${CONCENTRATOR_SAP},${deviceName(s)},${hex(title)}${secrets(title)}\n`;
    const first = stations.firstMeter[s]!;
    for (let m = first; m < stations.firstMeter[s + 1]!; m++) {
      const meterTitle = meterSystemTitle(m);
      yield `meter,${m},${where},${meterSap(m - first)},${Buffer.from(logicalDeviceName('meter', m)).toString('latin1')},${hex(meterTitle)}${secrets(meterTitle)}\n`;
    }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

/** Logical device name of a concentrator: who it says it is on the wire. */
function deviceName(station: number): string {
  const bytes = new Uint8Array(LOGICAL_DEVICE_NAME_BYTES);
  putConcentratorName(bytes, 0, station);
  return Buffer.from(bytes).toString('latin1');
}

/** A text as a field of a CSV file (RFC 4180). */
function cell(text = ''): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Joins lines into pieces that are worth a write. */
function* chunks(lines: Iterable<string>): Iterable<string> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < 1 << 18) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

export async function csvToParquet(csv: string, parquet: string): Promise<void> {
  // Loaded where it is used, so that `meterstorm doctor` can say that it does not load.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT * FROM read_csv(${quoted(csv)})) TO ${quoted(parquet)} (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
