/**
 * One round of questions to a munin-node, sans-IO: yields what is to be sent and how its answer ends, takes the lines of
 * the answer, returns the values of all plugins.
 *
 *   cap multigraph dirtyconfig    one line; old nodes don't know it
 *   list                          one line of names
 *   config PLUGIN                 lines up to `.`; asked again after CONFIG_KEPT_MS, or every time where values come with it
 *   fetch PLUGIN                  lines up to `.`; not where values came with the config (dirtyconfig)
 */

import type { PartFault, ReadValue, Readout } from '../value/value-probe.ts';
import { conversionOf, parseReply, PLAIN_FIELD, type MuninConfig, type MuninReply, type MuninValue } from './munin-reply.ts';

export interface MuninRequest {
  readonly command: string;
  /** The answer is one line, or all lines before one with a single dot. */
  readonly ends: 'line' | 'dot';
}

export type MuninRound = Generator<MuninRequest, Readout, readonly string[]>;

/** Kept from round to round. */
export interface MuninMemory {
  readonly configs: Map<string, { readonly config: MuninConfig; readonly atMs: number }>;
}

export interface MuninQuestion {
  /** Names of plugins; null: all that the node has. */
  readonly plugins: readonly string[] | null;
  readonly nowMs: number;
}

const CONFIG_KEPT_MS = 600_000;
const PLUGINS_MAX = 500;
const VALUES_MAX = 20_000;

export function* muninRound(memory: MuninMemory, question: MuninQuestion): MuninRound {
  yield { command: 'cap multigraph dirtyconfig', ends: 'line' };
  const [list = ''] = yield { command: 'list', ends: 'line' };
  if (list.startsWith('#')) throw new Error(`the node answers to \`list\`: ${list}`);
  const offered = list.split(/\s+/).filter((name) => /^[\w.-]{1,256}$/.test(name));
  const plugins = question.plugins ?? offered.slice(0, PLUGINS_MAX);
  const values: ReadValue[] = [];
  const faults: PartFault[] = [];
  for (const plugin of plugins) {
    if (!offered.includes(plugin)) {
      faults.push({ part: plugin, why: 'the node has no such plugin' });
      continue;
    }
    const { config, reply } = yield* ask(plugin, memory, question.nowMs);
    if (reply.fault !== null) faults.push({ part: plugin, why: reply.fault });
    for (const value of reply.values) if (values.length < VALUES_MAX) values.push(readValue(config, value));
  }
  return { values, faults };
}

function* ask(
  plugin: string,
  memory: MuninMemory,
  nowMs: number,
): Generator<MuninRequest, { readonly config: MuninConfig; readonly reply: MuninReply }, readonly string[]> {
  let known = memory.configs.get(plugin) ?? null;
  if (known === null || nowMs - known.atMs >= CONFIG_KEPT_MS) {
    const reply = parseReply(plugin, yield { command: `config ${plugin}`, ends: 'dot' });
    if (reply.fault !== null || reply.values.length > 0) return { config: reply.config, reply };
    known = { config: reply.config, atMs: nowMs };
    memory.configs.set(plugin, known);
  }
  const reply = parseReply(plugin, yield { command: `fetch ${plugin}`, ends: 'dot' });
  // A plugin that fails may have changed.
  if (reply.fault !== null) memory.configs.delete(plugin);
  return { config: known.config, reply };
}

function readValue(config: MuninConfig, { graph, field, timeMs, value }: MuninValue): ReadValue {
  const name = `${graph}.${field}`;
  const { type, limits, cdef } = config.fields.get(name) ?? PLAIN_FIELD;
  const convert = cdef === null ? null : conversionOf(cdef, field);
  // What a cdef that is not understood makes of the value has the unit of the graph, the value itself has not.
  const unit = cdef !== null && convert === null ? '' : (config.units.get(graph) ?? '');
  return { name, unit, type, timeMs, value, limits, ...(convert === null ? {} : { convert }) };
}
