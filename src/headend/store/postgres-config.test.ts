import { describe, expect, it } from 'vitest';
import { postgresConfig, withoutPassword } from './postgres-config.ts';

describe('address of a PostgreSQL database', () => {
  it.each(['postgres://a@b:1/c', 'postgresql://b/c', 'postgres:///c?host=/tmp', 'postgres://u:p%40w@h/d', 'postgres:'])('%s is one', (url) => {
    expect(() => postgresConfig(url)).not.toThrow();
  });

  it('leaves everything to the environment without a place', () => {
    expect(postgresConfig('postgres:')).not.toHaveProperty('connectionString');
    expect(postgresConfig('postgres://h/d')).toMatchObject({ connectionString: 'postgres://h/d' });
  });

  it.each(['', 'mysql://a/b', 'http://x', 'postgres', 'postgres:x', 'postgres://h:port/d'])('`%s` is none', (url) => {
    expect(() => postgresConfig(url)).toThrow();
  });

  it.each([
    ['postgres://u:secret@h:5/d', 'postgres://u@h:5/d'],
    ['postgres://h/d?user=u&password=secret&ssl=true', 'postgres://h/d?user=u&ssl=true'],
    ['postgres://h/d?password=secret', 'postgres://h/d'],
    ['postgres:', 'postgres:'],
    ['postgres://u@h/d', 'postgres://u@h/d'],
  ])('%s goes without its password', (url, shown) => expect(withoutPassword(url)).toBe(shown));
});
