/** `meterstorm link` as its user runs it. Needs `npm run build`. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageFile } from '../base/package-root.ts';

const MAIN = packageFile('dist', 'cli', 'main.js');
const SMALL = packageFile('scenarios', 'small-grid.yaml');
const LARGE = packageFile('scenarios', 'large-grid.yaml');
const POLICED = [0, 1, 2, 3].flatMap((i) => ['--set', `grid.links.${i}.excess=police`]);

const DIRECTORY = mkdtempSync(join(tmpdir(), 'meterstorm-link-'));
afterAll(() => rmSync(DIRECTORY, { recursive: true }));

function link(...args: readonly string[]): { readonly code: number | null; readonly out: string; readonly said: string } {
  const ended = spawnSync(process.execPath, [MAIN, 'link', ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return { code: ended.status, out: ended.stdout, said: ended.stderr };
}

describe('meterstorm link', () => {
  test('shows who has which line', () => {
    const session = 'grid.links.3.session={ up: 6 h, idle: 5 min, daily: 10% }';
    const bursts = 'grid.links.2.loss-bursts={ enter: 1%, leave: 30% }';
    const { code, out, said } = link(SMALL, '--set', session, '--set', bursts, '--set', 'grid.links.1.correlation=25%', ...POLICED.slice(0, 2));
    expect(said).toBe('');
    expect(code).toBe(0);
    expect(out.replaceAll(/ {2,}/g, '  ').split('\n')).toEqual([
      'small-grid: 1,430 stations; delays are in each direction',
      '',
      'link  stations  delay  loss  rate  over the rate  connections',
      'gprs-1  572  600 ms +- 200 ms  0.1 %  15 packets/s, 5 at once  is lost  live until closed',
      'gprs-2  429  800 ms +- 400 ms, correlation 25 %  0.2 %  15 packets/s, 5 at once  waits  live until closed',
      'gprs-3  286  1000 ms +- 500 ms  0.3 %, in bursts 100 % (enter 1 %, leave 30 %)  15 packets/s, 5 at once  waits  live until closed',
      'gprs-4  143  1400 ms +- 600 ms  0.4 %  15 packets/s, 5 at once  waits  drop after 6 h on average, are forgotten after 5 min of silence, ' +
        '10 % are cut once a day, back after 20 s to 1 min 30 s, 50 % of drops are silent, another address then',
      '',
    ]);
  });

  test('--tc prints the script, a shell reads it, and nothing is said where the kernel can do all', () => {
    const { code, out, said } = link(SMALL, '--tc', ...POLICED);
    expect(said).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/^#!\/bin\/sh\n/);
    expect(out).toMatch(/^BLOCK=127\.64\.0\.1-127\.64\.5\.150$/m);
    expect(spawnSync('sh', ['-n'], { input: out }).status).toBe(0);
  });

  test('--tc --out writes it, says what the kernel can not do, and 50,000 stations fit', () => {
    const file = join(DIRECTORY, 'links.sh');
    const { code, out, said } = link(LARGE, '--tc', '--first-address', '10.64.0.1', '--limiter', 'hashlimit', '--out', file);
    expect(code).toBe(0);
    expect(out).toBe(`${file}\n`);
    expect(said).toMatch(/^meterstorm: link: the kernel has no queue by packets .*gprs-1, gprs-2, gprs-3, gprs-4\)\n$/);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^LIMITER=hashlimit$/m);
    expect(text).toMatch(/^1 50000 15\/sec 5 10000 4d53:1,4d53:2,4d53:3,4d53:4$/m);
    expect(text).toMatch(/^BLOCK=10\.64\.0\.1-10\.64\.195\.80$/m);
    expect(text.length).toBeLessThan(2_000_000);
    expect(statSync(file).mode & 0o100).toBe(0o100);
  });

  test.each([
    ['links that are ignored', [SMALL, '--set', 'network.links=ignored'], /small-grid ignores its links.*network\.links=played$/],
    ['links that are ignored, as a script', [SMALL, '--tc', '--set', 'network.links=ignored'], /small-grid ignores its links/],
    ['no address', [SMALL, '--tc', '--first-address', '10.64.0'], /--first-address: found `10\.64\.0`, allowed is an IPv4 address/],
    ['no address, either', [SMALL, '--tc', '--first-address', '10.64.0.256'], /--first-address: found/],
    ['a block that leaves loopback', [SMALL, '--tc', '--first-address', '127.255.255.1'], /1430 stations have no addresses/],
    ['a block beyond the addresses of hosts', [SMALL, '--tc', '--first-address', '223.255.255.1'], /1430 stations have no addresses/],
    ['an unknown limiter', [SMALL, '--tc', '--limiter', 'tbf'], /--limiter.*nft, hashlimit/],
    ['an unknown flag', [SMALL, '--netem'], /unknown option/],
    ['a file without a script', [SMALL, '--out', 'links.sh'], /--out: it is about the script; add --tc/],
    ['a limiter without a script', [SMALL, '--limiter', 'nft'], /--limiter: it is about the script/],
    ['a file that can not be written', [SMALL, '--tc', ...POLICED, '--out', '/proc/links.sh'], /--out: \/proc\/links\.sh can't be written/],
    ['a scenario that is not there', ['nowhere.yaml'], /nowhere\.yaml/],
  ])('refuses %s in one line', (_, args, complaint) => {
    const { code, out, said } = link(...args);
    expect(said.trimEnd()).toMatch(complaint);
    expect(said.trimEnd().split('\n')).toHaveLength(1);
    expect(out).toBe('');
    expect(code).toBe(2);
  });
});
