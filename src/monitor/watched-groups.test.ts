import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { ControlGroup, findControlGroup } from './control-group.ts';
import type { GroupSample } from './group-sample.ts';
import { procFiles } from './proc-file.ts';
import { ProcMachine } from './proc-machine.fixture.ts';
import { ProcessProbe } from './process-probe.ts';
import { ProcessTree } from './process-tree.ts';
import { establishedInodes } from './tcp-table.ts';
import { parseWatchTarget, targetText } from './watch-target.ts';

describe('what to watch', () => {
  test.each([
    ['db=pid:4711', { name: 'db', kind: 'pid', pid: 4711 }],
    ['db=cgroup:/system.slice/postgresql.service', { name: 'db', kind: 'cgroup', path: '/system.slice/postgresql.service' }],
    ['db=cgroup:/a/', { name: 'db', kind: 'cgroup', path: '/a' }],
    ['all=cgroup:/', { name: 'all', kind: 'cgroup', path: '/' }],
    ['host', { name: 'host', kind: 'host' }],
    ['machine=host', { name: 'machine', kind: 'host' }],
  ])('%s', (text, target) => expect(parseWatchTarget(text)).toEqual(target));

  test.each([
    ['pid:12', /"pid:12" has no name; write e.g. db=pid:4711/],
    ['=pid:12', /has no name/],
    ['', /has no name/],
    ['db=', /"" is neither pid:NUMBER nor cgroup:\/PATH nor host/],
    ['db=pid:0', /"pid:0" is neither/],
    ['db=pid:x', /"pid:x" is neither/],
    ['db=cgroup:system.slice', /is neither/],
    ['db=cgroup:/a/../../etc', /is neither/],
    ['headend=pid:12', /"headend" is what a group of Meterstorm's own is called/],
    ['a b=pid:12', /has no name/],
    ['\u001b=host', /"\uFFFD=host" has no name/],
  ])('%j is refused', (text, error) => expect(parseWatchTarget(text)).toEqual({ error: expect.stringMatching(error) }));

  test('is said in words', () => {
    expect(targetText({ name: 'db', kind: 'pid', pid: 3 })).toBe('process 3 and its children');
    expect(targetText({ name: 'db', kind: 'cgroup', path: '/x' })).toBe('control group /x');
    expect(targetText({ name: 'h', kind: 'host' })).toBe('all of this machine');
  });
});

describe('a process and its children', () => {
  const seconds = (sample: GroupSample | null): number => Math.round(((sample?.userSeconds ?? 0) + (sample?.systemSeconds ?? 0)) * 100) / 100;
  const treeOf = (machine: ProcMachine, pid: number): ProcessTree => new ProcessTree(pid, { clock: machine.clock, files: machine });

  test.each([true, false])('are one group, however deep; others are not in it; children are named by the kernel: %s', (namesChildren) => {
    const machine = new ProcMachine();
    machine.namesChildren = namesChildren;
    machine.begin(10, { cores: 0.1, rssBytes: 1024 });
    machine.begin(11, { parent: 10, cores: 0.2, rssBytes: 2048 });
    machine.begin(12, { parent: 11, cores: 0.4, rssBytes: 4096 });
    machine.begin(20, { cores: 1, rssBytes: 8192 });
    const tree = treeOf(machine, 10);
    machine.runTo(1000);
    expect(tree.sample()).toMatchObject({ processes: 3, memoryBytes: 7168, pssBytes: 3 * 50 * 1024, descriptors: 30 });
    expect(seconds(tree.sample())).toBe(0.7);
  });

  test('lose nothing when children end, and count nothing twice', () => {
    const machine = new ProcMachine();
    machine.begin(10);
    machine.begin(11, { parent: 10, cores: 1 });
    const tree = treeOf(machine, 10);
    tree.sample();
    machine.runTo(1000);
    expect(seconds(tree.sample())).toBe(1);
    machine.change(11, { writes: 4096 });
    // The child does half a second more, then ends and is waited for.
    machine.runTo(1500);
    machine.end(11);
    machine.runTo(2000);
    expect(tree.sample()).toMatchObject({ processes: 1, diskWrittenBytes: 4096 });
    expect(seconds(tree.sample())).toBe(1.5);
    // One that nobody ever saw.
    machine.begin(12, { parent: 10, cores: 1 });
    machine.runTo(2200);
    machine.end(12);
    machine.runTo(2300);
    expect(seconds(tree.sample())).toBe(1.7);
  });

  test('lose only what a child did since it was last seen, when nobody waits for it', () => {
    const machine = new ProcMachine();
    machine.begin(10);
    machine.begin(11, { parent: 10, cores: 1 });
    const tree = treeOf(machine, 10);
    machine.runTo(1000);
    tree.sample();
    machine.runTo(1100);
    machine.end(11, false);
    expect(seconds(tree.sample())).toBe(1);
    machine.runTo(5000);
    expect(seconds(tree.sample())).toBe(1);
  });

  test('keep children that another process adopted when their parent ended', () => {
    const machine = new ProcMachine();
    machine.begin(10);
    machine.begin(11, { parent: 10, cores: 0.5 });
    machine.begin(12, { parent: 11, cores: 0.5 });
    const tree = treeOf(machine, 10);
    machine.runTo(1000);
    tree.sample();
    machine.end(11);
    machine.runTo(2000);
    expect(tree.sample()).toMatchObject({ processes: 2 });
    expect(seconds(tree.sample())).toBe(1.5);
  });

  test('that have all ended are not looked for any more', () => {
    const machine = new ProcMachine();
    machine.begin(10);
    const tree = treeOf(machine, 10);
    expect(tree.sample()).not.toBeNull();
    machine.end(10);
    machine.runTo(1000);
    expect(tree.sample()).toBeNull();
    const { reads } = machine;
    // The number is given to another.
    machine.begin(10);
    expect(tree.sample()).toBeNull();
    expect(machine.reads).toBe(reads);
  });

  test('whose memory is not for us to read have no share of it', () => {
    const machine = new ProcMachine();
    machine.pssKilobytes = null;
    machine.begin(10);
    expect(treeOf(machine, 10).sample()).toMatchObject({ pssBytes: null, fullest: { process: 'process 10', descriptors: 10, descriptorsMax: 1000 } });
  });

  test('have connections: the established sockets among their descriptors, each once', () => {
    const machine = new ProcMachine();
    machine.begin(10);
    machine.begin(11, { parent: 10 });
    const line = (state: string, inode: number): string => `   0: 0100007F:0FDB 0100007F:D431 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0000 20 4 30 10 -1`;
    machine.texts.set('/proc/10/net/tcp', ['  sl  local_address ..', line('0A', 1), line('01', 2), line('01', 3), line('06', 0), ''].join('\n'));
    for (const [pid, fd, target] of [[10, 3, 'socket:[1]'], [10, 4, 'socket:[2]'], [11, 4, 'socket:[2]'], [11, 5, '/dev/null']] as const) {
      machine.links.set(`/proc/${pid}/fd/${fd}`, target);
    }
    expect(treeOf(machine, 10).sample()?.connections).toBe(1);
    expect(establishedInodes('')).toEqual([]);
  });
});

const left: ChildProcess[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const child of left.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Seconds that `sh` and its children take, as it says itself at its end. */
const BUSY_CHILD = `node -e 'const of=process.cpuUsage();while(process.cpuUsage(of).user<250_000);'`;

test.runIf(existsSync('/proc/self/stat'))('a real shell whose children come and go', { timeout: 60_000 }, async () => {
  const shell = spawn('sh', ['-c', `read go; ${BUSY_CHILD}; ${BUSY_CHILD} & ${BUSY_CHILD}; wait; times; read end`], { stdio: ['pipe', 'pipe', 'inherit'] });
  left.push(shell);
  const target = { name: 'shell', kind: 'pid', pid: shell.pid ?? 0 } as const;
  const probe = new ProcessProbe({ clock: systemClock, intervalMs: 20, targets: [target] });
  probe.start();
  shell.stdin.write('go\n');
  const [times] = (await once(shell.stdout, 'data')) as [Buffer];
  probe.stop();
  // `times`: user and system of the shell, then of its children, as `0m0.250000s`.
  const said = [...times.toString().matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, secs]) => sum + Number(minutes) * 60 + Number(secs), 0);
  const [group] = probe.resources({ cores: 1, memoryBytes: 1 }).groups;
  expect(said).toBeGreaterThan(0.75);
  expect((group?.cpuUserSeconds ?? 0) + (group?.cpuSystemSeconds ?? 0)).toBeCloseTo(said, 1);
  expect(group).toMatchObject({ name: 'shell', kind: 'pid', endedAtMs: null });
  expect(group?.peakProcesses).toBeGreaterThanOrEqual(2);
  shell.stdin.end();
  await once(shell, 'exit');
});

test.runIf(existsSync('/proc/self/stat'))('a real server has the connections that were made to it', { timeout: 30_000 }, async () => {
  const script = `const n=require('net');const s=n.createServer(()=>{}).listen(0,'127.0.0.1',()=>console.log(s.address().port))`;
  const server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  left.push(server);
  const [port] = (await once(server.stdout, 'data')) as [Buffer];
  const client = spawn(process.execPath, ['-e', `const n=require('net');let k=0;for(let i=0;i<7;i++)n.connect(${Number(port)},'127.0.0.1',()=>{if(++k===7)console.log(k)})`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  left.push(client);
  await once(client.stdout, 'data');
  expect(new ProcessTree(server.pid ?? 0, { clock: systemClock, files: procFiles }).sample()).toMatchObject({ connections: 7, processes: 1 });
});

describe('a control group', () => {
  const recorded = {
    '/sys/fs/cgroup/system.slice/db.service/cpu.stat': 'usage_usec 4500000\nuser_usec 3000000\nsystem_usec 1500000\nnr_periods 0\n',
    '/sys/fs/cgroup/system.slice/db.service/memory.current': '104857600\n',
    '/sys/fs/cgroup/system.slice/db.service/memory.stat': 'anon 20971520\nfile 83886080\ninactive_anon 0\ninactive_file 62914560\n',
    '/sys/fs/cgroup/system.slice/db.service/io.stat': '8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n259:0 rbytes=100 wbytes=200 rios=1 wios=2 dbytes=0 dios=0\n',
    '/sys/fs/cgroup/system.slice/db.service/cgroup.procs': '12\n13\n14\n',
  };
  const machine = new ProcMachine();
  for (const [path, text] of Object.entries(recorded)) machine.texts.set(path, text);

  test('is read from its files', () => {
    const directory = findControlGroup('/system.slice/db.service', machine);
    expect(directory).toBe('/sys/fs/cgroup/system.slice/db.service');
    expect(new ControlGroup(directory ?? '', machine).sample()).toEqual({
      userSeconds: 3,
      systemSeconds: 1.5,
      diskReadBytes: 4196,
      diskWrittenBytes: 8392,
      networkBytes: null,
      memoryBytes: 41_943_040,
      pssBytes: null,
      descriptors: null,
      connections: null,
      processes: 3,
      fullest: null,
    });
  });

  test('that is not there is not found, and ends when it is removed', () => {
    expect(findControlGroup('/nowhere', machine)).toBeNull();
    expect(new ControlGroup('/sys/fs/cgroup/nowhere', machine).sample()).toBeNull();
  });

  test('without controllers has processor time alone', () => {
    const bare = new ProcMachine();
    bare.texts.set('/sys/fs/cgroup/unified/a/cpu.stat', 'usage_usec 20\nuser_usec 10\nsystem_usec 10\n');
    const directory = findControlGroup('/a', bare);
    expect(directory).toBe('/sys/fs/cgroup/unified/a');
    expect(new ControlGroup(directory ?? '', bare).sample()).toMatchObject({ memoryBytes: null, diskReadBytes: null, processes: 0 });
  });

  const root = findControlGroup('/', procFiles);
  const own = `meterstorm-test-${process.pid}`;
  const mayMake = root !== null && canMake(join(root, own));

  test.runIf(mayMake)('of the kernel has the time of the processes in it', { timeout: 60_000 }, async () => {
    const directory = join(root ?? '', own);
    mkdirSync(directory);
    try {
      const shell = spawn('sh', ['-c', `read go; ${BUSY_CHILD}; ${BUSY_CHILD}`], { stdio: ['pipe', 'inherit', 'inherit'] });
      left.push(shell);
      writeFileSync(join(directory, 'cgroup.procs'), `${shell.pid}\n`);
      const probe = new ProcessProbe({ clock: systemClock, intervalMs: 50, targets: [{ name: 'group', kind: 'cgroup', path: `/${own}`, directory }] });
      probe.start();
      shell.stdin.end('go\n');
      await once(shell, 'exit');
      probe.stop();
      const [group] = probe.resources({ cores: 1, memoryBytes: 1 }).groups;
      const said = Number(/usage_usec (\d+)/.exec(readFileSync(join(directory, 'cpu.stat'), 'utf8'))?.[1]) / 1e6;
      expect(said).toBeGreaterThan(0.5);
      expect((group?.cpuUserSeconds ?? 0) + (group?.cpuSystemSeconds ?? 0)).toBeCloseTo(said, 1);
    } finally {
      rmdirSync(directory);
    }
  });
});

function canMake(directory: string): boolean {
  try {
    mkdirSync(directory);
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

test.runIf(existsSync('/proc/self/io') && process.getuid?.() === 0)('what a real process writes to disk is seen, also by children', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meterstorm-disk-'));
  folders.push(folder);
  // A file system in memory writes to no disk.
  const inMemory = execFileSync('stat', ['-f', '-c', '%T', folder]).toString().trim() === 'tmpfs';
  const shell = spawn('sh', ['-c', `read go; dd if=/dev/zero of=${join(folder, 'a')} bs=1M count=4 conv=fsync 2>/dev/null; echo done; read end`], { stdio: ['pipe', 'pipe', 'inherit'] });
  left.push(shell);
  const probe = new ProcessProbe({ clock: systemClock, intervalMs: 20, targets: [{ name: 'dd', kind: 'pid', pid: shell.pid ?? 0 }] });
  probe.start();
  shell.stdin.write('go\n');
  await once(shell.stdout, 'data');
  probe.stop();
  const [group] = probe.resources({ cores: 1, memoryBytes: 1 }).groups;
  expect(group?.diskWrittenBytes).toBeGreaterThanOrEqual(inMemory ? 0 : 4 * 2 ** 20);
  expect(group?.diskWrittenBytes).toBeLessThan(8 * 2 ** 20);
});
