/**
 * Our client against servers of other makers, as recorded: given the answers that they gave, it sends exactly the bytes that it
 * sent then, and makes the same of them.
 */

import { describe, expect, it } from 'vitest';
import { type RecordedPeer, recordedPeer, type RecordedServerSession } from '../wire/recorded-session.fixture.ts';
import { C_SERVER_SESSIONS, type ClientSession, JDLMS_SERVER_SESSIONS, ReplayWire, runSession } from './interop-client.fixture.ts';

interface Pair {
  readonly name: string;
  readonly shows: string;
  readonly session: ClientSession;
  readonly recorded: RecordedServerSession;
}

const PEERS = [
  { recording: recordedPeer<RecordedServerSession>('server-gurux-dlms-c'), sessions: C_SERVER_SESSIONS },
  { recording: recordedPeer<RecordedServerSession>('server-jdlms'), sessions: JDLMS_SERVER_SESSIONS },
].map(({ recording, sessions }) => ({ peer: recording.peer, version: recording.version, role: recording.role, pairs: pairsOf(recording, sessions) }));

function pairsOf(recording: RecordedPeer<RecordedServerSession>, sessions: readonly ClientSession[]): readonly Pair[] {
  return recording.sessions.map((recorded) => {
    const session = sessions.find(({ name }) => name === recorded.name);
    if (session === undefined) throw new Error(`nobody knows the session ${recorded.name} with ${recording.peer}`);
    return { name: session.name, shows: session.shows, session, recorded };
  });
}

async function replay({ session, recorded }: Pair, pieceBytes: number): Promise<void> {
  const wire = new ReplayWire(recorded.connections, pieceBytes);
  const results = await runSession(session, { wire, port: 4059 });
  expect(wire.difference).toBeNull();
  expect(JSON.parse(JSON.stringify(results))).toEqual(recorded.results);
  expect(wire.left).toBe(0);
}

describe.each(PEERS)('$peer, $version', ({ role, pairs }) => {
  it('is a server', () => {
    expect(role).toBe('server');
    expect(pairs.length).toBeGreaterThanOrEqual(6);
  });

  it.each(pairs)('$name: $shows', (pair) => replay(pair, Infinity));

  it.each(pairs)('$name, byte by byte', (pair) => replay(pair, 1));

  it.each(pairs)('$name, in pieces of 7 bytes', (pair) => replay(pair, 7));
});

describe('the replay', () => {
  const pair = PEERS[0]!.pairs[0]!;

  it('covers what it is there for', () => {
    const done = PEERS.flatMap(({ pairs }) => pairs).flatMap(({ recorded }) =>
      Object.entries(recorded.results).filter(([, result]) => !hasError(result)).map(([step]) => step),
    );
    const wanted = ['associate', 'objects', 'attributes', 'list', 'clock', 'entries', 'range', 'relay', 'long', 'release'];
    expect([...new Set(done)].sort()).toEqual(wanted.sort());
  });

  it('sees another request than the recorded one', async () => {
    const [sent, answered] = pair.recorded.connections[0]![0]!;
    const wire = new ReplayWire([[[`ff${sent.slice(2)}`, answered]]]);
    await runSession(pair.session, { wire, port: 4059 });
    expect(wire.difference?.sent).toBe(sent);
  });
});

function hasError(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'error' in result;
}
