import { type Column, METRICS_COLUMNS, USAGE_COLUMNS } from './rows.ts';
import { COST_PARTS, OUTCOMES, type Outcome } from './vocabulary.ts';

/**
 * The tables of rollups, as `model/rows.ts` has those of rows: what the calls of a period and of one set of dimensions come
 * to together. Sums are exact and do not depend on the order: money is `numeric`, times are whole microseconds. A call is
 * of the period in which it began, its turns with it.
 */
export interface RollupColumn extends Omit<Column, 'type'> {
  readonly type: Column['type'] | 'smallint[]' | 'integer[]' | 'bigint[]';
}
type Columns = Readonly<Record<string, RollupColumn>>;

/** Lengths of periods, the shortest first. Days are those of UTC. */
export const GRAINS = ['slice', 'hour', 'day'] as const;
export type Grain = (typeof GRAINS)[number];

/** What is told apart. */
export const DIMENSIONS = [
  'tenant',
  'service_name',
  'service_version',
  'deployment_environment',
  'agent_name',
  'campaign_id',
  'direction',
  'channel',
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** The column that counts the calls of an outcome. */
export const outcomeColumn = (outcome: Outcome | 'unknown'): string => `outcome_${outcome.toLowerCase()}`;

const count = (comment: string) => ({ type: 'bigint', required: true, unit: 'count', comment }) as const;
const known = (comment: string) => ({ type: 'bigint', unit: 'count', comment }) as const;
const micros = (comment: string) =>
  ({ type: 'bigint', required: true, unit: 'microseconds', comment }) as const;
const seconds = (comment: string) => ({ type: 'double precision', unit: 'seconds', comment }) as const;
const usd = (comment: string) => ({ type: 'numeric', unit: 'USD', comment }) as const;
const word = (comment: string) => ({ type: 'text', unit: 'name', comment }) as const;

const PERIOD = {
  grain: { ...word('Length of the period'), required: true, words: GRAINS },
  at: { type: 'timestamptz', required: true, unit: 'instant', comment: 'Where the period begins' },
} as const satisfies Columns;

const outcomes: Columns = Object.fromEntries(
  [...OUTCOMES, 'unknown' as const].map((outcome) => [
    outcomeColumn(outcome),
    count(outcome === 'unknown' ? 'Calls whose outcome is not known' : `Calls with the outcome ${outcome}`),
  ]),
);

const costs: Columns = Object.fromEntries(
  [...COST_PARTS, 'total' as const].map((part) => [
    `cost_${part}`,
    usd(METRICS_COLUMNS[`cost_${part}`].comment),
  ]),
);

const usage: Columns = Object.fromEntries(
  Object.entries(USAGE_COLUMNS).map(([name, { type, unit, comment }]) =>
    type === 'double precision'
      ? [name.replace('_seconds', '_us'), { type: 'bigint', unit: 'microseconds', comment }]
      : [name, { type, unit, comment }],
  ),
);

/** Silences are told apart by tenths of a second; longer ones than ten seconds are not. */
export const LAST_BAND = 100;

/** Who spoke how long, and how long no one did. */
const SPEECH_MEASURES = {
  talk_calls: count('Calls in which it is known how long user and agent spoke'),
  user_speech_us: micros('How long the user spoke in these calls'),
  agent_speech_us: micros('How long the agent was heard in these calls'),
  silence_calls: count('Calls in which it is known when no one spoke'),
  silence_call_us: micros('From connect to hang-up, of these calls'),
  overlap_us: micros('How long both spoke at once in these calls'),
  dead_air_us: micros('Silences longer than 3 s in these calls'),
  dead_air_calls: count('Calls that have one'),
  longest_silence_max: seconds('The longest time in which no one spoke'),
} as const satisfies Columns;
export type SpeechMeasure = keyof typeof SPEECH_MEASURES;

/** What calls come to. */
const CALL_MEASURES: Columns = {
  calls: count('Calls'),
  turns: count('Turns of the calls'),
  duration_us: micros('From connect to hang-up'),
  first_started_at: { type: 'timestamptz', required: true, unit: 'instant', comment: 'The first connect' },
  last_started_at: { type: 'timestamptz', required: true, unit: 'instant', comment: 'The last connect' },
  ...outcomes,
  interruptions: known('Interruptions of the agent by the user, of calls in which it is known'),
  false_interruptions: known('Interruptions after which the agent resumed'),
  unanswered: known('Utterances of the user that the agent did not answer'),
  ...SPEECH_MEASURES,
  judged_turns: count('Turns of the calls in which interruptions are known'),
  sentiment_billionths: {
    type: 'bigint',
    unit: 'billionths',
    comment: 'Sentiment of the calls, each from -1 to 1',
  },
  felt_calls: count('Calls that have a sentiment'),
  ...costs,
  cost_judged: usd('Cost of the calls whose outcome is known'),
  priced_calls: count('Calls that have a cost, a lower bound included'),
  priced_us: micros('From connect to hang-up, of the calls that have a cost'),
  priced_successes: count('Calls with the outcome SUCCESS that have a cost'),
  unpriced_calls: count('Calls of which something had no price'),
  cost_buckets: {
    type: 'smallint[]',
    required: true,
    unit: 'ordinals',
    comment:
      'Buckets of the histogram of what the calls cost, as those of latencies, of USD in place of seconds',
  },
  cost_counts: {
    type: 'integer[]',
    required: true,
    unit: 'counts',
    comment: 'Calls in each bucket of cost_buckets',
  },
  eou_latency_max: seconds('The longest silence before an answer'),
  ...usage,
  judged_input_tokens: {
    type: 'bigint',
    unit: 'tokens',
    comment: 'llm_input_tokens of the calls in which llm_cached_tokens is known',
  },
};

/** What is told apart besides, of latencies. */
const LATENCY_KEYS: Columns = {
  figure: { ...word('The latency, or the segment of eou_latency'), required: true },
  provider: word(
    'Provider of the stage that it is of; NULL of eou_latency, and of its segments but llm and tts',
  ),
  model: word('Model of the stage that it is of'),
};
const LATENCY_MEASURES: Columns = {
  turns: count('Turns that have it'),
  sum_us: micros('All of them together'),
  least: { ...seconds('The shortest'), required: true },
  greatest: { ...seconds('The longest'), required: true },
  buckets: {
    type: 'smallint[]',
    required: true,
    unit: 'ordinals',
    comment:
      'Buckets of the histogram, ascending: n is from 2^(n/64), exclusive, to 2^((n+1)/64) seconds, -32768 is less than a microsecond',
  },
  counts: {
    type: 'integer[]',
    required: true,
    unit: 'counts',
    comment: 'Turns in each bucket of buckets',
  },
  bands: {
    type: 'smallint[]',
    unit: 'ordinals',
    comment: `Of eou_latency and its segments: how long the silences were, ascending. n is from n tenths of a second, exclusive, to n + 1, and ${LAST_BAND} all beyond`,
  },
  band_turns: { type: 'integer[]', unit: 'counts', comment: 'Of eou_latency: turns in each band of bands' },
  band_us: { type: 'bigint[]', unit: 'microseconds', comment: 'What of sum_us is in each band of bands' },
};

/** Arrays of a rollup: the one that says of what, and those that count it. */
const LATENCY_ARRAYS: readonly CountingArrays[] = [
  { of: 'buckets', counts: ['counts'] },
  { of: 'bands', counts: ['band_turns', 'band_us'] },
];
export interface CountingArrays {
  readonly of: string;
  readonly counts: readonly string[];
}
/** By table; of the others there are none. */
export const ROLLUP_ARRAYS: Readonly<Record<string, readonly CountingArrays[]>> = {
  rollup_calls: [{ of: 'cost_buckets', counts: ['cost_counts'] }],
  rollup_latencies: LATENCY_ARRAYS,
  rollup_tenant_latencies: LATENCY_ARRAYS,
};

const MODEL_KEYS: Columns = {
  stage: { ...word('stt, llm or tts'), required: true },
  provider: word('Provider'),
  model: word('Model'),
};
const MODEL_MEASURES: Columns = {
  calls: count('Calls with a turn that used it'),
  turns: count('Turns that used it'),
  cost: usd('Cost of the stage in these turns'),
  quantity: {
    type: 'bigint',
    unit: 'microseconds, tokens or characters',
    comment: 'What these turns used of it: audio transcribed; tokens read and generated; text to synthesis',
  },
};

/** Of what words are counted. */
const WORD_KINDS = [
  'end_reason',
  'outcome_source',
  'price_list',
  'sentiment',
  'unpriced',
  'interruption',
  'cut_off',
  'error',
  'estimated',
] as const;

const WORD_KEYS: Columns = {
  kind: { ...word('Of what'), required: true, words: WORD_KINDS },
  name: { ...word('The word; of estimated: silence or usage'), required: true },
};
const WORD_MEASURES: Columns = {
  count: count('Calls that have it (end_reason, outcome_source, price_list, sentiment, unpriced), or turns'),
  last_started_at: {
    type: 'timestamptz',
    required: true,
    unit: 'instant',
    comment: 'When the last call began that has it, or has a turn that does',
  },
  cost: usd('Cost of the calls that have it; NULL where it is of turns'),
};

/**
 * Every table of rollups: its dimensions, its keys after them, and its measures. Latencies of all calls of a tenant have a
 * table of their own, for hours and days: most charts are of these, and one histogram is many times less to read than those of
 * each campaign.
 */
export const ROLLUPS = {
  rollup_calls: { dimensions: DIMENSIONS, keys: {} as Columns, measures: CALL_MEASURES },
  rollup_latencies: { dimensions: DIMENSIONS, keys: LATENCY_KEYS, measures: LATENCY_MEASURES },
  rollup_tenant_latencies: { dimensions: ['tenant'], keys: LATENCY_KEYS, measures: LATENCY_MEASURES },
  rollup_models: { dimensions: DIMENSIONS, keys: MODEL_KEYS, measures: MODEL_MEASURES },
  rollup_words: { dimensions: DIMENSIONS, keys: WORD_KEYS, measures: WORD_MEASURES },
} as const satisfies Record<string, { dimensions: readonly Dimension[]; keys: Columns; measures: Columns }>;
export type Rollup = keyof typeof ROLLUPS;

/** Every table of rollups, as it is in the database. */
export const ROLLUP_TABLES: Readonly<Record<Rollup, Columns>> = mapped(({ dimensions, keys, measures }) => ({
  ...PERIOD,
  ...Object.fromEntries(dimensions.map((name) => [name, METRICS_COLUMNS[name]])),
  ...keys,
  ...measures,
}));

function mapped<To>(map: (rollup: (typeof ROLLUPS)[Rollup]) => To): Record<Rollup, To> {
  const entries = Object.entries(ROLLUPS).map(([table, rollup]) => [table, map(rollup)]);
  return Object.fromEntries(entries) as Record<Rollup, To>;
}
