import { describe, expect, it } from 'vitest';
import { hdlcAddress } from './hdlc-address.ts';
import { HdlcCounts } from './hdlc-counts.ts';
import { encodeFrames, type HdlcFrame } from './hdlc-frame.ts';
import { HdlcPushReceiver } from './hdlc-push-receiver.ts';
import { HdlcServerLink } from './hdlc-server-link.ts';
import { bytesOf, hexOf } from './hdlc-vectors.fixture.ts';
import { DEFAULT_LIMITS } from './link-parameters.ts';

const METER = hdlcAddress(1, 17);
const CLIENT = hdlcAddress(103, 127);

function ui(hex: string, more: Partial<HdlcFrame> = {}): Uint8Array {
  return encodeFrames([{ destination: CLIENT, source: METER, control: 0x13, segmented: false, information: bytesOf(hex), ...more }]);
}

class Ear {
  readonly counts = new HdlcCounts();
  readonly receiver = new HdlcPushReceiver({ apduBytesMax: 300, counts: this.counts });
  readonly apdus: string[] = [];

  hear(...pieces: readonly Uint8Array[]): this {
    for (const piece of pieces) {
      const copy = Uint8Array.from(piece);
      this.receiver.receive(copy, (apdu, route) => {
        expect(route.source.upper).toBeLessThan(3);
        return this.apdus.push(hexOf(apdu)) > 0;
      });
      copy.fill(0xaa);
    }
    return this;
  }

  get refused(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.counts.refused).filter(([, count]) => count > 0));
  }
}

const broken = (frame: Uint8Array): Uint8Array => Uint8Array.from(frame, (byte, i) => (i === frame.length - 4 ? byte ^ 1 : byte));

describe('HdlcPushReceiver', () => {
  it('takes UI frames, with P and without, and what looks like an I frame (Kaifa)', () => {
    const ear = new Ear().hear(ui('E6E7000F01'), ui('E6E7000F02', { control: 0x03 }), ui('E6E7000F03', { control: 0x10 }));
    expect(ear.apdus).toEqual(['0F01', '0F02', '0F03']);
    expect(ear.hear(ui('E6E7000F04', { control: 0x93 })).refused).toEqual({ 'hdlc-control': 1 });
  });

  it('joins segments (Iskra), and takes whole frames without LLC header behind one with it (Landis+Gyr)', () => {
    const segments = [ui('E6E7000F01', { segmented: true }), ui('02', { segmented: true }), ui('03')];
    const blocks = [ui('E6E700E0400001'), ui('E0400002'), ui('E0C00003')];
    const ear = new Ear().hear(...segments, ...blocks);
    expect(ear.apdus).toEqual(['0F010203', 'E0400001', 'E0400002', 'E0C00003']);
    expect(ear.refused).toEqual({});
    const stream = Buffer.concat([...segments, ...blocks]);
    for (let split = 0; split <= stream.length; split++) {
      expect(new Ear().hear(stream.subarray(0, split), stream.subarray(split)).apdus).toEqual(ear.apdus);
    }
  });

  it('never joins over a broken frame, and takes up again at the next beginning', () => {
    const pieces = [ui('E6E7000F01', { segmented: true }), ui('02', { segmented: true }), ui('03', { segmented: true }), ui('04')];
    pieces.forEach((_, bad) => {
      const ear = new Ear().hear(...pieces.map((piece, i) => (i === bad ? broken(piece) : piece)), ui('E6E7000F09'));
      expect(ear.apdus, `piece ${bad}`).toEqual(['0F09']);
      expect(ear.refused['hdlc-fcs']).toBe(1);
    });
    const noisy = new Ear().hear(ui('E6E7000F01', { segmented: true }), bytesOf('00FF'), ui('02'), ui('03'), ui('E6E7000F09'));
    expect(noisy.apdus).toEqual(['0F09']);
    expect(noisy.refused).toEqual({ 'hdlc-format': 1, 'hdlc-segments': 1, 'hdlc-llc': 1 });
  });

  it('never joins what is not of one sender, nor begins in the middle', () => {
    const start = ui('E6E7000F01', { segmented: true });
    const other = { source: hdlcAddress(2, 17) };
    expect(new Ear().hear(start, ui('02', other), ui('03')).apdus).toEqual([]);
    expect(new Ear().hear(start, ui('E6E7000F02')).apdus).toEqual(['0F02']);
    expect(new Ear().hear(ui('02'), ui('03', { segmented: true }), ui('04')).apdus).toEqual([]);
    expect(new Ear().hear(ui('E6E7000F01'), ui('02', other)).apdus).toEqual(['0F01']);
    expect(new Ear().hear(ui('E6E700')).apdus).toEqual([]);
  });

  it('holds no more than its limit', () => {
    const ear = new Ear().hear(ui(`E6E700${'11'.repeat(200)}`, { segmented: true }), ui('22'.repeat(101)), ui('33'), ui('E6E7000F09'));
    expect(ear.apdus).toEqual(['0F09']);
    expect(ear.refused).toEqual({ 'hdlc-apdu-too-long': 1, 'hdlc-llc': 1 });
    expect(new Ear().hear(ui(`E6E700${'11'.repeat(200)}`, { segmented: true }), ui('22'.repeat(100))).apdus).toHaveLength(1);
  });

  it('takes what a server pushes, short and long', () => {
    const ear = new Ear();
    const sent: Uint8Array[] = [];
    const options = { limits: DEFAULT_LIMITS, apduBytesMax: 100, linksMax: 1, counts: ear.counts };
    const server = new HdlcServerLink(options, { onSend: (bytes) => sent.push(bytes), onApdu: () => false });
    for (const length of [1, 125, 126, 300]) server.sendNotification(new Uint8Array(length).fill(length & 0xff), METER, CLIENT);
    ear.hear(...sent);
    expect(ear.apdus).toEqual([1, 125, 126, 300].map((length) => hexOf(new Uint8Array(length).fill(length & 0xff))));
    expect([ear.counts.framesSent, ear.counts.framesReceived]).toEqual([7, 7]);
    expect(hexOf(sent[0] ?? new Uint8Array(0))).toMatch(/^7EA00FCEFF022313....E6E70001....7E$/);
    server.close();
    server.sendNotification(new Uint8Array(1), METER, CLIENT);
    expect(sent).toHaveLength(4);
  });

  it('stops when the sink says so', () => {
    const receiver = new HdlcPushReceiver({ apduBytesMax: 300, counts: new HdlcCounts() });
    expect(receiver.receive(ui('E6E7000F01'), () => false)).toBe('stopped');
    expect(receiver.pendingBytes).toBe(0);
  });
});
