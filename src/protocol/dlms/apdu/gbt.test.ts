import { describe, expect, it } from 'vitest';
import { decodeApdu, encodeApdu } from './apdu.ts';
import type { GeneralBlock } from './apdu-types.ts';
import { GBT_HEAD_BYTES, gbtAcknowledgement, gbtBytesMax, GbtReceiver, GbtSender, type GbtTaken, isAcknowledgement } from './gbt.ts';
import { Draws } from '../data/draws.fixture.ts';
import { bytesOf, hexOf, vectorsOf } from '../data/vectors.fixture.ts';

/** As it comes out of the bytes of an APDU, so that what is sent is what can be sent. */
function block(bytes: Uint8Array): GeneralBlock {
  const decoded = decodeApdu(bytes);
  if (decoded.status !== 'frame' || decoded.value.service !== 'general-block-transfer') throw new Error(`${hexOf(bytes)} is no block`);
  return decoded.value;
}

function heads(blocks: readonly GeneralBlock[]): readonly string[] {
  return blocks.map((each) => hexOf(encodeApdu(each)));
}

const counted = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

describe('sending in blocks', () => {
  it('says at each block what the next will do', () => {
    const sender = new GbtSender(counted(7), { blockBytes: 2, window: 3, ownWindow: 5 });
    expect(heads(sender.burst(0))).toEqual(['E04500010000020001', 'E04500020000020203', 'E00500030000020405']);
    sender.peerHas(3, 3);
    expect(heads(sender.burst(9))).toEqual(['E085000400090106']);
    expect(sender.isDone).toBe(false);
    sender.peerHas(4, 3);
    expect([sender.isDone, sender.burst(9)]).toEqual([true, []]);
  });

  it('one at a time with a window of 1', () => {
    const sender = new GbtSender(counted(3), { blockBytes: 1, window: 1, ownWindow: 1 });
    for (const expected of ['E001000100000100', 'E001000200000101', 'E081000300000102']) {
      expect(heads(sender.burst(0))).toEqual([expected]);
      sender.peerHas(sender.acknowledged + 1, 1);
    }
    expect(sender.isDone).toBe(true);
  });

  it('streams a push to its end, as a real one does: E0 40 .. 40 .. C0', () => {
    const sender = new GbtSender(counted(5), { blockBytes: 2, window: 0, ownWindow: 0 });
    expect(heads(sender.burst(0))).toEqual(['E04000010000020001', 'E04000020000020203', 'E0C0000300000104']);
    sender.peerHas(0, 7);
    expect(sender.burst(0)).toHaveLength(3);
  });

  it('goes on behind what the peer has, and not before it', () => {
    const sender = new GbtSender(counted(10), { blockBytes: 1, window: 4, ownWindow: 1 });
    const numbers = (): readonly number[] => sender.burst(0).map((each) => each.block);
    expect(numbers()).toEqual([1, 2, 3, 4]);
    sender.peerHas(2, 4);
    expect(numbers()).toEqual([3, 4, 5, 6]);
    sender.peerHas(1, 4);
    expect(numbers()).toEqual([3, 4, 5, 6]);
    sender.peerHas(6, 2);
    expect(numbers()).toEqual([7, 8]);
    // Window 0 of an acknowledgement says nothing: without any, nothing could be sent.
    sender.peerHas(8, 0);
    expect(numbers()).toEqual([9, 10]);
    // Numbers behind the last block are those of acknowledgements.
    sender.peerHas(12, 2);
    expect(sender.isDone).toBe(true);
  });

  it('refuses what does not fit the numbers', () => {
    const options = { blockBytes: 1, window: 1, ownWindow: 1 };
    expect(gbtBytesMax(3)).toBe(3 * 65535);
    expect(new GbtSender(new Uint8Array(65535), options).blocks).toBe(65535);
    expect(() => new GbtSender(new Uint8Array(65536), options)).toThrow('65535');
    expect(() => new GbtSender(new Uint8Array(0), options)).toThrow('something');
    expect(() => new GbtSender(new Uint8Array(1), { ...options, window: 64 })).toThrow('63');
    expect(() => new GbtSender(new Uint8Array(1), { ...options, ownWindow: 64 })).toThrow('63');
  });

  it('has heads of at most so many bytes', () => {
    for (const length of [1, 127, 128, 255, 256, 65535]) {
      const [only] = new GbtSender(new Uint8Array(length), { blockBytes: length, window: 1, ownWindow: 63 }).burst(65535);
      const head = encodeApdu(only as GeneralBlock).length - length;
      expect(head).toBeLessThanOrEqual(GBT_HEAD_BYTES);
      expect(head).toBe(length < 128 ? 7 : length < 256 ? 8 : 9);
    }
  });
});

describe('receiving blocks', () => {
  const data = (number: number, parts: Partial<GeneralBlock> = {}): GeneralBlock => ({
    service: 'general-block-transfer',
    last: false,
    streaming: true,
    window: 1,
    block: number,
    acknowledged: 0,
    raw: Uint8Array.of(number),
    ...parts,
  });
  const taken = (blocks: readonly GeneralBlock[], bytesMax = 1000): readonly [readonly GbtTaken[], GbtReceiver] => {
    const receiver = new GbtReceiver({ bytesMax });
    return [blocks.map((each) => receiver.take(each)), receiver];
  };

  it('takes the vector', () => {
    const hex = vectorsOf('apdu').find(({ id }) => id === 'gbt1')?.hex ?? '';
    const [results, receiver] = taken([block(bytesOf(hex))]);
    expect([results, hexOf(receiver.apdu())]).toEqual([['complete'], 'C001C100080000010000FF0200']);
  });

  it('puts together what comes in order, and asks where the sender waits', () => {
    const [results, receiver] = taken([data(1), data(2, { streaming: false }), data(3), data(4, { last: true, streaming: false })]);
    expect(results).toEqual(['part', 'answer', 'part', 'complete']);
    expect([hexOf(receiver.apdu()), receiver.acknowledged]).toEqual(['01020304', 4]);
  });

  it('drops what came twice and what comes behind a lost block', () => {
    const [results, receiver] = taken([data(1), data(1, { raw: Uint8Array.of(99) }), data(3), data(4, { streaming: false })]);
    expect([results, receiver.acknowledged]).toEqual([['part', 'part', 'part', 'answer'], 1]);
    expect(() => receiver.apdu()).toThrow('all blocks');
    for (const each of [data(2), data(3), data(4, { last: true }), data(5, { last: true })]) receiver.take(each);
    expect([hexOf(receiver.apdu()), receiver.acknowledged]).toEqual(['01020304', 4]);
  });

  it('knows that nobody sends a block of a push again', () => {
    expect(taken([data(1, { window: 0 }), data(3, { window: 0 })])[0]).toEqual(['part', 'lost']);
    expect(taken([data(2, { window: 0 })])[0]).toEqual(['lost']);
    expect(taken([data(1, { window: 0 }), data(1, { window: 0 })])[0]).toEqual(['part', 'part']);
    // Without streaming the sender waits, and hears what is missing.
    expect(taken([data(2, { window: 0, streaming: false })])[0]).toEqual(['answer']);
  });

  it('gives up what grows over its limit', () => {
    expect(taken([data(1), data(2), data(3)], 2)[0]).toEqual(['part', 'part', 'too-long']);
    const [results] = taken([data(1, { raw: new Uint8Array(3) })], 2);
    expect(results).toEqual(['too-long']);
  });

  it('gives up when the numbers are used up', () => {
    const receiver = new GbtReceiver({ bytesMax: 1e6 });
    for (let number = 1; number < 65535; number++) if (receiver.take(data(number)) !== 'part') expect(number).toBe(0);
    expect(receiver.take(data(65535))).toBe('too-long');
    expect(receiver.take(data(65535, { last: true }))).toBe('complete');
  });

  it('acknowledges, and numbers its acknowledgements behind its own blocks', () => {
    const [, receiver] = taken([data(1), data(2, { acknowledged: 3 })]);
    expect(hexOf(encodeApdu(receiver.acknowledgement({ window: 8, ownBlocks: 3 })))).toBe('E0880004000200');
    // The peer has got number 4, so this one is 5.
    receiver.take(data(3, { acknowledged: 4 }));
    expect(receiver.acknowledgement({ window: 8, ownBlocks: 3 })).toEqual(gbtAcknowledgement({ window: 8, block: 5, acknowledged: 3 }));
    expect(isAcknowledgement(receiver.acknowledgement({ window: 1, ownBlocks: 0 }))).toBe(true);
    receiver.take(data(4, { acknowledged: 65535 }));
    expect(receiver.acknowledgement({ window: 1, ownBlocks: 0 }).block).toBe(65535);
  });

  it('acknowledges the acknowledgements that follow the last block, and no others', () => {
    const empty = (number: number): GeneralBlock => gbtAcknowledgement({ window: 1, block: number, acknowledged: 1 });
    const [results, receiver] = taken([empty(1), data(1, { last: true }), empty(3), empty(2), empty(3)]);
    expect(results).toEqual(['part', 'complete', 'complete', 'complete', 'complete']);
    expect([receiver.acknowledged, hexOf(receiver.apdu())]).toEqual([3, '01']);
  });

  it('copies what it keeps', () => {
    const raw = Uint8Array.of(1, 2);
    const [, receiver] = taken([data(1, { raw })]);
    raw.fill(9);
    receiver.take(data(2, { last: true }));
    expect(hexOf(receiver.apdu())).toBe('010202');
  });
});

/**
 * A conversation over a line that loses and doubles messages in both directions: a request in blocks, then the answer in
 * blocks. The client alone has a clock; its time-outs are counted, and after so many rounds without progress it gives up.
 */
interface Trial {
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
  readonly blockBytes: number;
  readonly clientWindow: number;
  readonly serverWindow: number;
  /** Out of 1000. */
  readonly lost: number;
  readonly doubled: number;
}

const IN_VAIN_MAX = 100;

class Server {
  readonly #trial: Trial;
  readonly #receiver: GbtReceiver;
  #sender: GbtSender | null = null;
  executed: string[] = [];

  constructor(trial: Trial) {
    this.#trial = trial;
    this.#receiver = new GbtReceiver({ bytesMax: 1e6 });
  }

  receive(from: GeneralBlock): readonly GeneralBlock[] {
    const { answer, blockBytes, serverWindow } = this.#trial;
    const took = this.#receiver.take(from);
    if (this.#sender === null) {
      if (took === 'answer') return [this.#receiver.acknowledgement({ window: serverWindow, ownBlocks: 0 })];
      if (took !== 'complete') return [];
      this.executed.push(hexOf(this.#receiver.apdu()));
      this.#sender = new GbtSender(answer, { blockBytes, window: from.window, ownWindow: serverWindow });
    } else this.#sender.peerHas(from.acknowledged, from.window);
    return this.#sender.burst(this.#receiver.acknowledged);
  }
}

/** The answer, or null when it gives up. */
function converse(trial: Trial, draws: Draws): { readonly answer: Uint8Array | null; readonly server: Server; readonly timeouts: number } {
  const server = new Server(trial);
  const { blockBytes, clientWindow: window, serverWindow } = trial;
  const sender = new GbtSender(trial.request, { blockBytes, window: serverWindow, ownWindow: window });
  const receiver = new GbtReceiver({ bytesMax: 1e6 });
  const arrivals = (sent: readonly GeneralBlock[]): readonly GeneralBlock[] =>
    sent.flatMap((each) => {
      const copies = draws.below(1000) < trial.lost ? 0 : draws.below(1000) < trial.doubled ? 2 : 1;
      return Array.from({ length: copies }, () => block(encodeApdu(each)));
    });
  const next = (): readonly GeneralBlock[] =>
    sender.isDone ? [receiver.acknowledgement({ window, ownBlocks: sender.blocks })] : sender.burst(receiver.acknowledged);
  let sending = next();
  let timeouts = 0;
  for (let inVain = 0; inVain < IN_VAIN_MAX; inVain++) {
    const before = sender.acknowledged + receiver.acknowledged;
    let mustAnswer = false;
    for (const reply of arrivals(arrivals(sending).flatMap((each) => server.receive(each)))) {
      sender.peerHas(reply.acknowledged, reply.window);
      const took = isAcknowledgement(reply) ? 'answer' : receiver.take(reply);
      if (took === 'complete') return { answer: receiver.apdu(), server, timeouts };
      if (took === 'answer') mustAnswer = true;
    }
    if (!mustAnswer) timeouts++;
    if (sender.acknowledged + receiver.acknowledged > before) inVain = 0;
    sending = next();
  }
  return { answer: null, server, timeouts };
}

describe('a conversation in blocks', () => {
  const trialOf = (draws: Draws, lost: number, doubled: number): Trial => ({
    request: draws.bytes(1 + draws.below(120)),
    answer: draws.bytes(1 + draws.below(300)),
    blockBytes: 1 + draws.below(30),
    clientWindow: 1 + draws.below(9),
    serverWindow: 1 + draws.below(9),
    lost,
    doubled,
  });

  it('takes no time-out on a good line', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const draws = new Draws(seed, 'good line');
      const trial = trialOf(draws, 0, 0);
      const { answer, server, timeouts } = converse(trial, draws);
      expect([seed, hexOf(answer ?? bytesOf('')), server.executed, timeouts]).toEqual([seed, hexOf(trial.answer), [hexOf(trial.request)], 0]);
    }
  });

  it.each([
    [20, 0],
    [200, 0],
    [0, 300],
    [200, 200],
    [400, 100],
  ])('arrives over a line that loses %i and doubles %i in 1000', (lost, doubled) => {
    let timeoutsInAll = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const draws = new Draws(seed, 'bad line');
      const trial = trialOf(draws, lost, doubled);
      const { answer, server, timeouts } = converse(trial, draws);
      // The request is carried out once, whatever was sent twice.
      expect([seed, hexOf(answer ?? bytesOf('')), server.executed]).toEqual([seed, hexOf(trial.answer), [hexOf(trial.request)]]);
      timeoutsInAll += timeouts;
    }
    expect(timeoutsInAll > 0).toBe(lost > 0);
  });

  it('arrives or is given up over a hopeless line, and never as something else', () => {
    const ends = { arrived: 0, givenUp: 0 };
    for (let seed = 1; seed <= 100; seed++) {
      const draws = new Draws(seed, 'hopeless line');
      const trial = trialOf(draws, 850, 50);
      const { answer, server } = converse(trial, draws);
      if (answer !== null) expect([seed, hexOf(answer)]).toEqual([seed, hexOf(trial.answer)]);
      for (const executed of server.executed) expect([seed, executed]).toEqual([seed, hexOf(trial.request)]);
      if (answer === null) ends.givenUp++;
      else ends.arrived++;
    }
    expect(ends.arrived).toBeGreaterThan(10);
    expect(ends.givenUp).toBeGreaterThan(10);
    const silent = new Draws(1, 'silent line');
    expect(converse(trialOf(silent, 1000, 0), silent)).toMatchObject({ answer: null, timeouts: 100 });
  });

  it('pushes arrive whole or are known to be lost', () => {
    const ends: Record<string, number> = {};
    for (let seed = 1; seed <= 300; seed++) {
      const draws = new Draws(seed, 'push');
      const apdu = draws.bytes(1 + draws.below(200));
      const receiver = new GbtReceiver({ bytesMax: 1000 });
      let end: GbtTaken = 'part';
      for (const each of new GbtSender(apdu, { blockBytes: 20, window: 0, ownWindow: 0 }).burst(0)) {
        for (let copies = draws.below(10) < 2 ? 0 : 1 + draws.below(2); copies > 0 && end === 'part'; copies--) end = receiver.take(block(encodeApdu(each)));
      }
      if (end === 'complete') expect([seed, hexOf(receiver.apdu())]).toEqual([seed, hexOf(apdu)]);
      ends[end] = (ends[end] ?? 0) + 1;
    }
    // `part`: the end was lost; only the next push, or a clock, can tell.
    expect(Object.keys(ends).sort()).toEqual(['complete', 'lost', 'part']);
  });
});
