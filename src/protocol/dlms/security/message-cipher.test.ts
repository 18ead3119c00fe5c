import { describe, expect, it, test } from 'vitest';
import { decodeAare, encodeAare } from '../acse/aare.ts';
import { decodeAarq, encodeAarq } from '../acse/aarq.ts';
import { decodeRlre, encodeRlre } from '../acse/release.ts';
import { ByteWriter } from '../data/byte-writer.ts';
import { FrameCipher, protectionOf } from './cipher.ts';
import { ReceiveCounter } from './counters.ts';
import { wrapKey } from './key-wrap.ts';
import type { SecurityKeys } from './keys.ts';
import {
  type GeneralFields,
  type KeySet,
  MessageCipher,
  type OpenContext,
  type Opened,
  replyFields,
  type SealContext,
  sealedBytes,
  SEALING_BYTES_MAX,
  type SecurityPolicy,
} from './message-cipher.ts';
import { REFUSAL_REASONS, type RefusalReason, Refusals } from './refusals.ts';
import { bytesOf, dice, flips, hexOf, vector } from './vectors.fixture.ts';

const NOTHING = new Uint8Array(0);
const KEYS: SecurityKeys = {
  suite: 0,
  encryption: bytesOf('000102030405060708090A0B0C0D0E0F'),
  authentication: bytesOf('D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF'),
  broadcast: bytesOf('0F0E0D0C0B0A09080706050403020100'),
  broadcastAuthentication: null,
  master: bytesOf('00112233445566778899AABBCCDDEEFF'),
};
const CLIENT = bytesOf('4D4D4D0000000001');
const SERVER = bytesOf('4D4D4D0000BC614E');
const DEDICATED = bytesOf('A0A1A2A3A4A5A6A7A8A9AAABACADAEAF');
const GET = bytesOf('C001C100030100010800FF0200');

type Counters = Readonly<Record<KeySet, ReceiveCounter>>;

function newCounters(): Counters {
  const counter = (): ReceiveCounter => new ReceiveCounter();
  return { unicast: counter(), broadcast: counter(), dedicated: counter(), wrapped: counter() };
}

/** What the server opens with. */
function opening(change: Partial<OpenContext> = {}, counters = newCounters()): OpenContext {
  const context = { keys: KEYS, dedicatedKey: DEDICATED, peerTitle: CLIENT, ownTitle: SERVER, policy: 3 as SecurityPolicy };
  return { ...context, receiveCounter: (keySet) => counters[keySet], ...change };
}

/** What the client seals with. */
function sealing(change: Partial<SealContext> = {}): SealContext {
  return {
    family: 'glo',
    keySet: 'unicast',
    keys: KEYS,
    sessionKey: null,
    authenticated: true,
    encrypted: true,
    systemTitle: CLIENT,
    counter: 7,
    general: null,
    ...change,
  };
}

function newCipher(): MessageCipher {
  return new MessageCipher(new Refusals());
}

function sealed(plaintext: Uint8Array, context: SealContext): Uint8Array {
  const out = new ByteWriter(3);
  newCipher().seal(out, plaintext, context);
  return out.copy();
}

const plain = (opened: Opened): string => (opened.status === 'plain' ? hexOf(opened.plaintext) : opened.reason);

const FIELDS: GeneralFields = { transactionId: bytesOf('0102030405060708'), recipient: SERVER, dateTime: NOTHING, otherInformation: bytesOf('AA'), keyNamed: true };

describe('the session of a client in the field', () => {
  // Reference 6.10; who sends, its counter, what is inside.
  const steps: readonly (readonly [id: string, title: Uint8Array, counter: number, plaintext: string])[] = [
    ['hls-pass3', CLIENT, 3, 'C301C1000F0000280000FF010109111000000002F3DF815E7B3AC9F2E3EB9105'],
    ['hls-get', CLIENT, 4, 'C001C100030100010800FF0200'],
    ['hls-act', CLIENT, 5, 'C301C10046000060030AFF01010F00'],
    ['hls-pass4', SERVER, 0x103, 'C701C100010009111000000102B2D32CD4132DAFD6174FD58F'],
    ['hls-getr', SERVER, 0x104, 'C401C100060001E240'],
    ['hls-actr', SERVER, 0x105, 'C701C10000'],
  ];

  test.each(steps)('%s opens, and is sealed again with the same bytes', (id, peerTitle, counter, expected) => {
    const bytes = vector(id);
    const counters = newCounters();
    const cipher = newCipher();
    const context = opening({ peerTitle, policy: 0 }, counters);
    const opened = cipher.openBytes(bytes, context);
    expect(plain(opened)).toBe(expected);
    if (opened.status !== 'plain') return;
    expect(opened).toMatchObject({ counter, keySet: 'unicast', family: 'glo', general: null });
    expect(counters.unicast.last).toBe(counter);
    const { authenticated, encrypted } = opened.protection;
    expect(hexOf(sealed(opened.plaintext, sealing({ systemTitle: peerTitle, counter, authenticated, encrypted })))).toBe(hexOf(bytes));
    expect(cipher.openBytes(bytes, context)).toEqual({ status: 'refused', reason: 'replayed' });
    expect(cipher.refusals.entries().filter(([, count]) => count > 0)).toEqual([['replayed', 1]]);
  });

  it('carries ciphered initiates in its AARQ, AARE and RLRE', () => {
    const aarq = decodeAarq(vector('hls-aarq'));
    const aare = decodeAare(vector('hls-aare'));
    const rlre = decodeRlre(vector('hls-rlre'));
    if (aarq.status !== 'frame' || aare.status !== 'frame' || rlre.status !== 'frame') return expect.fail('they read');
    expect(aarq.value).toMatchObject({ ciphered: true, mechanism: 5, callingTitle: CLIENT });
    expect(aare.value).toMatchObject({ result: 0, diagnostic: { source: 'user', code: 14 }, mechanism: 5, respondingTitle: SERVER });
    const initiates = [
      [aarq.value.userInformation, CLIENT, 1, '01000000065F1F0400401E5DFFFF'],
      [aare.value.userInformation, SERVER, 0x101, '0800065F1F0400001E1D04000007'],
      [rlre.value.userInformation, SERVER, 0x107, '0800065F1F0400401E5D04000007'],
    ] as const;
    for (const [bytes, peerTitle, counter, expected] of initiates) {
      expect(plain(newCipher().openBytes(bytes ?? NOTHING, opening({ peerTitle })))).toBe(expected);
      expect(hexOf(sealed(bytesOf(expected), sealing({ systemTitle: peerTitle, counter })))).toBe(hexOf(bytes));
    }
    expect(hexOf(encodeAarq(aarq.value))).toBe(hexOf(vector('hls-aarq')));
    expect(hexOf(encodeAare(aare.value))).toBe(hexOf(vector('hls-aare')));
    expect(hexOf(encodeRlre(rlre.value))).toBe(hexOf(vector('hls-rlre')));
  });
});

describe('general-glo', () => {
  it('opens a push of a meter in the field, and seals it again with the same bytes', () => {
    const bytes = vector('gen-glo-u9n');
    const key = new Uint8Array(Buffer.from('MYDUMMYGLOBALKEY', 'ascii'));
    const keys = { ...KEYS, encryption: key, authentication: key };
    const opened = newCipher().openBytes(bytes, opening({ keys, peerTitle: null }));
    expect(plain(opened)).toMatch(/^0F000001DB000922125A85/);
    if (opened.status !== 'plain') return;
    expect(opened).toMatchObject({ family: 'general-glo', counter: 0x1e5, systemTitle: bytesOf('2F19229199164103') });
    const again = sealing({ family: 'general-glo', keys, systemTitle: opened.systemTitle, counter: 0x1e5 });
    expect(hexOf(sealed(opened.plaintext, again))).toBe(hexOf(bytes));
  });

  it('without a title takes the one of the association', () => {
    const bytes = sealed(GET, sealing({ family: 'general-glo' }));
    const untitled = Uint8Array.from([0xdb, 0x00, ...bytes.subarray(10)]);
    expect(plain(newCipher().openBytes(untitled, opening()))).toBe(hexOf(GET));
    expect(plain(newCipher().openBytes(untitled, opening({ peerTitle: null })))).toBe('system-title');
  });
});

/** Every way to seal a message that a message can be sealed. */
const WAYS: readonly Partial<SealContext>[] = [
  { family: 'glo' },
  { family: 'glo', keySet: 'broadcast' },
  { family: 'ded', keySet: 'dedicated', sessionKey: DEDICATED },
  { family: 'general-glo' },
  { family: 'general-glo', keySet: 'broadcast' },
  { family: 'general-ded', keySet: 'dedicated', sessionKey: DEDICATED },
  { family: 'general-ciphering', general: FIELDS },
  { family: 'general-ciphering', general: { ...FIELDS, keyNamed: false, recipient: NOTHING } },
  { family: 'general-ciphering', general: FIELDS, keySet: 'broadcast' },
  { family: 'general-ciphering', general: FIELDS, keySet: 'wrapped', sessionKey: DEDICATED },
];
const nameOf = ({ family, keySet = 'unicast', general }: Partial<SealContext>): string =>
  `${family} ${keySet}${general?.keyNamed === false ? ' unnamed' : ''}`;

describe.each(WAYS.map((way) => [nameOf(way), way] as const))('%s', (_, way) => {
  it('opens what was sealed, for all suites and protections', () => {
    const { roll, bytes } = dice(nameOf(way));
    for (let round = 0; round < 150; round++) {
      const suite = roll(3) as 0 | 1 | 2;
      const length = suite === 2 ? 32 : 16;
      const keys: SecurityKeys = {
        suite,
        encryption: bytes(length),
        authentication: bytes(length),
        broadcast: bytes(length),
        broadcastAuthentication: roll(2) === 0 ? null : bytes(length),
        master: bytes(length),
      };
      const session = bytes(length);
      const policy = (1 + roll(3)) as SecurityPolicy;
      const counter = roll(2 ** 32);
      // Around the steps of the length, too.
      const plaintext = Uint8Array.of(0xc4, ...bytes(roll(4) === 0 ? 90 + roll(40) : roll(4) === 0 ? 220 + roll(50) : roll(700)));
      const context = sealing({
        ...way,
        keys,
        counter,
        sessionKey: way.sessionKey === undefined ? null : session,
        authenticated: (policy & 1) !== 0,
        encrypted: (policy & 2) !== 0,
      });
      const message = sealed(plaintext, context);
      expect(message.length).toBe(sealedBytes(plaintext.length, context));
      if (way.general === undefined) expect(message.length - plaintext.length).toBeLessThanOrEqual(SEALING_BYTES_MAX);
      const cipher = newCipher();
      const opened = cipher.openBytes(message, opening({ keys, dedicatedKey: session, policy }));
      expect(plain(opened)).toBe(hexOf(plaintext));
      expect(opened).toMatchObject({ family: way.family, keySet: way.keySet ?? 'unicast', counter, systemTitle: CLIENT });
      expect(cipher.refusals.total).toBe(0);
    }
  });

  it('with any bit turned over it is refused and counted, and the counter stays', () => {
    for (const encrypted of [true, false]) {
      const message = sealed(GET, sealing({ ...way, encrypted }));
      const counters = newCounters();
      const cipher = newCipher();
      const context = opening({ policy: encrypted ? 3 : 1 }, counters);
      let refused = 0;
      for (const flipped of flips(message)) {
        const opened = cipher.openBytes(flipped, context);
        expect(opened.status, hexOf(flipped)).toBe('refused');
        expect(cipher.refusals.total).toBe(++refused);
      }
      expect(Object.values(counters).map(({ last }) => last)).toEqual([-1, -1, -1, -1]);
      expect(cipher.refusals.of('tag')).toBeGreaterThan(message.length);
      expect(cipher.openBytes(message, context).status).toBe('plain');
    }
  });

  it('cut anywhere it is refused as truncated', () => {
    const message = sealed(GET, sealing(way));
    const cipher = newCipher();
    for (let length = 0; length < message.length; length++) {
      expect(cipher.openBytes(message.subarray(0, length), opening())).toEqual({ status: 'refused', reason: 'truncated' });
    }
    expect(cipher.refusals.of('truncated')).toBe(message.length);
    expect(cipher.openBytes(Buffer.concat([message, Uint8Array.of(0)]), opening())).toEqual({ status: 'refused', reason: 'malformed' });
  });

  it('is refused when it comes again, or late', () => {
    const cipher = newCipher();
    const context = opening();
    const at = (counter: number): Uint8Array => sealed(GET, sealing({ ...way, counter }));
    const outcomes = [5, 5, 4, 6, 100, 99, 0xffffffff, 0xffffffff, 0].map((counter) => cipher.openBytes(at(counter), context));
    expect(outcomes.map((opened) => (opened.status === 'plain' ? 'ok' : opened.reason))).toEqual(
      ['ok', 'replayed', 'replayed', 'ok', 'ok', 'replayed', 'ok', 'replayed', 'replayed'],
    );
    expect(cipher.refusals.of('replayed')).toBe(5);
  });

  it('is refused with the keys of somebody else', () => {
    const message = sealed(GET, sealing(way));
    const other = Uint8Array.from({ length: 16 }, (__, i) => 0x77 + i * 3);
    const keys = { ...KEYS, encryption: other, broadcast: other, master: other };
    const expected: RefusalReason = way.keySet === 'wrapped' ? 'wrapped-key' : 'tag';
    expect(plain(newCipher().openBytes(message, opening({ keys, dedicatedKey: other })))).toBe(expected);
    expect(plain(newCipher().openBytes(message, opening({ keys: { ...KEYS, authentication: other } })))).toBe('tag');
    expect(plain(newCipher().openBytes(message, opening({ peerTitle: SERVER })))).toBe(
      way.family === 'glo' || way.family === 'ded' ? 'tag' : 'system-title',
    );
  });
});

describe('refusals', () => {
  const reasonOf = (message: Uint8Array, change: Partial<OpenContext> = {}): string => plain(newCipher().openBytes(message, opening(change)));
  const general = (change: Partial<SealContext>): Uint8Array => sealed(GET, sealing({ family: 'general-ciphering', general: FIELDS, ...change }));

  it('of suites and compression', () => {
    const message = sealed(GET, sealing());
    const withControl = (control: number): Uint8Array => message.map((byte, i) => (i === 2 ? control : byte));
    expect(reasonOf(withControl(0x30))).toBe(hexOf(GET));
    expect(reasonOf(withControl(0x31))).toBe('suite');
    expect(reasonOf(withControl(0x3f))).toBe('suite');
    expect(reasonOf(withControl(0xb0))).toBe('compressed');
    // Before the key set: the keys of another suite say nothing about it.
    const dedicated = sealed(GET, sealing({ family: 'ded', keySet: 'dedicated', sessionKey: DEDICATED, keys: { ...KEYS, suite: 1 } }));
    expect(reasonOf(dedicated, { dedicatedKey: null })).toBe('suite');
  });

  it('by policy', () => {
    const message = (authenticated: boolean, encrypted: boolean): Uint8Array => sealed(GET, sealing({ authenticated, encrypted }));
    const outcomes = ([0, 1, 2, 3] as const).map((policy) =>
      [message(true, false), message(false, true), message(true, true)].map((bytes) => reasonOf(bytes, { policy }) === hexOf(GET)),
    );
    expect(outcomes).toEqual([
      [true, true, true],
      [true, false, true],
      [false, true, true],
      [false, false, true],
    ]);
    expect(reasonOf(message(true, false), { policy: 3 })).toBe('policy');
    // Security control 00: neither; never accepted, whatever the policy.
    expect(reasonOf(Uint8Array.of(0xc8, 18, 0, 0, 0, 0, 9, ...GET), { policy: 0 })).toBe('policy');
  });

  it('of key sets that are not there', () => {
    const broadcast = sealed(GET, sealing({ keySet: 'broadcast' }));
    expect(reasonOf(broadcast, { keys: { ...KEYS, broadcast: null } })).toBe('key-set');
    const dedicated = sealed(GET, sealing({ family: 'ded', keySet: 'dedicated', sessionKey: DEDICATED }));
    expect(reasonOf(dedicated, { dedicatedKey: null })).toBe('key-set');
    // As long as somebody in the field makes them.
    expect(reasonOf(dedicated, { dedicatedKey: new Uint8Array(29) })).toBe('key-set');
    const named = general({});
    const at = hexOf(named).indexOf('010000') / 2;
    expect(reasonOf(named.map((byte, i) => (i === at + 2 ? 2 : byte)))).toBe('key-set');
    expect(reasonOf(named.map((byte, i) => (i === at + 1 ? 3 : byte)))).toBe('malformed');
    const agreed = Uint8Array.from([...named.subarray(0, at), 1, 2, 1, 2, 1, 0xaa, ...named.subarray(at + 3)]);
    expect(reasonOf(agreed)).toBe('key-set');
  });

  it('of wrapped keys that do not fit', () => {
    const wrapped = general({ keySet: 'wrapped', sessionKey: DEDICATED });
    const at = Buffer.from(wrapped).indexOf(wrapKey(KEYS.master, DEDICATED));
    expect(at).toBeGreaterThan(0);
    expect(reasonOf(wrapped.map((byte, i) => (i === at ? byte ^ 1 : byte)))).toBe('wrapped-key');
    expect(reasonOf(wrapped.map((byte, i) => (i === at - 2 ? 1 : byte)))).toBe('key-set');
    const long = wrapKey(KEYS.master, new Uint8Array(32));
    const tooLong = Uint8Array.from([...wrapped.subarray(0, at - 1), long.length, ...long, ...wrapped.subarray(at + 24)]);
    expect(reasonOf(tooLong)).toBe('wrapped-key');
  });

  it('of titles and recipients', () => {
    const push = sealed(GET, sealing({ family: 'general-glo' }));
    expect(reasonOf(push, { peerTitle: null })).toBe(hexOf(GET));
    expect(reasonOf(push, { peerTitle: SERVER })).toBe('system-title');
    expect(reasonOf(sealed(GET, sealing()), { peerTitle: null })).toBe('system-title');
    expect(reasonOf(sealed(GET, sealing()), { peerTitle: new Uint8Array(7) })).toBe('system-title');
    expect(reasonOf(general({}), { ownTitle: CLIENT })).toBe('recipient');
    expect(reasonOf(general({}), { ownTitle: null })).toBe(hexOf(GET));
    expect(reasonOf(general({ keySet: 'broadcast' }), { ownTitle: CLIENT })).toBe(hexOf(GET));
    expect(reasonOf(bytesOf('DB070102030405060705 3000000001'))).toBe('malformed');
  });

  it('of another service than promised, which does not move the counter', () => {
    const message = sealed(GET, sealing());
    const counters = newCounters();
    const outcome = newCipher().openBytes(
      message.map((byte, i) => (i === 0 ? 0xc9 : byte)),
      opening({}, counters),
    );
    expect(plain(outcome)).toBe('service');
    expect(counters.unicast.last).toBe(-1);
    const empty = sealed(NOTHING, sealing({ family: 'general-glo' }));
    expect(reasonOf(empty)).toBe('service');
  });

  it('of what is no ciphered APDU', () => {
    expect(reasonOf(GET)).toBe('malformed');
    expect(reasonOf(bytesOf('C880'))).toBe('malformed');
    expect(reasonOf(bytesOf('C800'))).toBe('truncated');
    expect(reasonOf(NOTHING)).toBe('truncated');
  });

  it('are counted each by itself, in an order that stays', () => {
    const refusals = new Refusals();
    for (const [index, reason] of REFUSAL_REASONS.entries()) for (let n = 0; n <= index; n++) refusals.count(reason);
    expect(refusals.entries()).toEqual(REFUSAL_REASONS.map((reason, index) => [reason, index + 1]));
    expect(refusals.total).toBe((REFUSAL_REASONS.length * (REFUSAL_REASONS.length + 1)) / 2);
  });
});

describe('key sets', () => {
  it('have counters of their own', () => {
    const cipher = newCipher();
    const context = opening();
    for (const way of [WAYS[0], WAYS[1], WAYS[2], WAYS[9]]) {
      expect(plain(cipher.openBytes(sealed(GET, sealing({ ...way, counter: 3 })), context))).toBe(hexOf(GET));
    }
    // The same key in another wrapping is the same counter.
    expect(plain(cipher.openBytes(sealed(GET, sealing({ ...WAYS[3], counter: 3 })), context))).toBe('replayed');
    expect(plain(cipher.openBytes(sealed(GET, sealing({ ...WAYS[5], counter: 3 })), context))).toBe('replayed');
    expect(plain(cipher.openBytes(sealed(GET, sealing({ ...WAYS[6], counter: 3 })), context))).toBe('replayed');
  });
});

describe('broadcast', () => {
  it('has one authentication key for all, where there is one', () => {
    const shared = bytesOf('B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF');
    const device = (authentication: Uint8Array, broadcastAuthentication: Uint8Array | null): SecurityKeys => ({ ...KEYS, authentication, broadcastAuthentication });
    const message = sealed(GET, sealing({ keySet: 'broadcast', keys: device(KEYS.authentication, shared) }));
    const outcome = (keys: SecurityKeys): string => plain(newCipher().openBytes(message, opening({ keys })));
    expect(outcome(device(DEDICATED, shared))).toBe(hexOf(GET));
    expect(outcome(device(shared, null))).toBe(hexOf(GET));
    expect(outcome(device(KEYS.authentication, null))).toBe('tag');
  });
});

describe('general-ciphering', () => {
  it('with a named key does not set the bit of the key set', () => {
    const head = bytesOf('DD 00 08 4D4D4D0000000001 00 00 00 010000 1E');
    const out = new ByteWriter();
    out.put(head);
    const protection = protectionOf({ suite: 0, authenticated: true, encrypted: true, broadcast: true });
    new FrameCipher().protect(out, GET, { key: KEYS, systemTitle: CLIENT, additional: head.subarray(1, -4), protection, counter: 1 });
    expect(plain(newCipher().openBytes(out.view(), opening()))).toBe('key-set');
    // Where none is named the bit chooses, and this was not the broadcast key.
    const unnamed = Uint8Array.from([...head.subarray(0, -4), 0, 0x1e, ...out.view(head.length)]);
    expect(plain(newCipher().openBytes(unnamed, opening()))).toBe('tag');
    expect(plain(newCipher().openBytes(unnamed, opening({ keys: { ...KEYS, broadcast: KEYS.encryption } })))).toBe(hexOf(GET));
  });

  it('reads as it was laid out, and the answer goes back', () => {
    // Lengths 8, 8, 8, 0, 1; key-info 01 00 00; content of 5 + 13 + 12 bytes.
    const message = hexOf(sealed(GET, sealing({ family: 'general-ciphering', general: FIELDS })));
    const head = bytesOf('DD 08 0102030405060708 08 4D4D4D0000000001 08 4D4D4D0000BC614E 00 01AA 010000 1E 30 00000007');
    expect(message.slice(0, head.length * 2)).toBe(hexOf(head));
    const opened = newCipher().openBytes(bytesOf(message), opening());
    if (opened.status !== 'plain' || opened.general === null) return expect.fail(plain(opened));
    expect(opened.general).toMatchObject({ originator: CLIENT, recipient: SERVER, keyInfo: { kind: 'identified', keyId: 0 } });
    const reply = replyFields(opened.general);
    expect(reply).toEqual({ transactionId: FIELDS.transactionId, recipient: CLIENT, dateTime: NOTHING, otherInformation: NOTHING, keyNamed: true });
    return undefined;
  });

  it('authenticates its fields', () => {
    const message = sealed(GET, sealing({ family: 'general-ciphering', general: FIELDS }));
    const at = hexOf(message).indexOf('01AA010000') / 2;
    expect(plain(newCipher().openBytes(message.map((byte, i) => (i === at + 1 ? 0xab : byte)), opening()))).toBe('tag');
  });
});

describe('tags', () => {
  it('a service without one is a programmer’s error in glo', () => {
    expect(() => sealed(bytesOf('D80101'), sealing())).toThrow('general family');
    expect(plain(newCipher().openBytes(sealed(bytesOf('D80101'), sealing({ family: 'general-glo' })), opening()))).toBe('D80101');
  });
});

describe('hostile bytes', () => {
  it('never throw, never open, and are all counted', () => {
    const { roll, bytes } = dice('hostile messages');
    const cipher = newCipher();
    const context = opening({ policy: 1 });
    const tags = [0xc8, 0xd0, 0x21, 0xdb, 0xdc, 0xdd];
    const rounds = 20_000;
    for (let round = 0; round < rounds; round++) {
      const content = bytes(roll(60));
      content[0] = roll(3) === 0 ? 0x30 : (content[0] ?? 0);
      const tag = tags[roll(tags.length)] ?? 0;
      const head = tag === 0xdb || tag === 0xdc ? [tag, 8, ...CLIENT] : tag === 0xdd ? [tag, 0, 8, ...CLIENT, 0, 0, 0, ...bytes(roll(4))] : [tag];
      expect(cipher.openBytes(Uint8Array.of(...head, content.length, ...content), context).status).toBe('refused');
    }
    expect(cipher.refusals.total).toBe(rounds);
    for (const reason of ['tag', 'truncated', 'suite', 'compressed', 'policy', 'malformed', 'key-set'] as const) {
      expect(cipher.refusals.of(reason), reason).toBeGreaterThan(0);
    }
  });
});
