/**
 * Scratch space of one process: all its connections may share it, since a request is served in one go. Nothing in it outlives
 * a request but memory.
 */

import { ByteWriter } from '../data/byte-writer.ts';
import { MessageCipher } from '../security/message-cipher.ts';
import type { AccessLevel, AssociationFacts, DecodedSelection, ReadRequest } from './cosem-object.ts';
import type { ServerStats } from './server-stats.ts';

export class ServerScratch {
  readonly cipher: MessageCipher;
  /** An answer before it is ciphered. */
  readonly plain = new ByteWriter(1024);
  /** An answer before it is cut into general blocks. */
  readonly whole = new ByteWriter(1024);
  readonly request = new RequestSlot();

  constructor(stats: ServerStats) {
    this.cipher = new MessageCipher(stats.refusals);
  }
}

/** The request that objects get, filled in for each call. */
export class RequestSlot implements ReadRequest {
  selection: DecodedSelection | null = null;
  clientSap = 0;
  level: AccessLevel = 'public';
  association?: AssociationFacts;

  set(association: AssociationFacts, selection: DecodedSelection | null): ReadRequest {
    this.selection = selection;
    this.clientSap = association.clientSap;
    this.level = association.level;
    this.association = association;
    return this;
  }
}
