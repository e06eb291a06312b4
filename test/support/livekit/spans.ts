import assert from 'node:assert/strict';
import { readFact } from '../../../exporter/dialects/index.ts';
import type { Fact } from '../../../model/facts.ts';
import type { SpanRecord } from '../../../model/span-record.ts';

let spans = 0;
/** A span of LiveKit's; times are milliseconds. */
export const span = (
  name: string,
  [start, end]: readonly [number, number],
  more: Partial<SpanRecord> = {},
): SpanRecord => ({
  traceId: 'job',
  spanId: `s${++spans}`,
  name,
  startUs: start * 1_000,
  endUs: end * 1_000,
  statusCode: 0,
  attributes: {},
  events: [],
  resource: { 'telemetry.sdk.language': 'nodejs' },
  scopeName: 'livekit-agents',
  ...more,
});

export const read = (...args: Parameters<typeof span>): Fact => {
  const fact = readFact(span(...args));
  assert.ok(fact);
  return fact;
};

export const llm = (attributes: SpanRecord['attributes'], more: Partial<SpanRecord> = {}) => {
  const fact = read('llm_request', [0, 1_000], { attributes, ...more });
  assert.ok(fact.type === 'stage' && fact.stage === 'llm');
  return fact;
};
