import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../data/byte-writer.ts';
import type { Decoded } from '../data/data-codec.ts';
import { Draws } from '../data/draws.fixture.ts';
import { bytesOf, type Codec, exact, framesInside, hexOf, type Rewritten, rewrittenFlips, vectorsOf } from '../data/vectors.fixture.ts';
import { type Apdu, decodeApdu, encodeApdu, putApdu } from './apdu.ts';
import { ApduDecoder } from './apdu-decode.ts';
import { putGetDataHead } from './apdu-encode.ts';
import { readGateway } from './gateway.ts';
import { RANDOM_APDUS } from './random-apdu.fixture.ts';

const CODEC: Codec<Apdu> = { decode: decodeApdu, encode: encodeApdu };
/** Ciphered and ACSE ones have codecs of their own. */
const OTHERS = /^(?:sec-|suite2|gen-glo|aarq|aare|rlr|gw)/;
const VECTORS = vectorsOf('apdu').filter(({ id }) => !OTHERS.test(id));

const clock = { classId: 8, logicalName: bytesOf('0000010000FF'), attribute: 2 };
const counter = { classId: 1, logicalName: bytesOf('00002B0100FF'), attribute: 2 };
const energy = { classId: 3, logicalName: bytesOf('0100010800FF'), attribute: 2 };
const name = { classId: 1, logicalName: bytesOf('00002A0000FF'), attribute: 2 };
const alarm = { classId: 1, logicalName: bytesOf('0000616214FF'), attribute: 2 };
const TIME = bytesOf('07E80B15040A0F0000FFC400');

/** What the vectors mean; Gurux, u9n and the Green Book read them so. */
const MEANINGS: Readonly<Record<string, Partial<Apdu>>> = {
  'get-normal': { service: 'get-request', kind: 'normal', invoke: 0xc1, attribute: counter, selection: null },
  'get-list': {
    service: 'get-request',
    kind: 'list',
    invoke: 0xc1,
    items: [
      { attribute: name, selection: null },
      { attribute: clock, selection: null },
    ],
  },
  'getr': { service: 'get-response', kind: 'normal', invoke: 0xc1, result: { data: bytesOf('0600001391') } },
  'getr-err': { service: 'get-response', kind: 'normal', invoke: 0xc1, result: { error: 1 } },
  'getr-block2': {
    service: 'get-response',
    kind: 'block',
    invoke: 0x81,
    last: true,
    block: 2,
    result: { raw: bytesOf('29303132333435363738394041424344454647484950') },
  },
  'act-disc': {
    service: 'action-request',
    kind: 'normal',
    invoke: 0xc1,
    method: { classId: 70, logicalName: bytesOf('000060030AFF'), method: 1 },
    parameter: bytesOf('0F00'),
  },
  'actr-ok': { service: 'action-response', kind: 'normal', invoke: 0xc0, result: 0, data: null },
  'actr-err': { service: 'action-response', kind: 'normal', invoke: 0xc0, result: 0, data: { error: 250 } },
  'actr-data': { service: 'action-response', invoke: 0xc0, result: 0, data: { data: bytesOf('0911 10 00001AFD E8857B728A3499106AA665D1') } },
  'exc': { service: 'exception-response', state: 1, reason: 1, counter: null },
  'cse': { service: 'confirmed-service-error', of: 1, error: 6, code: 1 },
  'en': { service: 'event-notification', time: TIME, attribute: alarm, value: bytesOf('0600002012') },
  'en0': { service: 'event-notification', time: null, attribute: alarm, value: bytesOf('0600002012') },
  'dn': { service: 'data-notification', longInvoke: 1, time: TIME },
  'acc-req': {
    service: 'access-request',
    longInvoke: 0x40000001,
    time: null,
    specifications: [
      { kind: 'get', attribute: clock, selection: null },
      { kind: 'get', attribute: energy, selection: null },
    ],
    data: [bytesOf('00'), bytesOf('00')],
  },
  'acc-resp': {
    service: 'access-response',
    longInvoke: 0x40000001,
    time: null,
    specifications: null,
    results: [
      { kind: 'get', result: 0 },
      { kind: 'get', result: 0 },
    ],
  },
  'gbt1': {
    service: 'general-block-transfer',
    last: true,
    streaming: true,
    window: 0,
    block: 1,
    acknowledged: 0,
    raw: bytesOf('C001C100080000010000FF0200'),
  },
};

function read(hex: string): Decoded<Apdu> {
  return decodeApdu(bytesOf(hex));
}

function outcome(decoded: Decoded<Apdu>): string {
  return decoded.status === 'malformed' ? decoded.reason : decoded.status;
}

describe('APDU vectors', () => {
  it('are there', () => expect(VECTORS).toHaveLength(22));

  it.each(VECTORS)('$id is read and written: $meaning', ({ hex }) => {
    exact(CODEC, bytesOf(hex));
  });

  it.each(Object.entries(MEANINGS))('%s means what it says', (id, meaning) => {
    const vector = VECTORS.find((candidate) => candidate.id === id);
    expect(read(vector?.hex ?? '')).toMatchObject({ status: 'frame', value: meaning });
  });

  it.each(VECTORS)('$id cut anywhere is incomplete, and with a byte more malformed', ({ id, hex }) => {
    const bytes = bytesOf(hex);
    // An action-response may end after its result: some servers do.
    expect(framesInside(CODEC, bytes)).toEqual(id.startsWith('actr-') ? [4] : []);
    for (let length = 0; length < bytes.length; length++) {
      if (!(id.startsWith('actr-') && length === 4)) expect(decodeApdu(bytes.slice(0, length))).toEqual({ status: 'incomplete' });
    }
    expect(read(`${hex}00`)).toEqual({ status: 'malformed', reason: 'trailing-bytes' });
  });

  it.each(VECTORS)('$id with any bit flipped is found out, or is another APDU, or has another form', ({ hex }) => {
    expect(rewrittenFlips(CODEC, bytesOf(hex)).filter((flip) => !isDocumented(flip))).toEqual([]);
  });

  it.each(['getr-block1', 'getr-block2'])('a flag with any other bit is taken for true: %s', (id) => {
    const bytes = bytesOf(VECTORS.find((vector) => vector.id === id)?.hex ?? '');
    expect(rewrittenFlips(CODEC, bytes).map(({ flip }) => flip)).toEqual([7, 6, 5, 4, 3, 2, 1].map((bit) => `3:${bit}`));
  });

  it.each(vectorsOf('apdu').filter(({ id }) => OTHERS.test(id)))('$id is none of these', ({ id, hex }) => {
    if (id.startsWith('gw')) expect(decodeApdu(readGateway(bytesOf(hex))?.apdu ?? bytesOf(''))).toMatchObject({ status: 'frame' });
    expect(read(hex)).toEqual({ status: 'malformed', reason: 'apdu-unknown' });
  });
});

/** The documented other forms: flags that are not 01, lengths in a longer form, a time behind a tag, a reply that ends early. */
function isDocumented({ flip, flipped, written }: Rewritten): boolean {
  const at = 2 * Number.parseInt(flip, 10);
  const [before, byte, behind] = [flipped.slice(0, at), Number.parseInt(flipped.slice(at, at + 2), 16), flipped.slice(at + 2)];
  const isFlag = byte > 1 && written === `${before}01${behind}`;
  const isLongForm = byte > 0x80 && byte <= 0x84 && written === before + behind.slice(2 * (byte - 0x81));
  const isEventTime = flipped.startsWith('C2090C') && written === `C201${flipped.slice(4)}`;
  const isTime = byte === 0x09 && behind.startsWith('0C') && written === before + behind;
  const isShortReply = /^C701....$/.test(flipped) && written === `${flipped}00`;
  return isFlag || isLongForm || isEventTime || isTime || isShortReply;
}

describe('APDUs of every kind', () => {
  it.each(RANDOM_APDUS)('%s comes back from its bytes, and is not found in a part of them', (kind, random) => {
    const draws = new Draws(1, kind);
    const decoder = new ApduDecoder();
    for (let i = 0; i < 150; i++) {
      const apdu = random(draws);
      const bytes = encodeApdu(apdu);
      expect(decodeApdu(bytes)).toEqual({ status: 'frame', value: apdu });
      expect(decoder.decode(bytes)).toEqual({ status: 'frame', value: apdu });
      if (bytes.length > 300) continue;
      expect(framesInside(CODEC, bytes)).toEqual(kind === 'action-response normal' ? [4].filter((length) => length < bytes.length) : []);
      expect(decodeApdu(Uint8Array.of(...bytes, 0))).toEqual({ status: 'malformed', reason: 'trailing-bytes' });
    }
  });

  it.each(RANDOM_APDUS)('%s with any bit flipped is found out, or is another APDU, or has another form', (kind, random) => {
    const draws = new Draws(3, kind);
    for (let i = 0; i < 8; i++) {
      const bytes = encodeApdu(random(draws));
      if (bytes.length <= 150) expect(rewrittenFlips(CODEC, bytes).filter((flip) => !isDocumented(flip))).toEqual([]);
    }
  });

  it('has one of each', () => {
    expect(new Set(RANDOM_APDUS.map(([kind]) => kind)).size).toBe(33);
    for (const [kind, random] of RANDOM_APDUS) {
      const apdu = random(new Draws(1, kind));
      expect('kind' in apdu ? `${apdu.service} ${apdu.kind}` : apdu.service).toBe(kind);
    }
  });

  it('answers hostile bytes with a reason, and what it takes it can write', () => {
    const draws = new Draws(2, 'hostile');
    const seen = new Set<string>();
    for (let i = 0; i < 20_000; i++) {
      const bytes = encodeApdu(draws.of(RANDOM_APDUS)[1](draws));
      for (let damage = draws.below(4); damage > 0; damage--) bytes[draws.below(Math.min(bytes.length, 40))] = draws.below(256);
      const whole = draws.oneIn(4) ? bytes.subarray(0, draws.below(bytes.length)) : bytes;
      const decoded = decodeApdu(whole);
      seen.add(outcome(decoded));
      if (decoded.status !== 'frame') continue;
      const again = encodeApdu(decoded.value);
      if (hexOf(again) !== hexOf(whole)) expect(decodeApdu(again)).toEqual(decoded);
    }
    expect([...seen].sort()).toEqual([
      'apdu-unknown',
      'choice-unknown',
      'compact-form',
      'count-mismatch',
      'frame',
      'incomplete',
      'kind-unknown',
      'length-form',
      'service-unknown',
      'tag-unknown',
      'text-form',
      'time-form',
      'trailing-bytes',
    ]);
  });
});

describe('what makers write in another way', () => {
  it.each([
    ['a time behind a tag, Kaifa', `0F 40000000 09 0C 07E80B15040A0F0000FFC400 11 01`, `0F 40000000 0C 07E80B15040A0F0000FFC400 11 01`],
    ['an event with a tagged time, Gurux', `C2 09 0C 07E80B15040A0F0000FFC400 0001 0000616214FF 02 00`, `C2 01 0C 07E80B15040A0F0000FFC400 0001 0000616214FF 02 00`],
    ['an event with a bare time, Connexo', `C2 0C 07E80B15040A0F0000FFC400 0001 0000616214FF 02 00`, `C2 01 0C 07E80B15040A0F0000FFC400 0001 0000616214FF 02 00`],
    ['an action-response that ends after its result', 'C701C100', 'C701C10000'],
    ['a flag FF', 'C402C1 FF 00000001 00 00', 'C402C1 01 00000001 00 00'],
    ['a count in a longer form', 'C403C1 8101 0101', 'C403C1 01 0101'],
    ['a length in a longer form', 'C402C1 01 00000001 00 820001 AA', 'C402C1 01 00000001 00 01 AA'],
    ['a time length in a longer form', '0F 40000000 810C 07E80B15040A0F0000FFC400 00', '0F 40000000 0C 07E80B15040A0F0000FFC400 00'],
  ])('%s', (_, hex, ours) => {
    const decoded = read(hex);
    expect(decoded.status === 'frame' ? hexOf(encodeApdu(decoded.value)) : decoded).toBe(ours.replaceAll(' ', ''));
  });

  it.each(['C301C1 0046 000060030AFF 01 00', 'C301C1 0046 000060030AFF 01 01 0F00', 'C301C1 0046 000060030AFF 01 01 00'])('an action without parameter: %s', (hex) => {
    exact(CODEC, bytesOf(hex));
  });

  it('keeps Data as it came, in whatever form', () => {
    exact(CODEC, bytesOf('C401C1 00 03FF'));
    exact(CODEC, bytesOf('C401C1 00 09820001AA'));
  });
});

describe('what is refused', () => {
  it.each<readonly [string, string, string]>([
    ['nothing', '', 'incomplete'],
    ...['05', '06', '0C', '0D', '16', '18'].map((tag) => [`short-name service ${tag}`, `${tag} 01 02 FA00`, 'service-unknown'] as const),
    ...['00', '01', '08', '20', 'C6', 'C8', 'D0', 'DB', 'DF', 'E6', 'FF'].map((tag) => [`tag ${tag}`, `${tag} 00 00`, 'apdu-unknown'] as const),
    ...['C000C1', 'C004C1', 'C400C1', 'C404C1', 'C100C1', 'C106C1', 'C500C1', 'C506C1', 'C300C1', 'C307C1', 'C700C1', 'C705C1'].map(
      (head) => [`kind ${head}`, `${head} 0000 0000`, 'kind-unknown'] as const,
    ),
    ['a selection that is neither there nor not', 'C001C1 0008 0000010000FF 02 02', 'choice-unknown'],
    ['a result that is neither', 'C401C1 02 00', 'choice-unknown'],
    ['a block result that is neither', 'C402C1 00 00000001 02 00', 'choice-unknown'],
    ['a parameter that is neither there nor not', 'C301C1 0046 000060030AFF 01 02 00', 'choice-unknown'],
    ['a reply that is neither', 'C701C1 00 02 00', 'choice-unknown'],
    ['specification 0', 'D9 40000001 00 01 00 0008 0000010000FF 02 01 00', 'choice-unknown'],
    ['specification 6', 'D9 40000001 00 01 06 0008 0000010000FF 02 01 00', 'choice-unknown'],
    ['access result 4', 'DA 40000001 00 00 01 00 01 04 00', 'choice-unknown'],
    ['specifications that are neither there nor not', 'DA 40000001 00 02', 'choice-unknown'],
    ['more values than references', 'C104C1 01 0001 0000800000FF 02 00 02 00 00', 'count-mismatch'],
    ['fewer parameters than methods', 'C303C1 01 0046 000060030AFF 01 00', 'count-mismatch'],
    ['more data than specifications', 'D9 40000001 00 00 01 00', 'count-mismatch'],
    ['more results than data', 'DA 40000001 00 00 01 00 02 01 00 01 00', 'count-mismatch'],
    ['a time of 11 bytes', '0F 40000000 0B 07E80B15040A0F0000FFC4 00', 'time-form'],
    ['a tagged time of no bytes', '0F 40000000 09 00 00', 'time-form'],
    ['an event with a time of 5 bytes', 'C2 01 05 07E80B1504 0001 0000616214FF 02 00', 'time-form'],
    ['a value that can not be', 'C401C1 00 07', 'tag-unknown'],
    ['two values', 'C401C1 00 00 00', 'trailing-bytes'],
    ['more references than bytes', 'C003C1 84FFFFFFFF 0001', 'incomplete'],
    ['more results than bytes', 'C403C1 84FFFFFFFF 0001', 'incomplete'],
    ['a longer block', 'C402C1 00 00000001 00 84FFFFFFFF 00', 'incomplete'],
    ['a counter that is missing', 'D8 02 06', 'incomplete'],
    ['a counter that is not awaited', 'D8 02 05 00000001', 'trailing-bytes'],
  ])('%s', (_, hex, expected) => expect(outcome(read(hex))).toBe(expected));

  it('by a decoder that goes on with the next', () => {
    const decoder = new ApduDecoder();
    expect(outcome(decoder.decode(bytesOf('C401C1 02 00')))).toBe('choice-unknown');
    expect(outcome(decoder.decode(bytesOf('C401C1 00 07')))).toBe('tag-unknown');
    expect(decoder.decode(bytesOf('C401C1 01 04'))).toEqual({
      status: 'frame',
      value: { service: 'get-response', kind: 'normal', invoke: 0xc1, result: { error: 4 } },
    });
  });
});

describe('what can not be written', () => {
  const head = { longInvoke: 1, time: null } as const;
  const short = { classId: 1, logicalName: new Uint8Array(5) };

  it.each<[string, Apdu]>([
    ['6 bytes', { service: 'get-request', kind: 'normal', invoke: 0, attribute: { ...short, attribute: 2 }, selection: null }],
    ['6 bytes', { service: 'action-request', kind: 'normal', invoke: 0, method: { ...short, method: 1 }, parameter: null }],
    ['12 bytes', { service: 'data-notification', longInvoke: 1, time: new Uint8Array(11), body: bytesOf('00') }],
    ['12 bytes', { service: 'event-notification', time: new Uint8Array(0), attribute: clock, value: bytesOf('00') }],
    ['one value', { service: 'set-request', kind: 'list', invoke: 0, items: [{ attribute: clock, selection: null }], values: [] }],
    ['one value', { service: 'action-request', kind: 'list', invoke: 0, items: [], parameters: [bytesOf('00')] }],
    ['one value', { service: 'access-request', ...head, specifications: [{ kind: 'get', attribute: clock, selection: null }], data: [] }],
    ['one value', { service: 'access-response', ...head, specifications: null, data: [], results: [{ kind: 'get', result: 0 }] }],
  ])('not with %s: %j', (message, apdu) => expect(() => encodeApdu(apdu)).toThrow(message));
});

describe('memory', () => {
  it('what an APDU holds are views of what came, not copies', () => {
    const bytes = bytesOf('C401C100 0902AABB');
    const decoded = decodeApdu(bytes);
    const data = decoded.status === 'frame' && decoded.value.service === 'get-response' && decoded.value.kind === 'normal' && decoded.value.result;
    expect(data !== false && 'data' in data && data.data.buffer === bytes.buffer).toBe(true);
  });

  it('the head of a GET-response is what the encoder writes', () => {
    const writer = new ByteWriter();
    putGetDataHead(writer, 0xc1);
    writer.doubleLongUnsigned(5009);
    const whole = new ByteWriter();
    putApdu(whole, { service: 'get-response', kind: 'normal', invoke: 0xc1, result: { data: bytesOf('0600001391') } });
    expect(hexOf(writer.view())).toBe(hexOf(whole.view()));
  });
});
