/** A server of one register, without the server core: for what happens between client and sockets. */

import type { ByteWriter } from '../../protocol/dlms/data/byte-writer.ts';
import type { ApduHandler } from './server-framing.ts';

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

export const TINY_AARE = bytesOf('6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000501F01F40007');
const RLRE = bytesOf('6303800100');

/** Answers what a handler would: null, nothing. `apdu` is what came. */
export function tinyAnswer(apdu: Uint8Array): Uint8Array | null {
  const invoke = apdu[2] ?? 0;
  switch (apdu[0]) {
    case 0x60:
      return TINY_AARE;
    case 0x62:
      return RLRE;
    case 0xc0:
      // Attribute 3: a long value of its own; others: 5009.
      if (apdu[11] === 3) return Uint8Array.of(0xc4, 1, invoke, 0, 0x09, 0x82, 0x10, 0x00, ...new Uint8Array(4096).fill(0x5a));
      return Uint8Array.of(0xc4, 1, invoke, 0, 0x06, 0, 0, 0x13, 0x91);
    case 0xc1:
      return (invoke & 0x40) === 0 ? null : Uint8Array.of(0xc5, 1, invoke, 0);
    default:
      return Uint8Array.of(0xd8, 2, 2);
  }
}

export class TinyHandler implements ApduHandler {
  readonly received: { readonly apdu: Uint8Array; readonly clientSap: number; readonly serverSap: number }[] = [];
  readonly left: (readonly [number, number])[] = [];
  closed = 0;
  readonly #answer: (apdu: Uint8Array) => Uint8Array | null;

  constructor(answer: (apdu: Uint8Array) => Uint8Array | null = tinyAnswer) {
    this.#answer = answer;
  }

  receive(apdu: Uint8Array, clientSap: number, serverSap: number, out: ByteWriter): number {
    this.received.push({ apdu: Uint8Array.from(apdu), clientSap, serverSap });
    const answer = this.#answer(apdu);
    if (answer === null) return 0;
    out.put(answer);
    return answer.length;
  }

  leave(clientSap: number, serverSap: number): void {
    this.left.push([clientSap, serverSap]);
  }

  close(): void {
    this.closed++;
  }
}
