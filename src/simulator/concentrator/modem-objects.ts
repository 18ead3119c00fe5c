/** The concentrator's way to the network: IPv4 setup (class 42), GPRS modem (class 45), GSM diagnostic (class 47 version 1). */

import { below, entityKey } from '../../base/random.ts';
import type { CosemObject } from '../../protocol/dlms/server/cosem-object.ts';
import { computed, constant, cosemObject, stored, StoredValue } from '../meter/cosem-builder.ts';
import { aLongUnsigned, octetsOf } from '../meter/data-checks.ts';
import { array, boolean, dateTime, enumeration, longUnsigned, name, structure, text, u32, unsigned, visible } from '../meter/data-values.ts';
import type { ConcentratorView } from './concentrator-view.ts';

const GPRS_SETUP = '0.0.25.4.0.255';
const APN_BYTES_MAX = 64;

export function modemObjects(): readonly CosemObject<ConcentratorView>[] {
  return [ipv4Setup(), gprsSetup(), gsmDiagnostic()];
}

/** Nothing is known of the network around: no mask, gateway and name servers. */
function ipv4Setup(): CosemObject<ConcentratorView> {
  return cosemObject<ConcentratorView>(42, 0, '0.0.25.1.0.255', [
    constant(2, name(GPRS_SETUP)),
    computed(3, ({ kind, station }) => u32(kind.ipv4?.(station) ?? 0)),
    constant(4, array([])),
    constant(5, array([])),
    constant(6, u32(0xffffffff)),
    constant(7, u32(0)),
    constant(8, boolean(false)),
    constant(9, u32(0)),
    constant(10, u32(0)),
  ]);
}

function gprsSetup(): CosemObject<ConcentratorView> {
  const bestEffort = structure(Array.from({ length: 5 }, () => unsigned(0)));
  return cosemObject<ConcentratorView>(45, 0, GPRS_SETUP, [
    stored(2, new StoredValue<ConcentratorView>('gprs/apn', text('meterstorm')), { check: octetsOf(0, APN_BYTES_MAX) }),
    // Nobody needs to know the PIN.
    stored(3, new StoredValue<ConcentratorView>('gprs/pin', longUnsigned(0)), { check: aLongUnsigned, read: 'manager' }),
    constant(4, structure([bestEffort, bestEffort])),
  ]);
}

const REGISTERED_AT_HOME = 1;
const CIRCUIT_INACTIVE = 0;
const PACKET_GPRS = 1;
const STATIONS_OF_A_CELL = 32;
const AREA_CELLS = 64;
/** Test networks. */
const COUNTRY = 999;
const NETWORK = 99;

/** Signal: worse on worse lines, and another every hour. */
function gsmDiagnostic(): CosemObject<ConcentratorView> {
  return cosemObject<ConcentratorView>(47, 1, '0.0.25.6.0.255', [
    constant(2, visible('Meterstorm')),
    constant(3, enumeration(REGISTERED_AT_HOME)),
    constant(4, enumeration(CIRCUIT_INACTIVE)),
    constant(5, enumeration(PACKET_GPRS)),
    computed(6, (concentrator) => {
      const cell = Math.floor(concentrator.station / STATIONS_OF_A_CELL);
      return structure([
        u32(cell),
        longUnsigned(Math.floor(cell / AREA_CELLS) % 0x10000),
        unsigned(signalOf(concentrator, 0)),
        unsigned(0),
        longUnsigned(COUNTRY),
        longUnsigned(NETWORK),
        u32(below(concentrator.kind.signalKey, cell, 124) + 1),
      ]);
    }),
    computed(7, (concentrator) => {
      const cell = Math.floor(concentrator.station / STATIONS_OF_A_CELL);
      return array([1, 2].map((neighbour) => structure([u32(cell + neighbour), unsigned(signalOf(concentrator, neighbour))])));
    }),
    computed(8, ({ kind, now }) => dateTime(now, kind.offsetMinutes)),
  ]);
}

/** 0 .. 31, as AT+CSQ has it. Neighbour 0 is the cell in use. */
function signalOf({ kind, station, now }: ConcentratorView, neighbour: number): number {
  const line = Math.min(3, kind.stations.link[station]!);
  const hour = Math.floor(now / 3600);
  const draw = below(entityKey(kind.signalKey, station), 4 * (hour % 2 ** 29) + neighbour, 6);
  return Math.max(0, 26 - 5 * line - 4 * neighbour + draw - 3);
}
