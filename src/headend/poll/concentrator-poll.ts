/**
 * How one concentrator is read, round after round:
 *
 *   1  its own profile, all rows after the last that is safe           one request for all meters
 *   2  a meter that is in a row but lacks rows before it has a gap     the meter's own load profile, by its SAP
 *   3  when all of that is durable, the round is settled               the next round asks for what comes after
 *
 * Asking for what comes after T says that everything up to T is safe here, so a device may forget it. Nothing else is
 * remembered between rounds but one time for each meter. A round whose connection breaks is done again from where the last one
 * was settled, because the device may have lost its memory of it; what arrives twice is dropped by the store.
 */

import { present } from '../../base/assert.ts';
import type { GroupCommit } from '../buffer/group-commit.ts';
import type { AttributeDescriptor } from '../../protocol/dlms/apdu/descriptors.ts';
import type { GetResult } from '../../protocol/dlms/apdu/results.ts';
import { ClientAssociation } from '../../protocol/dlms/client/client-association.ts';
import type { ClientOptions, Exchange } from '../../protocol/dlms/client/client-options.ts';
import { DlmsError } from '../../protocol/dlms/client/dlms-error.ts';
import { breaksSession, type DeviceSession, type Running } from './device-session.ts';
import { MeterList, sapEntries } from './meter-list.ts';
import { layoutOf, MeterProfileRows, type ProfileLayout } from './meter-profile.ts';
import { LOAD_PROFILE, LOAD_PROFILE_COLUMNS, OPEN_END, OwnProfileRows, rangeOf } from './own-profile.ts';
import type { JobOutcome, PollJob } from './poll-scheduler.ts';
import type { PollStats } from './poll-stats.ts';

const SAP_LIST: AttributeDescriptor = Object.freeze({ classId: 17, logicalName: Uint8Array.of(0, 0, 41, 0, 0, 255), attribute: 2 });
export const CONCENTRATOR_SAP = 1;
/** Refusals by a meter after which its gap is given up. Lost connections don't count. */
const REFUSALS_MAX = 5;
/** Meters of one concentrator that are read at once; a command that comes waits for no more than these. */
const REPAIRS_AT_ONCE = 16;

export interface ConcentratorPollOptions {
  readonly session: DeviceSession;
  readonly commit: GroupCommit;
  readonly stats: PollStats;
  /** Shared by all concentrators: how the load profile of a meter is laid out, once it is known. */
  readonly layout: { meter: ProfileLayout | null };
  readonly association: (serverSap: number, meter: number | null) => ClientOptions;
  /** An exchange failed. `meter` null: with the concentrator itself. */
  readonly onFailure: (meter: number | null, error: DlmsError) => void;
  readonly submit: (job: PollJob) => void;
  readonly sinceUnixSeconds: number;
  readonly periodSeconds: number;
  readonly offsetMinutes: number;
  /** Everything of a round is durable; `rows`: it brought something. */
  readonly onSettled: (rows: boolean) => void;
}

interface Gap {
  readonly place: number;
  readonly from: number;
  readonly to: number;
  refusals: number;
}

export class ConcentratorPoll {
  /** A round is under way, or waits for its turn. */
  inRound = false;
  /** Unix seconds: all rows up to here are safe. */
  settledSeconds: number;
  readonly #options: ConcentratorPollOptions;
  #main: ClientAssociation;
  readonly #rows = new OwnProfileRows();
  #meters: MeterList | null = null;
  #channels = 1;
  /** Time of the newest row of this round. */
  #newest = 0;
  #gaps: Gap[] = [];
  /** The connection broke since the rows of this round came. */
  #broken = false;

  constructor(options: ConcentratorPollOptions) {
    this.#options = options;
    this.settledSeconds = options.sinceUnixSeconds - 1;
    this.#main = new ClientAssociation(options.association(CONCENTRATOR_SAP, null));
  }

  startRound(): void {
    this.inRound = true;
    this.#options.submit({ priority: 'mass', attemptsMax: Infinity, run: (done) => this.#readRows(done) });
  }

  /** The connection is gone. */
  lost(): void {
    this.#broken = true;
    this.displaced();
  }

  /** Another association with the concentrator itself has taken the place of this one. */
  displaced(): void {
    this.#main = new ClientAssociation(this.#options.association(CONCENTRATOR_SAP, null));
  }

  /** Who is behind the concentrator has been read. */
  get knowsMeters(): boolean {
    return this.#meters !== null;
  }

  /** Reads who is behind the concentrator; within a job of the device, as any exchange. */
  learnMeters(done: (error: DlmsError | null) => void): void {
    const { session } = this.#options;
    session.run(this.#ports, this.#learn(), () => done(null), (error) => {
      this.#mainFailed(error);
      done(error);
    });
  }

  /** Port of a meter; null: not behind this concentrator, or not known yet. */
  sapOf(meter: number): number | null {
    const place = this.#meters?.placeOf(meter) ?? -1;
    return place < 0 ? null : (this.#meters?.sap[place] ?? null);
  }

  // ---- 1: the concentrator's own profile ----

  #readRows(done: (outcome: JobOutcome) => void): void {
    const { session } = this.#options;
    session.run(this.#ports, this.#ownProfile(), (buffer) => this.#takeRows(buffer, done), (error) => this.#failed(null, error, done));
  }

  get #ports(): { readonly clientSap: number; readonly serverSap: number } {
    return { clientSap: this.#main.options.clientSap, serverSap: CONCENTRATOR_SAP };
  }

  *#learn(): Exchange<void> {
    const main = this.#main;
    if (main.negotiated === null) yield* main.associate();
    if (this.#meters !== null) return;
    const entries = sapEntries(dataOf(yield* main.get(SAP_LIST)));
    if (entries === null) throw new DlmsError('data', 'the SAP assignment is no list of devices');
    this.#meters = new MeterList(entries, this.#options.sinceUnixSeconds, null);
  }

  *#ownProfile(): Exchange<Uint8Array> {
    const { offsetMinutes } = this.#options;
    const main = this.#main;
    yield* this.#learn();
    const from = this.settledSeconds + 1;
    return dataOf(yield* main.get(LOAD_PROFILE, rangeOf({ from, to: OPEN_END }, offsetMinutes)));
  }

  #takeRows(buffer: Uint8Array, done: (outcome: JobOutcome) => void): void {
    this.#gaps = [];
    this.#newest = 0;
    this.#broken = false;
    if (this.#rows.begin(buffer)) this.#takeNextRows(done);
    else this.#failed(null, new DlmsError('data', 'the profile is no array'), done);
  }

  /** Row by row, as far as the group has room; goes on when it has room again. */
  #takeNextRows(done: (outcome: JobOutcome) => void): void {
    const { commit, stats } = this.#options;
    const rows = this.#rows;
    for (;;) {
      const next = rows.next();
      if (next === 'end') break;
      if (next === 'malformed' || rows.meters.readings > commit.batch.capacity) {
        this.#failed(null, new DlmsError('data', 'a row of the profile is not {time, rows of meters}'), done);
        return;
      }
      if (!commit.hasRoom(rows.meters.readings)) {
        commit.whenRoom(() => this.#takeWaitingRow(done));
        return;
      }
      if (this.#takeRow()) continue;
      this.#failed(null, new DlmsError('data', 'a register of the profile is too large'), done);
      return;
    }
    stats.gaps += this.#gaps.length;
    done('done');
    this.#goOn();
  }

  /** Others have waited too, and may have taken the room. */
  #takeWaitingRow(done: (outcome: JobOutcome) => void): void {
    const { commit } = this.#options;
    if (!commit.hasRoom(this.#rows.meters.readings)) commit.whenRoom(() => this.#takeWaitingRow(done));
    else if (this.#takeRow()) this.#takeNextRows(done);
    else this.#failed(null, new DlmsError('data', 'a register of the profile is too large'), done);
  }

  #takeRow(): boolean {
    const { commit, stats, periodSeconds } = this.#options;
    const { meters, unixSeconds: time } = this.#rows;
    const { batch } = commit;
    const start = batch.length;
    if (!meters.append(batch, time)) return false;
    stats.readings += meters.readings;
    this.#channels = meters.channels;
    this.#newest = Math.max(this.#newest, time);
    const list = present(this.#meters, 'rows come after the list of meters');
    const { number, next } = list;
    let place = 0;
    for (let i = start; i < start + meters.rows; i++) {
      const meter = batch.meter[i]!;
      if (number[place] !== meter) {
        place = list.placeOf(meter);
        if (place < 0) {
          stats.strangers++;
          place = 0;
          continue;
        }
      }
      const expected = next[place]!;
      if (expected <= time) {
        if (expected < time) this.#gaps.push({ place, from: expected, to: time - periodSeconds, refusals: 0 });
        next[place] = time + periodSeconds;
      }
      place++;
    }
    return true;
  }

  // ---- 2: gaps ----

  #goOn(): void {
    if (this.#gaps.length > 0) {
      this.#options.submit({ priority: 'repair', attemptsMax: Infinity, run: (done) => this.#repair(done) });
      return;
    }
    const newest = this.#newest;
    if (newest === 0) this.#settled(false);
    else {
      this.#options.commit.added(() => {
        this.settledSeconds = Math.max(this.settledSeconds, newest);
        this.#meters?.settle();
        this.#settled(true);
      });
    }
  }

  /** Some gaps at once, each of another meter: their requests share a write. Done when all of them are; those that failed stay. */
  #repair(done: (outcome: JobOutcome) => void): void {
    if (this.#broken) {
      this.#meters?.restore();
      done('done');
      this.startRound();
      return;
    }
    const some = this.#nextGaps();
    let waiting = some.length;
    let failed = false;
    const ended = (outcome: JobOutcome): void => {
      waiting--;
      failed ||= outcome === 'failed';
      if (waiting > 0) return;
      done(failed ? 'failed' : 'done');
      if (!failed) this.#goOn();
    };
    this.#options.session.runAll(some.map((gap) => this.#exchangeFor(gap, ended)));
  }

  /** The last ones, up to a second one of the same meter. */
  #nextGaps(): readonly Gap[] {
    const some: Gap[] = [];
    for (let i = this.#gaps.length - 1; i >= 0 && some.length < REPAIRS_AT_ONCE; i--) {
      const gap = this.#gaps[i]!;
      if (some.some(({ place }) => place === gap.place)) break;
      some.push(gap);
    }
    return some;
  }

  #exchangeFor(gap: Gap, ended: (outcome: JobOutcome) => void): Running {
    const { association, stats, session } = this.#options;
    const list = present(this.#meters, 'rows come after the list of meters');
    const [meter, sap] = [list.number[gap.place]!, list.sap[gap.place]!];
    const client = new ClientAssociation(association(sap, meter));
    const { clientSap } = client.options;
    const ports = { clientSap, serverSap: sap };
    const release = (): void => {
      if (client.negotiated !== null) session.runLazily(ports, client.release());
    };
    return {
      clientSap,
      serverSap: sap,
      lazy: false,
      exchange: this.#meterProfile(client, gap),
      done: (buffer) => {
        release();
        this.#takeMeterRows(buffer as Uint8Array, { gap, meter, done: ended });
      },
      failed: (error) => {
        if (!breaksSession(error)) release();
        if (REFUSALS.has(error.code)) gap.refusals++;
        if (gap.refusals < REFUSALS_MAX) {
          this.#failed(meter, error, ended);
          return;
        }
        this.#options.onFailure(meter, error);
        stats.gapsGivenUp++;
        this.#closeGap(gap, ended);
      },
    };
  }

  *#meterProfile(client: ClientAssociation, gap: Gap): Exchange<Uint8Array> {
    const { layout, offsetMinutes } = this.#options;
    yield* client.associate();
    if (layout.meter === null) {
      layout.meter = layoutOf(dataOf(yield* client.get(LOAD_PROFILE_COLUMNS)));
      if (layout.meter === null) throw new DlmsError('data', 'the load profile of a meter has no clock or no register');
    }
    return dataOf(yield* client.get(LOAD_PROFILE, rangeOf(gap, offsetMinutes)));
  }

  #takeMeterRows(buffer: Uint8Array, repair: { readonly gap: Gap; readonly meter: number; readonly done: (outcome: JobOutcome) => void }): void {
    const { commit, stats, layout, periodSeconds } = this.#options;
    const { gap, meter, done } = repair;
    const rows = new MeterProfileRows();
    const options = { meter, layout: present(layout.meter, 'rows come after their layout'), channels: this.#channels, periodSeconds };
    const readings = rows.append(buffer, options, commit.batch);
    if (readings === -1) {
      const wanted = Math.min(commit.batch.capacity, commit.batch.room + 1);
      if (commit.hasRoom(wanted)) this.#takeMeterRows(buffer, repair);
      else commit.whenRoom(() => this.#takeMeterRows(buffer, repair));
      return;
    }
    if (readings === null) {
      gap.refusals++;
      this.#failed(meter, new DlmsError('data', 'the load profile of a meter is not what its columns say'), done);
      return;
    }
    stats.readings += readings;
    stats.repairs++;
    this.#closeGap(gap, done);
  }

  #closeGap(gap: Gap, done: (outcome: JobOutcome) => void): void {
    this.#gaps = this.#gaps.filter((other) => other !== gap);
    done('done');
  }

  // ---- 3 ----

  #settled(rows: boolean): void {
    const { stats, onSettled } = this.#options;
    this.inRound = false;
    stats.rounds++;
    if (rows) stats.fullRounds++;
    onSettled(rows);
  }

  #failed(meter: number | null, error: DlmsError, done: (outcome: JobOutcome) => void): void {
    if (meter === null) this.#mainFailed(error);
    else this.#options.onFailure(meter, error);
    done('failed');
  }

  #mainFailed(error: DlmsError): void {
    this.#options.onFailure(null, error);
    // Rows of an answer that turned out bad are asked for again.
    this.#meters?.restore();
    this.displaced();
  }
}

/** After these a meter is not asked for ever. */
const REFUSALS: ReadonlySet<string> = new Set(['association-refused', 'authentication-failed', 'exception', 'service-error', 'data-access', 'data', 'not-supported', 'too-long']);

/** The encoded Data of a result, or a DlmsError `data-access`. */
function dataOf(result: GetResult): Uint8Array {
  if ('data' in result) return result.data;
  throw new DlmsError('data-access', `read refused with result ${result.error}`, { result: result.error });
}
