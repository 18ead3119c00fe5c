import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.ts';
import { ReceiveCounter, SendCounter } from '../security/counters.ts';
import type { SecurityKeys } from '../security/keys.ts';
import { MessageCipher, type OpenContext } from '../security/message-cipher.ts';
import { Refusals } from '../security/refusals.ts';
import { ClientAssociation } from './client-association.ts';
import type { ClientOptions, ClientSecurity } from './client-options.ts';
import { bytesOf, drive, errorOf, hexOf, scripted } from './drive.fixture.ts';

interface Vector {
  readonly id: string;
  readonly hex: string;
}

const VECTORS = JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as Vector[];
const vector = (id: string): string => VECTORS.find((candidate) => candidate.id === id)?.hex ?? '';
/** The APDU of a WPDU. */
const apduOf = (id: string): string => vector(id).slice(16);

const KEYS: SecurityKeys = {
  suite: 0,
  encryption: bytesOf('000102030405060708090A0B0C0D0E0F'),
  authentication: bytesOf('D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF'),
  broadcast: null,
  broadcastAuthentication: null,
  master: bytesOf('00112233445566778899AABBCCDDEEFF'),
};

const security = (changes: Partial<ClientSecurity> = {}): ClientSecurity => ({
  keys: KEYS,
  systemTitle: bytesOf('4D4D4D0000000001'),
  serverTitle: null,
  authenticated: true,
  encrypted: true,
  ciphering: 'glo',
  sendCounter: new SendCounter(1),
  receiveCounter: new ReceiveCounter(),
  ...changes,
});

const client = (options: Partial<ClientOptions> = {}): ClientAssociation =>
  new ClientAssociation({ clientSap: 1, serverSap: 1, random: () => Uint8Array.from(Buffer.from('K56iVagY')), challengeBytes: 8, ...options });

const NAME = bytesOf('0100010800FF');
const ENERGY = { classId: 3, logicalName: NAME, attribute: 2 };

// Recorded between Gurux.DLMS.Python and a server; keys and titles of the Green Book.
describe('a recorded session with HLS 5', () => {
  const open = (changes: Partial<ClientSecurity> = {}) => client({ mechanism: 5, security: security(changes), conformance: 0x401e5d, quirks: { anyInvokeId: true } });

  it('sends the same bytes and believes the server', () => {
    const association = open();
    const { peer, sent } = scripted([apduOf('hls-aare'), apduOf('hls-pass4')]);
    const negotiated = drive(association.associate(), peer);
    expect(sent).toEqual([apduOf('hls-aarq'), apduOf('hls-pass3')]);
    expect(negotiated).toMatchObject({ conformance: 0x001e1d, serverPduBytesMax: 1024 });
    expect(hexOf(negotiated.serverTitle ?? NAME)).toBe('4D4D4D0000BC614E');
    const get = scripted([apduOf('hls-getr')]);
    expect(drive(association.get(ENERGY), get.peer)).toEqual({ data: bytesOf('060001E240') });
    const action = scripted([apduOf('hls-actr')]);
    const disconnect = { classId: 70, logicalName: bytesOf('000060030AFF'), method: 1 };
    expect(drive(association.action(disconnect, bytesOf('0F00')), action.peer)).toEqual({ result: 0, data: null });
    drive(association.release(), scripted([apduOf('hls-rlre')]).peer);
    expect(association.negotiated).toBeNull();
  });

  it('sends RLRQ in clear to whom it must', () => {
    const association = client({ mechanism: 5, security: security(), conformance: 0x401e5d, quirks: { plainRelease: true } });
    drive(association.associate(), scripted([apduOf('hls-aare'), apduOf('hls-pass4')]).peer);
    const { peer, sent } = scripted([apduOf('hls-rlre')]);
    drive(association.release(), peer);
    expect(sent).toEqual([apduOf('hls-rlrq')]);
  });

  it('refuses another title, another key, a wrong proof', () => {
    const wrongTitle = open({ serverTitle: bytesOf('4D4D4D0000BC614F') });
    expect(errorOf(() => drive(wrongTitle.associate(), scripted([apduOf('hls-aare')]).peer)).code).toBe('security');
    const wrongKey = open({ keys: { ...KEYS, authentication: KEYS.encryption } });
    expect(errorOf(() => drive(wrongKey.associate(), scripted([apduOf('hls-aare')]).peer))).toMatchObject({ code: 'security', message: expect.stringContaining('tag') });
    expect(wrongKey.refusals.of('tag')).toBe(1);
    // The same session with another challenge: the token of pass 4 is not for it.
    const replayed = new ClientAssociation({ ...open().options, random: () => Uint8Array.from(Buffer.from('K56iVagZ')) });
    const error = errorOf(() => drive(replayed.associate(), scripted([apduOf('hls-aare'), apduOf('hls-pass4')]).peer));
    expect(error.code).toBe('authentication-failed');
    expect(replayed.negotiated).toBeNull();
  });

  it('never takes an answer twice', () => {
    const association = open();
    drive(association.associate(), scripted([apduOf('hls-aare'), apduOf('hls-pass4')]).peer);
    drive(association.get(ENERGY), scripted([apduOf('hls-getr')]).peer);
    // The old answer again, then nothing: the caller hears why.
    const error = errorOf(() => drive(association.get(ENERGY), scripted([apduOf('hls-getr')]).peer));
    expect(error).toMatchObject({ code: 'security', message: expect.stringContaining('counter') });
    expect(error.cause).toMatchObject({ code: 'timeout' });
    // The old answer again, then the right one: it is taken.
    expect(drive(association.action({ classId: 70, logicalName: NAME, method: 1 }), scripted([apduOf('hls-getr'), apduOf('hls-actr')]).peer).result).toBe(0);
  });
});

describe('requests without an answer', () => {
  const broadcast = bytesOf('0F0E0D0C0B0A09080706050403020100');
  const serverTitle = bytesOf('4D4D4D0000BC614E');
  const agreed = { preEstablished: { conformance: 0x1f, serverPduBytesMax: 100 }, mechanism: 0 } as const;
  const reader = (): OpenContext => ({
    keys: { ...KEYS, broadcast },
    dedicatedKey: null,
    peerTitle: bytesOf('4D4D4D0000000001'),
    ownTitle: serverTitle,
    policy: 3,
    receiveCounter: () => new ReceiveCounter(),
  });

  it('go to one in the unicast key, to all in the broadcast key', () => {
    const association = client({
      ...agreed,
      security: security({ keys: { ...KEYS, broadcast }, serverTitle, broadcastSendCounter: new SendCounter(77) }),
    });
    const cipher = new MessageCipher(new Refusals());
    const toAll = cipher.openBytes(Uint8Array.from(association.unconfirmedSet(ENERGY, bytesOf('1107'), { broadcast: true })), reader());
    expect(toAll).toMatchObject({ status: 'plain', keySet: 'broadcast', counter: 77 });
    expect(toAll.status === 'plain' && hexOf(toAll.plaintext)).toBe('C1018100030100010800FF02001107');
    const toOne = cipher.openBytes(Uint8Array.from(association.unconfirmedAction({ classId: 70, logicalName: NAME, method: 1 })), reader());
    expect(toOne).toMatchObject({ status: 'plain', keySet: 'unicast', counter: 1 });
    expect(toOne.status === 'plain' && hexOf(toOne.plaintext)).toBe('C3018200460100010800FF0100');
  });

  it('are refused when they can not be', () => {
    const none = client({ ...agreed, security: security({ serverTitle }) });
    expect(errorOf(() => none.unconfirmedSet(ENERGY, bytesOf('1107'), { broadcast: true })).code).toBe('not-supported');
    expect(errorOf(() => none.unconfirmedSet(ENERGY, new Uint8Array(200))).code).toBe('too-long');
    const spent = client({ ...agreed, security: security({ serverTitle, sendCounter: new SendCounter(2 ** 32) }) });
    expect(errorOf(() => spent.unconfirmedSet(ENERGY, bytesOf('1107'))).code).toBe('counter-exhausted');
    expect(errorOf(() => drive(spent.get(ENERGY), scripted([]).peer)).code).toBe('counter-exhausted');
  });
});

describe('association without ciphering', () => {
  it('sends the AARQ of the Green Book', () => {
    const none = scripted([vector('aare-ok')]);
    expect(drive(client({ conformance: 0x007e1f, pduBytesMax: 1200 }).associate(), none.peer)).toMatchObject({ conformance: 0x00501f, serverPduBytesMax: 500 });
    expect(none.sent).toEqual([vector('aarq-none')]);
    const lls = scripted([vector('aare-ok')]);
    drive(client({ conformance: 0x007e1f, pduBytesMax: 1200, mechanism: 1, secret: Buffer.from('12345678') }).associate(), lls.peer);
    expect(lls.sent).toEqual([vector('aarq-lls')]);
  });

  it.each([
    ['6129A109060760857405080101A203020101A305A103020102BE10040E0800065F1F040000501F01F40007', 'user', 2],
    ['611FA109060760857405080101A203020101A305A103020101BE0604040E010601', 'user', 1],
    ['6117A109060760857405080101A203020102A305A20302010200', 'malformed', 0],
    ['6117A109060760857405080101A203020102A305A203020102', 'provider', 2],
  ])('says why it is refused: %s', (aare, source, code) => {
    const error = errorOf(() => drive(client().associate(), scripted([aare]).peer));
    if (source === 'malformed') expect(error.code).toBe('malformed');
    else expect(error).toMatchObject({ code: 'association-refused', details: { diagnostic: { source, code } } });
  });

  it('keeps what the server says beyond the diagnostic', () => {
    const aare = '611FA109060760857405080101A203020101A305A103020101BE0604040E010601';
    const error = errorOf(() => drive(client().associate(), scripted([aare]).peer));
    expect(error.details.serviceError).toEqual({ of: 1, error: 6, code: 1 });
    expect(error.message).toContain('DLMS version too low');
  });

  it.each([
    ['exception', 'D801 06 00000105'],
    ['exception', 'D80101'],
    ['service-error', '0E010302'],
    ['unexpected-answer', 'C401C100 00'],
    ['malformed', '61'],
    ['malformed', '6129A1090607608574050801'],
    ['malformed', 'FF00FF'],
    ['timeout', null],
  ])('throws %s for %s', (code, answer) => {
    const error = errorOf(() => drive(client().associate(), scripted(answer === null ? [] : [answer]).peer));
    expect(error.code).toBe(code);
    if (answer?.startsWith('D801 06') === true) expect(error.details.exception).toEqual({ state: 1, reason: 6, counter: 0x105 });
  });

  it('does nothing without an association', () => {
    const association = client();
    expect(errorOf(() => drive(association.get(ENERGY), scripted([]).peer)).code).toBe('not-associated');
    expect(errorOf(() => drive(association.getList([{ attribute: ENERGY }]), scripted([]).peer)).code).toBe('not-associated');
    expect(errorOf(() => association.unconfirmedSet(ENERGY, bytesOf('00'))).code).toBe('not-associated');
    drive(association.release(), scripted([]).peer);
  });
});
