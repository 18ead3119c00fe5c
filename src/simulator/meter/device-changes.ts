/**
 * What operators did to devices, and nothing else: everything that is not in here is computed from seed, device and time. A
 * device that nobody touched has no entry and costs nothing.
 *
 * Bounded for each device, whatever a client does:
 *
 *   events        EVENTS_MAX; the oldest is dropped
 *   attributes    VALUES_MAX written ones, VALUE_BYTES_MAX for each, VALUES_BYTES_MAX for all; more is refused
 *   the rest      a few numbers
 *
 * It lives in memory: when a process starts again, its devices are as they were delivered.
 */

/** Events of one device over all its logs. */
export const EVENTS_MAX = 64;
export const VALUES_MAX = 64;
/** Encoded bytes. */
export const VALUE_BYTES_MAX = 2048;
export const VALUES_BYTES_MAX = 8192;
/** Ends of billing periods that were asked for. */
export const RESETS_MAX = 13;

/** `at`: Unix seconds of the grid. `shown`: Unix seconds of the device's own clock. */
export interface DeviceEvent {
  readonly log: number;
  readonly code: number;
  readonly at: number;
  readonly shown: number;
}

export class DeviceChanges {
  readonly #devices = new Map<number, DeviceChange>();

  /** Devices that were touched. */
  get size(): number {
    return this.#devices.size;
  }

  /** For reading; null: nobody touched the device. */
  of(device: number): DeviceChange | null {
    return this.#devices.get(device) ?? null;
  }

  /** For changing. */
  touch(device: number): DeviceChange {
    let change = this.#devices.get(device);
    if (change === undefined) {
      change = new DeviceChange();
      this.#devices.set(device, change);
    }
    return change;
  }
}

export class DeviceChange {
  /** Seconds that the clock was ahead of the grid when it was set last, and when that was; -1: it was not set. */
  clockAheadSeconds = 0;
  clockSetAt = -1;
  /** By relay two bits of state and three bits of mode, -1: as delivered. See `RelayBank`. */
  relays = -1;
  /** Alarm bits that stay set although they were asked to be reset, and when that was; -1: never asked. */
  alarmsKept = 0;
  alarmsResetAt = -1;
  /** Grid time up to which schedules were carried out; -1: there are none. */
  settledAt = -1;
  /** By log: when it was cleared last, Unix seconds of the grid. */
  #cleared: number[] | null = null;
  /** Two numbers for each event: at * 2^16 + log * 2^8 + code, and shown - at. */
  #events: number[] | null = null;
  #values: Map<string, Uint8Array> | null = null;
  #valueBytes = 0;
  #resets: number[] | null = null;

  get events(): readonly DeviceEvent[] {
    const packed = this.#events ?? [];
    const events: DeviceEvent[] = [];
    for (let i = 0; i < packed.length; i += 2) {
      const [head, ahead] = [packed[i]!, packed[i + 1]!];
      const at = Math.floor(head / 0x1_0000);
      events.push({ at, shown: at + ahead, log: (head & 0xffff) >> 8, code: head & 0xff });
    }
    return events;
  }

  addEvent(event: DeviceEvent): void {
    const before = this.#events ?? [];
    const kept = before.length < 2 * EVENTS_MAX ? before : before.slice(2);
    // Copied and not pushed to: an array that grows takes room for 16 more, and most devices have one event or two.
    this.#events = [...kept, event.at * 0x1_0000 + event.log * 0x100 + event.code, event.shown - event.at];
  }

  /** Forgets the events of a log; what is computed is left out up to `at`. */
  clearLog(log: number, at: number): void {
    const kept = this.events.filter((event) => event.log !== log);
    this.#events = null;
    for (const event of kept) this.addEvent(event);
    (this.#cleared ??= [])[log] = at;
  }

  /** -1: never. */
  clearedAt(log: number): number {
    return this.#cleared?.[log] ?? -1;
  }

  /** The encoded value that was written; null: none. */
  value(name: string): Uint8Array | null {
    return this.#values?.get(name) ?? null;
  }

  /** Keeps a copy. False: one of the bounds is reached, and nothing changed. */
  setValue(name: string, encoded: Uint8Array): boolean {
    const values = (this.#values ??= new Map());
    const before = values.get(name);
    const bytes = this.#valueBytes - (before?.length ?? 0) + encoded.length;
    if (encoded.length > VALUE_BYTES_MAX || bytes > VALUES_BYTES_MAX) return false;
    if (before === undefined && values.size >= VALUES_MAX) return false;
    values.set(name, encoded.slice());
    this.#valueBytes = bytes;
    return true;
  }

  deleteValue(name: string): void {
    const before = this.#values?.get(name);
    if (before === undefined) return;
    this.#valueBytes -= before.length;
    this.#values?.delete(name);
  }

  /** Unix seconds of the grid, ascending: billing periods that were ended by a client. */
  get resets(): readonly number[] {
    return this.#resets ?? [];
  }

  addReset(at: number): void {
    const resets = (this.#resets ??= []);
    if (resets.length >= RESETS_MAX) resets.shift();
    resets.push(at);
  }
}
