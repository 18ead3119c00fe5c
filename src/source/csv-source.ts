/**
 * Readings of a CSV file with a line of column names, for whoever checks them. Read as a stream, whatever its size; gzip is
 * seen by its first bytes. What stands between the fields (, ; tab |) is what makes the columns of the mapping appear.
 */

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import type { Readable } from 'node:stream';
import { ReadingBatch } from '../reading/batch.ts';
import { ALL_METERS, type MeterRange, type ReadingSource } from '../reading/source.ts';
import type { ColumnMapping } from './column-mapping.ts';
import { CsvRows } from './csv-rows.ts';
import { zoneToUnix } from './local-time.ts';
import { SourceError } from './source-error.ts';
import { textChannel, textMeter, textStatus, type TextReader, textTime, textValue } from './text-fields.ts';
import { type Part, UnreadableLog, whyUnreadable } from './unreadable-log.ts';

export interface CsvSourceOptions {
  readonly file: string;
  readonly columns: ColumnMapping;
  readonly range?: MeterRange;
}

const BATCH_ROWS = 16_384;
const CHUNK_BYTES = 2 ** 18;
const DELIMITERS = [',', ';', '\t', '|'] as const;
const BOM = '\u{FEFF}';
const GZIP = Buffer.of(0x1f, 0x8b);

export class CsvSource implements ReadingSource {
  readonly keepsStatus: boolean;
  readonly unreadable = new UnreadableLog();
  readonly #file: string;
  readonly #columns: ColumnMapping;
  readonly #range: MeterRange;

  constructor(options: CsvSourceOptions) {
    this.#file = options.file;
    this.#columns = options.columns;
    this.#range = options.range ?? ALL_METERS;
    this.keepsStatus = options.columns.status !== null;
  }

  /** Throws SourceError when the file can't be read or its first line does not have the columns. */
  async check(): Promise<void> {
    try {
      for await (const chunk of await this.#open()) {
        headOf(chunk as Buffer, this.#columns);
        return;
      }
    } catch (error) {
      throw this.#said(error);
    }
    throw new SourceError(`${this.#file} is empty; its first line must name the columns`);
  }

  /** Rows that the file has now, whatever they say; 0: it is not there yet, or not readable yet. */
  async countRows(): Promise<number> {
    let [lines, last] = [0, LF];
    try {
      for await (const chunk of await this.#open()) {
        const bytes = chunk as Buffer;
        for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) lines++;
        last = bytes.at(-1) ?? last;
      }
    } catch {
      return 0;
    }
    return Math.max(0, last === LF ? lines - 1 : lines);
  }

  /** Throws SourceError. */
  async *batches(): AsyncIterable<ReadingBatch> {
    const batch = new ReadingBatch(BATCH_ROWS);
    let reader: RowReader | null = null;
    let stream: Readable | null = null;
    try {
      stream = await this.#open();
      for await (const piece of stream) {
        let chunk = piece as Buffer;
        if (reader === null) {
          const head = headOf(chunk, this.#columns);
          reader = new RowReader({ head, columns: this.#columns, range: this.#range, unreadable: this.unreadable });
          chunk = chunk.subarray(head.skip);
        }
        reader.rows.add(chunk);
        while (reader.readInto(batch)) {
          yield batch;
          batch.length = 0;
        }
      }
      if (reader === null) throw new SourceError(`${this.#file} is empty; its first line must name the columns`);
      reader.rows.end();
      while (reader.readInto(batch)) {
        yield batch;
        batch.length = 0;
      }
      if (batch.length > 0) yield batch;
    } catch (error) {
      throw this.#said(error);
    } finally {
      stream?.destroy();
    }
  }

  async #open(): Promise<Readable> {
    let handle;
    try {
      handle = await open(this.#file);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(GZIP.length), 0, GZIP.length, 0);
      const stream = createReadStream('', { fd: handle, start: 0, highWaterMark: CHUNK_BYTES });
      if (bytesRead < GZIP.length || !buffer.equals(GZIP)) return stream;
      const unzip = createGunzip({ chunkSize: CHUNK_BYTES });
      stream.on('error', (error) => unzip.destroy(error));
      unzip.on('close', () => stream.destroy());
      return stream.pipe(unzip);
    } catch (error) {
      await handle?.close();
      throw this.#said(error);
    }
  }

  #said(error: unknown): SourceError {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return new SourceError(`${this.#file} is not there`, { cause: error });
    if (code === 'EISDIR') return new SourceError(`${this.#file} is a directory`, { cause: error });
    const text = error instanceof SourceError && message.startsWith(this.#file) ? message : `${this.#file}: ${message}`;
    return new SourceError(text, { cause: error });
  }
}

const LF = 0x0a;

interface Head {
  readonly delimiter: number;
  /** By part, the number of its column; -1: none. */
  readonly places: Readonly<Record<Part, number>>;
  /** Columns of the file. */
  readonly count: number;
  /** Bytes in front of the column names. */
  readonly skip: number;
}

function headOf(chunk: Buffer, columns: ColumnMapping): Head {
  const skip = chunk.toString('utf8', 0, 3) === BOM ? 3 : 0;
  const parts: readonly (readonly [Part, string | null])[] = [
    ['meter', columns.meter],
    ['channel', columns.channel],
    ['time', columns.time],
    ['value', columns.value],
    ['status', columns.status],
  ];
  const lines = DELIMITERS.map((delimiter) => ({ delimiter, names: namesOf(chunk.subarray(skip), delimiter) }));
  const fitting = lines.filter(({ names }) => parts.every(([, column]) => column === null || names.includes(column)));
  const [line] = fitting.length > 0 ? fitting : lines.toSorted((a, b) => b.names.length - a.names.length);
  const { delimiter = ',', names = [] } = line ?? {};
  const places = { meter: -1, channel: -1, time: -1, value: -1, status: -1 };
  for (const [part, column] of parts) {
    if (column === null) continue;
    places[part] = names.indexOf(column);
    if (places[part] < 0) throw new SourceError(`no column \`${column}\` for ${part}; its first line names ${names.join(', ')}`);
    if (names.indexOf(column, places[part] + 1) >= 0) throw new SourceError(`its first line names \`${column}\` twice`);
  }
  return { delimiter: delimiter.charCodeAt(0), places, count: names.length, skip };
}

function namesOf(bytes: Buffer, delimiter: string): readonly string[] {
  const rows = new CsvRows(delimiter.charCodeAt(0));
  rows.add(bytes);
  if (!rows.next()) {
    rows.end();
    if (!rows.next()) return [];
  }
  return Array.from({ length: rows.fields }, (_, i) => rows.text(i).trim());
}

/** Rows of a file into batches: those of its range. */
class RowReader {
  readonly rows: CsvRows;
  readonly #head: Head;
  readonly #columns: ColumnMapping;
  readonly #range: MeterRange;
  readonly #unreadable: UnreadableLog;
  readonly #time: TextReader;
  readonly #value: TextReader;
  #named = false;

  constructor(options: { readonly head: Head; readonly columns: ColumnMapping; readonly range: MeterRange; readonly unreadable: UnreadableLog }) {
    const { head, columns } = options;
    this.#head = head;
    this.#columns = columns;
    this.#range = options.range;
    this.#unreadable = options.unreadable;
    this.rows = new CsvRows(head.delimiter);
    const { timeUnit } = columns;
    const zone = timeUnit === null || timeUnit === 'ms' ? null : zoneToUnix(timeUnit);
    this.#time = textTime(zone, timeUnit === 'ms' ? 1000 : 1);
    this.#value = textValue(columns.whPerUnit);
  }

  /** True: the batch is full; false: more bytes are needed. */
  readInto(batch: ReadingBatch): boolean {
    const { rows } = this;
    if (!this.#named) {
      if (!rows.next()) return false;
      this.#named = true;
    }
    while (batch.room > 0) {
      if (!rows.next()) return false;
      this.#take(batch);
    }
    return true;
  }

  #take(batch: ReadingBatch): void {
    const { places, count } = this.#head;
    const { fromMeter, toMeter } = this.#range;
    const { rows } = this;
    const meter = rows.fields === count ? this.#read(textMeter, places.meter) : Number.NaN;
    // Rows that name no meter go with the first ones.
    if (!(meter >= fromMeter && meter < toMeter) && (fromMeter > 0 || !Number.isNaN(meter))) return;
    const channel = places.channel < 0 ? 0 : this.#read(textChannel, places.channel);
    const time = this.#read(this.#time, places.time);
    const status = places.status < 0 ? 0 : this.#read(textStatus, places.status);
    if (Number.isNaN(meter + channel + time + status)) {
      this.#unreadable.add(() => `line ${rows.line}: ${this.#fault([meter, channel, time, status])}`);
      return;
    }
    const i = batch.length;
    batch.meter[i] = meter;
    batch.channel[i] = channel;
    batch.time[i] = time;
    batch.value[i] = this.#read(this.#value, places.value);
    batch.status[i] = status;
    batch.length = i + 1;
  }

  #read(reader: TextReader, place: number): number {
    return reader(this.rows.bytes, this.rows.starts[place]!, this.rows.ends[place]!);
  }

  #fault(values: readonly number[]): string {
    const { rows } = this;
    const { places, count } = this.#head;
    if (rows.fields !== count) return `${rows.fields} fields, and the first line names ${count} columns`;
    const part = (['meter', 'channel', 'time', 'status'] as const)[values.findIndex((value) => Number.isNaN(value))] ?? 'meter';
    const text = rows.text(places[part]);
    return whyUnreadable(part, this.#columns[part] ?? '', text.trim() === '' ? null : text);
  }
}
