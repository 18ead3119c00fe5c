/** The meters of a small site and their objects, without a server in between; for tests. */

import { Objects, plain, type Site, type SiteChanges, smallSite, STATION_METERS } from '../concentrator/small-site.fixture.ts';
import { dateTime, NULL_DATA } from './data-values.ts';
import { meterObjects } from './meter-objects.ts';
import { MeterView } from './meter-view.ts';

export const CLOCK = '0.0.1.0.0';
export const RELAY = '0.0.96.3.10';
export const STANDARD = '0.0.99.98.0';
export const FRAUD = '0.0.99.98.1';
export const DISCONNECTOR = '0.0.99.98.2';
export const DAY = 86_400;

export interface SmallMeters {
  readonly site: Site;
  readonly objects: Objects<MeterView>;
  readonly view: (meter: number) => MeterView;
}

/** Meters that are up all the time, unless `changes` says otherwise. */
export function smallMeters(changes: SiteChanges = {}): SmallMeters {
  const site = smallSite({ allUp: true, ...changes });
  const objects = new Objects(meterObjects(site.meterKind));
  return {
    site,
    objects,
    view: (meter) => new MeterView({ meter, station: Math.floor(meter / STATION_METERS), sap: 16, kind: site.meterKind }),
  };
}

/** A date-time as hexadecimal digits. */
export function shown(unixSeconds: number): string {
  return plain(dateTime(unixSeconds, 60)) as string;
}

/** Rows of a log: time and code. */
export function logOf(objects: Objects<MeterView>, meter: MeterView, obis: string): [string, number][] {
  return plain(objects.get(meter, obis, 2).data ?? NULL_DATA) as [string, number][];
}
