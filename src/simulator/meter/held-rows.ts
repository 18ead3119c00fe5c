/**
 * What a concentrator has of its meters at a step: the simulator's side of a pull. `Presence` of the plan is one, and decides
 * by the very outages of the plan, so that what can be read is what a push would have sent.
 *
 * Steps are those of the scenario: row `step` of a meter has the time `start + step * interval`. Implementations may keep the
 * stay that a device is in, so asking in the order of steps is cheap, and any order is right.
 */
export interface HeldRows {
  /** Whether the concentrator reaches the meter at `step`. */
  meterUp(meter: number, step: number): boolean;
  /** The meters of a station that are up at `step`, ascending, into `out`; answers their number. */
  metersUp(station: number, step: number, out: Uint32Array): number;
  /** The oldest step of which rows may still be held at step `now`. */
  oldestStep(now: number): number;
  /** Calls `visit` with each step of `from` .. `to` whose row of `meter` is held at step `now`, ascending. */
  held(
    meter: number,
    range: { readonly from: number; readonly to: number; readonly now: number },
    visit: (step: number) => void,
  ): void;
}

/** Who wants to know what is read of readings. */
export interface ReadingsObserver {
  /**
   * The profile of all meters of a concentrator is asked for rows from `fromUnixSeconds` on; told before it is answered, and
   * the time of the station may go on in it.
   */
  asked(station: number, fromUnixSeconds: number): void;
  /** It was answered with all rows up to now, `readings` of them. */
  answered(station: number, readings: number): void;
  /** The load profile of one meter was answered. */
  repaired(station: number, readings: number): void;
}
