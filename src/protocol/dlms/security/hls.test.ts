import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FrameCipher } from './cipher.ts';
import { type HlsExchange, type HlsMechanism, hlsToken, hlsTokenIsRight, isChallenge, isHlsMechanism, secretsAreEqual } from './hls.ts';
import { bytesOf, flips, hexOf, vector } from './vectors.fixture.ts';

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'ascii'));

const KEY = { suite: 0, encryption: bytesOf('000102030405060708090A0B0C0D0E0F'), authentication: bytesOf('D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF') } as const;
const CLIENT = bytesOf('4D4D4D0000000001');
const SERVER = bytesOf('4D4D4D0000BC614E');

/** The exchange of the Green Book's example, seen by the client and by the server. */
function sides(mechanism: HlsMechanism): { readonly client: HlsExchange; readonly server: HlsExchange } {
  const common = { mechanism, secret: ascii('12345678'), key: KEY };
  const ctos = ascii('K56iVagY');
  const stoc = ascii('P6wRJ21F');
  return {
    client: { ...common, ownTitle: CLIENT, peerTitle: SERVER, ownChallenge: ctos, peerChallenge: stoc },
    server: { ...common, ownTitle: SERVER, peerTitle: CLIENT, ownChallenge: stoc, peerChallenge: ctos },
  };
}

/** Tokens of client and server; the counters of mechanism 5 are 1 and 01234567. */
const TOKENS: readonly (readonly [HlsMechanism, client: string, server: string])[] = [
  [3, hexOf(vector('hls3-md5')), '870F56D7F2BA75482CA41BE31A21630B'],
  [4, hexOf(vector('hls4-sha1')), '900162368EE99CD4765ECE8E9075D3DE84C44A95'],
  [5, hexOf(vector('hls5-stoc')), hexOf(vector('hls5-ctos'))],
  [6, hexOf(vector('hls6-sha256')), '5DA97807E1B30B5D95A5B48BDA34C4232130F761E57C316CCDEF70322605A90D'],
];

describe.each(TOKENS)('HLS %i', (mechanism, clientToken, serverToken) => {
  const cipher = new FrameCipher();
  const { client, server } = sides(mechanism);

  it('makes the tokens of the example', () => {
    expect(hexOf(hlsToken(cipher, client, 1))).toBe(clientToken);
    expect(hexOf(hlsToken(cipher, server, 0x01234567))).toBe(serverToken);
  });

  it('takes the other side’s token, and no other', () => {
    expect(hlsTokenIsRight(cipher, server, bytesOf(clientToken))).toBe(true);
    expect(hlsTokenIsRight(cipher, client, bytesOf(serverToken))).toBe(true);
    // Its own, come back.
    expect(hlsTokenIsRight(cipher, client, bytesOf(clientToken))).toBe(false);
    for (const flipped of flips(bytesOf(clientToken))) expect(hlsTokenIsRight(cipher, server, flipped)).toBe(false);
    for (let length = 0; length < clientToken.length / 2; length++) {
      expect(hlsTokenIsRight(cipher, server, bytesOf(clientToken).subarray(0, length))).toBe(false);
    }
    expect(hlsTokenIsRight(cipher, server, bytesOf(`${clientToken}00`))).toBe(false);
  });

  it('depends on everything that it should', () => {
    const token = bytesOf(clientToken);
    const other = Uint8Array.from({ length: 16 }, (_, i) => 0x55 ^ i);
    const byKeys = mechanism === 5;
    const byTitles = mechanism === 5 || mechanism === 6;
    const right = (change: Partial<HlsExchange>): boolean => hlsTokenIsRight(cipher, { ...server, ...change }, token);
    expect(right({ secret: other })).toBe(byKeys);
    expect(right({ key: { ...KEY, encryption: other } })).toBe(!byKeys);
    expect(right({ key: { ...KEY, authentication: other } })).toBe(!byKeys);
    expect(right({ ownChallenge: other })).toBe(false);
    expect(right({ peerTitle: other.subarray(0, 8) })).toBe(!byTitles);
    // A title that is none, as an AARQ may bring.
    expect(right({ peerTitle: other })).toBe(!byTitles);
  });
});

describe('HLS 5', () => {
  it('says its suite, and uses the longer keys of suite 2', () => {
    const encryption = bytesOf('000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F');
    const authentication = bytesOf('D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEF');
    const { client, server } = sides(5);
    const key = { suite: 2, encryption, authentication } as const;
    const token = hlsToken(new FrameCipher(), { ...client, key }, 7);
    // The rule written out once more: the tag of nothing over SC | AK | challenge.
    const gmac = createCipheriv('aes-256-gcm', encryption, Buffer.concat([CLIENT, bytesOf('00000007')]), { authTagLength: 12 });
    gmac.setAAD(Buffer.concat([Uint8Array.of(0x12), authentication, client.peerChallenge]));
    gmac.final();
    expect(hexOf(token)).toBe(`1200000007${hexOf(gmac.getAuthTag())}`);
    expect(hlsTokenIsRight(new FrameCipher(), { ...server, key }, token)).toBe(true);
    expect(hlsTokenIsRight(new FrameCipher(), server, token)).toBe(false);
    const suite1 = { ...KEY, suite: 1 } as const;
    expect(hlsToken(new FrameCipher(), { ...client, key: suite1 }, 7)[0]).toBe(0x11);
  });
});

describe('challenges and secrets', () => {
  it('a challenge has 8 to 64 bytes and is not this side’s own', () => {
    const own = ascii('K56iVagY');
    expect([7, 8, 64, 65].map((length) => isChallenge(new Uint8Array(length), null))).toEqual([false, true, true, false]);
    expect(isChallenge(ascii('K56iVagY'), own)).toBe(false);
    expect(isChallenge(ascii('K56iVagZ'), own)).toBe(true);
  });

  it('secrets are equal when all bytes are', () => {
    expect(secretsAreEqual(ascii('12345678'), ascii('12345678'))).toBe(true);
    expect(secretsAreEqual(ascii('12345678'), ascii('12345679'))).toBe(false);
    expect(secretsAreEqual(ascii('12345678'), ascii('1234567'))).toBe(false);
    expect(secretsAreEqual(new Uint8Array(0), ascii('1'))).toBe(false);
  });

  it('knows its mechanisms', () => {
    expect([null, -1, 0, 1, 2, 3, 4, 5, 6, 7].filter(isHlsMechanism)).toEqual([3, 4, 5, 6]);
  });
});
