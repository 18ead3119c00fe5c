import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import { netemLimit, netemLine, rateWords } from './tc-category.ts';
import type { LineSession, LinkParameters } from './link-parameters.ts';
import { tcScript, warnings, type TcLinks } from './tc-script.ts';

const GPRS: LinkParameters = {
  name: 'gprs',
  latencyMs: 600,
  jitterMs: 200,
  correlation: 0,
  loss: 0.001,
  lossBursts: null,
  ratePacketsPerSecond: 15,
  burstPackets: 5,
  excess: 'police',
  session: null,
};

function links(changes: Partial<TcLinks> = {}): TcLinks {
  return {
    scenario: 'town',
    categories: [GPRS, { ...GPRS, name: 'far', latencyMs: 1400 }],
    categoryOf: Uint8Array.of(0, 0, 1, 0, 1, 1),
    addressOf: (station) => `10.64.0.${station + 1}`,
    direction: 'each',
    limiter: 'nft',
    body: readFileSync(packageFile('data', 'link', 'kernel-links.sh'), 'utf8'),
    ...changes,
  };
}

/** What a function of the script would print, its shell arithmetic as it stands. */
function document(text: string, name: string): readonly string[] {
  const [, body = ''] = new RegExp(`^${name}\\(\\) \\{\\n  cat <<'?[A-Z]+'?\\n([^}]*?)[A-Z]+\\n\\}`, 'm').exec(text) ?? [];
  return body.trimEnd().split('\n');
}

const netem = (changes: Partial<LinkParameters>, direction: 'each' | 'split' = 'each'): string =>
  netemLine({ ...GPRS, ...changes }, { limit: '1', direction });

const SESSION: LineSession = { upSeconds: 3600, reattachSecondsMin: 20, reattachSecondsMax: 90, silent: 0.5, idleSeconds: null, daily: 0, newAddress: true };

describe('a category in the words of tc', () => {
  test.each([
    ['delay, deviation, loss', {}, 'limit 1 delay 600ms 200ms distribution normal loss random 0.1%'],
    ['correlation', { correlation: 0.25 }, 'limit 1 delay 600ms 200ms 25% distribution normal loss random 0.1%'],
    ['no deviation, no distribution', { jitterMs: 0, correlation: 0.25 }, 'limit 1 delay 600ms loss random 0.1%'],
    ['deviation around nothing', { latencyMs: 0 }, 'limit 1 delay 0.001ms 200ms distribution normal loss random 0.1%'],
    ['nothing but a rate', { latencyMs: 0, jitterMs: 0, loss: 0 }, 'limit 1'],
    ['a loss that would be written with an exponent', { loss: 1e-8 }, 'limit 1 delay 600ms 200ms distribution normal loss random 0.000001%'],
    [
      'bursts: begin, end, within, between',
      { lossBursts: { enter: 0.002, leave: 0.3, loss: 0.9 } },
      'limit 1 delay 600ms 200ms distribution normal loss gemodel 0.2% 30% 90% 0.1%',
    ],
  ])('%s', (_, changes, line) => expect(netem(changes)).toBe(line));

  test('a round trip is split: half of the mean, deviation by the root of two', () =>
    expect(netem({}, 'split')).toBe('limit 1 delay 300ms 141.421ms distribution normal loss random 0.1%'));

  test('the queue holds all that can be under way', () => {
    const at = (changes: Partial<LinkParameters>, stations: number, direction: 'each' | 'split' = 'each'): number =>
      netemLimit({ ...GPRS, ...changes }, { stations, direction });
    expect(at({}, 572)).toBe(Math.ceil(572 * (5 + 15 * (0.6 + 3.5227 * 0.2))));
    expect(at({}, 572, 'split')).toBe(Math.ceil(572 * (5 + 15 * (0.3 + (3.5227 * 0.2) / Math.SQRT2))));
    expect(at({}, 1)).toBe(1000);
    expect(at({ ratePacketsPerSecond: 1e6, latencyMs: 3_600_000 }, 1_000_000)).toBe(2 ** 31 - 1);
  });

  test.each([
    [15, '15/second', '15/sec'],
    [1_000_000, '1000000/second', '1000000/sec'],
    [0.5, '30/minute', '30/min'],
    [1.3, '78/minute', '78/min'],
    [0.01, '36/hour', '36/hour'],
    [1234.567, '1235/second', '1235/sec'],
    [1e-9, '1/day', '1/day'],
  ])('%f packets a second', (rate, nft, hashlimit) => {
    expect(rateWords(rate, 'nft')).toBe(nft);
    expect(rateWords(rate, 'hashlimit')).toBe(hashlimit);
  });
});

describe('the script', () => {
  test('has a class for each category, and one that loses what is over the rate', () => {
    const tree = document(tcScript(links()), 'tree');
    expect(tree.filter((line) => line.startsWith('class '))).toHaveLength(3);
    expect(tree[0]).toBe('qdisc replace dev $1 root handle 4d53: htb default 0');
    expect(tree[2]).toBe('qdisc add dev $1 parent 4d53:1 netem limit $((1000 * $2)) delay 600ms 200ms distribution normal loss random 0.1%');
    expect(tree.at(-1)).toBe('qdisc add dev $1 parent 4d53:ffff netem limit 1000 loss random 100%');
  });

  test('collapses neighbours of one category', () =>
    expect(document(tcScript(links()), 'elements')).toEqual([
      '10.64.0.1-10.64.0.2 : 4d53:1,',
      '10.64.0.3 : 4d53:2,',
      '10.64.0.4 : 4d53:1,',
      '10.64.0.5-10.64.0.6 : 4d53:2,',
    ]));

  test('numbers classes in hexadecimal', () => {
    const categories = Array.from({ length: 255 }, (_, i) => ({ ...GPRS, name: `c${i}` }));
    const text = tcScript(links({ categories, categoryOf: Uint8Array.from(categories.keys()) }));
    expect(document(text, 'elements').at(-1)).toBe('10.64.0.255 : 4d53:ff,');
    expect(document(text, 'tree')).toHaveLength(1 + 2 * 256);
  });

  test('has one rule for what has the same limit, and none for nobody', () => {
    const slow = { ...GPRS, ratePacketsPerSecond: 0.5, burstPackets: 20 };
    const categories = [GPRS, slow, { ...GPRS, latencyMs: 1 }, { ...slow, burstPackets: 1 }];
    const categoryOf = Uint8Array.of(0, 1, 2, 2);
    expect(document(tcScript(links({ categories, categoryOf })), 'groups')).toEqual(['1 3 15/second 5 10000 4d53:1,4d53:3', '2 1 30/minute 20 40000 4d53:2']);
    expect(document(tcScript(links({ categories, categoryOf, limiter: 'hashlimit' })), 'groups')[1]).toBe('2 1 30/min 20 40000 4d53:2');
  });

  test('a name can not get out of its comment', () => {
    const text = tcScript(links({ categories: [{ ...GPRS, name: 'a\nrm -rf $HOME `id`' }], categoryOf: new Uint8Array(6) }));
    const lines = text.split('\n').filter((line) => line.includes('rm -rf'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^# class 4d53:1 {2}a\?rm/);
  });

  test('says what the kernel can not do, and is silent where it can', () => {
    expect(warnings(links().categories)).toEqual([]);
    const found = warnings([{ ...GPRS, name: 'a', excess: 'shape' }, { ...GPRS, name: 'b', session: SESSION }, GPRS]);
    expect(found).toEqual([expect.stringMatching(/instead of waiting \(excess: shape of a\)$/), expect.stringMatching(/^lines that drop .* \(session of b\)$/)]);
    const text = tcScript(links({ categories: [{ ...GPRS, excess: 'shape' }], categoryOf: new Uint8Array(6) }));
    expect(text).toMatch(/^# the kernel has no queue by packets/m);
  });

  test('is the same for the same lines, and known apart from others by its fingerprint', () => {
    const print = (text: string): string => /^FINGERPRINT=(\w{12})$/m.exec(text)?.[1] ?? '';
    const text = tcScript(links());
    expect(tcScript(links())).toBe(text);
    const others = [links({ direction: 'split' }), links({ limiter: 'hashlimit' }), links({ categoryOf: new Uint8Array(6) })];
    expect(new Set([links(), ...others].map((other) => print(tcScript(other)))).size).toBe(4);
  });

  test('for one station and for the block on lo', () => {
    expect(tcScript(links({ categoryOf: Uint8Array.of(1) }))).toMatch(/^BLOCK=10\.64\.0\.1\nLOOPBACK_BLOCK=no$/m);
    expect(tcScript(links({ addressOf: (station) => `127.64.0.${station + 1}` }))).toMatch(/^BLOCK=127\.64\.0\.1-127\.64\.0\.6\nLOOPBACK_BLOCK=yes$/m);
  });
});
