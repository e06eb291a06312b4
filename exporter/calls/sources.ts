import type { CallFact, StageFact } from '../../model/facts.ts';
import type { CallMetricsRow } from '../../model/rows.ts';
import { USAGE_SUMS } from '../../model/usage.ts';
import type { FactSource } from '../../model/vocabulary.ts';

/** Columns of a call that more than one teller can fill, by the field of the fact that they show. */
const COLUMNS = {
  agentName: 'agent_name',
  channel: 'channel',
  customerId: 'customer_id',
  direction: 'direction',
  endReason: 'end_reason',
  outcome: 'outcome',
  recordingUrl: 'recording_url',
  roomId: 'room_id',
} as const satisfies { [F in keyof CallFact]?: keyof CallMetricsRow };
type Field = keyof typeof COLUMNS;

/** Columns of a call and what they come from. */
type Sources = Record<string, FactSource>;

/** The tellers of a call, the last one to know a thing last, and of those the ones that say when it was. */
export interface Tellers {
  readonly fact: CallFact | undefined;
  readonly all: readonly Partial<CallFact>[];
  readonly timing: readonly CallFact[];
}

/** Which columns do not come from the call's spans. Undefined: all do. */
export function sourcesOf({ fact, all, timing }: Tellers, stages: readonly StageFact[]): Sources | undefined {
  const sources: Sources = {};
  for (const field of Object.keys(COLUMNS) as Field[]) {
    const value = fact?.[field];
    const told = value === undefined ? [] : all.filter((each) => each[field] === value).map(sourceOf);
    const source = told.at(-1);
    // What a span says, too, comes from it.
    if (source !== undefined && !told.includes(undefined)) sources[COLUMNS[field]] = source;
  }
  const times = timing.map(sourceOf);
  if (times[0] !== undefined && times.every((source) => source === times[0]))
    for (const column of ['started_at', 'ended_at'] as const) sources[column] = times[0];
  for (const { column, stage, quantity } of USAGE_SUMS)
    if (stages.some((each) => each.reported && each.stage === stage && each.usage?.[quantity] !== undefined))
      sources[column] = 'report';
  return Object.keys(sources).length === 0 ? undefined : sources;
}

function sourceOf({ reported, platform, billedSeconds }: Partial<CallFact>): FactSource | undefined {
  if (reported === true) return 'report';
  if (platform !== undefined) return 'platform';
  return billedSeconds === undefined ? undefined : 'carrier';
}
