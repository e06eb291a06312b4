import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PriceList, priceListFrom } from '../../exporter/pricing/index.ts';
import type { CallRows } from '../../model/rows.ts';
import { packageRoot } from './root.ts';

/** Round prices for what the recordings use, so that costs can be worked out in the head. */
export const RECORDING_PRICES: PriceList = priceListFrom(
  [
    provider('openai', 'llm', 'gpt-4o-mini', {
      per_million_input_tokens: '1',
      per_million_cached_input_tokens: '0.5',
      per_million_output_tokens: '2',
    }),
    provider('cartesia', 'tts', 'sonic-3', { per_thousand_characters: '0.03' }),
    provider('deepgram', 'stt', 'nova-3', { per_audio_minute: '0.006' }),
    provider('anthropic', 'llm', 'claude-haiku-4-5', {
      per_million_input_tokens: '1',
      per_million_cached_input_tokens: '0.1',
      per_million_cache_creation_input_tokens: '1',
      per_million_output_tokens: '5',
    }),
  ],
  { name: 'round' },
);

function provider(name: string, component: string, model: string, prices: object): object {
  const dated = {
    valid_from: '2020-01-01',
    prices,
    source: 'test',
    checked_on: '2026-01-01',
    confidence: 'A',
  };
  return { provider: name, entries: [{ component, models: [model], rounding: 'none', history: [dated] }] };
}

type Row = Record<string, unknown>;

/** Rows worked out by hand from a recording: every column that is not null, and how the numbers come about. */
export interface ExpectedRows {
  derivation: string[];
  metrics: Row;
  logs: Row[];
}

/** The expectations beside a recording. */
export const expectedRows = (name: string): ExpectedRows =>
  JSON.parse(readFileSync(join(packageRoot, 'test/fixtures/dialects', `${name}.expected.json`), 'utf8'));

/** Tenant, ids and instants are the recording's own; statistics follow from the turns and have tests of their own. */
const NOT_COMPARED =
  /^(tenant|call_id|trace_id|created_at|started_at|ended_at|price_list)$|_(min|max|p50|p95)$/;

const known = (row: object): Row =>
  Object.fromEntries(
    Object.entries(JSON.parse(JSON.stringify(row)))
      .filter(([column, value]) => value !== null && !NOT_COMPARED.test(column))
      .map(([column, value]) => [
        column,
        typeof value === 'number' && !Number.isInteger(value) ? Math.round(value * 1e6) / 1e6 : value,
      ]),
  );

/** What of computed rows is compared with what was worked out by hand. */
const comparable = ({ metrics, logs }: CallRows): Omit<ExpectedRows, 'derivation'> => ({
  metrics: known(metrics),
  logs: logs.map(known),
});

/** Fails unless the rows are those worked out by hand: a column that is not named there is null. */
export function assertRows(rows: CallRows, { metrics, logs }: ExpectedRows): void {
  assert.deepEqual(comparable(rows), { metrics, logs });
}
