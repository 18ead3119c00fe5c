/** What a link works on, one at a time: an exchange, making or ending a data link, an APDU without answer. */

import type { Exchange } from '../../protocol/dlms/client/client-options.ts';
import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import type { ClientFraming, Station } from './framing.ts';

/** Functions that answer a boolean say whether the job is done. */
export interface LinkJob {
  readonly station: Station;
  start(): boolean;
  /** Null: it awaits none. */
  onApdu(apdu: Uint8Array): boolean | null;
  onJoined(): boolean;
  onDelivered(): boolean;
  /** The data link ended as it was asked to. */
  onLeft(): boolean;
  /** No answer in time. True: that is the end of it. */
  onTimeout(error: DlmsError): boolean;
  /** The link is gone. */
  fail(error: DlmsError): void;
}

export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

interface JobOf<T> {
  readonly station: Station;
  readonly settle: Settle<T>;
}

export function exchangeJob<T>(framing: ClientFraming, job: JobOf<T> & { readonly begin: () => Exchange<T> }): LinkJob {
  const { station, settle } = job;
  let exchange: Exchange<T> | null = null;
  const advance = (resume: (running: Exchange<T>) => IteratorResult<Uint8Array, T>): boolean => {
    try {
      exchange ??= job.begin();
      const step = resume(exchange);
      if (step.done === true) {
        settle.resolve(step.value);
        return true;
      }
      if (step.value.length > 0 && !framing.send(step.value, station, true)) throw new DlmsError('link', 'the data link is not made, or busy');
      return false;
    } catch (error) {
      settle.reject(error);
      exchange?.return(undefined as T);
      return true;
    }
  };
  return {
    ...PASSIVE,
    station,
    start: () => advance((running) => running.next()),
    onApdu: (apdu) => advance((running) => running.next(new Uint8Array(apdu))),
    onTimeout: (error) => advance((running) => running.throw(error)),
    fail: (error) => {
      // It is told, so that it ends; whatever it makes of that, it is over.
      if (exchange !== null) advance((running) => running.throw(error));
      settle.reject(error);
    },
  };
}

export function joinJob(framing: ClientFraming, { station, settle }: JobOf<void>): LinkJob {
  return {
    ...PASSIVE,
    station,
    start: () => {
      framing.join(station);
      return false;
    },
    onJoined: () => {
      settle.resolve();
      return true;
    },
    onTimeout: (error) => {
      settle.reject(error);
      return true;
    },
    fail: (error) => settle.reject(error),
  };
}

export function leaveJob(framing: ClientFraming, { station, settle }: JobOf<void>): LinkJob {
  return {
    ...PASSIVE,
    station,
    start: () => {
      framing.leave(station);
      return false;
    },
    onLeft: () => {
      settle.resolve();
      return true;
    },
    onTimeout: (error) => {
      settle.reject(error);
      return true;
    },
    fail: (error) => settle.reject(error),
  };
}

export function postJob(framing: ClientFraming, job: JobOf<void> & { readonly begin: () => Uint8Array }): LinkJob {
  const { station, settle, begin } = job;
  return {
    ...PASSIVE,
    station,
    start: () => {
      try {
        if (framing.send(begin(), station, false)) return false;
        settle.reject(new DlmsError('link', 'the data link is not made, or busy'));
      } catch (error) {
        settle.reject(error);
      }
      return true;
    },
    onDelivered: () => {
      settle.resolve();
      return true;
    },
    onTimeout: (error) => {
      settle.reject(error);
      return true;
    },
    fail: (error) => settle.reject(error),
  };
}

/** What most jobs do not wait for. */
const PASSIVE = {
  onApdu: (): boolean | null => null,
  onJoined: (): boolean => false,
  onDelivered: (): boolean => false,
  onLeft: (): boolean => false,
};
