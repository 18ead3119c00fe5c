/**
 * The logs of a device: what happened by itself, which is computed, and what operators did, which is kept, as one list. A log
 * holds its last ENTRIES events; one that was cleared begins with "log cleared".
 */

import type { Device } from './device.ts';
import type { DeviceEvent } from './device-changes.ts';
import type { HistoryVisit } from './meter-history.ts';

export const Log = Object.freeze({ standard: 0, fraud: 1, disconnector: 2 });
export const LOG_ENTRIES: readonly number[] = Object.freeze([100, 30, 100]);
const EVENT_LOG_CLEARED = 255;

/** Where events come from that nobody caused; null: there are none. */
export interface EventSource {
  events(device: number, log: number, span: { readonly after: number; readonly to: number }, visit: HistoryVisit): void;
}

/** All events of a log up to now, oldest first, at most as many as it holds. */
export function eventsOf(device: Device, log: number, history: EventSource | null): readonly DeviceEvent[] {
  return allEvents(device, log, history, device.change?.clearedAt(log) ?? -1).slice(-(LOG_ENTRIES[log] ?? 0));
}

/** Events of a log after `after` (Unix seconds of the grid) up to now, also those that it has no room for. */
export function allEvents(device: Device, log: number, history: EventSource | null, after: number): readonly DeviceEvent[] {
  const events: DeviceEvent[] = [];
  const { change, now } = device;
  history?.events(device.number, log, { after, to: now }, (code, at) => events.push({ log, code, at, shown: at }));
  for (const event of change?.events ?? []) {
    // What cleared the log stands in it.
    if (event.log === log && event.at >= after && event.at <= now) events.push(event);
  }
  return events.sort((a, b) => a.at - b.at);
}

export function clearLog(device: Device, log: number): void {
  device.touch().clearLog(log, device.now);
  device.log(log, EVENT_LOG_CLEARED);
}
