import { type Outcome, SEGMENTS } from '../../../model/vocabulary.ts';
import { type CallKey, keyOf } from '../call-key.ts';
import type { Queryable } from '../database.ts';
import { SAMPLED_ROWS, SAMPLED_SCORES, SAMPLED_TURNS, sampleOf } from './sample.ts';
import type { CallSelection } from './selection.ts';

/** One call with what is compared of it. Null: not known. For statistics: money is in USD, and not exact. */
export interface CallSample {
  readonly call: CallKey;
  readonly seconds: number;
  readonly cost: number | null;
  /** Something had no price: the cost is a lower bound. */
  readonly isUnpriced: boolean;
  readonly outcome: Outcome | null;
  readonly turns: number;
  /** Of the agent by the user. */
  readonly interruptions: number | null;
  /** Of each turn whose silence is known: the silence and its segments in the order of `SEGMENTS`, in seconds. */
  readonly silences: readonly (readonly number[])[];
  /** Figures that were given to the call, by name. Absent: none. */
  readonly scores?: Readonly<Record<string, number>>;
}

export interface CallSamples {
  /** All calls of the selection. */
  readonly calls: number;
  /** One call in so many is among the samples; 1: all are. */
  readonly every: number;
  readonly samples: readonly CallSample[];
}

const COLUMNS = ['eou_latency', ...SEGMENTS.map((segment) => `segment_${segment}` as const)] as const;

const CALLS = `\
SELECT m.tenant, m.call_id, m.duration_seconds AS seconds, m.cost_total::double precision AS cost,
  m.unpriced <> '{}' AS "isUnpriced", m.outcome, m.turn_count AS turns, m.interruption_count AS interruptions
FROM ${SAMPLED_ROWS}`;
const TURNS = `\
SELECT l.tenant, l.call_id, ${COLUMNS.map((name) => `l.${name}`).join(', ')}
FROM ${SAMPLED_TURNS} WHERE l.eou_latency IS NOT NULL`;

const SCORES = `\
SELECT c.tenant, c.call_id, c.name, c.value FROM ${SAMPLED_SCORES} WHERE c.value IS NOT NULL`;

type CallRow = Omit<CallSample, 'call' | 'silences' | 'scores'> & { tenant: string; call_id: string };
type ScoreRow = { tenant: string; call_id: string; name: string; value: number };
type TurnRow = { tenant: string; call_id: string } & Record<(typeof COLUMNS)[number], number | null>;

/** The calls of a selection for statistics, in the order of their ids; of many always the same part. The same calls, the same draws. */
export async function getCallSamples(db: Queryable, selection: CallSelection): Promise<CallSamples> {
  const { calls, every, values } = await sampleOf(db, selection);
  const rows = await db.query<CallRow>(CALLS, values);
  const silences = new Map<CallKey, number[][]>(rows.map((call) => [keyOf(call), []]));
  for (const turn of await db.query<TurnRow>(TURNS, values)) silences.get(keyOf(turn))?.push(secondsOf(turn));
  const scores = new Map<CallKey, [name: string, value: number][]>();
  for (const score of await db.query<ScoreRow>(SCORES, values)) {
    const given = scores.get(keyOf(score)) ?? [];
    given.push([score.name, score.value]);
    scores.set(keyOf(score), given);
  }
  return {
    calls,
    every,
    samples: rows
      .map(({ tenant, call_id, ...sample }) => {
        const call = keyOf({ tenant, call_id });
        const given = scores.get(call);
        return {
          ...sample,
          call,
          silences: silences.get(call) ?? [],
          ...(given !== undefined && { scores: Object.fromEntries(given) }),
        };
      })
      .sort((one, other) => (one.call < other.call ? -1 : 1)),
  };
}

/** The time of a segment without a mark is in the one after it. */
const secondsOf = (turn: TurnRow): number[] => COLUMNS.map((name) => turn[name] ?? 0);
