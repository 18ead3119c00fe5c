import { describe, expect, test } from 'vitest';
import { conversionOf, parseReply } from './munin-reply.ts';

/** As Debian's munin-node 2.0.73 answers to `config if_eth0` and `config netstat`, shortened. */
const INTERFACE = `graph_order down up
graph_title eth0 traffic
graph_args --base 1000
graph_vlabel bits in (-) / out (+) per \${graph_period}
down.label received
down.type DERIVE
down.graph no
down.cdef down,8,*
down.min 0
up.label bps
up.type DERIVE
up.negative down
up.cdef up,8,*
up.max 1000
up.warning 800
up.critical 100:900`;

const NETSTAT = `multigraph netstat
graph_vlabel TCP connections
active.type DERIVE
active.max 50000
multigraph netstat_established
graph_vlabel connections
established.type GAUGE
multigraph disk.sda
x.value 1`;

describe('a config', () => {
  test('has types, bounds and units', () => {
    const { config, values, fault } = parseReply('if_eth0', INTERFACE.split('\n'));
    expect(values).toEqual([]);
    expect(fault).toBeNull();
    expect(config.fields.get('if_eth0.down')).toEqual({ type: 'derive', cdef: 'down,8,*', limits: { min: 0, max: null, warning: null, critical: null } });
    expect(config.fields.get('if_eth0.up')?.limits).toEqual({ min: null, max: 1000, warning: { min: null, max: 800 }, critical: { min: 100, max: 900 } });
    expect(config.units.get('if_eth0')).toBe('bits in (-) / out (+) per second');
  });

  test('may have several graphs, and values', () => {
    const { config, values } = parseReply('netstat', NETSTAT.split('\n'));
    expect([...config.fields.keys()]).toEqual(['netstat.active', 'netstat_established.established']);
    expect(config.units.get('netstat_established')).toBe('connections');
    expect(values).toEqual([{ graph: 'disk.sda', field: 'x', timeMs: null, value: 1 }]);
  });

  test.each([
    ['10:80', { min: 10, max: 80 }],
    [':80', { min: null, max: 80 }],
    ['-5:', { min: -5, max: null }],
    ['80.5', { min: null, max: 80.5 }],
    ['', null],
    [':', null],
    ['high', null],
  ])('a warning of %j', (text, band) => {
    expect(parseReply('p', [`a.warning ${text}`]).config.fields.get('p.a')?.limits.warning).toEqual(band);
  });
});

describe('values', () => {
  test.each([
    ['12.3', null, 12.3],
    ['-4', null, -4],
    ['1.5e-3', null, 0.0015],
    ['U', null, null],
    ['NaN', null, null],
    ['nonsense', null, null],
    ['1700000000:7', 1_700_000_000_000, 7],
    ['1700000000:U', 1_700_000_000_000, null],
    ['N:7', null, null],
    ['18446744073709551615', null, 18_446_744_073_709_551_615n],
  ])('%s', (text, timeMs, value) => {
    expect(parseReply('p', [`a.value ${text}`]).values).toEqual([{ graph: 'p', field: 'a', timeMs, value }]);
  });

  test('may come several for one field, and between lines that mean nothing', () => {
    const lines = ['a.value 1:2', 'a.value 2:3\r', '', 'hello', 'a.b.c 4', '# a remark', 'multigraph', 'value 3', '9a.value 1', 'a.value'];
    expect(parseReply('p', lines).values.map(({ value }) => value)).toEqual([2, 3, null]);
  });

  test('is soon read, however long its numbers are', () => {
    const digits = '1'.repeat(100_000);
    const begun = performance.now();
    const { config, values } = parseReply('x', [`a.max ${digits}x`, `a.value ${digits}x`, `a.cdef a,${digits}x,*`]);
    expect(values).toMatchObject([{ value: null }]);
    expect(config.fields.get('x.a')?.limits.max).toBeNull();
    expect(conversionOf(config.fields.get('x.a')?.cdef ?? '', 'a')).toBeNull();
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  test.each(['Unknown service', 'Timed out', 'Bad exit'])('# %s', (text) => {
    expect(parseReply('p', [`# ${text}`])).toMatchObject({ fault: text, values: [] });
  });
});

describe('a cdef', () => {
  test.each([
    ['down,8,*', 5, 40],
    ['down', 5, 5],
    ['100,down,-', 5, 95],
    ['down,1024,/,2,+', 2048, 4],
  ])('%s', (cdef, value, expected) => expect(conversionOf(cdef, 'down')?.(value)).toBe(expected));

  test.each(['down,up,+', 'down,8', '8,*', 'down,8,%', '8', '', 'down,UN,0,down,IF'])('%j is more than a factor', (cdef) => {
    expect(conversionOf(cdef, 'down')).toBeNull();
  });
});
