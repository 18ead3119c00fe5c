/** Block transfers with peers of a few lines: good ones, and ones that lose count. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.ts';
import { ClientAssociation } from './client-association.ts';
import { type ClientOptions, type Exchange, type Negotiated } from './client-options.ts';
import { bytesOf, drive, errorOf, hexOf, type Peer, scripted } from './drive.fixture.ts';

interface Vector {
  readonly id: string;
  readonly hex: string;
}

const VECTORS = JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as Vector[];
const vector = (id: string): string => VECTORS.find((candidate) => candidate.id === id)?.hex ?? '';

const ATTRIBUTE = { classId: 1, logicalName: bytesOf('0000800000FF'), attribute: 2 };
const OTHER = { classId: 1, logicalName: bytesOf('0000800100FF'), attribute: 2 };
const METHOD = { classId: 18, logicalName: bytesOf('00002C0000FF'), method: 2 };
const ALL = 0x62fedf;
const GBT = 0x200000;

/** The octet-string of the Green Book's examples: 50 bytes 01, 02 .. 50 that read like decimal numbers. */
const FIFTY = bytesOf(`0932${Array.from({ length: 50 }, (_, i) => String(i + 1).padStart(2, '0')).join('')}`);

/** Any invoke-id is taken, so that answers can be written down. */
function association(changes: Partial<ClientOptions> = {}, agreed: Partial<Negotiated> = {}): ClientAssociation {
  return new ClientAssociation({
    clientSap: 1,
    serverSap: 1,
    random: (bytes) => new Uint8Array(bytes),
    preEstablished: { conformance: ALL & ~GBT, serverPduBytesMax: 0, ...agreed },
    quirks: { anyInvokeId: true },
    ...changes,
  });
}

const get = (changes: Partial<ClientOptions> = {}): Exchange<unknown> => association(changes).get(ATTRIBUTE);

describe('GET in blocks', () => {
  it('puts the blocks of the Green Book together', () => {
    const { peer, sent } = scripted([vector('getr-block1'), vector('getr-block2')]);
    expect(drive(get(), peer)).toEqual({ data: FIFTY });
    expect(sent[1]).toBe('C002C100000001');
  });

  it.each([
    ['the block after the next', ['C402C1000000000100020932', 'C402C100000000030001AA'], 'unexpected-answer'],
    ['block 2 first', ['C402C100000000020001AA'], 'unexpected-answer'],
    ['a whole value in between', ['C402C1000000000100020932', 'C401C1000600000001'], 'unexpected-answer'],
    ['a list in between', ['C402C1000000000100020932', 'C403C1010000'], 'unexpected-answer'],
    ['a list', ['C403C1010000'], 'unexpected-answer'],
    ['blocks that make no Data', ['C402C10100000001000211'], 'malformed'],
    ['blocks that make too little', ['C402C101000000010002093211'], 'malformed'],
    ['blocks that make more than one Data', ['C402C1010000000100050011070000'], 'malformed'],
    ['nothing more', ['C402C1000000000100020932'], 'timeout'],
  ])('a server that sends %s', (_, answers, code) => {
    expect(errorOf(() => drive(get(), scripted(answers).peer)).code).toBe(code);
  });

  it.each([
    [{ error: 2 }, ['C402C1010000000101 02']],
    [{ error: 15 }, ['C402C1000000000100020932', 'C402C1010000000201 0F']],
    [{ error: 16 }, ['C402C1000000000100020932', 'C401C10110']],
    [{ data: bytesOf('11AA') }, ['C402C10000000001000111', 'C402C10000000001000111', 'C402C101000000020001AA']],
  ])('answers %j', (result, answers) => expect(drive(get(), scripted(answers).peer)).toEqual(result));

  it('ends with a server that never does', () => {
    let block = 0;
    const peer: Peer = () => {
      block++;
      return Uint8Array.of(0xc4, 2, 0xc1, 0, 0, 0, block >> 8, block & 0xff, 0, 0x81, 0x80, ...new Uint8Array(128));
    };
    expect(errorOf(() => drive(get({ answerBytesMax: 10_000 }), peer)).code).toBe('block-transfer');
    expect(block).toBe(79);
    // The last block over and over: no answer, since it might be the network that says it twice, but not for ever.
    const repeated: Peer = () => bytesOf('C402C100000000010001AA');
    expect(errorOf(() => drive(get(), repeated)).code).toBe('unexpected-answer');
  });

  it('reads a list in blocks, one result an item', () => {
    const items = [{ attribute: ATTRIBUTE }, { attribute: OTHER }];
    const whole = scripted(['C403C1020011070104']);
    expect(drive(association().getList(items), whole.peer)).toEqual([{ data: bytesOf('1107') }, { error: 4 }]);
    const blocks = scripted(['C402C10000000001000302 0011', 'C402C1010000000200030701 04']);
    expect(drive(association().getList(items), blocks.peer)).toEqual([{ data: bytesOf('1107') }, { error: 4 }]);
    expect(drive(association().getList(items), scripted(['C401C10103']).peer)).toEqual([{ error: 3 }, { error: 3 }]);
    for (const answer of ['C403C101001107', 'C402C101000000010003010103', 'C403C103010401040104']) {
      expect(errorOf(() => drive(association().getList(items), scripted([answer]).peer)).code).toBe('unexpected-answer');
    }
    expect(errorOf(() => drive(association().getList(items), scripted(['C402C101000000010004FF010103']).peer)).code).toBe('malformed');
    expect(drive(association().getList([]), scripted([]).peer)).toEqual([]);
    expect(errorOf(() => drive(association({}, { conformance: 0x10 }).getList(items), whole.peer)).code).toBe('not-supported');
  });
});

describe('SET in blocks', () => {
  const VALUE = Uint8Array.of(0x09, 100, ...Array.from({ length: 100 }, (_, i) => i));
  const small = { serverPduBytesMax: 40, conformance: 0x1f | 0x800 | 0x200 };

  /** A server that puts the blocks together. */
  function assembling(kind: 'one' | 'list'): { readonly peer: Peer; readonly bytes: number[]; readonly longest: () => number } {
    const bytes: number[] = [];
    let longest = 0;
    const peer: Peer = (apdu) => {
      longest = Math.max(longest, apdu.length);
      const choice = apdu[1];
      const at = choice === 2 ? 13 : choice === 5 ? 4 + 20 : 3;
      const [last, block] = [apdu[at]!, apdu[at + 4]!];
      bytes.push(...apdu.subarray(at + 6));
      expect(apdu[at + 5]).toBe(apdu.length - at - 6);
      if (last === 0) return Uint8Array.of(0xc5, 2, apdu[2]!, 0, 0, 0, block);
      return kind === 'one' ? Uint8Array.of(0xc5, 3, apdu[2]!, 0, 0, 0, 0, block) : Uint8Array.of(0xc5, 4, apdu[2]!, 2, 0, 3, 0, 0, 0, block);
    };
    return { peer, bytes, longest: () => longest };
  }

  it('cuts a value to the PDU of the server', () => {
    const server = assembling('one');
    expect(drive(association({}, small).set(ATTRIBUTE, VALUE), server.peer)).toBe(0);
    expect(Uint8Array.from(server.bytes)).toEqual(VALUE);
    expect(server.longest()).toBe(40);
  });

  it('cuts a list to the PDU of the server', () => {
    const server = assembling('list');
    const items = [{ attribute: ATTRIBUTE, value: VALUE }, { attribute: OTHER, value: bytesOf('0A03303030') }];
    expect(drive(association({}, small).setList(items), server.peer)).toEqual([0, 3]);
    expect(Uint8Array.from(server.bytes)).toEqual(Uint8Array.of(2, ...VALUE, ...bytesOf('0A03303030')));
    expect(server.longest()).toBe(40);
  });

  it('sends a list in one piece as the Green Book has it', () => {
    const items = [
      { attribute: ATTRIBUTE, value: FIFTY },
      { attribute: OTHER, value: bytesOf('0A03303030') },
    ];
    const { peer, sent } = scripted(['C505C1020000']);
    expect(drive(association().setList(items), peer)).toEqual([0, 0]);
    expect(sent[0]!.replace(/^C104C1/, 'C10481')).toBe(vector('set-list'));
  });

  it('hears an early end, and knows a wrong acknowledgement', () => {
    const set = (): Exchange<number> => association({}, small).set(ATTRIBUTE, VALUE);
    expect(drive(set(), scripted(['C503C10C00000001']).peer)).toBe(12);
    expect(drive(set(), scripted(['C501C102']).peer)).toBe(2);
    for (const answers of [['C502C100000002'], ['C502C100000001', 'C502C100000001'], ['C505C1020000'], Array.from({ length: 9 }, (_, i) => `C502C10000000${i + 1}`)]) {
      expect(errorOf(() => drive(set(), scripted(answers).peer)).code).toBe('unexpected-answer');
    }
  });

  it('is too long where nothing was agreed', () => {
    const error = errorOf(() => drive(association({}, { ...small, conformance: 0x1f }).set(ATTRIBUTE, VALUE), scripted([]).peer));
    expect(error.code).toBe('too-long');
    expect(errorOf(() => drive(association({}, { ...small, serverPduBytesMax: 12 }).set(ATTRIBUTE, VALUE), scripted([]).peer)).code).toBe('too-long');
  });
});

describe('ACTION in blocks', () => {
  const PARAMETER = Uint8Array.of(0x09, 60, ...new Uint8Array(60).fill(7));
  const small = { serverPduBytesMax: 40, conformance: 0x1f | 0x400 | 0x200 };

  it('goes both ways', () => {
    const { peer, sent } = scripted(['C704C100000001', 'C704C100000002', 'C702C10000000001020001', 'C702C101000000020300 1107']);
    expect(drive(association({}, small).action(METHOD, PARAMETER), peer)).toEqual({ result: 0, data: { data: bytesOf('1107') } });
    expect(sent.every((apdu) => apdu.length <= 80)).toBe(true);
    expect(sent.map((apdu) => apdu.slice(0, 4))).toEqual(['C304', 'C306', 'C306', 'C302']);
    expect(sent[3]!.slice(6)).toBe('00000001');
  });

  it.each([
    ['C702C101000000010300 0104', { result: 0, data: { error: 4 } }, 'malformed'],
    ['C702C101000000010400 0101 04', { result: 0, data: { error: 4 } }, null],
    ['C702C101000000010200 00', { result: 0, data: null }, null],
    ['C702C101000000010211 07', { result: 0, data: { data: bytesOf('1107') } }, null],
    ['C702C101000000010403 0100 00', { result: 3, data: { data: bytesOf('00') } }, null],
  ])('reads %s either way', (answer, reply, failure) => {
    const act = (): unknown => drive(association().action(METHOD), scripted([answer]).peer);
    if (failure === null) expect(act()).toEqual(reply);
    else expect(errorOf(act).code).toBe(failure);
  });

  it('goes as a list', () => {
    const items = [{ method: METHOD, parameter: PARAMETER }, { method: METHOD }];
    const whole = scripted(['C703C102 0000 030101 02']);
    expect(drive(association().actionList(items), whole.peer)).toEqual([{ result: 0, data: null }, { result: 3, data: { error: 2 } }]);
    expect(whole.sent[0]).toContain(`02${hexOf(PARAMETER)}00`);
    const blocks = scripted(['C704C100000001', 'C704C100000002', 'C702C101000000010502 0000 0300']);
    expect(drive(association({}, small).actionList(items), blocks.peer)).toEqual([{ result: 0, data: null }, { result: 3, data: null }]);
    expect(blocks.sent[0]!.slice(0, 8)).toBe('C305C102');
    expect(errorOf(() => drive(association().actionList(items), scripted(['C701C10000']).peer)).code).toBe('unexpected-answer');
    expect(drive(association().actionList(items), scripted(['C701C10300']).peer)).toEqual([{ result: 3, data: null }, { result: 3, data: null }]);
  });
});

describe('general blocks', () => {
  const general = { serverPduBytesMax: 40, conformance: 0x1f | 0x40 | GBT };
  const block = (control: number, number: number, acknowledged: number, raw: string): string => {
    const bytes = bytesOf(raw);
    return hexOf(Uint8Array.of(0xe0, control, number >> 8, number & 0xff, acknowledged >> 8, acknowledged & 0xff, bytes.length, ...bytes));
  };

  it('come as an answer: streamed, then asked for', () => {
    const { peer, sent } = scripted([block(0x41, 1, 0, 'C401C1'), block(0x41, 2, 0, '000932'), block(0x01, 3, 0, '00'.repeat(20)), block(0x81, 4, 1, '00'.repeat(30))]);
    expect(drive(association({}, general).get(ATTRIBUTE), peer)).toEqual({ data: bytesOf(`0932${'00'.repeat(50)}`) });
    expect(sent.slice(1)).toEqual(['', '', 'E0880001000300']);
  });

  it('are asked for again when one is lost, or the last never comes', () => {
    const gap = scripted([block(0x41, 1, 0, 'C401C1'), block(0x01, 3, 0, '07'), block(0x41, 2, 0, '0011'), block(0x81, 3, 0, '07')]);
    expect(drive(association({}, general).get(ATTRIBUTE), gap.peer)).toEqual({ data: bytesOf('1107') });
    expect(gap.sent[2]).toBe('E0880001000100');
    let turn = 0;
    const silent: Peer = () => [block(0x41, 1, 0, 'C401C100'), null, block(0x81, 2, 0, '1107')].map((hex) => (hex === null ? null : bytesOf(hex)))[turn++] ?? null;
    expect(drive(association({}, general).get(ATTRIBUTE), silent)).toEqual({ data: bytesOf('1107') });
    expect(errorOf(() => drive(association({}, general).get(ATTRIBUTE), scripted([block(0x41, 1, 0, 'C401')]).peer)).code).toBe('timeout');
  });

  it('carry a request that is too long, each acknowledged', () => {
    const value = Uint8Array.of(0x09, 100, ...new Uint8Array(100).fill(3));
    const bytes: number[] = [];
    const peer: Peer = (apdu) => {
      expect(apdu.length).toBeLessThanOrEqual(40);
      const number = apdu[3]!;
      bytes.push(...apdu.subarray(7));
      if ((apdu[1]! & 0x80) === 0) return bytesOf(block(0x88, 1, number, ''));
      return bytesOf(block(0x88, 1, number, 'C501C100'));
    };
    expect(drive(association({}, general).set(ATTRIBUTE, value), peer)).toBe(0);
    expect(hexOf(Uint8Array.from(bytes))).toMatch(/^C101C.00010000800000FF02000964/);
    expect(bytes.length).toBe(13 + 102);
  });

  it('go again when they are not taken, a few times', () => {
    const value = new Uint8Array(102).fill(0);
    value.set([0x09, 100]);
    let sent = 0;
    const deaf: Peer = () => {
      sent++;
      return bytesOf(block(0x88, 1, 0, ''));
    };
    expect(errorOf(() => drive(association({}, general).set(ATTRIBUTE, value), deaf)).code).toBe('block-transfer');
    expect(sent).toBe(5);
    const refusing: Peer = () => bytesOf('D80204');
    expect(errorOf(() => drive(association({}, general).set(ATTRIBUTE, value), refusing)).code).toBe('exception');
  });

  it('never fill the memory', () => {
    let number = 0;
    const peer: Peer = () => {
      number++;
      return bytesOf(block(0x41, number, 0, 'AA'.repeat(100)));
    };
    expect(errorOf(() => drive(association({ answerBytesMax: 5000 }, general).get(ATTRIBUTE), peer)).code).toBe('block-transfer');
    expect(number).toBe(51);
  });

  it('bring pushes, also those of a real meter', () => {
    const client = association();
    const push = `0F00000001000932${'00'.repeat(50)}`;
    expect(client.notification(bytesOf(block(0x40, 1, 0, push.slice(0, 40))))).toBeNull();
    expect(client.notification(bytesOf(block(0xc0, 2, 0, push.slice(40))))).toMatchObject({ kind: 'data', longInvoke: 1, authentic: false });
    expect(client.notification(bytesOf(block(0xc0, 2, 0, push.slice(40))))).toBeNull();
    expect(client.notification(bytesOf('E600040000002A0F0000000200060000 0001'))).toMatchObject({ kind: 'data', longInvoke: 2 });
  });
});

describe('ACCESS', () => {
  it('sends the request of the reference and reads its answer', () => {
    const items = [
      { kind: 'get', attribute: { classId: 8, logicalName: bytesOf('0000010000FF'), attribute: 2 } },
      { kind: 'get', attribute: { classId: 3, logicalName: bytesOf('0100010800FF'), attribute: 2 } },
    ] as const;
    const { peer, sent } = scripted([vector('acc-resp')]);
    expect(drive(association().access(items), peer)).toEqual([
      { result: 0, data: bytesOf('090C07E80B15040A0F0000FFC400') },
      { result: 0, data: bytesOf('06000186A0') },
    ]);
    expect(sent[0]!.slice(10)).toBe(vector('acc-req').slice(10));
    expect(sent[0]!.slice(0, 10)).toBe('D9C0000001');
  });

  it('may stop at the first error, if it was told to', () => {
    const attribute = ATTRIBUTE;
    const items = [{ kind: 'set', attribute, value: bytesOf('1107') }, { kind: 'action', method: METHOD, parameter: null }, { kind: 'get', attribute }] as const;
    const cut = 'DA E0000001 00 00 01 00 01 02 03';
    const { peer, sent } = scripted([cut]);
    expect(drive(association().access(items, { breakOnError: true }), peer)).toEqual([{ result: 3, data: bytesOf('00') }]);
    expect(sent[0]!.slice(0, 10)).toBe('D9E0000001');
    expect(errorOf(() => drive(association().access(items), scripted([cut]).peer)).code).toBe('unexpected-answer');
    expect(errorOf(() => drive(association({}, { conformance: 0x1f }).access(items), scripted([cut]).peer)).code).toBe('not-supported');
  });
});

describe('a gateway', () => {
  const gateway = { networkId: 3, address: bytesOf('0000002A') };

  it('stands in front of each APDU, and answers for the right device alone', () => {
    const { peer, sent } = scripted(['E703040000002AC401C1001107']);
    expect(drive(association({ gateway }).get(ATTRIBUTE), peer)).toEqual({ data: bytesOf('1107') });
    expect(sent[0]!.startsWith('E603040000002AC001C')).toBe(true);
    for (const answer of ['C401C1001107', 'E703040000002BC401C1001107', 'E704040000002AC401C1001107']) {
      expect(errorOf(() => drive(association({ gateway }).get(ATTRIBUTE), scripted([answer]).peer)).code).toBe('unexpected-answer');
    }
    expect(errorOf(() => drive(association({ gateway }).get(ATTRIBUTE), scripted(['E70304']).peer)).code).toBe('malformed');
    expect(errorOf(() => drive(association({ gateway }).get(ATTRIBUTE), scripted(['D80101']).peer)).code).toBe('exception');
  });

  it('takes its bytes from the PDU', () => {
    const agreed = { serverPduBytesMax: 40, conformance: 0x1f | 0x800 };
    const { peer, sent } = scripted(['E703040000002AC502C100000001', 'E703040000002AC503C1000 0000002'.replaceAll(' ', '')]);
    drive(association({ gateway }, agreed).set(ATTRIBUTE, Uint8Array.of(0x09, 30, ...new Uint8Array(30))), peer);
    expect(sent.map((apdu) => apdu.length / 2).every((bytes) => bytes <= 40)).toBe(true);
  });
});
