/**
 * Watches a server through its munin-node: a TCP connection for each round, as Munin's master makes them. The node speaks
 * first (`# munin node at NAME`). Lines and answers are bounded.
 */

import { connect, type Socket } from 'node:net';
import { LineSplitter } from '../lines/line-splitter.ts';
import type { Readout, ValueProbe } from '../value/value-probe.ts';
import { muninRound, type MuninMemory, type MuninRequest } from './munin-round.ts';

export interface MuninTarget {
  readonly host: string;
  readonly port: number;
  /** null: all that the node has. */
  readonly plugins: readonly string[] | null;
}

const LINES_MAX = 20_000;
/** Of the lines that wait, in characters. */
const LENGTH_MAX = 8 * 2 ** 20;

export class MuninProbe implements ValueProbe {
  readonly #target: MuninTarget;
  readonly #nowMs: () => number;
  readonly #memory: MuninMemory = { configs: new Map() };

  constructor(target: MuninTarget, nowMs: () => number) {
    this.#target = target;
    this.#nowMs = nowMs;
  }

  async read(signal: AbortSignal): Promise<Readout> {
    const { host, port, plugins } = this.#target;
    const lines = new SocketLines(connect({ host, port, noDelay: true }), signal);
    try {
      const [banner = ''] = await lines.answer('line');
      if (!banner.startsWith('# munin node')) throw new Error(`${host}:${port} is no munin-node, it says \`${banner.slice(0, 60)}\``);
      const round = muninRound(this.#memory, { plugins, nowMs: this.#nowMs() });
      for (let next = round.next(); ; ) {
        if (next.done === true) return next.value;
        lines.send(`${next.value.command}\n`);
        next = round.next(await lines.answer(next.value.ends));
      }
    } finally {
      lines.close();
    }
  }

  close(): void {}
}

/** Answers of a socket, one after the other. */
class SocketLines {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  readonly #splitter = new LineSplitter();
  readonly #onAbort = (): void => this.#fail(this.#signal.reason as Error);
  #lines: string[] = [];
  #length = 0;
  #failure: Error | null = null;
  #waiting: { readonly ends: MuninRequest['ends']; readonly resolve: (lines: readonly string[]) => void; readonly reject: (why: Error) => void } | null = null;

  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the node ended the connection')));
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  answer(ends: MuninRequest['ends']): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      this.#waiting = { ends, resolve, reject };
      this.#settle();
    });
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#socket.end('quit\n');
    this.#socket.destroySoon();
  }

  #receive(bytes: Buffer): void {
    for (const { text } of this.#splitter.push(bytes)) {
      this.#lines.push(text);
      this.#length += text.length;
    }
    if (this.#lines.length > LINES_MAX) this.#fail(new Error(`an answer has more than ${LINES_MAX} lines`));
    else if (this.#length > LENGTH_MAX) this.#fail(new Error(`an answer has more than ${LENGTH_MAX} characters`));
    else this.#settle();
  }

  #settle(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    const end = waiting.ends === 'line' ? 0 : this.#lines.indexOf('.');
    if (this.#lines.length > 0 && end >= 0) {
      this.#waiting = null;
      const taken = this.#lines.splice(0, end + 1);
      for (const line of taken) this.#length -= line.length;
      waiting.resolve(waiting.ends === 'line' ? taken : taken.slice(0, -1));
    } else if (this.#failure !== null) {
      this.#waiting = null;
      waiting.reject(this.#failure);
    }
  }

  #fail(why: Error): void {
    this.#failure ??= why;
    this.#socket.destroy();
    this.#settle();
  }
}
