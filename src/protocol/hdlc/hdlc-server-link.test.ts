import { describe, expect, it } from 'vitest';
import { DISC, informationControl, readyControl, SNRM, UI } from './control-byte.ts';
import { type HdlcAddress, hdlcAddress } from './hdlc-address.ts';
import { HdlcCounts } from './hdlc-counts.ts';
import { encodeFrames, type HdlcFrame } from './hdlc-frame.ts';
import { HdlcReceiver } from './hdlc-receiver.ts';
import { type HdlcPeer, HdlcServerLink, type HdlcServerOptions } from './hdlc-server-link.ts';
import { bytesOf, HDLC_VECTORS, hexOf } from './hdlc-vectors.fixture.ts';
import { encodeParameters, type HdlcLimits } from './link-parameters.ts';

const LIMITS: HdlcLimits = { transmitBytes: 1000, receiveBytes: 900, transmitWindow: 3, receiveWindow: 2 };
const NOTHING = new Uint8Array(0);

function vector(id: string): string {
  const found = HDLC_VECTORS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found.hex;
}

/** A server that records what happens; `answer` says what it does with an APDU. */
class Meter {
  readonly counts = new HdlcCounts();
  readonly sent: string[] = [];
  readonly events: string[] = [];
  readonly peers: HdlcPeer[] = [];
  readonly link: HdlcServerLink;
  answer: (apdu: string, peer: HdlcPeer) => string | 'later' | null = () => null;

  constructor(options: Partial<HdlcServerOptions> = {}) {
    this.link = new HdlcServerLink(
      { limits: LIMITS, apduBytesMax: 2000, linksMax: 3, counts: this.counts, ...options },
      {
        onSend: (bytes) => this.sent.push(hexOf(bytes)),
        onConnected: (peer) => {
          this.peers.push(peer);
          this.events.push(`connected ${peer.clientSap} ${peer.serverSap}`);
        },
        onApdu: (apdu, peer) => {
          this.events.push(`apdu ${hexOf(apdu)}`);
          const answer = this.answer(hexOf(apdu), peer);
          if (answer === null) return false;
          if (answer !== 'later') expect(this.link.sendApdu(peer, bytesOf(answer))).toBe(true);
          return true;
        },
        onDisconnected: (peer, why) => this.events.push(`${why} ${peer.clientSap} ${peer.serverSap}`),
        onUnnumbered: (apdu, { client, server }) => this.events.push(`ui ${hexOf(apdu)} ${client.upper} ${server.upper}`),
      },
    );
  }

  /** Feeds bytes; answers what is sent back. */
  hear(...hexes: readonly string[]): string {
    this.sent.length = 0;
    this.link.receive(bytesOf(hexes.join('')));
    return this.sent.join(' ');
  }

  hearFrames(...frames: readonly Uint8Array[]): readonly HdlcFrame[] {
    return framesOf(this.hear(...frames.map(hexOf)));
  }

  get lastPeer(): HdlcPeer {
    const peer = this.peers.at(-1);
    if (peer === undefined) throw new Error('nobody connected');
    return peer;
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

interface Ends {
  readonly client?: number;
  readonly server?: HdlcAddress;
}

/** A frame of a client. */
function say(control: number, information: Uint8Array = NOTHING, { client = 16, server = hdlcAddress(1) }: Ends = {}): Uint8Array {
  return encodeFrames([{ destination: server, source: hdlcAddress(client), control, segmented: false, information }]);
}

/** An I frame of a client; N(S), N(R), the APDU in hex with or without its LLC header. */
function tell(send: number, receive: number, hex: string, more: { segmented?: boolean; poll?: boolean; client?: number } = {}): Uint8Array {
  const { segmented = false, poll = true, client = 16 } = more;
  const control = informationControl({ send, receive, last: poll });
  return encodeFrames([{ destination: hdlcAddress(1), source: hdlcAddress(client), control, segmented, information: bytesOf(hex) }]);
}

/** What the server's frames say, short: control and information. */
const short = (frames: readonly HdlcFrame[]): readonly string[] =>
  frames.map(({ control, information, segmented }) => `${control.toString(16)}${segmented ? 's' : ''} ${hexOf(information)}`.trim());

describe('HdlcServerLink', () => {
  it('holds a recorded conversation to the byte, in the form of address that the client uses', () => {
    const meter = new Meter();
    const [snrm, aarq, aare] = [vector('hdlc-u9n-SNRM'), vector('hdlc-u9n-I-AARQ'), vector('hdlc-u9n-I-AARE')];
    meter.answer = () => aare.slice(24, -6);
    expect(meter.hear(snrm)).toMatch(/^7EA00821022373....7E$/);
    expect(meter.hear(aarq)).toBe(aare);
    expect(meter.events).toEqual(['connected 16 1', `apdu ${aarq.slice(24, -6)}`]);
    expect(meter.peers[0]?.server).toEqual({ upper: 1, lower: 17, bytes: 2 });
  });

  it('connects, answers and disconnects as the constructed frames say', () => {
    const meter = new Meter();
    expect(meter.hear(vector('hdlc-c-DISC'))).toBe(vector('hdlc-c-DM'));
    expect(meter.hear(vector('hdlc-c-SNRM'))).toBe(vector('hdlc-c-UA'));
    meter.answer = (apdu) => (apdu === 'C001C1000100002B0100FF0200' ? 'C401C1000600000105' : null);
    expect(meter.hear(vector('hdlc-c-I-get'))).toBe(vector('hdlc-c-I-resp'));
    expect(meter.hear(vector('hdlc-c-DISC'))).toBe(vector('hdlc-c-UA'));
    expect(meter.events).toEqual(['connected 16 1', 'apdu C001C1000100002B0100FF0200', 'disconnect 16 1']);
    expect([meter.link.linkCount, meter.link.pendingBytes, meter.refused]).toEqual([0, 0, {}]);
  });

  it('agrees on the lesser wish and says so from its own view', () => {
    const meter = new Meter();
    const wish = encodeParameters({ transmitBytes: 800, receiveBytes: 2000, transmitWindow: 7, receiveWindow: 1 });
    const [ua] = meter.hearFrames(say(SNRM, wish));
    const limits = { transmitBytes: 1000, receiveBytes: 800, transmitWindow: 1, receiveWindow: 2 };
    expect(hexOf(ua?.information ?? NOTHING)).toBe(hexOf(encodeParameters(limits)));
    expect(meter.lastPeer.limits).toEqual(limits);
    const small = new Meter({ limits: { ...LIMITS, transmitBytes: 64 } });
    expect(small.hearFrames(say(SNRM))[0]?.information.length).toBe(23);
    expect(short(small.hearFrames(say(SNRM, bytesOf('818003070100'))))).toEqual(['1f']);
    expect([small.refused, small.events]).toEqual([{ 'hdlc-parameters': 1 }, ['connected 16 1']]);
  });

  it('says DM to who is not connected, once a turn', () => {
    const meter = new Meter();
    expect(short(meter.hearFrames(say(readyControl(0))))).toEqual(['1f']);
    expect(short(meter.hearFrames(tell(0, 0, 'E6E60001', { segmented: true, poll: false }), tell(1, 0, '02')))).toEqual(['1f']);
    expect(short(meter.hearFrames(say(0x73), say(0x1f), say(0x97), say(0xff)))).toEqual([]);
    expect([meter.refused, meter.events]).toEqual([{ 'hdlc-control': 4 }, []]);
  });

  it('sends a long answer in windows and goes on where the client says', () => {
    const meter = new Meter();
    const wish = encodeParameters({ transmitBytes: 128, receiveBytes: 32, transmitWindow: 1, receiveWindow: 2 });
    meter.hearFrames(say(SNRM, wish));
    const answer = hexOf(Uint8Array.from({ length: 150 }, (_, i) => i));
    meter.answer = () => answer;
    const payload = `E6E700${answer}`;
    const piece = (i: number): string => payload.slice(64 * i, 64 * (i + 1));
    expect(short(meter.hearFrames(tell(0, 0, 'E6E60001')))).toEqual([`20s ${piece(0)}`, `32s ${piece(1)}`]);
    // The second was lost; then RR itself comes twice; then all is there.
    expect(short(meter.hearFrames(say(readyControl(1))))).toEqual([`22s ${piece(1)}`, `34s ${piece(2)}`]);
    expect(short(meter.hearFrames(say(readyControl(3))))).toEqual([`26s ${piece(3)}`, `38 ${piece(4)}`]);
    expect(short(meter.hearFrames(say(readyControl(3))))).toEqual([`26s ${piece(3)}`, `38 ${piece(4)}`]);
    expect(short(meter.hearFrames(say(readyControl(5))))).toEqual(['31']);
    expect([meter.counts.framesSent, meter.counts.framesRepeated]).toEqual([10, 3]);
  });

  it('holds its frames back from a client that is not ready', () => {
    const meter = new Meter();
    meter.hearFrames(say(SNRM));
    meter.answer = () => 'AA';
    meter.hearFrames(tell(0, 0, 'E6E60001', { poll: false }));
    expect(short(meter.hearFrames(say(0x15)))).toEqual(['31']);
    expect(short(meter.hearFrames(say(readyControl(0))))).toEqual(['30 E6E700AA']);
    expect(short(meter.hearFrames(say(0x19)))).toEqual(['30 E6E700AA']);
  });

  it('joins segments of a window, takes them in their order only, and asks for what is missing', () => {
    const meter = new Meter();
    meter.hearFrames(say(SNRM, encodeParameters({ ...LIMITS, transmitWindow: 2 })));
    meter.answer = () => 'BB';
    expect(short(meter.hearFrames(tell(0, 0, 'E6E60001', { segmented: true, poll: false }), tell(1, 0, '02', { segmented: true })))).toEqual(['51']);
    expect(short(meter.hearFrames(tell(3, 0, '04', { segmented: true })))).toEqual(['51']);
    expect(short(meter.hearFrames(tell(2, 0, '03', { segmented: true, poll: false }), tell(3, 0, '04')))).toEqual(['90 E6E700BB']);
    expect(meter.events.at(-1)).toBe('apdu 01020304');
    expect(meter.refused).toEqual({ 'hdlc-sequence': 1 });
  });

  it('repeats its last answer for a client that repeats its question, and asks the device only once', () => {
    const meter = new Meter();
    meter.hearFrames(say(SNRM));
    meter.answer = (apdu) => `A0${apdu}`;
    for (let i = 0; i < 3; i++) expect(short(meter.hearFrames(tell(0, 0, 'E6E60001')))).toEqual(['30 E6E700A001']);
    expect(short(meter.hearFrames(say(readyControl(0))))).toEqual(['30 E6E700A001']);
    // A client that goes on without having confirmed hears the old answer, and has to come again.
    expect(short(meter.hearFrames(tell(1, 0, 'E6E60002')))).toEqual(['30 E6E700A001']);
    expect(short(meter.hearFrames(tell(1, 1, 'E6E60002')))).toEqual(['52 E6E700A002']);
    expect(meter.events).toEqual(['connected 16 1', 'apdu 01', 'apdu 02']);
    expect(meter.refused).toEqual({ 'hdlc-turn': 3 });
  });

  it('passes over an N(R) that confirms what was never sent', () => {
    const meter = new Meter();
    meter.hearFrames(say(SNRM));
    expect(short(meter.hearFrames(say(readyControl(1))))).toEqual(['11']);
    meter.answer = () => 'A1';
    expect(short(meter.hearFrames(tell(0, 3, 'E6E60001')))).toEqual(['30 E6E700A1']);
    expect(short(meter.hearFrames(say(readyControl(2))))).toEqual(['30 E6E700A1']);
    expect(short(meter.hearFrames(say(readyControl(1))))).toEqual(['31']);
    expect(meter.refused).toEqual({ 'hdlc-sequence': 3 });
  });

  it('takes the next command of a client that counts too much as a receipt for the answer', () => {
    const meter = new Meter();
    meter.hearFrames(say(SNRM));
    meter.answer = (apdu) => `A0${apdu}`;
    expect(short(meter.hearFrames(say(readyControl(1)), tell(0, 1, 'E6E60001')))).toEqual(['11', '30 E6E700A001']);
    expect(short(meter.hearFrames(tell(0, 2, 'E6E60001')))).toEqual(['30 E6E700A001']);
    expect(short(meter.hearFrames(tell(1, 2, 'E6E60002')))).toEqual(['52 E6E700A002']);
    expect(meter.events).toEqual(['connected 16 1', 'apdu 01', 'apdu 02']);
  });

  it('keeps the turn while the device works, says RNR to who asks meanwhile, RR when there is nothing', () => {
    const meter = new Meter();
    meter.hearFrames(say(SNRM));
    meter.answer = () => 'later';
    expect(short(meter.hearFrames(tell(0, 0, 'E6E60001')))).toEqual([]);
    expect(meter.link.sendApdu(meter.lastPeer, bytesOf('C1'))).toBe(true);
    expect(short(framesOf(meter.sent.join('')))).toEqual(['30 E6E700C1']);
    expect(short(meter.hearFrames(tell(1, 1, 'E6E60002')))).toEqual([]);
    expect(short(meter.hearFrames(tell(1, 1, 'E6E60002')))).toEqual(['55']);
    expect(short(meter.hearFrames(tell(2, 1, 'E6E60009')))).toEqual(['55']);
    expect(short(meter.hearFrames(say(readyControl(1))))).toEqual(['55']);
    meter.sent.length = 0;
    expect(meter.link.sendApdu(meter.lastPeer, bytesOf('C2'))).toBe(true);
    expect(meter.sent).toEqual([]);
    expect(short(meter.hearFrames(say(readyControl(1))))).toEqual(['52 E6E700C2']);
    expect(short(meter.hearFrames(tell(2, 2, 'E6E60003')))).toEqual([]);
    expect(meter.link.sendNothing(meter.lastPeer)).toBe(true);
    expect(short(framesOf(meter.sent.join('')))).toEqual(['71']);
    meter.answer = () => null;
    expect(short(meter.hearFrames(tell(3, 2, 'E6E60004')))).toEqual(['91']);
    expect([meter.link.sendApdu(meter.lastPeer, bytesOf('C3')), meter.link.sendNothing(meter.lastPeer)]).toEqual([false, false]);
  });

  it('begins a new link at SNRM: counters from zero, the user is told, a late answer goes nowhere', () => {
    const meter = new Meter();
    meter.hearFrames(say(SNRM));
    meter.answer = () => 'later';
    meter.hearFrames(tell(0, 0, 'E6E60001'));
    const old = meter.lastPeer;
    meter.hearFrames(say(SNRM), tell(0, 0, 'E6E60002'));
    meter.sent.length = 0;
    expect(meter.link.sendApdu(old, bytesOf('01'))).toBe(false);
    expect(meter.sent).toEqual([]);
    expect(meter.link.sendApdu(meter.lastPeer, bytesOf('02'))).toBe(true);
    expect(short(framesOf(meter.sent.join('')))).toEqual(['30 E6E70002']);
    expect(meter.events).toEqual(['connected 16 1', 'apdu 01', 'reconnect 16 1', 'connected 16 1', 'apdu 02']);
  });

  it('has a link for each pair of client and device, up to its number', () => {
    const meter = new Meter();
    meter.answer = (_apdu, peer) => `0${peer.clientSap}0${peer.serverSap}`;
    for (const client of [1, 2]) meter.hearFrames(say(SNRM, NOTHING, { client }));
    meter.hearFrames(say(SNRM, NOTHING, { client: 1, server: hdlcAddress(5) }));
    expect(short(meter.hearFrames(say(SNRM, NOTHING, { client: 3 })))).toEqual(['1f']);
    expect([meter.link.linkCount, meter.refused]).toEqual([3, { 'hdlc-links': 1 }]);
    expect(short(meter.hearFrames(tell(0, 0, 'E6E600AA', { client: 1 }), tell(0, 0, 'E6E600BB', { client: 2 })))).toEqual(['30 E6E7000101', '30 E6E7000201']);
    expect(short(meter.hearFrames(say(DISC, NOTHING, { client: 2 }), say(DISC, NOTHING, { client: 2 })))).toEqual(['73', '1f']);
    expect(short(meter.hearFrames(say(SNRM, NOTHING, { client: 3 })))).toEqual(['73']);
    // The same pair in another form of address is the same link, answered in that form.
    meter.hearFrames(say(DISC, NOTHING, { client: 3 }), say(SNRM, NOTHING, { client: 3, server: hdlcAddress(1, 17) }));
    const [dmOrUa] = meter.hearFrames(say(DISC, NOTHING, { client: 3, server: hdlcAddress(1, 17, 4) }));
    expect([dmOrUa?.control, dmOrUa?.source]).toEqual([0x73, hdlcAddress(1, 17, 4)]);
    meter.link.close();
    expect(meter.events.slice(-2)).toEqual(['closed 1 1', 'closed 1 5']);
    expect(meter.hear(hexOf(say(SNRM)))).toBe('');
  });

  it('is silent for addresses that are not here, and to all', () => {
    const meter = new Meter({ isHere: (server) => server.upper === 1 });
    expect(meter.hearFrames(say(SNRM, NOTHING, { server: hdlcAddress(2) }), say(DISC, NOTHING, { server: hdlcAddress(2) }))).toEqual([]);
    const all = hdlcAddress(0x3fff, 0x3fff);
    expect(meter.hearFrames(say(SNRM, NOTHING, { server: all }), say(DISC, NOTHING, { server: hdlcAddress(0x7f) }))).toEqual([]);
    expect(meter.hearFrames(say(UI, bytesOf('E6E600C1'), { server: all }), say(UI, bytesOf('E6E600C2')))).toEqual([]);
    expect(meter.events).toEqual(['ui C1 16 16383', 'ui C2 16 1']);
    expect(meter.refused).toEqual({ 'hdlc-not-ours': 2, 'hdlc-broadcast': 2 });
  });

  it('ends a link whose APDU is too long, and drops what has no LLC header', () => {
    const meter = new Meter({ apduBytesMax: 4 });
    meter.hearFrames(say(SNRM));
    expect(short(meter.hearFrames(tell(0, 0, 'E7E60001020304')))).toEqual(['31']);
    expect(short(meter.hearFrames(tell(1, 0, 'E6E600')))).toEqual(['51']);
    expect(short(meter.hearFrames(tell(2, 0, 'E6E60001020304')))).toEqual(['71']);
    expect(short(meter.hearFrames(tell(3, 0, 'E6E600010203', { segmented: true })))).toEqual(['91']);
    expect(short(meter.hearFrames(tell(4, 0, '0405')))).toEqual(['1f']);
    expect(short(meter.hearFrames(tell(5, 0, '06')))).toEqual(['1f']);
    expect(meter.events).toEqual(['connected 16 1', 'apdu 01020304', 'apdu-too-long 16 1']);
    expect(meter.refused).toEqual({ 'hdlc-llc': 2, 'hdlc-apdu-too-long': 1 });
  });

  it('may be closed from each handler', () => {
    for (const last of ['connected', 'apdu', 'reconnect']) {
      const counts = new HdlcCounts();
      const events: string[] = [];
      const on = (name: string): void => {
        events.push(name);
        if (name === last) link.close();
      };
      const link: HdlcServerLink = new HdlcServerLink(
        { limits: LIMITS, apduBytesMax: 100, linksMax: 1, counts },
        {
          onSend: () => {},
          onConnected: () => on('connected'),
          onApdu: () => {
            on('apdu');
            return true;
          },
          onDisconnected: (_peer, why) => on(why),
        },
      );
      link.receive(bytesOf([say(SNRM), tell(0, 0, 'E6E60001'), say(SNRM), say(SNRM)].map(hexOf).join('')));
      expect(events.indexOf(last), last).toBe(events.length - (last === 'reconnect' ? 1 : 2));
      expect(link.linkCount).toBe(0);
    }
  });

  it('finds its way back when the line falls silent in the middle of a frame', () => {
    const meter = new Meter();
    meter.hear(vector('hdlc-u9n-I-AARQ').slice(0, 60), vector('hdlc-c-SNRM'));
    expect([meter.events, meter.link.pendingBytes > 0]).toEqual([[], true]);
    meter.link.silence();
    expect(meter.events).toEqual(['connected 16 1']);
  });
});
