import { describe, expect, it } from 'vitest';
import { DeviceChanges, EVENTS_MAX, RESETS_MAX, VALUE_BYTES_MAX, VALUES_BYTES_MAX, VALUES_MAX } from './device-changes.ts';

describe('changes of a device', () => {
  it('are bounded', () => {
    const change = new DeviceChanges().touch(1);
    for (let i = 0; i < 1000; i++) {
      change.addEvent({ log: i % 3, code: i % 256, at: 1_358_000_000 + i, shown: 1_358_000_000 - i });
      change.addReset(i);
    }
    expect(change.events).toHaveLength(EVENTS_MAX);
    expect(change.events.at(-1)).toEqual({ log: 0, code: 999 % 256, at: 1_358_000_999, shown: 1_357_999_001 });
    expect(change.resets).toHaveLength(RESETS_MAX);
    expect(change.setValue('a', new Uint8Array(VALUE_BYTES_MAX + 1))).toBe(false);
    expect(change.value('a')).toBeNull();
    for (let i = 0; i < VALUES_MAX; i++) expect(change.setValue(`v${i}`, new Uint8Array(8))).toBe(true);
    expect(change.setValue('one more', new Uint8Array(1))).toBe(false);
    let bytes = VALUES_MAX * 8;
    for (let i = 0; bytes + VALUE_BYTES_MAX - 8 <= VALUES_BYTES_MAX; i++) {
      expect(change.setValue(`v${i}`, new Uint8Array(VALUE_BYTES_MAX))).toBe(true);
      bytes += VALUE_BYTES_MAX - 8;
    }
    expect(change.setValue('v50', new Uint8Array(VALUE_BYTES_MAX))).toBe(false);
    expect(change.setValue('v0', new Uint8Array(1))).toBe(true);
    expect(change.setValue('v50', new Uint8Array(VALUE_BYTES_MAX))).toBe(true);
    change.deleteValue('v1');
    expect(change.value('v1')).toBeNull();
    expect(change.setValue('one more', new Uint8Array(1))).toBe(true);
  });

  it('keep a copy of what was written', () => {
    const change = new DeviceChanges().touch(1);
    const bytes = Uint8Array.of(1, 2, 3);
    change.setValue('a', bytes);
    bytes.fill(0);
    expect(change.value('a')).toEqual(Uint8Array.of(1, 2, 3));
  });
});
