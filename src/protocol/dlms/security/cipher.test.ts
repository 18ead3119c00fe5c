import { createCipheriv } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { ByteWriter } from '../data/byte-writer.ts';
import { controlByte, frameBytes, FrameCipher, type FrameKey, type Protection, protectionOf, readControlByte } from './cipher.ts';
import { bytesOf, dice, hexOf, vector } from './vectors.fixture.ts';

const NOTHING = new Uint8Array(0);
const KEY: FrameKey = { suite: 0, encryption: bytesOf('000102030405060708090A0B0C0D0E0F'), authentication: bytesOf('D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF') };
const KEY_2: FrameKey = {
  suite: 2,
  encryption: Uint8Array.from({ length: 32 }, (_, i) => i),
  authentication: Uint8Array.from({ length: 32 }, (_, i) => 0xd0 + i),
};
const TITLE = bytesOf('4D4D4D0000BC614E');
const GET = bytesOf('C0010000080000010000FF0200');

interface Example {
  readonly name: string;
  /** SC | IC | text | T. */
  readonly frame: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly key: FrameKey;
  readonly systemTitle: Uint8Array;
}

/** Without the tag and length of the APDU. The one with encryption alone is from the table of the reference (6.3). */
const EXAMPLES: readonly Example[] = [
  { name: 'sec-auth', frame: vector('sec-auth').subarray(2), plaintext: GET, key: KEY, systemTitle: TITLE },
  { name: 'sec-enc', frame: bytesOf('2001234567411312FF935A47566827C467BC'), plaintext: GET, key: KEY, systemTitle: TITLE },
  { name: 'sec-ae', frame: vector('sec-ae').subarray(2), plaintext: GET, key: KEY, systemTitle: TITLE },
  {
    name: 'sec-init-req',
    frame: vector('sec-init-req').subarray(2),
    plaintext: bytesOf('01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0'),
    key: KEY,
    systemTitle: TITLE,
  },
  { name: 'sec-init-resp', frame: vector('sec-init-resp').subarray(2), plaintext: bytesOf('0800065F1F0400007C1F04000007'), key: KEY, systemTitle: TITLE },
  { name: 'suite2', frame: vector('suite2').subarray(2), plaintext: GET, key: KEY_2, systemTitle: TITLE },
];

describe('frames', () => {
  const cipher = new FrameCipher();

  it.each(EXAMPLES)('$name opens, and is made again with the same bytes', ({ frame, plaintext, key, systemTitle }) => {
    const opened = cipher.unprotect(frame, { key, systemTitle, additional: NOTHING });
    expect(opened.status === 'plain' ? hexOf(opened.plaintext) : opened).toBe(hexOf(plaintext));
    if (opened.status !== 'plain') return;
    expect(opened.counter).toBe(0x01234567);
    const out = new ByteWriter(1);
    out.u8(0xee);
    const { protection, counter } = opened;
    cipher.protect(out, plaintext, { key, systemTitle, additional: NOTHING, protection, counter });
    expect(hexOf(out.view())).toBe(`EE${hexOf(frame)}`);
    expect(frameBytes(protection, plaintext.length)).toBe(frame.length);
  });

  it('cut anywhere is truncated or has a wrong tag', () => {
    for (const { frame, key, systemTitle } of EXAMPLES.filter(({ name }) => name !== 'sec-enc')) {
      for (let length = 0; length < frame.length; length++) {
        const reason = length < 17 ? 'truncated' : 'tag';
        expect(cipher.unprotect(frame.subarray(0, length), { key, systemTitle, additional: NOTHING })).toEqual({ status: 'refused', reason });
      }
    }
  });

  it('needs all of key, authentication key, title and additional data', () => {
    const { frame, key, systemTitle } = EXAMPLES[2]!;
    const how = { key, systemTitle, additional: NOTHING };
    const changed = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 3 ? byte ^ 4 : byte));
    expect(cipher.unprotect(frame, how).status).toBe('plain');
    for (const wrong of [
      { ...how, key: { ...key, encryption: changed(key.encryption) } },
      { ...how, key: { ...key, authentication: changed(key.authentication) } },
      { ...how, systemTitle: changed(systemTitle) },
      { ...how, additional: Uint8Array.of(0) },
    ]) {
      expect(cipher.unprotect(frame, wrong)).toEqual({ status: 'refused', reason: 'tag' });
    }
    expect(cipher.unprotect(frame, { ...how, key: { ...key, suite: 1 } })).toEqual({ status: 'refused', reason: 'suite' });
    expect(cipher.unprotect(frame, { ...how, key: KEY_2 })).toEqual({ status: 'refused', reason: 'suite' });
  });

  it('agrees with the rule written out: additional data, then a plaintext that stays clear', () => {
    const { bytes, roll } = dice('frames');
    for (let round = 0; round < 500; round++) {
      const suite = roll(3) as 0 | 1 | 2;
      const length = suite === 2 ? 32 : 16;
      const key: FrameKey = { suite, encryption: bytes(length), authentication: bytes(length) };
      const systemTitle = bytes(8);
      const counter = roll(2 ** 32);
      const additional = bytes(roll(2) * roll(40));
      const plaintext = bytes(roll(3) * roll(60));
      const encrypted = roll(2) === 1;
      const protection: Protection = { suite, authenticated: true, encrypted, broadcast: roll(2) === 1 };
      const nonce = Buffer.alloc(12);
      nonce.set(systemTitle);
      nonce.writeUInt32BE(counter, 8);
      const expected = createCipheriv(suite === 2 ? 'aes-256-gcm' : 'aes-128-gcm', key.encryption, nonce, { authTagLength: 12 });
      const control = suite | 0x10 | (encrypted ? 0x20 : 0) | (protection.broadcast ? 0x40 : 0);
      expected.setAAD(Buffer.concat([Uint8Array.of(control), key.authentication, additional, encrypted ? NOTHING : plaintext]));
      const text = encrypted ? expected.update(plaintext) : plaintext;
      expected.final();
      const frame = Buffer.concat([Uint8Array.of(control), nonce.subarray(8), text, expected.getAuthTag()]);
      const out = new ByteWriter();
      cipher.protect(out, plaintext, { key, systemTitle, additional, protection, counter });
      expect(hexOf(out.view())).toBe(hexOf(frame));
      const opened = cipher.unprotect(frame, { key, systemTitle, additional });
      expect(opened).toMatchObject({ status: 'plain', counter, protection });
      if (opened.status === 'plain') expect(hexOf(opened.plaintext)).toBe(hexOf(plaintext));
    }
  });

  it('refuses programmers’ errors', () => {
    const how = { key: KEY, systemTitle: TITLE, additional: NOTHING, counter: 1 };
    const both = protectionOf({ suite: 0, authenticated: true, encrypted: true, broadcast: false });
    const out = new ByteWriter();
    expect(() => cipher.protect(out, GET, { ...how, protection: { ...both, suite: 1 } })).toThrow('suite');
    expect(() => cipher.protect(out, GET, { ...how, protection: { ...both, authenticated: false, encrypted: false } })).toThrow('authenticated or encrypted');
    expect(() => cipher.protect(out, GET, { ...how, protection: both, counter: -1 })).toThrow('u32');
    expect(() => cipher.protect(out, GET, { ...how, protection: both, systemTitle: TITLE.subarray(1) })).toThrow('8 bytes');
    expect(() => cipher.protect(out, GET, { ...how, protection: both, key: { ...KEY, encryption: TITLE } })).toThrow('encryption key');
    expect(() => cipher.protect(out, GET, { ...how, protection: both, key: { ...KEY, authentication: TITLE } })).toThrow('authentication key');
  });
});

describe('security control', () => {
  it('reads back what it wrote, and only that', () => {
    let known = 0;
    for (let control = 0; control < 256; control++) {
      const protection = readControlByte(control);
      if (typeof protection === 'string') {
        expect(protection).toBe(control >= 0x80 ? 'compressed' : 'suite');
        continue;
      }
      known++;
      expect(controlByte(protection)).toBe(control);
      expect(protectionOf({ ...protection })).toBe(protection);
    }
    expect(known).toBe(3 * 8);
  });

  test.each([
    [0x10, { suite: 0, authenticated: true, encrypted: false, broadcast: false }],
    [0x20, { suite: 0, authenticated: false, encrypted: true, broadcast: false }],
    [0x31, { suite: 1, authenticated: true, encrypted: true, broadcast: false }],
    [0x72, { suite: 2, authenticated: true, encrypted: true, broadcast: true }],
  ])('%i', (control, expected) => expect(readControlByte(control)).toEqual(expected));
});
