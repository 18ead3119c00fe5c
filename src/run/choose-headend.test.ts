import { describe, expect, it } from 'vitest';
import { chooseHeadend, type HeadendFlags, schemaOfRun } from './choose-headend.ts';

const choose = (flags: Partial<HeadendFlags>): unknown =>
  chooseHeadend({ store: 'duckdb', intake: 'buffered', ...flags }, { directory: 'runs/a', schema: 'meterstorm_a' });

describe('the built-in head-end', () => {
  it('is what the flags say', () => {
    expect(choose({})).toEqual({ store: { kind: 'duckdb', file: 'runs/a/readings.duckdb' }, intake: 'buffered', connections: 1 });
    const url = 'postgres://u@h/d';
    expect(choose({ store: url })).toMatchObject({ store: { kind: 'postgres', url, schema: 'meterstorm_a' }, intake: 'buffered' });
    expect(choose({ store: url, intake: 'direct', schema: 'Mine', connections: 3 })).toEqual({ store: { kind: 'postgres', url, schema: 'Mine' }, intake: 'direct', connections: 3 });
    expect(choose({ store: 'postgres:', intake: 'direct' })).toMatchObject({ connections: 8 });
  });

  it.each<[Partial<HeadendFlags>, string]>([
    [{ store: 'mysql://h/d' }, '--store: found `mysql://h/d`, allowed: duckdb, postgres://user@host:port/database'],
    [{ store: 'postgres' }, '--store: found `postgres`, allowed'],
    [{ store: 'postgres://u:secret@h:port/d' }, '--store: `postgres://u@h:port/d` is no address of a database'],
    [{ schema: 'a' }, '--schema: a DuckDB file has none'],
    [{ connections: 2, intake: 'direct' }, '--connections: a DuckDB file has none'],
    [{ intake: 'direct', intakes: 2 }, '--intakes: a DuckDB file has one writer'],
    [{ store: 'postgres:', connections: 2 }, '--connections: the buffered intake has one'],
    [{ store: 'postgres:', schema: '' }, '--schema: found ``, allowed is a name of 1 to 63 bytes'],
    [{ store: 'postgres:', schema: 'é'.repeat(32) }, 'allowed is a name of 1 to 63 bytes'],
  ])('%j is refused', (flags, why) => expect(() => choose(flags)).toThrow(why));

  it('gives each run a schema that PostgreSQL takes as it is', () => {
    expect(schemaOfRun('Small grid (čistý)', Date.UTC(2026, 10, 28, 16, 5, 9, 7))).toBe('meterstorm_small_grid_ist__20261128_160509_007');
    expect(schemaOfRun('x'.repeat(200), 0).length).toBeLessThan(64);
  });
});
