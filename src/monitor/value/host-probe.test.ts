import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { procFiles } from '../proc-file.ts';
import { HostProbe } from './host-probe.ts';

describe.runIf(existsSync('/proc/stat'))('this machine', () => {
  test('says what /proc says', async () => {
    const load = (): number => Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
    const before = load();
    const { values, faults } = await new HostProbe(procFiles).read();
    const read = new Map(values.map((value) => [value.name, value]));
    expect(faults).toEqual([]);
    const total = Number(/^MemTotal:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
    expect(read.get('memory.used')?.value).toBeGreaterThan(total / 1000);
    expect(read.get('memory.used')?.value).toBeLessThan(total);
    const [, user, nice] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/\s+/).map(Number);
    const now = ((user ?? 0) + (nice ?? 0)) / 100;
    expect(read.get('cpu.user')?.value).toBeLessThanOrEqual(now);
    expect(read.get('cpu.user')?.value).toBeGreaterThan(now - 60);
    expect(read.get('tcp.retransmissions')).toMatchObject({ type: 'counter', resets: true });
    expect([before, load()]).toContain(read.get('load')?.value);
  });
});

test('a table of tracked connections is judged at 80 and 90 %', async () => {
  const texts: Readonly<Record<string, string>> = {
    '/proc/stat': 'cpu 1 2 3 4\n',
    '/proc/sys/net/netfilter/nf_conntrack_count': '9\n',
    '/proc/sys/net/netfilter/nf_conntrack_max': '1000\n',
  };
  const { values } = await new HostProbe({ ...procFiles, text: (path) => texts[path] ?? null }).read();
  const conntrack = values.find(({ name }) => name === 'conntrack');
  expect(conntrack).toMatchObject({ value: 9, limits: { warning: { max: 800 }, critical: { max: 900 } } });
});

test('another system says why there is nothing', async () => {
  await expect(new HostProbe({ ...procFiles, text: () => null }).read()).rejects.toThrow('this system has no /proc');
});
