/** Right input to begin from: the vectors, and what other makers' clients sent in recorded sessions. */

import { readFileSync } from 'node:fs';
import { packageFile } from '../base/package-root.ts';
import { bytesOf, recordedPeer, type RecordedSession } from '../network/wire/recorded-session.fixture.ts';
import { WRAPPER_HEADER_BYTES } from '../protocol/wrapper/wpdu.ts';
import { WrapperReceiver } from '../protocol/wrapper/wrapper-receiver.ts';
import type { FuzzCorpus } from './dlms-fuzz.ts';

export function fuzzCorpus(): FuzzCorpus {
  const vectors = JSON.parse(readFileSync(packageFile('data', 'dlms-vectors.json'), 'utf8')) as { readonly kind: string; readonly hex: string }[];
  const apdus = vectors.filter(({ kind }) => kind === 'apdu').map(({ hex }) => bytesOf(hex));
  const data = vectors.filter(({ kind }) => kind === 'axdr').map(({ hex }) => bytesOf(hex));
  const streams = vectors.filter(({ kind }) => kind === 'wpdu' || kind === 'hdlc').map(({ hex }) => bytesOf(hex));
  for (const name of ['client-gurux-dlms-python', 'client-u9n-dlms-cosem', 'client-jdlms']) {
    for (const { connections } of recordedPeer<RecordedSession>(name).sessions) {
      for (const connection of connections) {
        const sent = connection.map(([hex]) => bytesOf(hex));
        streams.push(new Uint8Array(Buffer.concat(sent)));
        apdus.push(...sent.flatMap(apdusIn));
      }
    }
  }
  return { apdus, data, streams };
}

function apdusIn(bytes: Uint8Array): readonly Uint8Array[] {
  const apdus: Uint8Array[] = [];
  if (bytes.length < WRAPPER_HEADER_BYTES || bytes[0] !== 0) return apdus;
  new WrapperReceiver({ apduBytesMax: 0xffff }).receive(bytes, (from, offset, length) => {
    apdus.push(from.slice(offset, offset + length));
    return true;
  });
  return apdus;
}
