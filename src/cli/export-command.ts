/** `meterstorm export`. */

import { UserError } from '../run/errors.ts';
import { makeDirectory } from '../run/make-directory.ts';
import { exportScenario, type ExportFormat, type ExportKind } from '../run/export.ts';
import { readScenario } from './scenario-argument.ts';

export interface ExportFlags {
  readonly set: readonly string[];
  readonly format: ExportFormat;
  readonly out: string;
}

const KINDS: readonly ExportKind[] = ['grid', 'plan', 'readings'];

export async function exportCommand(file: string, what: string, flags: ExportFlags): Promise<void> {
  const kind = KINDS.find((name) => name === what);
  if (kind === undefined) {
    throw new UserError(`meterstorm: export: found \`${what}\`, allowed are ${KINDS.join(', ')}`);
  }
  const scenario = readScenario(file, flags);
  makeDirectory(flags.out, '--out');
  const files = await exportScenario(scenario, { kind, format: flags.format, directory: flags.out });
  for (const name of files) process.stdout.write(`${name}\n`);
}
