import { describe, expect, it } from 'vitest';
import { DM, informationControl, notReadyControl, readyControl, UA, UI } from './control-byte.ts';
import { type HdlcAddress, hdlcAddress } from './hdlc-address.ts';
import { HdlcClientLink, type HdlcClientOptions } from './hdlc-client-link.ts';
import { HdlcCounts } from './hdlc-counts.ts';
import { encodeFrames, type HdlcFrame } from './hdlc-frame.ts';
import { HdlcReceiver } from './hdlc-receiver.ts';
import { bytesOf, HDLC_VECTORS, hexOf } from './hdlc-vectors.fixture.ts';
import { DEFAULT_LIMITS, encodeParameters, type HdlcLimits } from './link-parameters.ts';

const NOTHING = new Uint8Array(0);
const WIDE: HdlcLimits = { transmitBytes: 32, receiveBytes: 512, transmitWindow: 3, receiveWindow: 3 };

function vector(id: string): string {
  return HDLC_VECTORS.find((one) => one.id === id)?.hex ?? '';
}

class Reader {
  readonly counts = new HdlcCounts();
  readonly sent: string[] = [];
  readonly events: string[] = [];
  readonly link: HdlcClientLink;

  constructor(options: Partial<HdlcClientOptions> = {}) {
    this.link = new HdlcClientLink(
      {
        clientSap: 16,
        server: hdlcAddress(1),
        limits: DEFAULT_LIMITS,
        apduBytesMax: 100,
        repeatsMax: 2,
        busyMax: 3,
        counts: this.counts,
        ...options,
      },
      {
        onSend: (bytes) => this.sent.push(hexOf(bytes)),
        onConnected: (limits) => this.events.push(`connected ${limits.transmitBytes} ${limits.receiveBytes} ${limits.transmitWindow} ${limits.receiveWindow}`),
        onApdu: (apdu) => this.events.push(`apdu ${hexOf(apdu)}`),
        onDelivered: () => this.events.push('delivered'),
        onUnnumbered: (apdu, { source, destination }) => this.events.push(`ui ${hexOf(apdu)} ${source.upper} ${destination.upper}`),
        onDisconnected: () => this.events.push('disconnected'),
        onFailed: (code) => this.events.push(code),
      },
    );
  }

  /** Does something; answers what was sent by it, short. */
  does(act: () => void): readonly string[] {
    this.sent.length = 0;
    act();
    return framesOf(this.sent.join('')).map(
      ({ control, information, segmented }) => `${control.toString(16)}${segmented ? 's' : ''} ${hexOf(information)}`.trim(),
    );
  }

  hears(...frames: readonly Uint8Array[]): readonly string[] {
    return this.does(() => this.link.receive(bytesOf(frames.map(hexOf).join(''))));
  }

  timesOut(): readonly string[] {
    return this.does(() => this.link.timedOut());
  }

  /** Connected; `information`: of the UA. */
  static connected(options: Partial<HdlcClientOptions> = {}, information: Uint8Array = NOTHING): Reader {
    const reader = new Reader(options);
    reader.link.connect();
    reader.hears(say(UA, information));
    reader.events.length = 0;
    return reader;
  }

  tells(hex: string, answered = true): readonly string[] {
    return this.does(() => this.link.sendApdu(bytesOf(hex), answered));
  }

  get refused(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.counts.refused).filter(([, count]) => count > 0));
  }
}

function framesOf(hex: string): readonly HdlcFrame[] {
  const frames: HdlcFrame[] = [];
  new HdlcReceiver({ counts: new HdlcCounts() }).receive(bytesOf(hex), (frame) => frames.push({ ...frame, information: frame.information.slice() }) > 0);
  return frames;
}

/** A frame of the server. */
function say(control: number, information: Uint8Array = NOTHING, server: HdlcAddress = hdlcAddress(1), client = 16): Uint8Array {
  return encodeFrames([{ destination: hdlcAddress(client), source: server, control, segmented: false, information }]);
}

function tell(send: number, receive: number, hex: string, { more = false, final = true } = {}): Uint8Array {
  const control = informationControl({ send, receive, last: final });
  return encodeFrames([{ destination: hdlcAddress(16), source: hdlcAddress(1), control, segmented: more, information: bytesOf(hex) }]);
}

describe('HdlcClientLink', () => {
  it('connects, asks and disconnects as the constructed frames say', () => {
    const reader = new Reader();
    reader.link.connect();
    expect([reader.sent, reader.link.state, reader.link.waiting]).toEqual([[vector('hdlc-c-SNRM')], 'connecting', true]);
    reader.link.receive(bytesOf(vector('hdlc-c-UA')));
    expect([reader.link.state, reader.link.waiting, reader.link.idle]).toEqual(['connected', false, true]);
    reader.sent.length = 0;
    reader.link.sendApdu(bytesOf('C001C1000100002B0100FF0200'));
    expect([reader.sent, reader.link.waiting, reader.link.idle]).toEqual([[vector('hdlc-c-I-get')], true, false]);
    reader.link.receive(bytesOf(vector('hdlc-c-I-resp')));
    expect(reader.link.idle).toBe(true);
    reader.sent.length = 0;
    reader.link.disconnect();
    expect([reader.sent, reader.link.state]).toEqual([[vector('hdlc-c-DISC')], 'disconnecting']);
    reader.link.receive(bytesOf(vector('hdlc-c-UA')));
    expect(reader.events).toEqual(['connected 128 128 1 1', 'apdu C401C1000600000105', 'disconnected']);
    expect([reader.link.state, reader.refused]).toEqual(['disconnected', {}]);
    expect(reader.does(() => reader.link.connect())).toEqual(['93']);
  });

  it('sends a recorded AARQ to the byte and reads its answer', () => {
    const reader = new Reader({ server: hdlcAddress(1, 17) });
    reader.link.connect();
    expect(reader.sent).toEqual([vector('hdlc-u9n-SNRM')]);
    reader.link.receive(bytesOf(vector('hdlc-u9n-UA')));
    expect([reader.events, reader.refused]).toEqual([['connected 128 128 1 1'], {}]);
    reader.sent.length = 0;
    reader.link.sendApdu(bytesOf(vector('hdlc-u9n-I-AARQ').slice(24, -6)));
    expect(reader.sent).toEqual([vector('hdlc-u9n-I-AARQ')]);
    reader.link.receive(bytesOf(vector('hdlc-u9n-I-AARE')));
    expect(reader.events.at(-1)).toBe(`apdu ${vector('hdlc-u9n-I-AARE').slice(24, -6)}`);
  });

  it('says what it can and takes what the server says', () => {
    const reader = new Reader({ limits: WIDE });
    expect(reader.does(() => reader.link.connect())).toEqual([`93 ${hexOf(encodeParameters(WIDE))}`]);
    reader.hears(say(UA, encodeParameters({ transmitBytes: 100, receiveBytes: 2000, transmitWindow: 2, receiveWindow: 7 })));
    expect(reader.events).toEqual(['connected 32 100 3 2']);
    const broken = new Reader();
    broken.link.connect();
    broken.hears(say(UA, bytesOf('8180')));
    expect([broken.events, broken.link.state]).toEqual([['hdlc-parameters'], 'failed']);
  });

  it('sends a long APDU in windows, and again from what is missing', () => {
    const reader = Reader.connected({ limits: WIDE }, encodeParameters({ ...WIDE, receiveBytes: 32 }));
    const apdu = hexOf(Uint8Array.from({ length: 125 }, (_, i) => i));
    const payload = `E6E600${apdu}`;
    const piece = (i: number): string => payload.slice(64 * i, 64 * (i + 1));
    expect(reader.tells(apdu)).toEqual([`0s ${piece(0)}`, `2s ${piece(1)}`, `14s ${piece(2)}`]);
    expect(reader.hears(say(readyControl(1)))).toEqual([`2s ${piece(1)}`, `4s ${piece(2)}`, `16 ${piece(3)}`]);
    expect(reader.hears(tell(0, 4, 'E6E700AA'))).toEqual([]);
    expect(reader.events).toEqual(['apdu AA']);
    expect([reader.counts.framesSent, reader.counts.framesRepeated]).toEqual([1 + 3 + 3, 2]);
  });

  it('does not send again because an answer came twice, but does when time is up', () => {
    const reader = Reader.connected();
    expect(reader.tells('01')).toEqual(['10 E6E60001']);
    expect(reader.hears(tell(0, 1, 'E6E700A1'), tell(0, 1, 'E6E700A1'))).toEqual([]);
    expect(reader.tells('02')).toEqual(['32 E6E60002']);
    expect(reader.hears(tell(0, 1, 'E6E700A1'), say(readyControl(1)))).toEqual([]);
    expect(reader.timesOut()).toEqual(['32 E6E60002']);
    expect(reader.hears(tell(1, 2, 'E6E700A2'))).toEqual([]);
    expect(reader.events).toEqual(['apdu A1', 'apdu A2']);
    expect(reader.refused).toEqual({ 'hdlc-sequence': 2 });
  });

  it('joins an answer in segments: confirms each turn, asks for a frame that was lost, asks again when time is up', () => {
    const reader = Reader.connected({ limits: WIDE }, encodeParameters(WIDE));
    reader.tells('01');
    expect(reader.hears(tell(0, 1, 'E6E700A0', { more: true }))).toEqual(['31']);
    expect(reader.hears(tell(2, 1, 'A2', { more: true }))).toEqual(['31']);
    expect(reader.hears(tell(1, 1, 'A1', { more: true, final: false }))).toEqual([]);
    expect(reader.timesOut()).toEqual(['51']);
    expect(reader.hears(tell(2, 1, 'A2', { more: true, final: false }), tell(3, 1, 'A3'))).toEqual([]);
    expect(reader.events).toEqual(['apdu A0A1A2A3']);
    expect(reader.tells('02')).toEqual(['92 E6E60002']);
  });

  it('asks a server that has nothing yet: at once, then each time that time is up, but not for ever', () => {
    const reader = Reader.connected();
    reader.tells('01');
    expect([reader.hears(say(readyControl(1))), reader.link.busy]).toEqual([['11'], false]);
    expect([reader.hears(say(readyControl(1))), reader.link.busy]).toEqual([[], true]);
    expect(reader.timesOut()).toEqual(['11']);
    expect([reader.hears(say(notReadyControl(1))), reader.link.busy]).toEqual([[], true]);
    expect(reader.timesOut()).toEqual(['11']);
    expect(reader.hears(tell(0, 1, 'E6E700A1'))).toEqual([]);
    expect([reader.events, reader.link.busy]).toEqual([['apdu A1'], false]);
    reader.tells('02');
    for (let i = 0; i < 3; i++) {
      expect(reader.hears(say(notReadyControl(2)))).toEqual([]);
      expect(reader.timesOut()).toEqual(['31']);
    }
    reader.hears(say(notReadyControl(2)));
    expect([reader.events.at(-1), reader.link.state, reader.link.waiting]).toEqual(['hdlc-busy', 'failed', false]);
  });

  it('waits for a server that takes no frames now, then sends them', () => {
    const reader = Reader.connected();
    reader.tells('01');
    expect(reader.hears(say(notReadyControl(0)))).toEqual([]);
    expect(reader.timesOut()).toEqual(['11']);
    expect(reader.hears(say(readyControl(0)))).toEqual(['10 E6E60001']);
  });

  it('delivers without an answer', () => {
    const reader = Reader.connected();
    expect(reader.tells('01', false)).toEqual(['10 E6E60001']);
    expect([reader.hears(say(readyControl(1))), reader.link.idle]).toEqual([[], true]);
    reader.tells('02', false);
    // A server that answers all the same.
    expect([reader.hears(tell(0, 2, 'E6E700AA')), reader.link.idle]).toEqual([[], true]);
    expect(reader.events).toEqual(['delivered', 'delivered', 'apdu AA']);
    // Or later, while the next is delivered, which it then does not take yet.
    reader.tells('03', false);
    expect(reader.hears(say(notReadyControl(3)))).toEqual([]);
    expect(reader.tells('04', false)).toEqual(['36 E6E60004']);
    expect(reader.hears(tell(1, 3, 'E6E700BB'))).toEqual(['56 E6E60004']);
    expect(reader.hears(say(readyControl(4)))).toEqual([]);
    expect(reader.events.slice(3)).toEqual(['delivered', 'apdu BB', 'delivered']);
  });

  it('takes an answer for a receipt, also if its N(R) is wrong (jDLMS), and a full window for its end, also without F', () => {
    const reader = Reader.connected();
    reader.tells('01');
    expect([reader.hears(tell(0, 0, 'E6E700A1')), reader.link.idle]).toEqual([[], true]);
    expect(reader.tells('02')).toEqual(['32 E6E60002']);
    expect(reader.hears(tell(1, 1, 'E6E700', { more: true, final: false }))).toEqual(['51']);
    expect([reader.hears(tell(2, 1, 'A2', { final: false })), reader.link.idle]).toEqual([[], true]);
    expect(reader.events).toEqual(['apdu A1', 'apdu A2']);
    // But not before the question was sent to its end.
    const asking = Reader.connected();
    asking.tells('01'.repeat(200));
    expect(asking.hears(tell(0, 0, 'E6E700BB'))).toHaveLength(1);
    expect([asking.events, asking.link.idle]).toEqual([['apdu BB'], false]);
    expect(asking.hears(say(readyControl(1)))).toEqual([`32 ${'01'.repeat(75)}`]);
    expect([asking.hears(tell(1, 2, 'E6E700A1')), asking.link.idle]).toEqual([[], true]);
  });

  it('repeats SNRM, APDU and DISC, and then gives up', () => {
    for (const act of ['connect', 'tell', 'disconnect'] as const) {
      const reader = act === 'connect' ? new Reader() : Reader.connected();
      const first = reader.does(() => {
        if (act === 'connect') reader.link.connect();
        else if (act === 'tell') reader.link.sendApdu(bytesOf('01'));
        else reader.link.disconnect();
      });
      expect([reader.timesOut(), reader.timesOut()]).toEqual([first, first]);
      expect([reader.timesOut(), reader.events, reader.link.state]).toEqual([[], ['hdlc-no-answer'], 'failed']);
      expect(reader.counts.framesRepeated).toBe(2);
      expect([reader.timesOut(), reader.hears(say(UA))]).toEqual([[], []]);
      expect(() => reader.link.connect()).toThrow('disconnected');
    }
  });

  it.each([
    [DM, 'hdlc-refused', 'hdlc-disconnected'],
    [0x97, 'hdlc-rejected', 'hdlc-rejected'],
  ])('fails on %d', (control, connecting, connected) => {
    const early = new Reader();
    early.link.connect();
    early.hears(say(control));
    expect(early.events).toEqual([connecting]);
    const late = Reader.connected();
    late.hears(say(control));
    expect([late.events, late.link.state]).toEqual([[connected], 'failed']);
  });

  it('fails on an answer that is too long or has no LLC header', () => {
    const long = Reader.connected({ apduBytesMax: 3 });
    long.tells('01');
    long.hears(tell(0, 1, 'E6E70001020304'));
    expect(long.events).toEqual(['hdlc-apdu-too-long']);
    const bare = Reader.connected();
    bare.tells('01');
    bare.hears(tell(0, 1, 'C40100'));
    expect(bare.events).toEqual(['hdlc-llc']);
  });

  it('does not hear others, takes an answer in another form of address, and what comes at a wrong time is passed over', () => {
    const reader = Reader.connected({ server: hdlcAddress(1, 17) });
    expect(reader.link.state).toBe('connected');
    reader.hears(say(DM, NOTHING, hdlcAddress(2, 17)), say(DM, NOTHING, hdlcAddress(1, 18)), say(DM, NOTHING, hdlcAddress(1, 17), 17));
    expect(reader.refused).toEqual({ 'hdlc-not-ours': 3 });
    reader.hears(say(UA), say(0x93), say(0xff));
    expect(reader.refused).toEqual({ 'hdlc-not-ours': 3, 'hdlc-control': 3 });
    reader.hears(say(DM, NOTHING, hdlcAddress(1, 17, 4)));
    expect(reader.events).toEqual(['hdlc-disconnected']);
    const early = new Reader();
    early.hears(say(UA), tell(0, 0, 'E6E70001'));
    expect([early.events, early.refused]).toEqual([[], { 'hdlc-control': 2 }]);
  });

  it('takes pushes at any time', () => {
    const reader = new Reader();
    reader.hears(say(UI, bytesOf('E6E7000F01'), hdlcAddress(5), 103));
    reader.link.connect();
    reader.hears(say(UA), say(UI, bytesOf('E6E7000F02')));
    expect(reader.events).toEqual(['ui 0F01 5 103', 'connected 128 128 1 1', 'ui 0F02 1 16']);
  });

  it('looks through a broken frame when time is up, before it sends again', () => {
    const reader = Reader.connected();
    reader.tells('01');
    const answer = tell(0, 1, `E6E700${'A1'.repeat(40)}`);
    reader.hears(answer.subarray(0, 18), tell(0, 1, 'E6E700AA'));
    expect(reader.events).toEqual([]);
    expect([reader.timesOut(), reader.events]).toEqual([[], ['apdu AA']]);
  });

  it('is at its end when closed', () => {
    const reader = Reader.connected();
    reader.tells('01');
    reader.link.close();
    expect([reader.hears(tell(0, 1, 'E6E700A1')), reader.timesOut(), reader.link.waiting, reader.events]).toEqual([[], [], false, []]);
  });

  it('holds its user to one thing at a time', () => {
    const reader = Reader.connected();
    expect(() => reader.link.connect()).toThrow('disconnected');
    expect(() => reader.link.sendApdu(NOTHING)).toThrow('bytes');
    reader.tells('01');
    expect(() => reader.link.sendApdu(bytesOf('02'))).toThrow('one APDU');
    expect(() => new Reader({ clientSap: 128 })).toThrow('seven bits');
  });
});
