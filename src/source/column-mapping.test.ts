import { expect, test } from 'vitest';
import { columnsOf, parseColumnMapping } from './column-mapping.ts';

test('all parts, with units', () => {
  const mapping = parseColumnMapping('meter=device_serial, channel=obis, time:Europe/Prague=ts, value:kWh=Active Energy, status=flags');
  expect(mapping).toEqual({
    meter: 'device_serial',
    channel: 'obis',
    time: 'ts',
    timeUnit: 'Europe/Prague',
    value: 'Active Energy',
    whPerUnit: 1000,
    status: 'flags',
  });
  expect(columnsOf(mapping)).toEqual(['device_serial', 'obis', 'ts', 'Active Energy', 'flags']);
});

test('what may be left out', () => {
  const mapping = parseColumnMapping('value=wh,time=ts,meter=id');
  expect(mapping).toEqual({ meter: 'id', channel: null, time: 'ts', timeUnit: null, value: 'wh', whPerUnit: 1, status: null });
  expect(columnsOf(mapping)).toEqual(['id', 'ts', 'wh']);
  expect(parseColumnMapping('meter=id,time:s=ts,value:Wh=wh').timeUnit).toBeNull();
  expect(parseColumnMapping('meter=id,time:ms=ts,value=wh').timeUnit).toBe('ms');
  expect(parseColumnMapping('meter=id,time:-03:30=ts,value=wh').timeUnit).toBe('-03:30');
});

test.each([
  ['', 'found ``, allowed is part=column'],
  ['meter', 'found `meter`, allowed is part=column'],
  ['meter=', 'found `meter=`, allowed is part=column'],
  ['meter=a,time=b', 'no column for `value`'],
  ['meter=a,value=b', 'no column for `time`'],
  ['time=a,value=b', 'no column for `meter`'],
  ['meter=a,meter=b', '`meter` is there twice'],
  ['meter=a,time=b,value=c,energy=d', 'there is no `energy`; a reading has meter, channel, time, value, status'],
  ['meter=a,time=b,value:kwh=c', 'the unit of `value`: found `kwh`, allowed are Wh, kWh, MWh'],
  ['meter=a,time:CET=b,value=c', 'the unit of `time`: found `CET`'],
  ['meter=a,time:Europe/Prag=b,value=c', 'the unit of `time`: found `Europe/Prag`'],
  ['meter:x=a,time=b,value=c', '`meter` has no unit'],
])('`%s` is refused', (text, why) => expect(() => parseColumnMapping(text)).toThrow(why));
