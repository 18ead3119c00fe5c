/**
 * Test equipment: a head-end as somebody else would write it. It shares nothing with Meterstorm: its own parser of the push
 * messages after docs/push-protocol.md, its own table, its own ideas of names, units and times. And it can be faulty.
 *
 *   node third-party-headend.fixture.mjs --postgres URL | --csv FILE   [--silent] [--store-after MS] [--fault KIND]
 *
 *   --silent          confirms nothing
 *   --store-after MS  confirms at once and stores later: what is lost in between is lost
 *   --fault lose:N    forgets every Nth row after it was confirmed     double:N  stores every Nth row twice
 *           round:D   keeps D decimals of a kWh                        hour      takes local time for UTC, an hour off
 *           late      drops rows that come late                        foreign   has a row of a device that nobody knows
 *
 * Prints `listening PORT`; after SIGTERM what it did, as JSON, when all is stored.
 *
 *   PostgreSQL  meter_reading(device_serial text, obis text, reading_time timestamptz, energy_kwh numeric, quality int)
 *   CSV         Device;Register;Time;Energy kWh        local time without a zone, no quality
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { Pool } from 'pg';

const { values: args } = parseArgs({
  options: {
    postgres: { type: 'string' },
    csv: { type: 'string' },
    silent: { type: 'boolean', default: false },
    'store-after': { type: 'string', default: '0' },
    fault: { type: 'string', default: 'none' },
  },
});
const [fault, faultNumber] = [args.fault.split(':')[0], Number(args.fault.split(':')[1])];
const done = { messages: 0, received: 0, stored: 0, lost: 0, doubled: 0, droppedLate: 0, repeated: 0 };

/** A-XDR length at `at`: the length, and where what it counts begins. */
function lengthAt(b, at) {
  if (b[at] < 0x80) return [b[at], at + 1];
  const bytes = b[at] & 0x7f;
  return [b.readUIntBE(at + 1, bytes), at + 1 + bytes];
}

/** Unix seconds of a COSEM date-time: UTC is local time plus deviation. */
function unixSeconds(b, at) {
  const local = Date.UTC(b.readUInt16BE(at), b[at + 2] - 1, b[at + 3], b[at + 5], b[at + 6], b[at + 7]);
  return local / 1000 + b.readInt16BE(at + 9) * 60;
}

/** One data-notification: when it was sent, and its rows. */
function parsePush(b) {
  if (b[0] !== 0x0f || b[5] !== 12) throw new Error('not a push');
  const sent = b.subarray(6, 18);
  let at = 18;
  if (b[at] !== 2 || b[at + 1] !== 4) throw new Error('not a structure of four');
  at += 2;
  for (const what of ['device', 'push setup']) {
    if (b[at] !== 9) throw new Error(`no ${what}`);
    at += 2 + b[at + 1];
  }
  let capture = null;
  if (b[at] === 0) at += 1;
  else {
    capture = unixSeconds(b, at + 2);
    at += 14;
  }
  if (b[at] !== 0x13 || b[at + 1] !== 2) throw new Error('no compact-array');
  const types = [...b.subarray(at + 3, at + 3 + b[at + 2])];
  const [size, begin] = lengthAt(b, at + 3 + types.length);
  const rows = [];
  at = begin;
  while (at < begin + size) {
    const numbers = [];
    for (const type of types) {
      const bytes = { 0x06: 4, 0x11: 1, 0x15: 8 }[type];
      numbers.push(bytes === 8 ? Number(b.readBigUInt64BE(at)) : b.readUIntBE(at, bytes));
      at += bytes;
    }
    const [device, time] = [numbers.shift(), capture ?? numbers.shift()];
    const quality = numbers.shift();
    numbers.forEach((wh, register) => rows.push({ device, time, quality, register, wh, late: capture === null }));
  }
  return { sent, rows };
}

/** What this head-end makes of a row: none, one, or two rows of its table. */
function kept(row) {
  done.received++;
  if (fault === 'late' && row.late) {
    done.droppedLate++;
    return [];
  }
  if (fault === 'lose' && done.received % faultNumber === 0) {
    done.lost++;
    return [];
  }
  const record = {
    serial: String(row.device).padStart(11, '0'),
    register: `1-0:1.8.${row.register}`,
    time: row.time + (fault === 'hour' ? 3600 : 0),
    kwh: (row.wh / 1000).toFixed(fault === 'round' ? faultNumber : 3),
    quality: row.quality,
  };
  if (fault === 'double' && done.received % faultNumber === 0) {
    done.doubled++;
    return [record, record];
  }
  return [record];
}

async function postgresStore(url) {
  const pool = new Pool({ connectionString: url, max: 1 });
  await pool.query('DROP TABLE IF EXISTS meter_reading');
  await pool.query(
    `CREATE TABLE meter_reading (id bigserial, device_serial text NOT NULL, obis text NOT NULL, reading_time timestamptz NOT NULL,
     energy_kwh numeric(14,3) NOT NULL, quality int NOT NULL, inserted_at timestamptz NOT NULL DEFAULT now())`,
  );
  return {
    async put(records) {
      const column = (of) => records.map(of);
      await pool.query(
        `INSERT INTO meter_reading (device_serial, obis, reading_time, energy_kwh, quality)
         SELECT s, o, to_timestamp(t), e, q FROM unnest($1::text[], $2::text[], $3::float8[], $4::numeric[], $5::int[]) r(s, o, t, e, q)`,
        [column((r) => r.serial), column((r) => r.register), column((r) => r.time), column((r) => r.kwh), column((r) => r.quality)],
      );
    },
    end: () => pool.end(),
  };
}

function localTime(unix) {
  return new Date((unix + 3600) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

function csvStore(file) {
  const handle = openSync(file, 'w');
  writeSync(handle, '\u{FEFF}Device;Register;Time;Energy kWh\r\n');
  return {
    async put(records) {
      writeSync(handle, records.map((r) => `MSMMT${r.serial};${r.register};"${localTime(r.time)}";${r.kwh}\r\n`).join(''));
    },
    end: async () => closeSync(handle),
  };
}

const store = args.postgres === undefined ? csvStore(args.csv) : await postgresStore(args.postgres);
const known = new Set();
let waiting = [];
let working = Promise.resolve();
if (fault === 'foreign') await store.put([{ serial: 'TEST-DEVICE', register: '1-0:1.8.0', time: 1_700_000_000, kwh: '1.000', quality: 0 }]);

/** Stores all that waits, one transaction at a time, then says so to whoever sent it. */
function work() {
  working = working.then(async () => {
    const [messages, records] = [waiting, []];
    waiting = [];
    for (const { rows } of messages) {
      for (const row of rows) {
        const key = `${row.device}/${row.register}/${row.time}`;
        if (known.has(key)) done.repeated++;
        else {
          known.add(key);
          records.push(...kept(row));
        }
      }
    }
    if (records.length > 0) await store.put(records);
    done.stored += records.length;
    for (const { socket, sent } of messages) confirm(socket, sent);
  });
}

function confirm(socket, sent) {
  if (args.silent || Number(args['store-after']) > 0) return;
  writeConfirmation(socket, sent);
}

function writeConfirmation(socket, sent) {
  const body = Buffer.concat([Buffer.from('c1010500280000190900ff0d00090c', 'hex'), sent]);
  const head = Buffer.from([0, 1, 0, 0x67, 0, 1, 0, body.length]);
  if (!socket.destroyed) socket.write(Buffer.concat([head, body]));
}

const server = createServer((socket) => {
  let pending = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 8 && pending.length >= 8 + pending.readUInt16BE(6)) {
      const size = pending.readUInt16BE(6);
      const { sent, rows } = parsePush(pending.subarray(8, 8 + size));
      pending = pending.subarray(8 + size);
      done.messages++;
      const later = Number(args['store-after']);
      waiting.push({ socket, sent, rows });
      if (later === 0) work();
      else {
        if (!args.silent) writeConfirmation(socket, sent);
        setTimeout(work, later);
      }
    }
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening ${server.address().port}\n`));

process.once('SIGTERM', async () => {
  server.close();
  work();
  await working;
  await store.end();
  process.stdout.write(`${JSON.stringify(done)}\n`, () => process.exit());
});
