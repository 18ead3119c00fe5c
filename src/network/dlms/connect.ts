/**
 * The short way to a client: plain options in, a connected and associated client out, on the system's clock and sockets.
 * Keys, titles and secrets may be given as hexadecimal text.
 */

import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { CipheringKind, ClientOptions, ClientSecurity, Mechanism } from '../../protocol/dlms/client/client-options.ts';
import type { ProfileQuirks } from '../../protocol/dlms/client/profile-reader.ts';
import type { Notification } from '../../protocol/dlms/client/notification.ts';
import { ReceiveCounter, SendCounter } from '../../protocol/dlms/security/counters.ts';
import type { SecurityKeys } from '../../protocol/dlms/security/keys.ts';
import { keyBytes, type SecuritySuite, SYSTEM_TITLE_BYTES } from '../../protocol/dlms/security/suite.ts';
import { TcpWire } from '../wire/tcp-wire.ts';
import { TlsWire, type TlsWireOptions } from '../wire/tls-wire.ts';
import { UdpWire } from '../wire/udp-wire.ts';
import type { Wire } from '../wire/wire.ts';
import { DlmsClient, type Name } from './dlms-client.ts';
import type { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import { HdlcClientFraming, type HdlcClientFramingOptions } from './hdlc-client-framing.ts';
import { WrapperFraming } from './wrapper-framing.ts';

/** Bytes, or the same in hexadecimal digits; spaces are ignored. */
export type BytesOrHex = Uint8Array | string;

export interface ConnectSecurity {
  /** This client's system title, 8 bytes. */
  readonly systemTitle: BytesOrHex;
  /** Global unicast encryption key and authentication key: 16 bytes, suite 2: 32. */
  readonly encryptionKey: BytesOrHex;
  readonly authenticationKey: BytesOrHex;
  /** Default 0. */
  readonly suite?: SecuritySuite;
  /** The server's system title, if it is to be checked. */
  readonly serverTitle?: BytesOrHex;
  /** Default both. Neither: plain APDUs, and the keys serve HLS 5 alone. */
  readonly protection?: 'both' | 'authenticated' | 'encrypted' | 'none';
  /** Default glo. */
  readonly ciphering?: CipheringKind;
  /**
   * Where the counter of this client goes on; keep it for the next connection, durably: a number that is used twice under one
   * key gives its secrets away. Without it `counterName` must say where the server tells the last one.
   */
  readonly sendCounter?: SendCounter;
  readonly receiveCounter?: ReceiveCounter;
}

export interface ConnectOptions {
  readonly host: string;
  /** Default 4059. */
  readonly port?: number;
  /** Own address to connect from. */
  readonly from?: string;
  /** Default tcp. */
  readonly transport?: 'tcp' | 'tls' | 'udp';
  /** For `tls`: authorities, the name of the server, a certificate of one's own. */
  readonly tls?: TlsWireOptions;
  /** Default wrapper. */
  readonly framing?: 'wrapper' | 'hdlc';
  readonly hdlc?: HdlcClientFramingOptions;
  /** Default 1, the management client; without any authentication 16, the public one. */
  readonly clientSap?: number;
  /** Default 1, the management logical device. */
  readonly serverSap?: number;
  /** Default: 1 with a password, 5 with security, else 0. */
  readonly mechanism?: Mechanism;
  /** Text of LLS. */
  readonly password?: string;
  /** Secret of HLS 3, 4 and 6. */
  readonly secret?: BytesOrHex;
  readonly security?: ConnectSecurity;
  /** Where the server tells the invocation counter that it saw last, for example 0-0:43.1.0*255; asked by the public client. */
  readonly counterName?: Name;
  readonly gateway?: { readonly networkId: number; readonly address: BytesOrHex };
  /** Further options of the association. */
  readonly association?: Partial<Omit<ClientOptions, 'clientSap' | 'serverSap' | 'mechanism' | 'secret' | 'security' | 'gateway' | 'onNotification'>>;
  readonly quirks?: ProfileQuirks;
  /** For the connection, and for each answer; default 10 s. */
  readonly timeoutMs?: number;
  readonly queueMax?: number;
  readonly onNotification?: (notification: Notification) => void;
  readonly onClose?: (error: DlmsError) => void;
  /** Default the system's. */
  readonly clock?: Clock;
  /** In place of `transport`. */
  readonly wire?: Wire;
}

const PORT = 4059;

/**
 * Connects to a meter or concentrator. Errors: TypeError for options that can't be; DlmsError `unreachable`, `timeout`,
 * `link`, `closed`, and those of an association.
 */
export async function connect(options: ConnectOptions): Promise<DlmsClient> {
  const { host, port = PORT, from, framing = 'wrapper', transport = 'tcp', clock = systemClock, timeoutMs } = options;
  const { quirks, counterName, queueMax, onNotification, onClose } = options;
  return await DlmsClient.connect({
    wire: options.wire ?? wireOf(options, clock),
    clock,
    to: { address: host, port },
    framing: (sink) =>
      framing === 'hdlc' ? new HdlcClientFraming(sink, options.hdlc ?? {}) : new WrapperFraming(sink, { datagrams: transport === 'udp' }),
    association: associationOf(options),
    ...(from === undefined ? {} : { from }),
    ...(timeoutMs === undefined ? {} : { connectMs: timeoutMs, answerMs: timeoutMs }),
    ...(quirks === undefined ? {} : { quirks }),
    ...(counterName === undefined ? {} : { counterName }),
    ...(queueMax === undefined ? {} : { queueMax }),
    ...(onNotification === undefined ? {} : { onNotification }),
    ...(onClose === undefined ? {} : { onClose }),
  });
}

/** Keys as the core wants them. Those that a reading client does not need are filled with bytes that nobody knows. */
export function securityKeys(options: Pick<ConnectSecurity, 'encryptionKey' | 'authenticationKey' | 'suite'>): SecurityKeys {
  const { suite = 0 } = options;
  return Object.freeze({
    suite,
    encryption: sized(options.encryptionKey, keyBytes(suite), 'encryptionKey'),
    authentication: sized(options.authenticationKey, keyBytes(suite), 'authenticationKey'),
    broadcast: null,
    broadcastAuthentication: null,
    master: Uint8Array.from(randomBytes(keyBytes(suite))),
  });
}

function wireOf({ transport = 'tcp', framing = 'wrapper', tls = {} }: ConnectOptions, clock: Clock): Wire {
  if (transport === 'udp') {
    if (framing === 'hdlc') throw new TypeError('HDLC does not go over UDP: choose the wrapper, or tcp');
    return new UdpWire({ clock, connectionsMax: 1, idleMs: 3_600_000 });
  }
  return transport === 'tls' ? new TlsWire(tls) : new TcpWire();
}

function associationOf(options: ConnectOptions): ClientOptions {
  const { serverSap = 1, password, security, secret, gateway, association = {} } = options;
  const { mechanism = security !== undefined ? 5 : password !== undefined ? 1 : 0 } = options;
  const { clientSap = mechanism === 0 && security === undefined ? 16 : 1 } = options;
  if (mechanism === 1 && password === undefined) throw new TypeError('mechanism 1 needs `password`');
  if ((mechanism === 3 || mechanism === 4 || mechanism === 6) && secret === undefined) throw new TypeError(`mechanism ${mechanism} needs \`secret\``);
  if ((mechanism === 5 || mechanism === 6) && security === undefined) throw new TypeError(`mechanism ${mechanism} needs \`security\``);
  return {
    random: (bytes) => Uint8Array.from(randomBytes(bytes)),
    // Over HDLC one APDU answers one: no bursts.
    ...(options.framing === 'hdlc' ? { generalBlockWindow: 1 } : {}),
    ...association,
    clientSap,
    serverSap,
    mechanism,
    secret: mechanism === 1 ? new TextEncoder().encode(password) : secret === undefined ? null : bytesOf(secret, 'secret'),
    security: security === undefined ? null : securityOf(security, options),
    gateway: gateway === undefined ? null : { networkId: gateway.networkId, address: bytesOf(gateway.address, 'gateway.address') },
  };
}

function securityOf(security: ConnectSecurity, { counterName }: ConnectOptions): ClientSecurity {
  const { protection = 'both', ciphering = 'glo', serverTitle, sendCounter, receiveCounter } = security;
  if (sendCounter === undefined && counterName === undefined) {
    throw new TypeError('security needs `sendCounter`, or `counterName` to ask the meter: a counter must never begin again');
  }
  return {
    keys: securityKeys(security),
    systemTitle: sized(security.systemTitle, SYSTEM_TITLE_BYTES, 'systemTitle'),
    serverTitle: serverTitle === undefined ? null : sized(serverTitle, SYSTEM_TITLE_BYTES, 'serverTitle'),
    authenticated: protection === 'both' || protection === 'authenticated',
    encrypted: protection === 'both' || protection === 'encrypted',
    ciphering,
    sendCounter: sendCounter ?? new SendCounter(),
    receiveCounter: receiveCounter ?? new ReceiveCounter(),
  };
}

function sized(value: BytesOrHex, length: number, name: string): Uint8Array {
  const bytes = bytesOf(value, name);
  if (bytes.length !== length) throw new TypeError(`\`${name}\` has ${bytes.length} bytes, not ${length}`);
  return bytes;
}

function bytesOf(value: BytesOrHex, name: string): Uint8Array {
  if (typeof value !== 'string') return Uint8Array.from(value);
  const digits = value.replaceAll(/\s/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) throw new TypeError(`\`${name}\` is not hexadecimal`);
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}
