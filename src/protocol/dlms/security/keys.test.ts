import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { unwrapKey, wrapKey } from './key-wrap.ts';
import { MASTER_KEY_BYTES, MasterKey, newMasterKeyBytes } from './keys.ts';
import { bytesOf, flips, hexOf, vector } from './vectors.fixture.ts';

const BYTES = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 0xff);
const ONE = bytesOf('4D53540000000001');
const OTHER = bytesOf('4D53540000000002');

/** HKDF-SHA-256 written out (RFC 5869), for up to 32 bytes. */
function hkdf(input: Uint8Array, salt: string, info: Uint8Array, length: number): Uint8Array {
  const key = createHmac('sha256', salt).update(input).digest();
  return createHmac('sha256', key).update(info).update(Uint8Array.of(1)).digest().subarray(0, length);
}

describe('MasterKey', () => {
  it.each([0, 1, 2] as const)('derives the keys of suite %i by HKDF', (suite) => {
    const keys = new MasterKey(BYTES).keysOf(ONE, suite);
    const info = (purpose: string, title: Uint8Array): Uint8Array => Buffer.concat([Buffer.from(purpose), Uint8Array.of(0, suite), title]);
    const length = suite === 2 ? 32 : 16;
    const expected = {
      encryption: info('unicast encryption', ONE),
      authentication: info('authentication', ONE),
      broadcast: info('broadcast encryption', new Uint8Array(0)),
      broadcastAuthentication: info('broadcast authentication', new Uint8Array(0)),
      master: info('key encryption', ONE),
    };
    expect(keys.suite).toBe(suite);
    for (const [name, derivedFrom] of Object.entries(expected)) {
      expect(hexOf(keys[name as keyof typeof expected]), name).toBe(hexOf(hkdf(BYTES, 'meterstorm dlms', derivedFrom, length)));
    }
  });

  it('gives each device, purpose, suite and installation keys of its own; broadcast alone is shared', () => {
    const masters = [new MasterKey(BYTES), new MasterKey(BYTES.map((byte) => byte ^ 1))];
    const seen: string[] = [];
    for (const master of masters) {
      for (const title of [ONE, OTHER]) {
        for (const suite of [0, 1, 2] as const) {
          const { encryption, authentication, master: kek } = master.keysOf(title, suite);
          seen.push(...[encryption, authentication, kek].map((key) => hexOf(key).slice(0, 32)));
        }
        seen.push(hexOf(master.hlsSecretOf(title)).slice(0, 32), hexOf(master.passwordOf(title)), hexOf(master.passwordOf(title, 'reader')));
      }
      seen.push(hexOf(master.keysOf(ONE, 0).broadcast), hexOf(master.keysOf(ONE, 0).broadcastAuthentication));
      expect(master.keysOf(ONE, 0).broadcast).toEqual(master.keysOf(OTHER, 0).broadcast);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(new MasterKey(BYTES).keysOf(ONE, 0)).toEqual(new MasterKey(BYTES).keysOf(ONE, 0));
  });

  it('makes passwords that can be typed', () => {
    const password = Buffer.from(new MasterKey(BYTES).passwordOf(ONE)).toString('ascii');
    expect(password).toMatch(/^[A-Za-z0-9_-]{16}$/);
  });

  it('keeps its own copy', () => {
    const bytes = Uint8Array.from(BYTES);
    const master = new MasterKey(bytes);
    bytes.fill(0);
    expect(master.keysOf(ONE, 0)).toEqual(new MasterKey(BYTES).keysOf(ONE, 0));
  });

  test.each([
    ['zeros', new Uint8Array(32)],
    ['one byte over and over', new Uint8Array(32).fill(0x42)],
    ['too short', BYTES.subarray(1)],
    ['too long', Uint8Array.from([...BYTES, 0])],
  ])('is not made of %s', (_, bytes) => {
    expect(() => new MasterKey(bytes)).toThrow('a master key');
    expect(() => newMasterKeyBytes(() => bytes)).toThrow('a master key');
  });

  it('is new for each installation', () => {
    const [one, other] = [newMasterKeyBytes(randomBytes), newMasterKeyBytes(randomBytes)];
    expect(one.length).toBe(MASTER_KEY_BYTES);
    expect(hexOf(one)).not.toBe(hexOf(other));
    expect(new MasterKey(one).keysOf(ONE, 0)).not.toEqual(new MasterKey(other).keysOf(ONE, 0));
  });
});

describe('key wrap', () => {
  const sequence = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
  const doubled = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i & 15) * 0x11);

  test.each([
    ['RFC 3394 4.1', sequence(16), doubled(16), hexOf(vector('kw-rfc3394'))],
    ['a GUEK', doubled(16), sequence(16), hexOf(vector('kw-guek'))],
    // RFC 3394 4.3, 4.6.
    ['RFC 3394 4.3', sequence(32), doubled(16), '64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7'],
    ['RFC 3394 4.6', sequence(32), Uint8Array.from([...doubled(16), ...sequence(16)]), '28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21'],
  ])('%s', (_, kek, key, wrapped) => {
    expect(hexOf(wrapKey(kek, key))).toBe(wrapped);
    expect(hexOf(unwrapKey(kek, bytesOf(wrapped)))).toBe(hexOf(key));
    for (const flipped of flips(bytesOf(wrapped))) expect(unwrapKey(kek, flipped)).toBeNull();
    for (let length = 0; length < wrapped.length / 2; length++) expect(unwrapKey(kek, bytesOf(wrapped).subarray(0, length))).toBeNull();
    expect(unwrapKey(kek, bytesOf(`${wrapped}0000000000000000`))).toBeNull();
    expect(unwrapKey(kek.map((byte) => byte ^ 1), bytesOf(wrapped))).toBeNull();
  });
});
