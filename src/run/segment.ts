/** Segment i of n of a scenario, computed from the scenario alone: what a simulator plays and an audit compares with. */

import { Plan } from '../grid/plan/plan.ts';
import { PushTimes } from '../grid/plan/push-time.ts';
import { channelCount, type Scenario } from '../grid/scenario/scenario.ts';
import { AreaError } from '../grid/topology/area.ts';
import { generateMeters } from '../grid/topology/meters.ts';
import { loadPatterns } from '../grid/topology/patterns.ts';
import { PatternError } from '../grid/topology/pattern-error.ts';
import { segmentStations } from '../grid/topology/segment.ts';
import { generateStations } from '../grid/topology/stations.ts';
import type { Meters, Stations } from '../grid/topology/topology.ts';
import { Truth } from '../grid/truth/truth.ts';
import { messagesMax } from '../simulator/push-messages.ts';
import { UserError } from './errors.ts';

export interface Segment {
  readonly index: number;
  readonly count: number;
}

export interface SegmentGrid {
  readonly scenario: Scenario;
  readonly stations: Stations;
  readonly meters: Meters;
  readonly plan: Plan;
  readonly truth: Truth;
  readonly times: PushTimes;
}

/** Throws UserError when a file that the scenario names (area, patterns) can't be used. */
export function checkGridFiles(scenario: Scenario): void {
  try {
    checkMessagesOfStep(scenario, generateStations(scenario));
    loadPatterns(scenario);
  } catch (error) {
    if (error instanceof AreaError || error instanceof PatternError) throw new UserError(error.message, { cause: error });
    throw error;
  }
}

/** A step must have a date-time for each of its messages, also after the longest outage of the largest station. */
function checkMessagesOfStep(scenario: Scenario, stations: Stations): void {
  const { behaviour } = scenario;
  const meters = stations.firstMeter.reduce((most, first, s) => Math.max(most, first - (stations.firstMeter[s - 1] ?? first)), 0);
  const steps = Math.min(behaviour.steps, behaviour.concentratorMemoryRows);
  const messages = messagesMax(meters, { steps, channels: channelCount(behaviour.registers) === 1 ? 1 : 3 });
  const room = new PushTimes(scenario).messagesMax;
  if (messages <= room) return;
  throw new UserError(
    `behaviour: a station of ${meters} meters may have ${messages} messages to send in one step after an outage, and an ` +
      `interval of ${behaviour.intervalSeconds} s has room for ${room}; allowed: fewer meters a station, a smaller ` +
      'concentrator-memory, or a longer interval',
  );
}

export function buildSegment(scenario: Scenario, segment: Segment): SegmentGrid {
  const stations = generateStations(scenario);
  const range = segmentStations(stations, segment);
  const meters = generateMeters(scenario, stations, range);
  const patterns = loadPatterns(scenario);
  return {
    scenario,
    stations,
    meters,
    plan: new Plan({ scenario, stations, meters, ...range }),
    truth: new Truth({ scenario, meters, patterns }),
    times: new PushTimes(scenario),
  };
}
