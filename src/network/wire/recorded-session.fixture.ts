/** Sessions with DLMS implementations of other makers, as they were recorded: `data/interop/*.json`. */

import { readFileSync } from 'node:fs';
import { packageFile } from '../../base/package-root.ts';

interface Recorded {
  readonly name: string;
  /** What it shows. */
  readonly shows: string;
  /** Security suite of the keys. */
  readonly suite: 0 | 1 | 2;
  /** Of each connection, in order: what the client sent, and what was answered before it sent more; hexadecimal. */
  readonly connections: readonly (readonly (readonly [sent: string, answered: string])[])[];
}

/** Their client with our server. */
export interface RecordedSession extends Recorded {
  /** What was asked for, in order, and what came of it. */
  readonly operations: Readonly<Record<string, 'done' | 'refused' | 'skipped'>>;
}

/** Our client with their server. */
export interface RecordedServerSession extends Recorded {
  /** What our client made of the answers, by step. */
  readonly results: Readonly<Record<string, unknown>>;
}

export interface RecordedPeer<S> {
  readonly peer: string;
  readonly version: string;
  readonly source: string;
  readonly role: 'client' | 'server';
  readonly date: string;
  readonly sessions: readonly S[];
}

/** `name`: of the file, without `.json`. */
export function recordedPeer<S>(name: string): RecordedPeer<S> {
  return JSON.parse(readFileSync(packageFile('data', 'interop', `${name}.json`), 'utf8')) as RecordedPeer<S>;
}

export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
