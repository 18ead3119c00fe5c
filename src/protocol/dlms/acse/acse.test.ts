import { describe, expect, it, test } from 'vitest';
import { bytesOf, dice, flips, hexOf, vector } from '../security/vectors.fixture.ts';
import { type Aare, decodeAare, encodeAare } from './aare.ts';
import { type Aarq, decodeAarq, encodeAarq } from './aarq.ts';
import { diagnosticText } from './diagnostics.ts';
import { isCipheredContext } from './names.ts';
import { decodeRlre, decodeRlrq, encodeRlre, encodeRlrq, type Rlrq } from './release.ts';

const INITIATE = '01000000065F1F0400007E1F04B0';
const RESPONSE = '0800065F1F040000501F01F40007';

/** With bytes as hex, so that a failure can be read. */
function shown(value: object): unknown {
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, part instanceof Uint8Array ? hexOf(part) : (part as unknown)]));
}

const AARQ_NOTHING = {
  ciphered: false,
  mechanism: null,
  authentication: null,
  calledTitle: null,
  callingTitle: null,
  callingQualifier: null,
  callingUserId: null,
};
const AARE_NOTHING = { respondingTitle: null, mechanism: null, authentication: null };

/** What each vector says, from its meaning in the reference. */
const AARQS: readonly (readonly [id: string, object])[] = [
  ['aarq-none', { ...AARQ_NOTHING, context: 1, userInformation: INITIATE }],
  ['aarq-lls', { ...AARQ_NOTHING, context: 1, mechanism: 1, authentication: '3132333435363738', userInformation: INITIATE }],
  ['aarq-hls', { ...AARQ_NOTHING, context: 1, mechanism: 5, authentication: '4B35366956616759', userInformation: INITIATE }],
  [
    'aarq-lls-ciph',
    {
      ...AARQ_NOTHING,
      context: 3,
      ciphered: true,
      mechanism: 1,
      authentication: '3132333435363738',
      callingTitle: '4D4D4D0000BC614E',
      userInformation: hexOf(vector('sec-init-req')),
    },
  ],
  ['hdlc-u9n-I-AARQ', { ...AARQ_NOTHING, context: 1, userInformation: '01000000065F1F0400001E1DFFFF' }],
  ['hdlc-kam-pub-AARQ', { ...AARQ_NOTHING, context: 1, callingTitle: '0000000000000001', userInformation: '01000000065F1F040020525FFFFF' }],
];

const AARES: readonly (readonly [id: string, object])[] = [
  ['aare-ok', { ...AARE_NOTHING, context: 1, result: 0, diagnostic: { source: 'user', code: 0 }, userInformation: RESPONSE }],
  [
    'aare-hls',
    { ...AARE_NOTHING, context: 1, result: 0, diagnostic: { source: 'user', code: 14 }, mechanism: 5, authentication: '503677524A323146', userInformation: RESPONSE },
  ],
  ['hdlc-u9n-I-AARE', { ...AARE_NOTHING, context: 1, result: 0, diagnostic: { source: 'user', code: 0 }, userInformation: '0800065F1F0400001E1D04C80007' }],
];

/** From the table of the reference (4.8), not in the file of vectors. */
const AARE_CONTEXT_REFUSED = bytesOf('6129A109060760857405080101A203020101A305A103020102BE10040E0800065F1F040000501F01F40007');
const AARE_VERSION_TOO_LOW = bytesOf('611FA109060760857405080101A203020101A305A103020101BE0604040E010601');
const RLRE_WITH_RESPONSE = bytesOf('6316800100BE11040F080100065F1F0400001E1D04C80007');

describe('AARQ', () => {
  it.each(AARQS)('%s reads as it should and is written with the same bytes', (id, expected) => {
    const bytes = vector(id);
    const decoded = decodeAarq(bytes);
    expect(decoded.status === 'frame' ? shown(decoded.value) : decoded).toEqual(expected);
    if (decoded.status === 'frame') expect(hexOf(encodeAarq(decoded.value))).toBe(hexOf(bytes));
  });

  it('takes a user-information that is longer than it says, as a client in the field sends it', () => {
    const decoded = decodeAarq(vector('hdlc-GXdir'));
    expect(decoded.status === 'frame' ? shown(decoded.value) : decoded).toEqual({
      ...AARQ_NOTHING,
      context: 1,
      mechanism: 2,
      authentication: '323232323232',
      userInformation: '01011D75393D6443405B5B332A5429632C542740627459246F54344D7861694B0000065F1F0400007E1FFFFF',
    });
  });

  it('takes a user-information that is shorter than it says, and a ciphered one with a wrong length', () => {
    const tooLong = bytesOf(`601DA109060760857405080101BE20041E${INITIATE}`);
    expect(decodeAarq(tooLong)).toMatchObject({ status: 'frame', value: { userInformation: bytesOf(INITIATE) } });
    const glo = hexOf(vector('sec-init-req'));
    const wrong = bytesOf(`6041A109060760857405080103BE020401${glo}`);
    expect(decodeAarq(wrong)).toMatchObject({ status: 'frame', value: { userInformation: vector('sec-init-req') } });
    const general = hexOf(vector('gen-glo-u9n'));
    const generalWrong = bytesOf(`6055A109060760857405080103BE020401${general}`);
    expect(decodeAarq(generalWrong)).toMatchObject({ status: 'frame', value: { userInformation: vector('gen-glo-u9n') } });
    // What stands behind it within its lengths is not dropped, but left for whoever reads it to refuse.
    const padded = bytesOf(`601FA109060760857405080101BE120410${INITIATE}0000`);
    expect(decodeAarq(padded)).toMatchObject({ status: 'frame', value: { userInformation: bytesOf(`${INITIATE}0000`) } });
    expect(decodeAarq(bytesOf('6011A109060760857405080101BE050405AABB'))).toEqual({ status: 'malformed', reason: 'component-length' });
  });

  it('takes components in any order, with long lengths, and passes over unknown ones', () => {
    const bytes = bytesOf(
      `60 8100 BE10040E${INITIATE} BD03AABBCC 9F81010155 8A020780 AC0A80083132333435363738 A903020107 8B0760857405080201
       A1 82000B 06 820007 60857405080101`,
    );
    bytes[2] = bytes.length - 3;
    expect(decodeAarq(bytes)).toMatchObject({
      status: 'frame',
      value: { context: 1, mechanism: 1, callingUserId: 7, authentication: bytesOf('3132333435363738'), userInformation: bytesOf(INITIATE) },
    });
  });

  it('tells names that nobody knows from those that are missing', () => {
    expect(decodeAarq(bytesOf('600BA109060760857405080109'))).toMatchObject({ status: 'frame', value: { context: 9, mechanism: null, ciphered: false } });
    expect(decodeAarq(bytesOf('600BA109060760857405080301'))).toMatchObject({ status: 'frame', value: { context: -1 } });
    expect(decodeAarq(bytesOf('6010A109060760857405080101 8B03608574'))).toMatchObject({ status: 'frame', value: { mechanism: -1 } });
  });

  test.each([
    ['61 00', 'tag-unknown'],
    ['60 80 00 00', 'length-form'],
    ['60 00 00', 'trailing-bytes'],
    ['60 00', 'context-name'],
    ['60 02 A1 01', 'component-length'],
    ['60 0B A1 09 05 07 60857405080101', 'context-name'],
    ['60 0D A109060760857405080101 AC00', 'authentication-value'],
    ['60 11 A109060760857405080101 AC04 81020780', 'authentication-value'],
    ['60 11 A109060760857405080101 A604 0403AABB', 'calling-title'],
    ['60 0F A109060760857405080101 A902 0200', 'calling-user-id'],
    ['60 0F A109060760857405080101 BE02 0500', 'user-information'],
    ['60 16 A109060760857405080101 A109060760857405080101', 'component-twice'],
    ['60 0D A109060760857405080101 BD80', 'length-form'],
  ])('%s is malformed: %s', (hex, reason) => {
    expect(decodeAarq(bytesOf(hex))).toEqual({ status: 'malformed', reason });
  });
});

describe('AARE', () => {
  it.each(AARES)('%s reads as it should and is written with the same bytes', (id, expected) => {
    const bytes = vector(id);
    const decoded = decodeAare(bytes);
    expect(decoded.status === 'frame' ? shown(decoded.value) : decoded).toEqual(expected);
    if (decoded.status === 'frame') expect(hexOf(encodeAare(decoded.value))).toBe(hexOf(bytes));
  });

  it('refused: says why, with or without a service error', () => {
    const refused = { context: 1, result: 1, diagnostic: { source: 'user', code: 2 } } as const;
    expect(decodeAare(AARE_CONTEXT_REFUSED)).toMatchObject({ status: 'frame', value: { ...refused, userInformation: bytesOf(RESPONSE) } });
    expect(hexOf(encodeAare({ ...refused, userInformation: bytesOf(RESPONSE) }))).toBe(hexOf(AARE_CONTEXT_REFUSED));
    const tooLow = { context: 1, result: 1, diagnostic: { source: 'user', code: 1 }, userInformation: bytesOf('0E010601') } as const;
    expect(decodeAare(AARE_VERSION_TOO_LOW)).toMatchObject({ status: 'frame', value: tooLow });
    expect(hexOf(encodeAare(tooLow))).toBe(hexOf(AARE_VERSION_TOO_LOW));
  });

  it('takes a length in a longer form than it needs, as a meter in the field sends it', () => {
    const bytes = vector('hdlc-kam-pub-AARE');
    expect(hexOf(bytes.subarray(0, 4))).toBe('61820035');
    expect(decodeAare(bytes)).toMatchObject({
      status: 'frame',
      value: { result: 0, respondingTitle: bytesOf('4B414D450235CB3A'), userInformation: bytesOf('0800065F1F040000101D07EB0007') },
    });
  });

  it('tells the provider from the user', () => {
    const aare = { context: 3, result: 2, diagnostic: { source: 'provider', code: 2 } } as const;
    expect(decodeAare(encodeAare(aare))).toMatchObject({ status: 'frame', value: aare });
    expect(diagnosticText(aare.diagnostic)).toBe('no common version of ACSE (provider 2)');
    expect(diagnosticText({ source: 'user', code: 13 })).toBe('authentication failed (13)');
    expect(diagnosticText({ source: 'user', code: 77 })).toBe('unknown diagnostic (77)');
  });

  test.each([
    ['6100', 'context-name'],
    ['610BA109060760857405080101', 'result'],
    ['6110A109060760857405080101A203020103', 'result'],
    ['6110A109060760857405080101A203020100', 'diagnostic'],
    ['6117A109060760857405080101A203020100A305A303020100', 'diagnostic'],
    ['611BA109060760857405080101A203020100A305A103020100A4020401', 'responding-title'],
    ['611BA109060760857405080101A203020100A305A103020100AA020401', 'authentication-value'],
    ['611BA109060760857405080101A203020100A305A103020100BE020405', 'user-information'],
  ])('%s is malformed: %s', (hex, reason) => {
    expect(decodeAare(bytesOf(hex))).toEqual({ status: 'malformed', reason });
  });
});

describe('release', () => {
  it('reads and writes the vectors', () => {
    expect(decodeRlrq(vector('rlrq'))).toEqual({ status: 'frame', value: { reason: 0, userInformation: null } });
    expect(hexOf(encodeRlrq({ reason: 0 }))).toBe(hexOf(vector('rlrq')));
    expect(decodeRlre(vector('rlre'))).toEqual({ status: 'frame', value: { reason: 0, userInformation: null } });
    expect(hexOf(encodeRlre({ reason: 0 }))).toBe(hexOf(vector('rlre')));
    const userInformation = RLRE_WITH_RESPONSE.subarray(-15);
    expect(decodeRlre(RLRE_WITH_RESPONSE)).toMatchObject({ status: 'frame', value: { reason: 0, userInformation } });
    expect(hexOf(encodeRlre({ reason: 0, userInformation }))).toBe(hexOf(RLRE_WITH_RESPONSE));
    expect(decodeRlrq(bytesOf('6200'))).toEqual({ status: 'frame', value: { reason: null, userInformation: null } });
    expect(decodeRlrq(vector('rlre'))).toEqual({ status: 'malformed', reason: 'tag-unknown' });
    expect(decodeRlrq(bytesOf('62028000'))).toEqual({ status: 'malformed', reason: 'reason' });
    expect(decodeRlrq(bytesOf('6204BE020500'))).toEqual({ status: 'malformed', reason: 'user-information' });
  });
});

describe('hostile bytes', () => {
  const all: readonly (readonly [Uint8Array, (bytes: Uint8Array) => { readonly status: string }, (value: never) => Uint8Array])[] = [
    ...[...AARQS.map(([id]) => id), 'hdlc-GXdir', 'hls-aarq'].map((id) => [vector(id), decodeAarq, encodeAarq] as const),
    ...[...AARES.map(([id]) => id), 'hdlc-kam-pub-AARE', 'hls-aare'].map((id) => [vector(id), decodeAare, encodeAare] as const),
    [AARE_VERSION_TOO_LOW, decodeAare, encodeAare],
    [vector('rlrq'), decodeRlrq, encodeRlrq],
    [RLRE_WITH_RESPONSE, decodeRlre, encodeRlre],
    [vector('hls-rlre'), decodeRlre, encodeRlre],
  ];

  it('cut anywhere is incomplete; with a byte more it is malformed', () => {
    for (const [bytes, decode] of all) {
      for (let length = 0; length < bytes.length; length++) expect(decode(bytes.subarray(0, length))).toEqual({ status: 'incomplete' });
      expect(decode(Buffer.concat([bytes, Uint8Array.of(0)]))).toEqual({ status: 'malformed', reason: 'trailing-bytes' });
    }
  });

  it('with any bit turned over it reads, or says why not, and what reads is written so that it reads the same', () => {
    let read = 0;
    let refused = 0;
    for (const [bytes, decode, encode] of all) {
      for (const flipped of flips(bytes)) {
        const decoded = decode(flipped) as { readonly status: string; readonly value?: never; readonly reason?: string };
        if (decoded.status !== 'frame') {
          refused++;
          continue;
        }
        read++;
        const value = decoded.value as unknown as Partial<Aarq & Aare & Rlrq>;
        // Names that are none, and numbers that this side never writes.
        if (value.context === -1 || value.mechanism === -1 || (value.reason ?? 0) > 127 || (value.diagnostic?.code ?? 0) & ~127 || (value.callingUserId ?? 0) & ~255) continue;
        expect(shown((decode(encode(decoded.value as never)) as { readonly value?: object }).value ?? {})).toEqual(shown(value));
      }
    }
    expect(read).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(1000);
  });

  it('random bytes in an envelope that fits never throw', () => {
    const { roll, bytes } = dice('acse random');
    const seen = new Set<string>();
    for (let round = 0; round < 20_000; round++) {
      const content = bytes(roll(60));
      const tag = 0x60 + roll(4);
      const apdu = Uint8Array.of(tag, content.length, ...content);
      for (const decode of [decodeAarq, decodeAare, decodeRlrq, decodeRlre]) {
        const decoded = decode(apdu);
        seen.add(decoded.status === 'malformed' ? decoded.reason : decoded.status);
      }
    }
    expect([...seen]).toEqual(expect.arrayContaining(['frame', 'tag-unknown', 'component-length', 'length-form', 'context-name']));
  });
});

describe('round trip', () => {
  const { roll, bytes } = dice('acse round trip');
  const maybe = <T>(make: () => T): T | null => (roll(2) === 0 ? null : make());

  it('any AARQ', () => {
    for (let round = 0; round < 2000; round++) {
      const context = roll(6);
      const aarq: Aarq = {
        context,
        ciphered: isCipheredContext(context),
        mechanism: maybe(() => roll(8)),
        authentication: maybe(() => bytes(roll(80))),
        calledTitle: maybe(() => bytes(8)),
        callingTitle: maybe(() => bytes(8)),
        callingQualifier: maybe(() => bytes(roll(600))),
        callingUserId: maybe(() => roll(256)),
        // No InitiateRequest by chance: its own length would count.
        userInformation: maybe(() => Uint8Array.of(0xc0, ...bytes(roll(300)))),
      };
      const decoded = decodeAarq(encodeAarq(aarq));
      expect(decoded.status === 'frame' ? shown(decoded.value) : decoded).toEqual(shown(aarq));
    }
  });

  it('any AARE', () => {
    for (let round = 0; round < 2000; round++) {
      const aare: Aare = {
        context: roll(6),
        result: roll(3) as 0 | 1 | 2,
        diagnostic: { source: roll(2) === 0 ? 'user' : 'provider', code: roll(15) },
        mechanism: maybe(() => roll(8)),
        authentication: maybe(() => bytes(roll(80))),
        respondingTitle: maybe(() => bytes(8)),
        userInformation: maybe(() => Uint8Array.of(0xc0, ...bytes(roll(300)))),
      };
      const decoded = decodeAare(encodeAare(aare));
      expect(decoded.status === 'frame' ? shown(decoded.value) : decoded).toEqual(shown(aare));
    }
  });

  it('an InitiateRequest within an AARQ keeps its bytes, whatever the lengths around it say', () => {
    const inner = bytesOf('0101081122334455667788 0100 0105 06 5F1F0400 007E1F 04B0');
    const good = encodeAarq({ context: 1, userInformation: inner });
    const at = good.length - inner.length;
    for (let told = 0; told < 0x7e; told++) {
      const lying = Uint8Array.from(good);
      lying[at - 1] = told;
      lying[at - 3] = told + 2;
      const decoded = decodeAarq(lying);
      expect(decoded, `${told}`).toMatchObject({ status: 'frame', value: { userInformation: inner } });
    }
  });
});
