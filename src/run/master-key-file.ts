/** The master key of an installation as a file that only its owner reads: 64 hexadecimal digits. */

import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MASTER_KEY_BYTES, newMasterKeyBytes } from '../protocol/dlms/security/keys.ts';
import { UserError } from './errors.ts';

export const MASTER_KEY_FILE = 'master.key';

/** Makes a new key, never used before, and keeps it in the directory of the run. */
export function makeMasterKey(directory: string): Uint8Array {
  const key = newMasterKeyBytes((bytes) => randomBytes(bytes));
  writeFileSync(join(directory, MASTER_KEY_FILE), `${Buffer.from(key).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}

/** @throws UserError when the file is not such a key. */
export function readMasterKey(file: string, flag: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UserError(`meterstorm: ${flag}: ${(error as Error).message}`);
  }
  if (!/^[0-9a-f]+$/i.test(text) || text.length !== 2 * MASTER_KEY_BYTES) {
    throw new UserError(`meterstorm: ${flag}: ${file} is no master key; allowed: ${2 * MASTER_KEY_BYTES} hexadecimal digits`);
  }
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
