/** A small meter on the server core: what the tests of the client read, write and invoke. */

import { ActionResult, DataAccessResult } from '../apdu/results.ts';
import type { Data } from '../data/data.ts';
import { putData } from '../data/data-codec.ts';
import { putDateTime } from '../data/date-time.ts';
import { parseObis } from '../data/obis.ts';
import { ReceiveCounter, SendCounter } from '../security/counters.ts';
import type { SecurityKeys } from '../security/keys.ts';
import { keyBytes, type SecuritySuite } from '../security/suite.ts';
import type { CosemObject } from '../server/cosem-object.ts';
import type { ClientRights, DeviceHost, LogicalDevice } from '../server/device-host.ts';
import type { DeviceSecurity } from '../server/device-security.ts';
import { ObjectCatalogue } from '../server/object-catalogue.ts';
import { ServerConnection } from '../server/server-connection.ts';
import { ServerCore, type ServerCoreOptions } from '../server/server-core.ts';
import { ServerStats } from '../server/server-stats.ts';
import { associationObject, invocationCounterObject, sapAssignmentObject, securitySetupObject } from '../server/standard-objects.ts';

export const METER_TITLE = Uint8Array.from(Buffer.from('MMM\0\0\xbc\x61\x4e', 'latin1'));
export const CLIENT_TITLE = Uint8Array.from(Buffer.from('MMM\0\0\0\0\x01', 'latin1'));
export const METER_SECRET = new TextEncoder().encode('12345678');
/** 2024-11-21T09:30:15Z */
export const METER_TIME = 1_732_181_415;
export const ROWS = 96;
const PERIOD_SECONDS = 900;
/** End of the first interval of the profile. */
export const FIRST_ROW = METER_TIME - (METER_TIME % 900) - (ROWS - 1) * PERIOD_SECONDS;

export const ENERGY = '1-0:1.8.0*255';
export const BLOB = '0-0:128.0.0*255';
export const ECHO = '0-0:128.1.0*255';
export const PROFILE = '1-0:99.1.0*255';

export function meterKeys(suite: SecuritySuite): SecurityKeys {
  const bytes = (seed: number): Uint8Array => Uint8Array.from({ length: keyBytes(suite) }, (_, i) => seed + i);
  return { suite, encryption: bytes(0), authentication: bytes(0xd0), broadcast: bytes(0x60), broadcastAuthentication: null, master: bytes(0x90) };
}

export class SmallMeter {
  blob: Uint8Array = new Uint8Array(0);
  clock: Data = { type: 'octet-string', value: dateTime(METER_TIME) };
  invoked = 0;
  readonly security: DeviceSecurity;

  constructor(suite: SecuritySuite) {
    const counters = new Map<string, ReceiveCounter>();
    let keys = meterKeys(suite);
    this.security = {
      get keys() {
        return keys;
      },
      sendCounter: new SendCounter(),
      receiveCounter: (clientSap, keySet) => {
        const key = `${clientSap} ${keySet}`;
        const counter = counters.get(key) ?? new ReceiveCounter();
        counters.set(key, counter);
        return counter;
      },
      transfer: (next) => {
        keys = next;
        counters.clear();
      },
    };
  }
}

export interface SmallMeterOptions {
  readonly suite?: SecuritySuite;
  readonly server?: Partial<ServerCoreOptions>;
  /** Of client 1. */
  readonly policy?: 0 | 1 | 2 | 3;
}

export interface SmallMeterServer {
  readonly meter: SmallMeter;
  readonly core: ServerCore;
  readonly host: DeviceHost<SmallMeter>;
  /** A new connection. */
  open(): ServerConnection<SmallMeter>;
}

/** A host whose one meter is at address 1, and behind the gateway at network 3, address 0000002A. */
export function smallMeter(options: SmallMeterOptions = {}): SmallMeterServer {
  const { suite = 0, server = {}, policy = 0 } = options;
  const meter = new SmallMeter(suite);
  const catalogue = new ObjectCatalogue<SmallMeter>(OBJECTS);
  const logical: LogicalDevice<SmallMeter> = { device: meter, catalogue, systemTitle: METER_TITLE, client: (sap) => rightsOf(sap, meter, policy) };
  const host: DeviceHost<SmallMeter> = {
    open: (serverSap) => (serverSap === 1 ? logical : null),
    openGateway: (networkId, address) => (networkId === 3 && Buffer.from(address).toString('hex') === '0000002a' ? logical : null),
  };
  const core = new ServerCore({ stats: new ServerStats(), random: (bytes) => challenge(bytes), ...server });
  return { meter, core, host, open: () => new ServerConnection(core, host) };
}

function rightsOf(sap: number, meter: SmallMeter, policy: 0 | 1 | 2 | 3): ClientRights | null {
  const { security } = meter;
  if (sap === 16) return { level: 'public', mechanisms: [0], contexts: [1], password: null, hlsSecret: null, security: null, policy: 0 };
  if (sap !== 1) return null;
  return { level: 'manager', mechanisms: [0, 1, 3, 4, 5, 6], contexts: [1, 3], password: METER_SECRET, hlsSecret: METER_SECRET, security, policy };
}

let challenges = 0;
function challenge(bytes: number): Uint8Array {
  challenges++;
  return Uint8Array.from({ length: bytes }, (_, i) => (challenges * 31 + i * 7) & 0xff);
}

function dateTime(unixSeconds: number): Uint8Array {
  const bytes = new Uint8Array(12);
  putDateTime(bytes, 0, unixSeconds, 0, 60);
  return bytes;
}

const rowTime = (row: number): number => FIRST_ROW + row * PERIOD_SECONDS;
export const rowValue = (row: number): number => 1000 + 20 * row;

const OBJECTS: readonly CosemObject<SmallMeter>[] = [
  associationObject(),
  sapAssignmentObject((_, out) => putData(out, { type: 'array', value: [] })),
  securitySetupObject(),
  invocationCounterObject({ e: 0, clientSap: 1 }),
  {
    classId: 8,
    version: 0,
    logicalName: parseObis('0-0:1.0.0*255'),
    attributes: [
      {
        id: 2,
        read: 'public',
        write: 'manager',
        get: ({ clock }, _, out) => {
          putData(out, clock);
          return DataAccessResult.success;
        },
        set: (meter, value) => {
          if (value.type !== 'octet-string' || value.value.length !== 12) return DataAccessResult.typeUnmatched;
          meter.clock = { type: 'octet-string', value: Uint8Array.from(value.value) };
          return DataAccessResult.success;
        },
      },
    ],
    methods: [],
  },
  {
    classId: 3,
    version: 0,
    logicalName: parseObis(ENERGY),
    attributes: [
      {
        id: 2,
        read: 'reader',
        write: 'never',
        get: (_, __, out) => {
          out.doubleLongUnsigned(123_456);
          return DataAccessResult.success;
        },
      },
      {
        id: 3,
        read: 'reader',
        write: 'never',
        get: (_, __, out) => {
          out.structure(2);
          out.integer(-1);
          out.enumeration(30);
          return DataAccessResult.success;
        },
      },
    ],
    methods: [],
  },
  {
    classId: 1,
    version: 0,
    logicalName: parseObis(BLOB),
    attributes: [
      {
        id: 2,
        read: 'reader',
        write: 'manager',
        get: ({ blob }, _, out) => {
          out.octetString(blob);
          return DataAccessResult.success;
        },
        set: (meter, value) => {
          if (value.type !== 'octet-string') return DataAccessResult.typeUnmatched;
          meter.blob = Uint8Array.from(value.value);
          return DataAccessResult.success;
        },
      },
    ],
    methods: [],
  },
  {
    classId: 9000,
    version: 0,
    logicalName: parseObis(ECHO),
    attributes: [],
    methods: [
      {
        id: 1,
        access: 'manager',
        invoke: (meter, parameter, _, out) => {
          meter.invoked++;
          if (parameter !== null) putData(out, parameter);
          return ActionResult.success;
        },
      },
    ],
  },
  {
    classId: 7,
    version: 1,
    logicalName: parseObis(PROFILE),
    attributes: [
      { id: 2, read: 'reader', write: 'never', selectors: [1, 2], get: (_, { selection }, out) => putRows(selection, (data) => putData(out, data)) },
      {
        id: 3,
        read: 'reader',
        write: 'never',
        get: (_, __, out) => {
          putData(out, { type: 'array', value: [column(8, '0-0:1.0.0*255', 2), column(1, '0-0:96.10.1*255', 2), column(3, ENERGY, 2)] });
          return DataAccessResult.success;
        },
      },
      {
        id: 4,
        read: 'reader',
        write: 'never',
        get: (_, __, out) => {
          out.doubleLongUnsigned(PERIOD_SECONDS);
          return DataAccessResult.success;
        },
      },
    ],
    methods: [],
  },
];

function column(classId: number, obis: string, attribute: number): Data {
  return {
    type: 'structure',
    value: [
      { type: 'long-unsigned', value: classId },
      { type: 'octet-string', value: parseObis(obis) },
      { type: 'integer', value: attribute },
      { type: 'long-unsigned', value: 0 },
    ],
  };
}

/** The first row whole; of the others what does not follow from the row above. */
function putRows(selection: { readonly selector: number; readonly parameter: Data } | null, put: (data: Data) => void): number {
  let [from, to] = [0, ROWS - 1];
  if (selection !== null && selection.parameter.type === 'structure') {
    const [first, second, third] = selection.parameter.value;
    if (selection.selector === 2) [from, to] = [numberOf(first) - 1, numberOf(second) === 0 ? ROWS - 1 : numberOf(second) - 1];
    else [from, to] = [Math.max(0, Math.ceil((secondsOf(second) - FIRST_ROW) / PERIOD_SECONDS)), Math.min(ROWS - 1, Math.floor((secondsOf(third) - FIRST_ROW) / PERIOD_SECONDS))];
  }
  const rows: Data[] = [];
  for (let row = from; row <= to; row++) {
    rows.push({
      type: 'structure',
      value: [
        row === from ? { type: 'octet-string', value: dateTime(rowTime(row)) } : { type: 'null-data' },
        row === from ? { type: 'unsigned', value: 8 } : { type: 'null-data' },
        { type: 'double-long-unsigned', value: rowValue(row) },
      ],
    });
  }
  put({ type: 'array', value: rows });
  return DataAccessResult.success;
}

function numberOf(data: Data | undefined): number {
  return data !== undefined && 'value' in data && typeof data.value === 'number' ? data.value : 0;
}

/** Of a date-time in UTC. */
function secondsOf(data: Data | undefined): number {
  if (data?.type !== 'octet-string') return 0;
  const [year = 0, month = 1, day = 1, , hour = 0, minute = 0, second = 0] = [(data.value[0]! << 8) | data.value[1]!, ...data.value.subarray(2)];
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}
