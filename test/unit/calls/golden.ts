import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PriceList, priceListFrom } from '../../../exporter/pricing/index.ts';
import type { Fact } from '../../../model/facts.ts';
import { LATENCIES, SEGMENTS, STATISTICS } from '../../../model/vocabulary.ts';
import { packageRoot } from '../../support/root.ts';

/** Round prices, so that costs can be worked out in the head. */
export const PRICES: PriceList = priceListFrom(
  [
    provider('deepgram', entry('stt', 'nova-3', { per_audio_minute: '0.006' })),
    provider(
      'groq',
      entry('llm', 'llama', {
        per_million_input_tokens: '0.5',
        per_million_cached_input_tokens: '0.25',
        per_million_output_tokens: '1',
      }),
    ),
    provider('cartesia', entry('tts', 'sonic-3', { per_thousand_characters: '0.03' })),
    provider(
      'twilio',
      entry('telephony', 'inbound', { per_minute: '0.0085' }, 'up_to_minute'),
      entry('telephony', 'outbound', { per_minute: '0.014' }, 'up_to_minute'),
    ),
  ],
  { name: 'round' },
);

function provider(name: string, ...entries: object[]): object {
  return { provider: name, entries };
}

function entry(component: string, model: string, prices: object, rounding = 'none'): object {
  const dated = {
    valid_from: '2026-01-01',
    prices,
    source: 'test',
    checked_on: '2026-01-01',
    confidence: 'A',
  };
  return { component, models: [model], rounding, history: [dated] };
}

type Row = Record<string, unknown>;

/** A call with the rows that were worked out for it by hand. */
export interface GoldenCall {
  name: string;
  facts: Fact[];
  metrics: Row;
  logs: Row[];
}

const LATENCY_COLUMNS = [...LATENCIES, ...SEGMENTS.map((segment) => `segment_${segment}`)];
const MODEL_COLUMNS = ['stt', 'llm', 'tts'].flatMap((kind) => [`${kind}_provider`, `${kind}_model`]);
const USAGE_COLUMNS = [
  ...['llm_input_tokens', 'llm_cached_tokens', 'llm_output_tokens'],
  ...['stt_audio_seconds', 'tts_characters', 'tts_audio_seconds'],
];
const COST_COLUMNS = ['cost_stt', 'cost_llm', 'cost_tts', 'cost_total'];
const SPEECH_COLUMNS = ['user_speech_seconds', 'agent_speech_seconds', 'overlap_seconds'];
const nulls = (columns: readonly string[]): Row =>
  Object.fromEntries(columns.map((column) => [column, null]));

/** What a column is that a fixture leaves out. */
const UNKNOWN_LOG: Row = {
  ...nulls([
    ...LATENCY_COLUMNS,
    ...MODEL_COLUMNS,
    ...USAGE_COLUMNS,
    ...COST_COLUMNS,
    ...SPEECH_COLUMNS,
    'longest_gap',
    'eou_probability',
    'eou_threshold',
    'endpointing_delay',
    'longest_gap_part',
  ]),
  ...nulls(['initiator', 'user_text', 'agent_text', 'eou_source', 'playback_source', 'usage_estimated']),
  ...nulls(['interruption_kind', 'cut_off_by', 'sentiment_score', 'error_type', 'sources']),
  tenant: 'default',
  interrupted: false,
};
const UNKNOWN_METRICS: Row = {
  ...nulls(LATENCIES.flatMap((latency) => STATISTICS.map((statistic) => `${latency}_${statistic}`))),
  ...nulls([...USAGE_COLUMNS, ...COST_COLUMNS, 'cost_livekit', 'cost_telephony']),
  ...nulls([...SPEECH_COLUMNS, 'talk_ratio', 'longest_silence', 'dead_air_seconds']),
  ...nulls(['user_words_per_minute', 'agent_words_per_minute']),
  ...nulls(['room_id', 'sip_call_id', 'sip_trunk_id', 'sources']),
  ...nulls([
    'spans_dropped',
    'service_name',
    'agent_name',
    'campaign_id',
    'service_version',
    'deployment_environment',
    'cloud_region',
    'customer_id',
    'tags',
    'recording_url',
    'platform',
    'billed_seconds',
    'cost_platform',
    'direction',
    'channel',
    'end_reason',
  ]),
  ...nulls(['outcome', 'outcome_confidence', 'outcome_source', 'sentiment_avg', 'sentiment_label']),
  tenant: 'default',
  leg_count: 1,
  unanswered_count: 0,
  clock_skew_count: 0,
  unpriced: [],
  price_list: PRICES.name,
};

/** Statistics are written as `[avg, min, max, p50, p95]`. */
function statisticColumns(statistics: Record<string, number[]>): Row {
  return Object.fromEntries(
    Object.entries(statistics).flatMap(([latency, values]) =>
      STATISTICS.map((statistic, index) => [`${latency}_${statistic}`, values[index]]),
    ),
  );
}

const folder = join(packageRoot, 'test/fixtures/calls');

/** Every call of `test/fixtures/calls`. */
export const GOLDEN_CALLS: GoldenCall[] = readdirSync(folder)
  .sort()
  .map((file) => {
    const { facts, metrics, statistics, logs } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return {
      name: file.replace('.json', ''),
      facts,
      metrics: { ...UNKNOWN_METRICS, ...metrics, ...statisticColumns(statistics) },
      logs: logs.map((log: Row) => ({ ...UNKNOWN_LOG, ...log })),
    };
  });

/** A row as fixtures write it: money as a string, seconds without the dust of binary fractions. */
export const asWritten = (row: object): Row =>
  Object.fromEntries(
    Object.entries(JSON.parse(JSON.stringify(row))).map(([column, value]) => [
      column,
      typeof value === 'number' && !Number.isInteger(value) ? Math.round(value * 1e9) / 1e9 : value,
    ]),
  );
