import type { Micros } from '../../model/facts.ts';
import type { Outcome } from '../../model/vocabulary.ts';
import { type Agent, CAST, type Language, type Version } from './cast.ts';
import { type Chance, chanceOf } from './chance.ts';
import { converse, leaveMessage, type SimulatedTurn } from './conversation.ts';
import { endOf } from './reply.ts';
import { type Slowdown, slowed } from './slowdown.ts';

/** One call of simulated weeks, as it really was. */
export interface SimulatedCall {
  readonly callId: string;
  /** For ids of traces: no two calls have the same. */
  readonly traceSeed: number;
  readonly agent: Agent;
  readonly version: Version;
  readonly language: Language;
  readonly campaign: string;
  readonly customer: string;
  readonly startUs: Micros;
  readonly seconds: number;
  readonly turns: readonly SimulatedTurn[];
  /** Absent: the application did not say. */
  readonly outcome?: Outcome;
  readonly sipStatusCode?: number;
  readonly amdResult?: string;
  readonly endReason: string;
}

export interface WeeksOptions {
  /** The same seed simulates the same calls. */
  readonly seed: number;
  readonly calls: number;
  readonly days: number;
  /** When the last call is over, at the latest. */
  readonly untilUs: Micros;
  /** What ids of calls begin with. (Default: `demo-`.) */
  readonly idPrefix?: string;
  /** (Default: three agents.) */
  readonly agents?: readonly Agent[];
  /** When providers are slower than usual. (Default: never.) */
  readonly slowdowns?: readonly Slowdown[];
}

const DAY_US = 86_400_000_000;
/** No call is longer: the last one begins so long before the end. */
const LONGEST_US = 1_200_000_000;
const CUSTOMERS = 400;
/** What became of calls that the agent makes. */
const OUTBOUND = [
  [0.68, 'person'],
  [0.17, 'machine'],
  [0.11, 'no answer'],
  [0.04, 'busy'],
] as const;
/** Calls of whose outcome the application says nothing. */
const UNKNOWN_OUTCOME = 0.08;

/** Simulated calls, in no order of time. Each depends on the seed and its number alone. Pure. */
export function* simulateWeeks(options: WeeksOptions): Generator<SimulatedCall> {
  const { seed, calls, days, untilUs, idPrefix = 'demo-', agents = CAST, slowdowns = [] } = options;
  const span = Math.max(DAY_US / 24, days * DAY_US - LONGEST_US);
  for (let number = 0; number < calls; number += 1) {
    const chance = chanceOf(seed, `call ${number}`);
    const agent = chance.pick(agents.map((each) => [each.weight, each] as const));
    // More calls at noon than at midnight.
    const position = placeInTime(chance, days);
    const [a, b] = agent.versions;
    const version = position >= 0.5 && chance.whether(0.5) ? b : a;
    const startUs = Math.round(untilUs - LONGEST_US - (1 - position) * span);
    yield {
      callId: `${idPrefix}${number}`,
      traceSeed: number,
      startUs,
      ...simulateCall(agent, slowed(version, startUs, slowdowns), chance),
    };
  }
}

/** What happens in one call of a version of an agent. */
export function simulateCall(
  agent: Agent,
  version: Version,
  chance: Chance,
): Omit<SimulatedCall, 'callId' | 'traceSeed' | 'startUs'> {
  const language = chance.pick(agent.languages);
  const about = {
    agent,
    version,
    language,
    campaign: chance.pick(agent.campaigns.map((each) => [1, each] as const)),
    customer: `cus_${1_000 + Math.floor(chance.share() * CUSTOMERS)}`,
  };
  const met = agent.direction === 'outbound' ? chance.pick(OUTBOUND) : 'person';
  if (met === 'no answer' || met === 'busy') {
    const [outcome, sipStatusCode] =
      met === 'busy' ? (['BUSY', 486] as const) : (['NO_ANSWER', 480] as const);
    return { ...about, seconds: 20 * chance.share(), turns: [], outcome, sipStatusCode, endReason: met };
  }
  const turns =
    met === 'machine' ? [leaveMessage(version, chance)] : converse(agent, version, language, chance);
  const seconds = endOf(turns) + 0.4 + chance.share();
  if (met === 'machine')
    return {
      ...about,
      seconds,
      turns,
      outcome: 'VOICEMAIL',
      amdResult: 'machine_start',
      endReason: 'task_completed',
    };
  const isGood = chance.whether(version.successRate);
  const isUnknown = chance.whether(UNKNOWN_OUTCOME);
  return {
    ...about,
    seconds,
    turns,
    ...(!isUnknown && { outcome: isGood ? ('SUCCESS' as const) : ('FAIL' as const) }),
    endReason: 'hangup',
  };
}

/** From 0, the beginning of the days, to 1. */
function placeInTime(chance: Chance, days: number): number {
  for (;;) {
    const place = chance.share();
    if (chance.whether(0.15 + 0.85 * Math.sin(Math.PI * ((place * days) % 1)) ** 2)) return place;
  }
}
