/**
 * Bytes to plain APDUs. See `apdu-types.ts` for the objects; layouts stand at each reader. Counts are bounded by the bytes that are
 * left before anything is allocated: the least item of each list has a known size.
 *
 *   attribute descriptor   class u16 | logical name, 6 bytes | attribute i8
 *   selection              00, or 01 | selector u8 | Data
 *   block                  last u8 | number u32 | length | bytes
 */

import { AxdrReader } from '../data/axdr-reader.ts';
import { type Decoded, finished, takeData } from '../data/data-codec.ts';
import { DataTag } from '../data/data-tag.ts';
import { DATE_TIME_BYTES } from '../data/date-time.ts';
import type {
  AccessResult,
  AccessSpecification,
  ActionReply,
  ActionRequest,
  ActionResponse,
  Apdu,
  Block,
  GetReference,
  GetRequest,
  GetResponse,
  SetRequest,
  SetResponse,
} from './apdu-types.ts';
import { ApduTag, SHORT_NAME_TAGS } from './apdu-tag.ts';
import type { AttributeDescriptor, MethodDescriptor, Selection } from './descriptors.ts';
import type { GetResult } from './results.ts';

const DESCRIPTOR_BYTES = 9;
const LOGICAL_NAME_BYTES = 6;
const INVOCATION_COUNTER_ERROR = 6;

/** See `decodeApdu`. */
export function readApdu(bytes: Uint8Array): Decoded<Apdu> {
  return new ApduDecoder().decode(bytes);
}

/** May be used again and again; `decodeApdu` is for one. */
export class ApduDecoder {
  readonly #reader = new AxdrReader();
  /** What is wrong beyond A-XDR. */
  #problem: string | null = null;

  /** See `decodeApdu`. */
  decode(bytes: Uint8Array): Decoded<Apdu> {
    this.#reader.reset(bytes, 0, bytes.length);
    this.#problem = null;
    const apdu = this.#apdu();
    // Without a problem there is an APDU, or the reader failed.
    const decoded: Decoded<Apdu> = this.#problem === null ? finished(this.#reader, apdu as Apdu) : { status: 'malformed', reason: this.#problem };
    this.#reader.release();
    return decoded;
  }

  #apdu(): Apdu | null {
    const tag = this.#reader.u8();
    switch (tag) {
      case ApduTag.getRequest:
        return this.#getRequest();
      case ApduTag.getResponse:
        return this.#getResponse();
      case ApduTag.setRequest:
        return this.#setRequest();
      case ApduTag.setResponse:
        return this.#setResponse();
      case ApduTag.actionRequest:
        return this.#actionRequest();
      case ApduTag.actionResponse:
        return this.#actionResponse();
      case ApduTag.accessRequest:
        return this.#accessRequest();
      case ApduTag.accessResponse:
        return this.#accessResponse();
      case ApduTag.dataNotification:
        return { service: 'data-notification', longInvoke: this.#reader.u32(), time: this.#time(), body: takeData(this.#reader) };
      case ApduTag.eventNotification:
        return this.#eventNotification();
      case ApduTag.exceptionResponse:
        return this.#exceptionResponse();
      case ApduTag.confirmedServiceError:
        return { service: 'confirmed-service-error', of: this.#reader.u8(), error: this.#reader.u8(), code: this.#reader.u8() };
      case ApduTag.generalBlockTransfer:
        return this.#generalBlock();
      default:
        if (this.#reader.failure === null) this.#problem = SHORT_NAME_TAGS.has(tag) ? 'service-unknown' : 'apdu-unknown';
        return null;
    }
  }

  // C0: 01 inv descriptor selection | 02 inv block u32 | 03 inv count {descriptor selection}
  #getRequest(): GetRequest | null {
    const service = 'get-request';
    const kind = this.#reader.u8();
    const invoke = this.#reader.u8();
    if (kind === 1) {
      const attribute = this.#attribute();
      return { service, kind: 'normal', invoke, attribute, selection: this.#selection() };
    }
    if (kind === 2) return { service, kind: 'next', invoke, block: this.#reader.u32() };
    if (kind === 3) return { service, kind: 'list', invoke, items: this.#references() };
    return this.#unknown('kind-unknown');
  }

  // C4: 01 inv result | 02 inv last block u32 (00 len raw | 01 error) | 03 inv count {result}
  #getResponse(): GetResponse | null {
    const service = 'get-response';
    const kind = this.#reader.u8();
    const invoke = this.#reader.u8();
    if (kind === 1) return { service, kind: 'normal', invoke, result: this.#result() };
    if (kind === 2) {
      const last = this.#flag();
      const block = this.#reader.u32();
      const choice = this.#reader.u8();
      if (choice > 1) return this.#unknown('choice-unknown');
      return { service, kind: 'block', invoke, last, block, result: choice === 0 ? { raw: this.#bytes() } : { error: this.#reader.u8() } };
    }
    if (kind === 3) return { service, kind: 'list', invoke, results: this.#list(2, () => this.#result()) };
    return this.#unknown('kind-unknown');
  }

  // C1: 01 inv ref Data | 02 inv ref block | 03 inv block | 04 inv count{ref} count{Data} | 05 inv count{ref} block
  #setRequest(): SetRequest | null {
    const service = 'set-request';
    const kind = this.#reader.u8();
    const invoke = this.#reader.u8();
    if (kind === 1) return { service, kind: 'normal', invoke, ...this.#reference(), value: takeData(this.#reader) };
    if (kind === 2) return { service, kind: 'first-block', invoke, ...this.#reference(), ...this.#block() };
    if (kind === 3) return { service, kind: 'block', invoke, ...this.#block() };
    if (kind === 4) {
      const items = this.#references();
      return { service, kind: 'list', invoke, items, values: this.#datas(items.length) };
    }
    if (kind === 5) return { service, kind: 'list-first-block', invoke, items: this.#references(), ...this.#block() };
    return this.#unknown('kind-unknown');
  }

  // C5: 01 inv result | 02 inv block | 03 inv result block | 04 inv count{result} block | 05 inv count{result}
  #setResponse(): SetResponse | null {
    const service = 'set-response';
    const kind = this.#reader.u8();
    const invoke = this.#reader.u8();
    if (kind === 1) return { service, kind: 'normal', invoke, result: this.#reader.u8() };
    if (kind === 2) return { service, kind: 'block', invoke, block: this.#reader.u32() };
    if (kind === 3) return { service, kind: 'last-block', invoke, result: this.#reader.u8(), block: this.#reader.u32() };
    if (kind === 4) return { service, kind: 'last-block-list', invoke, results: this.#numbers(), block: this.#reader.u32() };
    if (kind === 5) return { service, kind: 'list', invoke, results: this.#numbers() };
    return this.#unknown('kind-unknown');
  }

  // C3: 01 inv method optional | 02 inv block u32 | 03 inv count{method} count{Data} | 04 inv method block
  //     05 inv count{method} block | 06 inv block
  #actionRequest(): ActionRequest | null {
    const service = 'action-request';
    const kind = this.#reader.u8();
    const invoke = this.#reader.u8();
    if (kind === 1) {
      const method = this.#method();
      const choice = this.#reader.u8();
      if (choice > 1) return this.#unknown('choice-unknown');
      return { service, kind: 'normal', invoke, method, parameter: choice === 0 ? null : takeData(this.#reader) };
    }
    if (kind === 2) return { service, kind: 'next-block', invoke, block: this.#reader.u32() };
    if (kind === 3) {
      const items = this.#list(DESCRIPTOR_BYTES, () => this.#method());
      return { service, kind: 'list', invoke, items, parameters: this.#datas(items.length) };
    }
    if (kind === 4) return { service, kind: 'first-block', invoke, method: this.#method(), ...this.#block() };
    if (kind === 5) {
      return { service, kind: 'list-first-block', invoke, items: this.#list(DESCRIPTOR_BYTES, () => this.#method()), ...this.#block() };
    }
    if (kind === 6) return { service, kind: 'block', invoke, ...this.#block() };
    return this.#unknown('kind-unknown');
  }

  // C7: 01 inv reply | 02 inv block | 03 inv count{reply} | 04 inv block u32
  #actionResponse(): ActionResponse | null {
    const service = 'action-response';
    const kind = this.#reader.u8();
    const invoke = this.#reader.u8();
    if (kind === 1) {
      const result = this.#reader.u8();
      // Some servers end after the result.
      const data = this.#reader.left === 0 ? null : this.#optionalResult();
      return { service, kind: 'normal', invoke, result, data };
    }
    if (kind === 2) return { service, kind: 'block', invoke, ...this.#block() };
    if (kind === 3) return { service, kind: 'list', invoke, results: this.#list(2, () => this.#reply()) };
    if (kind === 4) return { service, kind: 'next-block', invoke, block: this.#reader.u32() };
    return this.#unknown('kind-unknown');
  }

  // D9: long-invoke u32 | time | count{specification} | count{Data}
  #accessRequest(): Apdu {
    const longInvoke = this.#reader.u32();
    const time = this.#time();
    const specifications = this.#list(1 + DESCRIPTOR_BYTES, () => this.#specification());
    return { service: 'access-request', longInvoke, time, specifications, data: this.#datas(specifications.length) };
  }

  // DA: long-invoke u32 | time | 00, or 01 count{specification} | count{Data} | count{choice, result}
  #accessResponse(): Apdu | null {
    const longInvoke = this.#reader.u32();
    const time = this.#time();
    const choice = this.#reader.u8();
    if (choice > 1) return this.#unknown('choice-unknown');
    const specifications = choice === 0 ? null : this.#list(1 + DESCRIPTOR_BYTES, () => this.#specification());
    const data = this.#list(1, () => takeData(this.#reader));
    const results = this.#list(2, () => this.#accessResult());
    if (results.length !== data.length || (specifications !== null && specifications.length !== data.length)) this.#unknown('count-mismatch');
    return { service: 'access-response', longInvoke, time, specifications, data, results };
  }

  // C2: time | descriptor | Data. The time comes as 00, 01 0C.., 09 0C.. or 0C..: makers differ.
  #eventNotification(): Apdu {
    const reader = this.#reader;
    const first = reader.u8();
    let time: Uint8Array | null = null;
    if (first === 0x01 || first === DataTag.octetString) time = this.#dateTime(reader.length());
    else if (first !== 0) time = this.#dateTime(first);
    return { service: 'event-notification', time, attribute: this.#attribute(), value: takeData(reader) };
  }

  // D8: state | reason | counter u32 with reason 6
  #exceptionResponse(): Apdu {
    const state = this.#reader.u8();
    const reason = this.#reader.u8();
    const counter = reason === INVOCATION_COUNTER_ERROR ? this.#reader.u32() : null;
    return { service: 'exception-response', state, reason, counter };
  }

  // E0: control | block u16 | acknowledged u16 | length | bytes
  #generalBlock(): Apdu {
    const control = this.#reader.u8();
    return {
      service: 'general-block-transfer',
      last: (control & 0x80) !== 0,
      streaming: (control & 0x40) !== 0,
      window: control & 0x3f,
      block: this.#reader.u16(),
      acknowledged: this.#reader.u16(),
      raw: this.#bytes(),
    };
  }

  // ---- Parts ----

  #attribute(): AttributeDescriptor {
    const reader = this.#reader;
    return { classId: reader.u16(), logicalName: this.#name(), attribute: (reader.u8() << 24) >> 24 };
  }

  #method(): MethodDescriptor {
    const reader = this.#reader;
    return { classId: reader.u16(), logicalName: this.#name(), method: (reader.u8() << 24) >> 24 };
  }

  #name(): Uint8Array {
    const at = this.#reader.skip(LOGICAL_NAME_BYTES);
    return at < 0 ? NOTHING : this.#reader.bytes.subarray(at, at + LOGICAL_NAME_BYTES);
  }

  #selection(): Selection | null {
    const choice = this.#reader.u8();
    if (choice === 0) return null;
    if (choice !== 1) return this.#unknown('choice-unknown');
    return { selector: this.#reader.u8(), parameter: takeData(this.#reader) };
  }

  #reference(): GetReference {
    return { attribute: this.#attribute(), selection: this.#selection() };
  }

  #references(): readonly GetReference[] {
    return this.#list(DESCRIPTOR_BYTES + 1, () => this.#reference());
  }

  #block(): Block {
    return { last: this.#flag(), block: this.#reader.u32(), raw: this.#bytes() };
  }

  #result(): GetResult {
    const choice = this.#reader.u8();
    if (choice > 1) this.#unknown('choice-unknown');
    return choice === 0 ? { data: takeData(this.#reader) } : { error: this.#reader.u8() };
  }

  #optionalResult(): GetResult | null {
    const choice = this.#reader.u8();
    if (choice > 1) return this.#unknown('choice-unknown');
    return choice === 0 ? null : this.#result();
  }

  #reply(): ActionReply {
    return { result: this.#reader.u8(), data: this.#optionalResult() };
  }

  #specification(): AccessSpecification {
    const choice = this.#reader.u8();
    if (choice === 3) return { kind: 'action', method: this.#method() };
    if (choice === 0 || choice > 5) this.#unknown('choice-unknown');
    const attribute = this.#attribute();
    const selection = choice >= 4 ? { selector: this.#reader.u8(), parameter: takeData(this.#reader) } : null;
    return { kind: choice === 2 || choice === 5 ? 'set' : 'get', attribute, selection };
  }

  #accessResult(): AccessResult {
    const choice = this.#reader.u8();
    if (choice < 1 || choice > 3) this.#unknown('choice-unknown');
    return { kind: choice === 1 ? 'get' : choice === 2 ? 'set' : 'action', result: this.#reader.u8() };
  }

  /** 00, or 0C and 12 bytes; `09 0C` from some makers. */
  #time(): Uint8Array | null {
    let length = this.#reader.length();
    const tagged = length === DataTag.octetString;
    if (tagged) length = this.#reader.length();
    return length === 0 && !tagged ? null : this.#dateTime(length);
  }

  #dateTime(length: number): Uint8Array | null {
    if (this.#reader.failure !== null) return null;
    if (length !== DATE_TIME_BYTES) return this.#unknown('time-form');
    const at = this.#reader.skip(length);
    return at < 0 ? null : this.#reader.bytes.subarray(at, at + length);
  }

  #datas(count: number): readonly Uint8Array[] {
    const list = this.#list(1, () => takeData(this.#reader));
    if (list.length !== count) this.#unknown('count-mismatch');
    return list;
  }

  #numbers(): readonly number[] {
    return this.#list(1, () => this.#reader.u8());
  }

  /** `leastBytes`: what an item takes at least. */
  #list<T>(leastBytes: number, item: () => T): readonly T[] {
    const reader = this.#reader;
    const count = reader.length();
    if (count * leastBytes > reader.left) reader.fail('truncated');
    const items: T[] = [];
    for (let i = 0; i < count && reader.failure === null && this.#problem === null; i++) items.push(item());
    return items;
  }

  #bytes(): Uint8Array {
    const count = this.#reader.length();
    const at = this.#reader.skip(count);
    return at < 0 ? NOTHING : this.#reader.bytes.subarray(at, at + count);
  }

  #flag(): boolean {
    return this.#reader.u8() !== 0;
  }

  #unknown(problem: string): null {
    if (this.#reader.failure === null) this.#problem ??= problem;
    // Nothing behind it can be believed.
    this.#reader.at = this.#reader.end;
    return null;
  }
}

const NOTHING = new Uint8Array(0);
