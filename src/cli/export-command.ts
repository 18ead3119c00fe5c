/** `meterstorm export`. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../run/errors.ts';
import { makeMasterKey, MASTER_KEY_FILE, readMasterKey } from '../run/master-key-file.ts';
import { makeDirectory } from '../run/make-directory.ts';
import { exportScenario, type ExportFormat, type ExportKind } from '../run/export.ts';
import { DEFAULT_LISTEN, endpointOf, readScenario } from './scenario-argument.ts';

export interface ExportFlags {
  readonly set: readonly string[];
  readonly steps?: string;
  readonly stations?: string;
  readonly format: ExportFormat;
  readonly out: string;
  readonly listen?: string;
  readonly keys?: string;
}

const KINDS: readonly ExportKind[] = ['grid', 'plan', 'readings', 'devices'];

export async function exportCommand(file: string, what: string, flags: ExportFlags): Promise<void> {
  const kind = KINDS.find((name) => name === what);
  if (kind === undefined) {
    throw new UserError(`meterstorm: export: found \`${what}\`, allowed are ${KINDS.join(', ')}`);
  }
  const scenario = readScenario(file, flags);
  makeDirectory(flags.out, '--out');
  const files = await exportScenario(scenario, {
    kind,
    format: flags.format,
    directory: flags.out,
    listen: endpointOf(flags.listen ?? DEFAULT_LISTEN, '--listen'),
    masterKey: kind === 'devices' && scenario.security !== null ? masterKeyOf(flags) : null,
  });
  for (const name of files) process.stdout.write(`${name}\n`);
}

/** The key of the installation; a new one unless the user has one. */
function masterKeyOf(flags: ExportFlags): Uint8Array {
  // The inventory has the keys of all devices.
  process.umask(0o077);
  if (flags.keys !== undefined) return readMasterKey(flags.keys, '--keys');
  const file = join(flags.out, MASTER_KEY_FILE);
  if (existsSync(file)) throw new UserError(`meterstorm: --keys: ${file} is there already; name it with --keys, or choose another --out`);
  const key = makeMasterKey(flags.out);
  process.stdout.write(`${file}\n`);
  return key;
}
