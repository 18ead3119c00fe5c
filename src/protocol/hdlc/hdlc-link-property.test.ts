/**
 * The client's link against the server's, over lines that lose, double, cut and falsify frames, in many combinations from seeds.
 * What must hold: each APDU comes over exactly once, in order and unchanged, and each answer is that of its question; or the link
 * says that it failed. On a good line nothing is sent twice.
 */

import { describe, expect, it } from 'vitest';
import { HdlcClientLink } from './hdlc-client-link.ts';
import { Channel, Dice, GOOD_LINE, type LineFaults } from './hdlc-channel.fixture.ts';
import { HdlcCounts } from './hdlc-counts.ts';
import { hdlcAddress } from './hdlc-address.ts';
import { type HdlcPeer, HdlcServerLink } from './hdlc-server-link.ts';
import { hexOf } from './hdlc-vectors.fixture.ts';
import type { HdlcLimits } from './link-parameters.ts';

const EXCHANGES = 12;
const APDU_BYTES_MAX = 3000;

interface TrialOptions {
  readonly seed: number;
  readonly faults: LineFaults;
  /** Chance, at each step, that time is up although something is under way. */
  readonly hasty: number;
  readonly window?: number;
}

interface TrialResult {
  readonly done: number;
  readonly failure: string | null;
  readonly framesSent: number;
  readonly framesRepeated: number;
}

class Trial {
  readonly #dice: Dice;
  readonly #options: TrialOptions;
  readonly #up: Channel;
  readonly #down: Channel;
  readonly #counts = new HdlcCounts();
  readonly #client: HdlcClientLink;
  readonly #server: HdlcServerLink;
  readonly #questions: Uint8Array[] = [];
  #asked = 0;
  #answered = 0;
  #heardByServer = 0;
  #failure: string | null = null;
  /** An answer that the device still works on. */
  #work: { readonly peer: HdlcPeer; readonly answer: Uint8Array | null; steps: number } | null = null;

  constructor(options: TrialOptions) {
    this.#options = options;
    const dice = new Dice(options.seed, 'hdlc-trial');
    this.#dice = dice;
    this.#up = new Channel(dice, options.faults);
    this.#down = new Channel(dice, options.faults);
    const common = { apduBytesMax: APDU_BYTES_MAX, counts: this.#counts };
    this.#client = new HdlcClientLink(
      { ...common, clientSap: 16, server: hdlcAddress(1, 17), limits: this.#limits(), repeatsMax: 25, busyMax: 60 },
      {
        onSend: (bytes) => this.#up.send(bytes),
        onApdu: (apdu) => this.#answer(apdu),
        onDelivered: () => this.#answered++,
        onFailed: (code) => {
          this.#failure = code;
        },
      },
    );
    this.#server = new HdlcServerLink(
      { ...common, limits: this.#limits(), linksMax: 1 },
      { onSend: (bytes) => this.#down.send(bytes), onApdu: (apdu, peer) => this.#question(apdu, peer) },
    );
    for (let i = 0; i < EXCHANGES; i++) this.#questions.push(dice.bytes(1 + dice.below(dice.chance(0.3) ? APDU_BYTES_MAX : 200)));
  }

  run(): TrialResult {
    this.#client.connect();
    for (let step = 0; step < 200_000 && !this.#over(); step++) this.#step();
    expect(this.#over(), 'comes to an end').toBe(true);
    if (this.#failure === null) expect([this.#asked, this.#answered, this.#heardByServer]).toEqual([EXCHANGES, EXCHANGES, EXCHANGES]);
    const { framesSent, framesRepeated } = this.#counts;
    return { done: this.#answered, failure: this.#failure, framesSent, framesRepeated };
  }

  #over(): boolean {
    return this.#failure !== null || (this.#client.state === 'disconnected' && this.#up.empty && this.#down.empty);
  }

  #step(): void {
    this.#workOn();
    if (this.#client.waiting && this.#dice.chance(this.#options.hasty)) this.#client.timedOut();
    const line = this.#up.empty || (!this.#down.empty && this.#dice.chance(0.5)) ? this.#down : this.#up;
    if (!line.empty) {
      const piece = line.take();
      if (line === this.#up) this.#server.receive(piece);
      else this.#client.receive(piece);
    } else if (this.#client.idle) this.#next();
    else if (this.#client.waiting && this.#work === null) {
      if (this.#dice.chance(0.5)) this.#server.silence();
      this.#client.timedOut();
    }
  }

  #next(): void {
    if (this.#asked === EXCHANGES) {
      this.#client.disconnect();
      return;
    }
    this.#client.sendApdu(this.#questions[this.#asked] ?? new Uint8Array(0), !this.#wantsNothing(this.#asked));
    this.#asked++;
  }

  #question(apdu: Uint8Array, peer: HdlcPeer): boolean {
    const i = this.#heardByServer++;
    expect(this.#asked, 'heard after it was asked').toBe(i + 1);
    expect(hexOf(apdu), `question ${i}`).toBe(hexOf(this.#questions[i] ?? new Uint8Array(0)));
    const answer = this.#wantsNothing(i) ? null : this.#answerTo(i);
    if (this.#dice.chance(0.3)) {
      this.#work = { peer, answer, steps: this.#dice.below(30) };
      return true;
    }
    return answer !== null && this.#server.sendApdu(peer, answer);
  }

  #workOn(): void {
    const work = this.#work;
    if (work === null || work.steps-- > 0) return;
    this.#work = null;
    const taken = work.answer === null ? this.#server.sendNothing(work.peer) : this.#server.sendApdu(work.peer, work.answer);
    // Who wants no answer may have gone meanwhile.
    expect(taken || work.answer === null).toBe(true);
  }

  #answer(apdu: Uint8Array): void {
    const i = this.#answered++;
    expect(this.#asked, 'answered after it was asked').toBe(i + 1);
    expect(hexOf(apdu), `answer ${i}`).toBe(hexOf(this.#answerTo(i)));
  }

  #wantsNothing(i: number): boolean {
    return i % 4 === 3;
  }

  #answerTo(i: number): Uint8Array {
    const dice = new Dice(this.#options.seed * 100 + i, 'answer');
    return dice.bytes(1 + dice.below(dice.chance(0.3) ? APDU_BYTES_MAX : 300));
  }

  #limits(): HdlcLimits {
    const dice = this.#dice;
    const window = (): number => this.#options.window ?? 1 + dice.below(7);
    const bytes = (): number => (dice.chance(0.5) ? 128 : 32 + dice.below(400));
    return { transmitBytes: bytes(), receiveBytes: bytes(), transmitWindow: window(), receiveWindow: window() };
  }
}

function trials(count: number, optionsOf: (seed: number) => Omit<TrialOptions, 'seed'>): readonly TrialResult[] {
  return Array.from({ length: count }, (_, seed) => {
    try {
      return new Trial({ seed, ...optionsOf(seed) }).run();
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  });
}

const total = (results: readonly TrialResult[], key: 'framesSent' | 'framesRepeated' | 'done'): number =>
  results.reduce((sum, result) => sum + result[key], 0);
const failures = (results: readonly TrialResult[]): readonly string[] => results.flatMap(({ failure }) => failure ?? []);

describe('HDLC links', () => {
  it.each([1, 2, 3, 4, 5, 6, 7])('send nothing twice on a good line, window %d', (window) => {
    const results = trials(15, () => ({ faults: GOOD_LINE, hasty: 0, window }));
    expect([failures(results), total(results, 'framesRepeated'), total(results, 'done')]).toEqual([[], 0, 15 * EXCHANGES]);
  });

  it.each(['lost', 'doubled', 'cut', 'flipped', 'noise'] as const)('bring every APDU over a line with frames %s', (fault) => {
    const results = trials(40, (seed) => ({ faults: { ...GOOD_LINE, [fault]: 0.02 + 0.02 * (seed % 7) }, hasty: 0 }));
    expect(failures(results)).toEqual([]);
  });

  it('do not multiply frames that come twice', () => {
    const once = trials(20, () => ({ faults: GOOD_LINE, hasty: 0 }));
    const twice = trials(20, () => ({ faults: { ...GOOD_LINE, doubled: 1 }, hasty: 0 }));
    expect(failures(twice)).toEqual([]);
    // The server answers each copy; the client does not.
    expect(total(twice, 'framesSent')).toBeLessThan(2.5 * total(once, 'framesSent'));
  });

  it('keep questions and answers together when the client is hasty', () => {
    const results = trials(60, (seed) => ({ faults: GOOD_LINE, hasty: 0.02 * (1 + (seed % 5)) }));
    expect(total(results, 'framesRepeated')).toBeGreaterThan(1000);
    // A client that floods the line with repeats may give up, but for no other reason.
    expect(failures(results).filter((code) => code !== 'hdlc-no-answer')).toEqual([]);
    expect(failures(results).length).toBeLessThan(10);
  });

  it('bring APDUs over exactly or fail, whatever happens at once', () => {
    const faults = (seed: number): LineFaults => {
      const dice = new Dice(seed, 'faults');
      const share = (): number => (dice.chance(0.4) ? 0 : 0.15 * (dice.below(1000) / 1000));
      return { lost: share(), doubled: share(), cut: share(), flipped: share(), noise: share() };
    };
    const results = trials(250, (seed) => ({ faults: faults(seed), hasty: seed % 3 === 0 ? 0.03 : 0 }));
    expect(total(results, 'done')).toBeGreaterThan(200 * EXCHANGES);
    expect(failures(results).length).toBeLessThan(50);
  });

  it('fail on a line that lets hardly anything through', () => {
    const results = trials(20, () => ({ faults: { ...GOOD_LINE, lost: 0.7 }, hasty: 0 }));
    expect(new Set(failures(results))).toEqual(new Set(['hdlc-no-answer']));
    expect(total(results, 'done')).toBeGreaterThan(0);
  });
});
