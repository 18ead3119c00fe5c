/**
 * Clients of other makers against our server, as recorded: each byte that they sent is sent again, and exactly what they were
 * answered then must be answered now, in whatever pieces it comes.
 */

import { describe, expect, it } from 'vitest';
import { below, streamKey } from '../../base/random.ts';
import { bytesOf, hexOf, recordedPeer, type RecordedSession } from '../../network/wire/recorded-session.fixture.ts';
import { HandConnection, InteropServer, listenByHand } from './interop-server.fixture.ts';

const PEERS = ['client-gurux-dlms-python', 'client-u9n-dlms-cosem', 'client-jdlms'].map((name) => recordedPeer<RecordedSession>(name));

/** Where to cut a piece of so many bytes: ends of its parts, the last one left out. */
type Cut = (bytes: number) => readonly number[];

const whole: Cut = () => [];
const singly: Cut = (bytes) => Array.from({ length: bytes - 1 }, (_, i) => i + 1);
const inHeads: Cut = (bytes) => [1, 7, 8, 9].filter((at) => at < bytes);

function anywhere(seed: number): Cut {
  const key = streamKey(seed, 'interop-cuts');
  let draws = 0;
  return (bytes) => singly(bytes).filter(() => below(key, draws++, 4) === 0);
}

/** The first exchange that went otherwise than recorded; null: none. */
function difference(session: RecordedSession, cut: Cut): { readonly sent: string; readonly answered: string; readonly recorded: string } | null {
  const wire = listenByHand(new InteropServer(session.suite));
  for (const exchanges of session.connections) {
    const connection = wire.dial();
    for (const [sent, recorded] of exchanges) {
      const answered = sendCut(connection, bytesOf(sent), cut);
      if (answered !== recorded) return { sent, answered, recorded };
    }
    connection.hangUp();
  }
  return null;
}

function sendCut(connection: HandConnection, bytes: Uint8Array, cut: Cut): string {
  let answered = '';
  let from = 0;
  for (const to of [...cut(bytes.length), bytes.length]) {
    answered += hexOf(connection.send(bytes.subarray(from, to)));
    from = to;
  }
  return answered;
}

describe.each(PEERS)('$peer, $version', ({ role, sessions }) => {
  it('is a client', () => {
    expect(role).toBe('client');
    expect(sessions.length).toBeGreaterThanOrEqual(8);
  });

  it.each(sessions)('$name: $shows', (session) => {
    expect(difference(session, whole)).toBeNull();
  });

  it.each(sessions)('$name, byte by byte', (session) => {
    expect(difference(session, singly)).toBeNull();
  });

  it.each(sessions)('$name, cut in the heads and anywhere', (session) => {
    expect(difference(session, inHeads)).toBeNull();
    for (const seed of [1, 2, 3]) expect(difference(session, anywhere(seed))).toBeNull();
  });
});

describe('the replay', () => {
  it('covers what it is there for', () => {
    const done = (operation: string): number => PEERS.flatMap(({ sessions }) => sessions).filter(({ operations }) => operations[operation] === 'done').length;
    for (const operation of ['associate', 'list', 'attributes', 'getlist', 'entry', 'range', 'block', 'access', 'clock', 'relay', 'release']) {
      expect(done(operation), operation).toBeGreaterThan(0);
    }
    expect(PEERS.flatMap(({ sessions }) => sessions).some(({ connections }) => connections.flat().some(([sent]) => sent.startsWith('7e')))).toBe(true);
  });

  it('sees a difference of one bit', () => {
    const session = PEERS[0]!.sessions[0]!;
    const [sent, answered] = session.connections[0]![0]!;
    const recorded = answered.replace(/.$/, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16));
    expect(difference({ ...session, connections: [[[sent, recorded]]] }, whole)).toEqual({ sent, answered, recorded });
  });
});
