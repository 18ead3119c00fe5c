/**
 * How the head-end proves itself to its devices. In an installation with security it derives each device's keys from the
 * master key and the device's system title, as whoever provisioned the devices did, and keeps both invocation counters of
 * each device for as long as it lives. A device that has seen higher ones (from an earlier life) says so, and is believed.
 */

import type { ClientOptions } from '../../protocol/dlms/client/client-options.ts';
import { concentratorSystemTitle, meterSystemTitle } from '../../protocol/dlms/push/logical-device-name.ts';
import { ReceiveCounter, SendCounter } from '../../protocol/dlms/security/counters.ts';
import { MasterKey, type SecurityKeys } from '../../protocol/dlms/security/keys.ts';
import type { SecuritySuite } from '../../protocol/dlms/security/suite.ts';

/** Management client. */
const CLIENT_SAP = 1;
/** `MSMHES` and a number: this head-end. */
const SYSTEM_TITLE = Uint8Array.of(0x4d, 0x53, 0x4d, 0x48, 0x45, 0x53, 0, 1);
const HLS_GMAC = 5;

/** Secrets of an installation that a head-end reads with. */
export interface PollSecurity {
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
  readonly suite: SecuritySuite;
}

/** Who is meant: `meter` null is the concentrator's own logical device. */
export interface DeviceName {
  readonly concentrator: number;
  readonly meter: number | null;
}

export interface Credentials {
  optionsFor(device: DeviceName): Omit<ClientOptions, 'serverSap' | 'random'>;
  /** The device wants invocation counters from `counter` on. */
  counterWanted(device: DeviceName, counter: number): void;
}

interface Secrets {
  readonly keys: SecurityKeys;
  readonly serverTitle: Uint8Array;
  sendCounter: SendCounter;
  receiveCounter: ReceiveCounter;
}

export function credentialsOf(security: PollSecurity | null): Credentials {
  if (security === null) {
    return { optionsFor: () => ({ clientSap: CLIENT_SAP, mechanism: 0 }), counterWanted: () => {} };
  }
  return new DerivedCredentials(security);
}

class DerivedCredentials implements Credentials {
  readonly #master: MasterKey;
  readonly #suite: SecuritySuite;
  /** By meter number; concentrators count from -1 downwards. */
  readonly #secrets = new Map<number, Secrets>();

  constructor(security: PollSecurity) {
    this.#master = new MasterKey(security.masterKey);
    this.#suite = security.suite;
  }

  optionsFor(device: DeviceName): Omit<ClientOptions, 'serverSap' | 'random'> {
    const { keys, serverTitle, sendCounter, receiveCounter } = this.#secretsOf(device);
    return {
      clientSap: CLIENT_SAP,
      mechanism: HLS_GMAC,
      security: {
        keys,
        systemTitle: SYSTEM_TITLE,
        serverTitle,
        authenticated: true,
        encrypted: true,
        ciphering: 'glo',
        sendCounter,
        receiveCounter,
      },
    };
  }

  counterWanted(device: DeviceName, counter: number): void {
    const secrets = this.#secretsOf(device);
    if (counter > secrets.sendCounter.next) secrets.sendCounter = new SendCounter(counter);
  }

  #secretsOf(device: DeviceName): Secrets {
    const { concentrator, meter } = device;
    const id = meter === null ? -1 - concentrator : meter;
    let secrets = this.#secrets.get(id);
    if (secrets === undefined) {
      const serverTitle = meter === null ? concentratorSystemTitle(concentrator) : meterSystemTitle(meter);
      const keys = this.#master.keysOf(serverTitle, this.#suite);
      secrets = { keys, serverTitle, sendCounter: new SendCounter(1), receiveCounter: new ReceiveCounter() };
      this.#secrets.set(id, secrets);
    }
    return secrets;
  }
}
