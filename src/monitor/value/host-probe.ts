/** Watches the machine that this runs on: what /proc says of it (`host-file.ts`), as values of a target. */

import { readHost, type HostSample } from '../host-file.ts';
import type { ProcFiles } from '../proc-file.ts';
import type { Limits, ReadValue, Readout, ValueProbe } from './value-probe.ts';

export class HostProbe implements ValueProbe {
  readonly #files: ProcFiles;

  constructor(files: ProcFiles) {
    this.#files = files;
  }

  async read(): Promise<Readout> {
    const host = readHost(this.#files);
    if (host === null) throw new Error('this system has no /proc');
    const load = Number(this.#files.text('/proc/loadavg')?.split(' ')[0] ?? Number.NaN);
    return { values: [...valuesOf(host), gauge('load', '', load)], faults: [] };
  }

  close(): void {}
}

function valuesOf(host: HostSample): readonly ReadValue[] {
  const { conntrack, tcp } = host;
  return [
    counter('cpu.user', 'cores', host.userSeconds),
    counter('cpu.system', 'cores', host.systemSeconds),
    counter('cpu.stolen', 'cores', host.stolenSeconds),
    gauge('memory.used', 'bytes', host.memoryUsedBytes),
    counter('disk.read', 'bytes/s', host.diskReadBytes),
    counter('disk.written', 'bytes/s', host.diskWrittenBytes),
    counter('network.loopback', 'bytes/s', host.loopbackBytes),
    counter('network.other', 'bytes/s', host.networkBytes),
    gauge('tcp.connections', 'sockets', host.connections),
    gauge('tcp.time_wait', 'sockets', host.timeWait),
    gauge('descriptors', '', host.descriptors),
    ...(conntrack === null ? [] : [{ ...gauge('conntrack', 'entries', conntrack.count), limits: shareOf(conntrack.max) }]),
    ...Object.entries(tcp).map(([name, count]) => counter(`tcp.${name}`, '1/s', Number(count))),
  ];
}

function gauge(name: string, unit: string, value: number): ReadValue {
  return { name, unit, type: 'gauge', timeMs: null, value };
}

function counter(name: string, unit: string, value: number): ReadValue {
  return { name, unit, type: 'counter', resets: true, timeMs: null, value };
}

/** As Munin's fw_conntrack judges it. */
function shareOf(max: number): Limits {
  return { min: null, max: null, warning: { min: null, max: Math.floor(max * 0.8) }, critical: { min: null, max: Math.floor(max * 0.9) } };
}
