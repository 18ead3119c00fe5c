import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Reading } from '../reading/batch.ts';
import type { MeterRange } from '../reading/source.ts';
import { postgresInstalled, startPostgres, type PostgresServer } from '../trial/postgres-server.fixture.ts';
import { parseColumnMapping } from './column-mapping.ts';
import { PostgresSource } from './postgres-source.ts';

const START = Date.UTC(2024, 2, 30, 12) / 1000;

/** What its rows say, whatever the types of its columns are: 200 meters, three registers, 100 steps. */
const TABLE = `
CREATE TABLE stored AS
SELECT m::int4 AS id, m::numeric AS id_numeric, lpad(m::text, 11, '0') AS serial, 'MSMMT' || lpad(m::text, 11, '0') AS name,
       m::text AS id_text, c::int2 AS register, '1-0:1.8.' || c AS obis, decode('010001080' || c || 'ff', 'hex') AS code,
       t AS ts, t AT TIME ZONE 'Europe/Prague' AS prague, t AT TIME ZONE 'UTC' AS utc,
       extract(epoch FROM t)::int8 AS seconds, extract(epoch FROM t)::float8 * 1000 AS ms, to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS iso,
       wh, wh::int8 AS wh8, (wh / 1000.0)::numeric(14,3) AS kwh, (wh / 1000.0)::float8 AS kwh_double, (wh / 1000.0)::numeric(14,3)::text AS kwh_text,
       f::int4 AS flags, f::text AS flags_text, 1.5::real AS bad
FROM (SELECT m, c, to_timestamp(${START} + s * 900) AS t, 1000000 + m * 1000 + s * 7 + c AS wh, (m + s) % 256 AS f
      FROM generate_series(0, 199) m, generate_series(0, 2) c, generate_series(0, 99) s) rows`;

function expected(range: MeterRange = { fromMeter: 0, toMeter: 200 }): Reading[] {
  const rows: Reading[] = [];
  for (let meter = range.fromMeter; meter < Math.min(200, range.toMeter); meter++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let s = 0; s < 100; s++) {
        rows.push({ meter, channel, time: START + s * 900, value: 1_000_000 + meter * 1000 + s * 7 + channel, status: (meter + s) % 256 });
      }
    }
  }
  return rows;
}

async function all(source: PostgresSource): Promise<Reading[]> {
  const rows: Reading[] = [];
  for await (const batch of source.batches()) for (let i = 0; i < batch.length; i++) rows.push(batch.row(i));
  return rows.toSorted((a, b) => a.meter - b.meter || a.channel - b.channel || a.time - b.time);
}

describe.runIf(postgresInstalled())('readings of a PostgreSQL database', () => {
  let server: PostgresServer;
  let client: Client;

  beforeAll(async () => {
    server = await startPostgres({ settings: { fsync: 'off', timezone: 'America/New_York' } });
    client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query(TABLE);
    // It goes with the server that the last test ends.
    client.on('error', () => {});
  }, 60_000);
  afterAll(async () => {
    await server.stop();
  });

  const sourceOf = (mapping: string, query = 'SELECT * FROM stored', range?: MeterRange): PostgresSource =>
    new PostgresSource({ url: server.url, query, columns: parseColumnMapping(mapping), ...(range === undefined ? {} : { range }) });

  test.each([
    'meter=id,channel=register,time=ts,value=wh,status=flags',
    'meter=id_numeric,channel=obis,time=seconds,value=wh8,status=flags_text',
    'meter=serial,channel=code,time:ms=ms,value:kWh=kwh,status=flags',
    'meter=name,channel=obis,time=iso,value:kWh=kwh_double,status=flags',
    'meter=id_text,channel=obis,time:UTC=utc,value:kWh=kwh_text,status=flags',
  ])('%s', async (mapping) => {
    expect(await all(sourceOf(mapping))).toEqual(expected());
    const parts = [{ fromMeter: 0, toMeter: 7 }, { fromMeter: 7, toMeter: 120 }, { fromMeter: 120, toMeter: 2 ** 32 }];
    for (const range of parts) expect(await all(sourceOf(mapping, undefined, range))).toEqual(expected(range));
  });

  test('our own table needs no mapping', async () => {
    const query = 'SELECT id AS meter, register AS channel, ts AS time, wh8 AS value, flags::int2 AS status FROM stored';
    expect(await all(new PostgresSource({ url: server.url, query }))).toEqual(expected());
  });

  test('without channel and status', async () => {
    const source = sourceOf('meter=id,time=ts,value=wh', 'SELECT * FROM stored WHERE register = 0;');
    expect(source.keepsStatus).toBe(false);
    const rows = await all(source);
    expect(rows.every(({ channel, status }) => channel === 0 && status === 0)).toBe(true);
    expect(rows.map(({ value }) => value)).toEqual(expected().filter(({ channel }) => channel === 0).map(({ value }) => value));
  });

  test('a time without a zone is one of the zone that is given; the hour that clocks leave out is not missed', async () => {
    const source = sourceOf('meter=id,channel=register,time:Europe/Prague=prague,value=wh,status=flags');
    expect(await all(source)).toEqual(expected());
    expect(source.unreadable.count).toBe(0);
  });

  test('a time without a zone that no clock shows is a row that is no reading, not the end of the audit', async () => {
    const query = `SELECT id, prague, wh FROM stored UNION ALL VALUES (1, timestamp 'infinity', 1), (2, '-infinity', 1), (3, '9999-12-31', 1)`;
    const source = sourceOf('meter=id,time:Europe/Prague=prague,value=wh', query);
    expect(await all(source)).toHaveLength(60_000);
    expect(source.unreadable.count).toBe(3);
  });

  test('rows that are no reading are counted once, whoever reads; a value that is none stays', async () => {
    const odd = `SELECT serial AS meter, obis AS channel, ts AS time, kwh AS value FROM stored WHERE id < 20
      UNION ALL VALUES ('ABC', '1-0:1.8.0', now(), 1), (NULL, '1-0:1.8.0', now(), 1), ('00000000003', '1-0:2.8.0', now(), 1),
      ('00000000012', '1-0:1.8.0', now()::date + interval '1 ms', 1), ('00000000012', '1-0:1.8.0', 'infinity', 1),
      ('00000000015', '1-0:1.8.0', '2020-01-01 00:00Z', NULL)`;
    const mapping = 'meter=meter,channel=channel,time=time,value:kWh=value';
    const ranges = [{ fromMeter: 0, toMeter: 10 }, { fromMeter: 10, toMeter: 14 }, { fromMeter: 14, toMeter: 2 ** 32 }];
    const sources = ranges.map((range) => sourceOf(mapping, odd, range));
    const rows = (await Promise.all(sources.map(all))).flat();
    expect(rows.length).toBe(20 * 300 + 1);
    expect(rows.find(({ time }) => time === Date.UTC(2020, 0) / 1000)).toMatchObject({ meter: 15, value: Number.NaN });
    expect(sources.reduce((count, source) => count + source.unreadable.count, 0)).toBe(5);
    expect(sources.flatMap((source) => source.unreadable.examples).toSorted()).toEqual([
      'column channel says `1-0:2.8.0`: no number or OBIS code of a register that is read',
      'column meter is empty',
      'column meter says `ABC`: no number, serial number or logical device name of a meter',
      expect.stringMatching(/^column time says `\d{4}-\d\d-\d\dT\d\d:00:00\.001Z`: no time on a full second$/),
      'column time says `infinity`: no time on a full second',
    ]);
  });

  test('counts the rows, those that are no reading among them', async () => {
    expect(await sourceOf('meter=id,time=ts,value=wh').countRows()).toBe(60_000);
    expect(await sourceOf('meter=id,time=ts,value=wh', 'SELECT * FROM stored LIMIT 3 -- a few').countRows()).toBe(3);
  });

  test('a query can only read', async () => {
    await client.query('CREATE FUNCTION spoil() RETURNS int LANGUAGE sql VOLATILE AS $$ DELETE FROM stored RETURNING 1 $$');
    const source = sourceOf('meter=id,time=ts,value=wh', 'SELECT *, spoil() FROM stored');
    await expect(all(source)).rejects.toThrow('cannot execute DELETE in a read-only transaction');
  });

  test.each([
    ['meter=nr,time=ts,value=wh', 'the query has no column `nr` for meter; it has id, id_numeric, serial,'],
    ['meter=id,time=prague,value=wh', 'column `prague` has no time zone; say which one it is in: time:UTC=prague'],
    ['meter=id,time:UTC=ts,value=wh', 'column `ts` has a time zone of its own; leave `:UTC` out'],
    ['meter=id,time:ms=ts,value=wh', 'column `ts` has no unit; leave `:ms` out'],
    ['meter=id,time:UTC=seconds,value=wh', 'column `seconds` has a time zone of its own'],
    ['meter=id,time=ts,value=bad', 'column `bad` has a type that can\'t be the value; allowed: integers, numeric, double precision, text'],
    ['meter=ts,time=ts,value=wh', 'column `ts` has a type that can\'t be the meter'],
  ])('%s is refused before anything is read', async (mapping, why) => {
    await expect(sourceOf(mapping).check()).rejects.toThrow(why);
    await expect(all(sourceOf(mapping))).rejects.toThrow(why);
  });

  test.each([
    ['SELECT nothing FROM stored', 'PostgreSQL: column "nothing" does not exist'],
    ['SELECT * FROM stored a JOIN stored b USING (id)', 'the query has 2 columns `ts`; give the one that says the time a name of its own'],
    ['SELECT 1) q; DROP TABLE stored; SELECT * FROM (SELECT 2', 'PostgreSQL: cannot insert multiple commands into a prepared statement'],
  ])('query `%s` is refused', async (query, why) => {
    await expect(sourceOf('meter=id,time=ts,value=wh', query).check()).rejects.toThrow(why);
  });

  // The last one: afterwards there is no server any more.
  test('a server that is not there, and one that ends in between', async () => {
    const nowhere = new PostgresSource({ url: 'postgres://127.0.0.1:1/none', query: 'SELECT 1' });
    await expect(nowhere.check()).rejects.toThrow('PostgreSQL: connect ECONNREFUSED 127.0.0.1:1');
    await expect(
      (async () => {
        let gone = false;
        for await (const batch of sourceOf('meter=id,time=ts,value=wh', 'SELECT s.* FROM stored s, generate_series(1, 100)').batches()) {
          if (batch.length > 0 && !gone) await server.kill();
          gone = true;
        }
      })(),
    ).rejects.toThrow(/PostgreSQL: /);
  });
});
