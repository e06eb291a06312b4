import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadOptions } from '../../exporter/dialects/dialect.ts';
import { readFact } from '../../exporter/dialects/index.ts';
import { decodeJson } from '../../exporter/receiver/decode/decode-json.ts';
import { DEFAULT_LIMITS } from '../../exporter/receiver/decode/limits.ts';
import type { Fact } from '../../model/facts.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import { packageRoot } from './root.ts';

/** The spans of a recording of test/fixtures/dialects, as the receiver hands them to the dialects. */
export const recordedSpans = (name: string): SpanRecord[] => spansIn(`dialects/${name}`);

/** The calls of a case of test/fixtures/cases by their ids, as the dialects read them. */
export function caseCalls(name: string): Map<string, Fact[]> {
  const calls = new Map<string, Fact[]>();
  for (const fact of spansIn(`cases/${name}`).flatMap((span) => readFact(span) ?? [])) {
    const facts = calls.get(fact.callId) ?? [];
    facts.push(fact);
    calls.set(fact.callId, facts);
  }
  return calls;
}

/** What the dialects read from a request of OTLP JSON. */
export const factsIn = (body: Buffer): Fact[] =>
  decoded(body, 'the request').flatMap((span) => readFact(span) ?? []);

const spansIn = (name: string): SpanRecord[] =>
  decoded(readFileSync(join(packageRoot, 'test/fixtures', `${name}.json`)), name);

function decoded(body: Buffer, name: string): SpanRecord[] {
  const spans: SpanRecord[] = [];
  decodeJson(body, DEFAULT_LIMITS, {
    span: (span) => spans.push(span),
    refused: (reason) => assert.fail(`a span of ${name} was refused: ${reason}`),
    // Long texts are cut; the dialects read none.
    limited: () => {},
  });
  return spans;
}

/** What the dialects read from a recording. */
export const recordedFacts = (name: string, options?: ReadOptions): Fact[] =>
  recordedSpans(name).flatMap((span) => readFact(span, options) ?? []);
