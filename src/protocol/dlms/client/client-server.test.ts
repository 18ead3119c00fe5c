/** The client against the server core, in memory, in all combinations of what the two can agree on. */

import { describe, expect, it } from 'vitest';
import { LOGICAL_NAME_CONFORMANCE, Conformance } from '../acse/conformance.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import type { Data } from '../data/data.ts';
import { encodeData } from '../data/data-codec.ts';
import { parseObis } from '../data/obis.ts';
import { ReceiveCounter, SendCounter } from '../security/counters.ts';
import { wrapKey } from '../security/key-wrap.ts';
import type { SecuritySuite } from '../security/suite.ts';
import type { ServerConnection } from '../server/server-connection.ts';
import { ClientAssociation } from './client-association.ts';
import type { CipheringKind, ClientOptions, ClientSecurity, Exchange, Mechanism } from './client-options.ts';
import { invokeMethod, readClock, readData, readDataList, readInvocationCounter, readLogicalDeviceName, readRegister, writeClock, writeData } from './client-reader.ts';
import { DlmsError } from './dlms-error.ts';
import { errorOf } from './drive.fixture.ts';
import { instantOf } from './instant.ts';
import { readObjectList } from './object-list.ts';
import { readProfile } from './profile-reader.ts';
import {
  BLOB,
  CLIENT_TITLE,
  ECHO,
  ENERGY,
  FIRST_ROW,
  METER_SECRET,
  METER_TIME,
  METER_TITLE,
  meterKeys,
  PROFILE,
  rowValue,
  ROWS,
  type SmallMeter,
  smallMeter,
} from './small-meter.fixture.ts';

/** What the server answers at once, and what it sends behind it. Without loss, unless `loses` says so of the n-th APDU. */
class Wire {
  readonly sent: Uint8Array[] = [];
  loses: (count: number) => boolean = () => false;
  #carried = 0;
  readonly #connection: ServerConnection<SmallMeter>;
  readonly #station: { readonly clientSap: number; readonly serverSap: number };
  readonly #coming: Uint8Array[] = [];

  constructor(connection: ServerConnection<SmallMeter>, station: { readonly clientSap: number; readonly serverSap: number }) {
    this.#connection = connection;
    this.#station = station;
  }

  run<T>(exchange: Exchange<T>): T {
    let step = exchange.next();
    while (step.done !== true) {
      if (step.value.length > 0) this.#send(step.value);
      const answer = this.#coming.shift();
      step = answer === undefined ? exchange.throw(new DlmsError('timeout', 'nothing came')) : exchange.next(answer);
    }
    return step.value;
  }

  /** Something that the server sends unasked, before its next answer. */
  push(apdu: Uint8Array): void {
    this.#coming.push(apdu);
  }

  #send(apdu: Uint8Array): void {
    const { clientSap, serverSap } = this.#station;
    this.sent.push(Uint8Array.from(apdu));
    if (this.loses(this.#carried++)) return;
    const out = new ByteWriter();
    let bytes = this.#connection.receive(Uint8Array.from(apdu), clientSap, serverSap, out);
    while (bytes > 0) {
      if (!this.loses(this.#carried++)) this.#coming.push(out.copy(out.at - bytes));
      bytes = this.#connection.more(clientSap, serverSap, out);
    }
  }
}

interface Combination {
  readonly mechanism: Mechanism;
  readonly protection: 'none' | 'authenticated' | 'encrypted' | 'both';
  readonly ciphering: CipheringKind;
  readonly suite: SecuritySuite;
  readonly pduBytesMax: number;
  readonly general: boolean;
  readonly gateway: boolean;
}

const PROTECTIONS = ['none', 'authenticated', 'encrypted', 'both'] as const;
const CIPHERINGS = ['glo', 'ded', 'general-glo', 'general-ded'] as const;

/** All of them with one password and one HLS; the others do not change what comes after the association. */
function* combinations(mechanism: Mechanism): Generator<Combination> {
  const all = mechanism === 1 || mechanism === 5;
  for (const protection of all ? PROTECTIONS : (['none', 'both'] as const)) {
    for (const ciphering of protection === 'none' || !all ? (['glo'] as const) : CIPHERINGS) {
      for (const suite of [0, 1, 2] as const) {
        for (const pduBytesMax of [128, 0xffff]) {
          for (const general of [false, true]) {
            for (const gateway of [false, true]) yield { mechanism, protection, ciphering, suite, pduBytesMax, general, gateway };
          }
        }
      }
    }
  }
}

function securityOf(combination: Pick<Combination, 'protection' | 'ciphering' | 'suite'>, first = 1): ClientSecurity {
  const { protection, ciphering, suite } = combination;
  return {
    keys: meterKeys(suite),
    systemTitle: CLIENT_TITLE,
    serverTitle: METER_TITLE,
    authenticated: protection === 'both' || protection === 'authenticated',
    encrypted: protection === 'both' || protection === 'encrypted',
    ciphering,
    sendCounter: new SendCounter(first),
    receiveCounter: new ReceiveCounter(),
  };
}

let seed = 0;
const random = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => (++seed * 17 + i) & 0xff);

function optionsOf(combination: Combination, changes: Partial<ClientOptions> = {}): ClientOptions {
  const { mechanism, pduBytesMax, general, gateway } = combination;
  return {
    clientSap: 1,
    serverSap: 1,
    mechanism,
    secret: mechanism === 0 || mechanism === 5 ? null : METER_SECRET,
    security: securityOf(combination),
    pduBytesMax,
    preferGeneralBlocks: general,
    conformance: general ? LOGICAL_NAME_CONFORMANCE : LOGICAL_NAME_CONFORMANCE & ~Conformance.generalBlockTransfer,
    gateway: gateway ? { networkId: 3, address: Uint8Array.of(0, 0, 0, 42) } : null,
    random,
    ...changes,
  };
}

const BIG: Data = { type: 'octet-string', value: Uint8Array.from({ length: 700 }, (_, i) => i & 0xff) };
const energy = { classId: 3, logicalName: parseObis(ENERGY), attribute: 2 };
const blob = { classId: 1, logicalName: parseObis(BLOB), attribute: 2 };
const missing = { classId: 1, logicalName: parseObis('0-0:99.99.99*255'), attribute: 2 };
const echo = { classId: 9000, logicalName: parseObis(ECHO), method: 1 };

function useAll(combination: Combination): void {
  const { suite, pduBytesMax, protection, general, gateway } = combination;
  const { meter, open, core } = smallMeter({ suite, server: { pduBytesMax, blocksOutBurst: 4 } });
  const association = new ClientAssociation(optionsOf(combination));
  const wire = new Wire(open(), { clientSap: 1, serverSap: 1 });
  const negotiated = wire.run(association.associate());
  expect(negotiated.serverPduBytesMax).toBe(pduBytesMax);

  expect(wire.run(readRegister(association, energy))).toMatchObject({ raw: 123_456, value: 12_345.6, unitName: 'Wh' });
  expect(wire.run(readObjectList(association)).map(({ obis }) => obis)).toContain(ENERGY);
  expect(wire.run(readDataList(association, [{ attribute: energy }, { attribute: missing }, { attribute: energy }]))).toEqual([
    { type: 'double-long-unsigned', value: 123_456 },
    null,
    { type: 'double-long-unsigned', value: 123_456 },
  ]);
  wire.run(writeData(association, blob, BIG));
  expect(wire.run(readData(association, blob))).toEqual(BIG);
  expect(wire.run(association.setList([{ attribute: blob, value: encodeData(BIG) }, { attribute: energy, value: Uint8Array.of(0) }]))).toEqual([0, 3]);
  expect(wire.run(invokeMethod(association, echo, BIG))).toEqual(BIG);
  expect(wire.run(invokeMethod(association, echo, null))).toBeNull();
  const actions = wire.run(association.actionList([{ method: echo, parameter: encodeData(BIG) }, { method: echo }, { method: { ...echo, method: 2 } }]));
  expect(actions.map(({ result }) => result === 0)).toEqual([true, true, false]);
  expect(actions[0]?.data).toEqual({ data: encodeData(BIG) });
  expect(meter.invoked).toBe(4);

  const profile = wire.run(readProfile(association, { logicalName: parseObis(PROFILE) }));
  expect(profile.rows).toHaveLength(ROWS);
  expect(profile.rows.map(([time]) => instantOf(time ?? { type: 'null-data' })?.unixSeconds)).toEqual(Array.from({ length: ROWS }, (_, i) => FIRST_ROW + 900 * i));
  const some = wire.run(readProfile(association, { logicalName: parseObis(PROFILE), range: { from: FIRST_ROW + 900, to: FIRST_ROW + 2000 } }));
  expect(some.rows.map(([, , value]) => value)).toEqual([rowValue(1), rowValue(2)].map((value) => ({ type: 'double-long-unsigned', value })));
  const entries = wire.run(readProfile(association, { logicalName: parseObis(PROFILE), entries: { from: 3, to: 5 } }));
  expect(entries.rows).toHaveLength(3);
  expect(wire.run(readClock(association))).toMatchObject({ unixSeconds: METER_TIME, offsetMinutes: 60 });
  wire.run(writeClock(association, { unixSeconds: METER_TIME + 5, offsetMinutes: 120 }));
  expect(wire.run(readClock(association))).toMatchObject({ unixSeconds: METER_TIME + 5, offsetMinutes: 120 });

  if (pduBytesMax > 128 || general) {
    const access = wire.run(association.access([{ kind: 'get', attribute: energy }, { kind: 'set', attribute: blob, value: encodeData(BIG) }, { kind: 'action', method: echo, parameter: null }]));
    expect(access.map(({ result }) => result)).toEqual([0, 0, 0]);
  }
  const release = wire.run(association.release());
  expect(release).toBeUndefined();
  expect(association.negotiated).toBeNull();
  expect(core.stats.refusals.total).toBe(0);
  expect(association.refusals.total).toBe(0);
  // The AARQ may be longer: nothing was agreed before it.
  const requests = wire.sent.filter((apdu) => apdu[gateway ? 7 : 0] !== 0x60 && apdu[gateway ? 7 : 0] !== 0x62);
  expect(Math.max(...requests.map((apdu) => apdu.length))).toBeLessThanOrEqual(pduBytesMax);
  if (protection !== 'none') {
    const clear = requests.filter((apdu) => [0xc0, 0xc1, 0xc3, 0xd9].includes(apdu[gateway ? 7 : 0] ?? 0));
    expect(clear).toEqual([]);
  }
}

describe('client and server', () => {
  it.each([0, 1, 3, 4, 5, 6] as const)('with mechanism %i do everything in every combination', (mechanism) => {
    let count = 0;
    for (const combination of combinations(mechanism)) {
      count++;
      try {
        useAll(combination);
      } catch (error) {
        throw new Error(`with ${JSON.stringify(combination)}`, { cause: error });
      }
    }
    expect(count).toBe((mechanism === 1 || mechanism === 5 ? 13 : 2) * 3 * 8);
  });
});

describe('a client that is not what it says', () => {
  const both = { protection: 'both', ciphering: 'glo', suite: 0, pduBytesMax: 0xffff, general: false, gateway: false } as const;
  const attempt = (mechanism: Mechanism, changes: Partial<ClientOptions>, meter = smallMeter()): DlmsError => {
    const association = new ClientAssociation(optionsOf({ ...both, mechanism }, changes));
    return errorOf(() => new Wire(meter.open(), { clientSap: association.options.clientSap, serverSap: association.options.serverSap }).run(association.associate()));
  };

  it('is refused with the reason', () => {
    const wrong = new TextEncoder().encode('another secret');
    expect(attempt(1, { secret: wrong })).toMatchObject({ code: 'association-refused', details: { diagnostic: { source: 'user', code: 13 } } });
    for (const mechanism of [3, 4, 6] as const) expect(attempt(mechanism, { secret: wrong }).code).toBe('authentication-failed');
    expect(attempt(0, { clientSap: 16 })).toMatchObject({ code: 'association-refused', details: { diagnostic: { source: 'user', code: 2 } } });
    expect(attempt(0, { clientSap: 77, security: null }).code).toBe('association-refused');
    expect(attempt(0, { serverSap: 5, security: null }).code).toBe('timeout');
  });

  it('hears which counter the server wants', () => {
    const meter = smallMeter();
    const first = new ClientAssociation(optionsOf({ ...both, mechanism: 5 }, { security: securityOf(both, 1000) }));
    new Wire(meter.open(), { clientSap: 1, serverSap: 1 }).run(first.associate());
    const error = attempt(5, { security: securityOf(both, 5) }, meter);
    expect(error.code).toBe('exception');
    const counter = error.details.exception?.counter ?? 0;
    expect(counter).toBeGreaterThan(1000);
    // The public client hears the same.
    const open = new ClientAssociation({ clientSap: 16, serverSap: 1, random });
    const wire = new Wire(meter.open(), { clientSap: 16, serverSap: 1 });
    wire.run(open.associate());
    expect(wire.run(readInvocationCounter(open, parseObis('0-0:43.1.0*255')))).toBe(counter - 1);
    expect(errorOf(() => wire.run(readLogicalDeviceName(open)))).toMatchObject({ code: 'data-access' });
    expect(errorOf(() => wire.run(readData(open, energy)))).toMatchObject({ code: 'data-access', details: { result: 3 } });
    const again = new ClientAssociation(optionsOf({ ...both, mechanism: 5 }, { security: securityOf(both, counter) }));
    expect(new Wire(meter.open(), { clientSap: 1, serverSap: 1 }).run(again.associate())).toBeDefined();
  });

  it('with other keys is not heard, nor believed', () => {
    const security = { ...securityOf(both), keys: { ...meterKeys(0), authentication: meterKeys(0).encryption } };
    expect(['exception', 'association-refused']).toContain(attempt(5, { security }).code);
    const plain = securityOf({ ...both, protection: 'none' });
    expect(attempt(5, { security: { ...plain, keys: security.keys } }).code).toBe('authentication-failed');
  });
});

describe('a session', () => {
  const ciphered = { mechanism: 5, protection: 'both', ciphering: 'glo', suite: 0, pduBytesMax: 128, general: true, gateway: false } as const;

  it('goes on with new keys after they were transferred', () => {
    const meter = smallMeter();
    const fresh = Uint8Array.from({ length: 16 }, (_, i) => 0x40 + i);
    const association = new ClientAssociation(optionsOf(ciphered));
    const wire = new Wire(meter.open(), { clientSap: 1, serverSap: 1 });
    wire.run(association.associate());
    const wrapped: Data = { type: 'structure', value: [{ type: 'enum', value: 0 }, { type: 'octet-string', value: wrapKey(meterKeys(0).master, fresh) }] };
    wire.run(invokeMethod(association, { classId: 64, logicalName: parseObis('0-0:43.0.0*255'), method: 2 }, { type: 'array', value: [wrapped] }));
    const old = errorOf(() => wire.run(readData(association, energy)));
    expect(old.code).toBe('exception');
    const keys = { ...meterKeys(0), encryption: fresh };
    const next = new ClientAssociation(optionsOf(ciphered, { security: { ...securityOf(ciphered), keys } }));
    const other = new Wire(meter.open(), { clientSap: 1, serverSap: 1 });
    other.run(next.associate());
    expect(other.run(readData(next, energy))).toMatchObject({ value: 123_456 });
  });

  it('in general blocks survives lost ones', () => {
    for (let lost = 0; lost < 40; lost++) {
      const { open } = smallMeter({ server: { pduBytesMax: 128, blocksOutBurst: 4 } });
      const association = new ClientAssociation(optionsOf(ciphered, { conformance: 0x6200df }));
      const wire = new Wire(open(), { clientSap: 1, serverSap: 1 });
      wire.run(association.associate());
      wire.loses = (count) => count === 4 + lost;
      wire.run(writeData(association, blob, BIG));
      expect(wire.run(association.access([{ kind: 'get', attribute: blob }, { kind: 'set', attribute: blob, value: encodeData(BIG) }]))).toMatchObject([{ result: 0, data: encodeData(BIG) }, { result: 0 }]);
    }
  });

  it('takes no answer from before, and hands notifications on', () => {
    const seen: string[] = [];
    const { open } = smallMeter();
    const association = new ClientAssociation(optionsOf({ ...ciphered, pduBytesMax: 0xffff }, { onNotification: ({ kind }) => seen.push(kind) }));
    const wire = new Wire(open(), { clientSap: 1, serverSap: 1 });
    wire.run(association.associate());
    wire.push(Uint8Array.from(Buffer.from('0F00000001000600002012', 'hex')));
    wire.push(Uint8Array.from(Buffer.from('C20000010000616214FF020600002012', 'hex')));
    expect(wire.run(readData(association, energy))).toMatchObject({ value: 123_456 });
    expect(seen).toEqual(['data', 'event']);
  });

  it('costs one association on the server, which goes with it', () => {
    const { open } = smallMeter();
    const connection = open();
    const wire = new Wire(connection, { clientSap: 1, serverSap: 1 });
    const association = new ClientAssociation(optionsOf(ciphered));
    for (let i = 0; i < 5; i++) {
      wire.run(association.associate());
      expect(connection.associations).toBe(1);
      wire.run(association.release());
      expect(connection.associations).toBe(0);
    }
  });
});
