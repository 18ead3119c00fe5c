/** Whatever a peer answers, an operation ends: with a result or with a DlmsError. Prints its seed. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.ts';
import { below, streamKey } from '../../../base/random.ts';
import { parseObis } from '../data/obis.ts';
import { ReceiveCounter, SendCounter } from '../security/counters.ts';
import { ClientAssociation } from './client-association.ts';
import type { ClientOptions, Exchange } from './client-options.ts';
import { readClock, readRegister } from './client-reader.ts';
import { DlmsError } from './dlms-error.ts';
import { bytesOf, drive, type Peer } from './drive.fixture.ts';
import { readObjectList } from './object-list.ts';
import { readProfile } from './profile-reader.ts';

const SEED = 20_260_801;
const ROUNDS = 30_000;

interface Vector {
  readonly kind: string;
  readonly hex: string;
}

const VECTORS = JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as Vector[];
/** Accepted and refused, in both contexts. */
const AARES = ['01', '03'].flatMap((context) => [
  `6129A1090607608574050801${context}A203020100A305A103020100BE10040E0800065F1F040000501F01F40007`,
  `6117A1090607608574050801${context}A203020101A305A10302010D`,
]);
/** Good answers and requests of every kind, as they are spoiled below. */
const GOOD = [
  ...VECTORS.filter(({ kind }) => kind === 'apdu').map(({ hex }) => bytesOf(hex)),
  ...VECTORS.filter(({ kind }) => kind === 'wpdu').map(({ hex }) => bytesOf(hex).slice(8)),
  ...VECTORS.filter(({ kind }) => kind === 'axdr').map(({ hex }) => Uint8Array.of(0xc4, 1, 0xc1, 0, ...bytesOf(hex))),
  ...['C402C10000000001000309', 'C402C101000000020001AA', 'C403C102001107 0104', 'C502C100000001', 'C503C10000000001', 'C504C10200000000 0001', 'C702C1000000000102 0001', 'C704C100000001', 'E0410001000003C401C1', 'E0810002000104001107', 'E0880001000100', ...AARES, ...AARES, ...AARES].map((hex) => bytesOf(hex)),
];

const attribute = { classId: 3, logicalName: parseObis('1-0:1.8.0*255'), attribute: 2 };
const method = { classId: 70, logicalName: parseObis('0-0:96.3.10*255'), method: 1 };
const LONG = Uint8Array.of(0x09, 0x81, 200, ...new Uint8Array(200));

const OPERATIONS: readonly ((association: ClientAssociation) => Exchange<unknown>)[] = [
  (association) => association.associate(),
  (association) => association.get(attribute),
  (association) => association.getList([{ attribute }, { attribute }]),
  (association) => association.set(attribute, LONG),
  (association) => association.setList([{ attribute, value: LONG }, { attribute, value: LONG }]),
  (association) => association.action(method, LONG),
  (association) => association.actionList([{ method, parameter: LONG }, { method }]),
  (association) => association.access([{ kind: 'get', attribute }, { kind: 'action', method, parameter: null }]),
  (association) => association.release(),
  (association) => readObjectList(association),
  (association) => readProfile(association, { logicalName: attribute.logicalName }),
  (association) => readClock(association),
  (association) => readRegister(association, attribute),
];

class Draws {
  #at = 0;
  readonly #key: number;

  constructor(key: number) {
    this.#key = key;
  }

  below(count: number): number {
    return below(this.#key, this.#at++, count);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** A good APDU with bits flipped, cut, lengthened, or one of noise. */
function spoiled(draws: Draws): Uint8Array {
  const bytes = Uint8Array.from(draws.of(GOOD));
  switch (draws.below(5)) {
    case 0:
      return bytes;
    case 1:
      for (let i = draws.below(4); i >= 0; i--) bytes[draws.below(bytes.length)]! ^= 1 << draws.below(8);
      return bytes;
    case 2:
      return bytes.slice(0, draws.below(bytes.length));
    case 3:
      return Uint8Array.of(...bytes, ...Array.from({ length: 1 + draws.below(20) }, () => draws.below(256)));
    default:
      return Uint8Array.from({ length: draws.below(40) }, () => draws.below(256));
  }
}

function clientOf(draws: Draws): ClientAssociation {
  const ciphered = draws.below(3) === 0;
  const options: ClientOptions = {
    clientSap: 1,
    serverSap: 1,
    random: (bytes) => Uint8Array.from({ length: bytes }, () => draws.below(256)),
    mechanism: draws.of([0, 0, 1, 3, 4, 5, 6] as const),
    secret: Uint8Array.of(1, 2, 3),
    answerBytesMax: 4096,
    security: {
      keys: { suite: 0, encryption: bytesOf('000102030405060708090A0B0C0D0E0F'), authentication: bytesOf('D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF'), broadcast: null, broadcastAuthentication: null, master: new Uint8Array(16) },
      systemTitle: bytesOf('4D4D4D0000000001'),
      serverTitle: null,
      authenticated: ciphered,
      encrypted: ciphered,
      ciphering: draws.of(['glo', 'ded', 'general-glo', 'general-ded'] as const),
      sendCounter: new SendCounter(1),
      receiveCounter: new ReceiveCounter(),
    },
    ...(draws.below(2) === 0 ? {} : { preEstablished: { conformance: 0x62fedf, serverPduBytesMax: draws.of([0, 40, 64, 128]) } }),
    ...(draws.below(4) === 0 ? { gateway: { networkId: 0, address: bytesOf('0000002A') } } : {}),
    quirks: { anyInvokeId: draws.below(2) === 0, plainAnswers: draws.below(2) === 0 },
  };
  return new ClientAssociation(options);
}

describe('a client', () => {
  it(`ends every operation, whatever comes (seed ${SEED})`, () => {
    const key = streamKey(SEED, 'client');
    let results = 0;
    const codes = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      const draws = new Draws(key + round * 7919);
      const client = clientOf(draws);
      let left = 3 + draws.below(40);
      const peer: Peer = () => (left-- > 0 ? spoiled(draws) : null);
      try {
        drive(draws.of(OPERATIONS)(client), peer);
        results++;
      } catch (error) {
        if (!(error instanceof DlmsError)) throw new Error(`round ${round}`, { cause: error });
        codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
      }
      try {
        client.notification(spoiled(draws));
      } catch (error) {
        throw new Error(`notification of round ${round}`, { cause: error });
      }
    }
    expect(results).toBeGreaterThan(100);
    // Each kind of end was reached, so the peers were neither too good nor too bad.
    for (const code of ['malformed', 'unexpected-answer', 'security', 'timeout', 'exception', 'not-associated', 'association-refused', 'data', 'data-access']) {
      expect([code, codes.get(code) ?? 0]).not.toEqual([code, 0]);
    }
  });
});
