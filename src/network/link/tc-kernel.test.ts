/**
 * The script against the real tc, nft, iptables and kernel, each time in network namespaces that go with their processes.
 * Needs root and the tools (`scripts/install-test-tools.sh`). A kernel without netem gets plain queues instead, so that classes, ways, limits,
 * undo are real all the same; netem's words then go as far as tc's parser, which reads them before the kernel is asked.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageFile } from '../../base/package-root.ts';
import { netemLine } from './tc-category.ts';
import type { LinkParameters } from './link-parameters.ts';
import { tcScript, type TcLinks } from './tc-script.ts';

const TOOLS =
  succeeds('unshare -n true && ip -V && tc -V && nft --version && iptables --version && ping -V') &&
  succeeds("unshare -n sh -c 'tc qdisc add dev lo root htb && ip link add ms-try type ifb && nft add table netdev a && iptables -t mangle -S'");
const NETEM = TOOLS && succeeds('unshare -n tc qdisc add dev lo root netem delay 1ms');
const HASHLIMIT = TOOLS && succeeds('unshare -n iptables -t mangle -A PREROUTING -m hashlimit --hashlimit-above 1/sec --hashlimit-mode dstip --hashlimit-name a -j DROP');
const KERNEL = NETEM ? 'a kernel with netem' : TOOLS ? 'plain queues: this kernel has no netem' : 'nothing is run: no root, no tc, nft, iptables, ping, or a kernel without HTB, ifb, nft';

const DIRECTORY = mkdtempSync(join(tmpdir(), 'meterstorm-tc-'));
afterAll(() => rmSync(DIRECTORY, { recursive: true }));

const NEAR: LinkParameters = {
  name: 'near',
  latencyMs: 100,
  jitterMs: 10,
  correlation: 0,
  loss: 0,
  lossBursts: null,
  ratePacketsPerSecond: 1,
  burstPackets: 5,
  excess: 'police',
  session: null,
};
const CATEGORIES: readonly LinkParameters[] = [NEAR, { ...NEAR, name: 'far', latencyMs: 300, jitterMs: 0, ratePacketsPerSecond: 1000, burstPackets: 100 }];

function script(changes: Partial<TcLinks> = {}): string {
  const text = tcScript({
    scenario: 'town',
    categories: CATEGORIES,
    categoryOf: Uint8Array.of(0, 1, 0, 1),
    addressOf: (station) => `10.64.${(station + 1) >> 8}.${(station + 1) & 255}`,
    direction: 'each',
    limiter: 'nft',
    body: readFileSync(packageFile('data', 'link', 'kernel-links.sh'), 'utf8'),
    ...changes,
  });
  return NETEM ? text : text.replaceAll(/ netem (limit (?:\$\(\(.*?\)\)|\d+)).*/g, ' pfifo $1');
}

const onLoopback = (changes: Partial<TcLinks> = {}): string => script({ addressOf: (station) => `127.64.0.${station + 1}`, ...changes });

/** `wan` leads to 10.9.0.1 in a namespace of its own, into which `far` goes; the block 10.64.0.0/16 is here. */
const SITE = `
unshare -n sleep 100 & peer=$!
trap 'kill $peer' EXIT
until [ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do :; done
far() { nsenter -t $peer -n "$@"; }
ip link set lo up
ip link add wan type veth peer name in netns $peer
far ip link set in up
far ip addr add 10.9.0.1/24 dev in
far ip route add 10.64.0.0/16 via 10.9.0.2
ip addr add 10.9.0.2/24 dev wan
ip link set wan up
ip route add local 10.64.0.0/16 dev lo
far ping -q -c 1 -w 5 10.9.0.2 >/dev/null
state() {
  nft list tables | grep meterstorm; iptables -t mangle -S; tc qdisc show | sed '/pfifo\\|netem/s/ [0-9a-f]*: dev/ dev/' | sed 's/ direct_packets_stat [0-9]*//' | sort
  ip -d -o link show | sed -n 's/^[0-9]*: \\([^ :@]*\\).*\\( mtu [0-9]* qdisc [a-z_]* \\).*\\(gso_max_segs [0-9]*\\).*/\\1\\2\\3/p'
}
packets() { tc -s class show dev $1 | sed -n "/class htb 4d53:$2 /,/Sent/s/.* bytes \\([0-9]*\\) pkt.*/\\1/p"; }
lost() { tc -s class show dev $1 | sed -n "/class htb 4d53:ffff /,/Sent/s/.* \\([0-9]*\\) pkt (dropped \\([0-9]*\\),.*/\\1 \\2/p"; }
`;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly said: string;
}

let made = 0;

/** Runs `commands` in a namespace of their own; the script is `$S`. */
function inNamespace(text: string, commands: string, environment: Readonly<Record<string, string>> = {}): Ended {
  const file = join(DIRECTORY, `lines-${made++}.sh`);
  writeFileSync(file, text);
  const { SSH_CONNECTION: _, ...outer } = process.env;
  const ended = spawnSync('unshare', ['-n', 'sh', '-c', `S=${file}\n${commands}`], { encoding: 'utf8', env: { ...outer, ...environment } });
  return { code: ended.status, out: ended.stdout, said: ended.stderr };
}

function succeeds(command: string): boolean {
  return process.getuid?.() === 0 && spawnSync('sh', ['-c', command]).status === 0;
}

describe.runIf(TOOLS)(`links in the kernel (${KERNEL})`, () => {
  test('tc reads every kind of netem line, and would not read a wrong one', () => {
    const kinds: readonly Partial<LinkParameters>[] = [
      {},
      { correlation: 0.25 },
      { jitterMs: 0 },
      { latencyMs: 0 },
      { latencyMs: 0, jitterMs: 0 },
      { latencyMs: 3_600_000, jitterMs: 1234.567 },
      { loss: 1e-7 },
      { lossBursts: { enter: 0.01, leave: 0.3, loss: 1 } },
      { lossBursts: { enter: 0, leave: 1, loss: 0.123456789 }, loss: 0.005 },
    ];
    const lines = kinds.flatMap((kind) => (['each', 'split'] as const).map((direction) => netemLine({ ...NEAR, ...kind }, { limit: '2147483647', direction })));
    const complaints = (words: readonly string[]): readonly string[] => {
      const batch = words.map((line) => `qdisc replace dev lo root netem ${line}`).join('\n');
      const { said } = inNamespace('', `tc -force -batch - <<'E'\n${batch}\nE\n`);
      return said.split('\n').filter((line) => line !== '' && !line.startsWith('Command failed') && !(!NETEM && line === 'Error: Specified qdisc kind is unknown.'));
    };
    expect(complaints(lines)).toEqual([]);
    for (const wrong of ['limit 10 delay 6oo ms', 'limit 10 delay 0ms 5ms distribution normal', 'limit 10 delay 275s', 'limit 10 loss gemodul 1%']) {
      expect(complaints([wrong]), wrong).not.toEqual([]);
    }
  });

  test('both ways of a packet go through the class of its station, others through none', () => {
    const { code, out, said } = inNamespace(
      script(),
      `${SITE}
      sh $S start --dev wan || exit 1
      far ping -q -c 3 -i 0.3 10.64.0.1 >/dev/null; far ping -q -c 2 -i 0.3 10.64.0.2 >/dev/null; far ping -q -c 4 -i 0.2 10.9.0.2 >/dev/null
      for device in wan ms-link; do for class in 1 2 ffff; do packets $device $class; done; done
      ip -d link show wan | grep -c 'gso_max_segs 1 '`,
    );
    expect(said).toBe('');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([expect.stringMatching(/^lines of town on wan: 4 stations in 2 categories/), '3', '2', '0', '3', '2', '0', '1', '']);
  });

  test.runIf(NETEM)('delays are those of the category, in each direction', () => {
    const { out } = inNamespace(
      script({ categories: CATEGORIES.map((category) => ({ ...category, ratePacketsPerSecond: 1000 })) }),
      `${SITE}
      sh $S start --dev wan >/dev/null
      for address in 10.64.0.1 10.64.0.2 10.9.0.2; do far ping -q -c 100 -i 0.02 $address | sed -n 's/^rtt [^=]*= //p'; done`,
    );
    const [near, far, bare] = out.split('\n').map((line) => line.split(/[/ ]/).map(Number));
    expect(near?.[1]).toBeGreaterThan(200 - 6);
    expect(near?.[1]).toBeLessThan(200 + 15);
    expect(near?.[3]).toBeGreaterThan(9);
    expect(near?.[3]).toBeLessThan(25);
    expect(far?.[0]).toBeGreaterThanOrEqual(600);
    expect(far?.[1]).toBeLessThan(630);
    expect(bare?.[1]).toBeLessThan(50);
  });

  test('what is over the rate of an address is lost, each address and direction by itself', () => {
    const { out } = inNamespace(
      script(),
      `${SITE}
      sh $S start --dev wan >/dev/null
      far ping -q -c 15 -i 0.002 -W 1 10.64.0.1 >/dev/null & far ping -q -c 15 -i 0.002 -W 1 10.64.0.3 >/dev/null; wait %2
      far ping -q -c 15 -i 0.002 -W 1 10.64.0.2 >/dev/null
      lost ms-link; packets ms-link 1; packets ms-link 2`,
    );
    const [sentAndDropped = '', passedNear, passedFar] = out.trim().split('\n');
    const [sent, dropped] = sentAndDropped.split(' ').map(Number);
    // Thirty to two addresses of a burst of 5 and 1 a second.
    expect(Number(passedNear)).toBeGreaterThanOrEqual(10);
    expect(Number(passedNear)).toBeLessThanOrEqual(14);
    expect((NETEM ? dropped : sent) ?? 0).toBe(30 - Number(passedNear));
    expect(Number(passedFar)).toBe(15);
  });

  test('twice is the same state as once, and undo leaves what was there before', () => {
    const { code, out, said } = inNamespace(
      script(),
      `${SITE}
      before=$(state)
      sh $S start --dev wan >/dev/null; once=$(state)
      sh $S start --dev wan >/dev/null; [ "$(state)" = "$once" ] || echo not the same
      [ "$before" != "$once" ] || echo nothing was done
      sh $S undo; [ "$(state)" = "$before" ] || state
      sh $S undo`,
    );
    expect(said).toBe('');
    expect(out).toBe('no lines are left\nno lines are left\n');
    expect(code).toBe(0);
  });

  test('check says whether all is in place, and tries the kernel without touching anything', () => {
    const other = join(DIRECTORY, 'other.sh');
    writeFileSync(other, script({ direction: 'split' }));
    const { out } = inNamespace(
      script(),
      `${SITE}
      before=$(state); sh $S check --dev wan; echo $?; [ "$before" = "$(state)" ] || echo touched
      sh $S start --dev wan >/dev/null; sh $S check; echo $?; sh ${other} check; echo $?
      tc qdisc del dev ms-link parent 4d53:2; sh $S check --dev wan; echo $?
      sh $S start --dev wan >/dev/null; nft delete chain netdev meterstorm_link down; sh $S check --dev wan; echo $?`,
    );
    const found = out.trim().split('\n');
    expect(found.filter((_, i) => i % 3 !== 1)).toEqual([
      ['lines: not in place', '1'],
      ['lines: in place on wan, 4 stations in 2 categories', '0'],
      ['lines: in place on wan, but from another script', '1'],
      ['lines: not whole on wan: ms-link has 2 of 3 classes', '1'],
      ['lines: not whole on wan: nothing is done to what arrives', '1'],
    ].flat());
    expect(found.filter((_, i) => i % 3 === 1)).toEqual(Array.from({ length: 5 }, () => 'kernel: takes all of it'));
  });

  test('what fails half-way is undone', () => {
    const { code, out, said } = inNamespace(
      script().replace(/10\.64\.0\.4 : /, '10.64.0.999 : '),
      `${SITE}
      before=$(state); sh $S start --dev wan; code=$?; [ "$(state)" = "$before" ] || echo touched; sh $S check --dev wan; exit $code`,
    );
    expect(code).toBe(1);
    expect(out).toContain('lines: not in place');
    expect(out).toMatch(/^kernel: .*10\.64\.0\.999/m);
    expect(out).not.toContain('touched');
    expect(said).toMatch(/meterstorm-link: it could not be put in place, and what was done is undone/);
  });

  test.each([
    ['no interface', '', /usage: sh SCRIPT/],
    ['a word that it does not know', '--dev wan --fast', /found `--fast`/],
    ['an interface that is not there', '--dev wann', /wann: there is no such interface/],
    ['a name that is none', "--dev 'wan;id'", /found `wan;id`/],
    ['lo', '--dev lo', /lo: every local program uses it.*--loopback/],
  ])('refuses %s', (_, flags, complaint) => {
    const { code, said } = inNamespace(script(), `${SITE} before=$(state); sh $S start ${flags}; code=$?; [ "$(state)" = "$before" ] || exit 9; exit $code`);
    expect(said).toMatch(complaint);
    expect(code).toBe(2);
  });

  test.each([
    ['the default route', 'ip route add default via 10.9.0.1', '', /wan carries the default route.*--force/],
    ['the SSH connection', 'export SSH_CONNECTION="10.9.0.1 5022 10.9.0.2 22"', '', /wan carries this SSH connection.*--force/],
    ['the SSH connection of the one who called sudo', '', '10.9.0.1 5022 10.9.0.2 22', /wan carries this SSH connection/],
    ['a queueing discipline of its own', 'tc qdisc add dev wan root handle 7: tbf rate 1gbit burst 1mb limit 1mb', '', /wan has a queueing discipline of its own \(7:\)/],
  ])('does not touch what carries %s, unless that is meant', (_, first, above, complaint) => {
    const { code, out, said } = inNamespace(
      script(),
      `${SITE} ${first}
      ${above === '' ? '' : 'unset SSH_CONNECTION'}
      before=$(state); sh $S start --dev wan; code=$?; [ "$(state)" = "$before" ] || echo touched; sh $S start --dev wan --force; exit $code`,
      above === '' ? {} : { SSH_CONNECTION: above },
    );
    expect(said).toMatch(complaint);
    expect(code).toBe(2);
    expect(out).toMatch(/^lines of town on wan/);
  });

  test('the block of loopback is played on lo alone, both directions in one tree', () => {
    const { out, said } = inNamespace(
      onLoopback(),
      `${SITE}
      sh $S start --dev wan; echo $?
      before=$(state); sh $S start --dev lo --loopback
      ping -q -c 3 -i 0.3 -I 127.64.0.1 127.0.0.1 >/dev/null; ping -q -c 2 -i 0.3 -I 127.0.0.1 127.64.0.2 >/dev/null
      packets lo 1; packets lo 2; packets lo ffff; ip -d link show lo | grep -c 'mtu 1500.*\\|gso_max_segs 1 '
      sh $S check; sh $S undo; [ "$(state)" = "$before" ] || state`,
    );
    expect(said).toMatch(/^meterstorm-link: wan: the addresses 127.64.0.1-127.64.0.4 never leave lo; add --dev lo --loopback/);
    expect(out.trim().split('\n')).toEqual([
      '2',
      expect.stringMatching(/^lines of town on lo/),
      '6',
      '4',
      '0',
      '2',
      'lines: in place on lo, 4 stations in 2 categories',
      'kernel: takes all of it',
      'no lines are left',
    ]);
  });

  test.runIf(HASHLIMIT)('hashlimit limits the same, and goes without a trace', () => {
    const { code, out, said } = inNamespace(
      script({ limiter: 'hashlimit' }),
      `${SITE}
      iptables -t mangle -A POSTROUTING -o wan -j ACCEPT; before=$(state)
      sh $S start --dev wan >/dev/null; sh $S start --dev wan >/dev/null
      far ping -q -c 30 -i 0.002 -W 1 10.64.0.1 | sed -n 's/.*, \\([0-9]*\\) received.*/\\1/p'
      far ping -q -c 20 -i 0.002 -W 1 10.64.0.2 | sed -n 's/.*, \\([0-9]*\\) received.*/\\1/p'
      sh $S check --dev wan; sh $S undo >/dev/null; [ "$(state)" = "$before" ] || state`,
    );
    const [near, far, ...rest] = out.trim().split('\n');
    expect(said).toBe('');
    expect(Number(near)).toBeGreaterThanOrEqual(4);
    expect(Number(near)).toBeLessThanOrEqual(8);
    expect(far).toBe('20');
    expect(rest).toEqual(['lines: in place on wan, 4 stations in 2 categories', 'kernel: takes all of it']);
    expect(code).toBe(0);
  });

  test('50,000 stations are loaded in seconds', () => {
    const categories = [...CATEGORIES, { ...NEAR, name: 'bad', lossBursts: { enter: 0.01, leave: 0.2, loss: 1 } }, { ...NEAR, name: 'slow', ratePacketsPerSecond: 0.5 }];
    const text = script({ categories, categoryOf: Uint8Array.from({ length: 50_000 }, (_, s) => [0, 1, 0, 2, 3, 0, 1][s % 7] ?? 0) });
    expect(text.length).toBeLessThan(2_000_000);
    const begun = performance.now();
    const { out } = inNamespace(text, `${SITE} sh $S start --dev wan; nft get element ip meterstorm_link class_of '{ 10.64.195.80 }' | grep -o '4d53:.'`);
    expect(performance.now() - begun).toBeLessThan(60_000);
    // Station 49,999; 49,999 mod 7 is 5.
    expect(out).toMatch(/^lines of town on wan: 50000 stations in 4 categories.*\n4d53:1$/m);
  }, 120_000);

  test('show prints what start would give', () => {
    const { code, out } = inNamespace(script({ limiter: 'hashlimit' }), 'sh $S show --dev wan');
    expect(code).toBe(0);
    expect(out).toMatch(/# tc -batch\nqdisc replace dev wan root[^]*\nqdisc replace dev ms-link root[^]*# nft -f\n[^]*# iptables-restore/);
  });
});
