import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doerOf, longestPart, partsOf, slowestTurn } from '../../../ui/shared/insight.ts';
import { filtersOf, keepingFilters, withParameters } from '../../../ui/shared/query.ts';

test('the longest part of a silence, with its share and who did the work', () => {
  const parts = partsOf({ tts: 0.25, endpointing: 0.25, llm: 1.5, playout: 0 });
  assert.deepEqual(
    parts.map(({ segment }) => segment),
    ['endpointing', 'llm', 'tts', 'playout'],
  );
  assert.deepEqual(longestPart(parts), { segment: 'llm', seconds: 1.5, share: 0.75 });
  assert.equal(longestPart(partsOf({})), undefined);
  const row = {
    llm_provider: 'groq',
    llm_model: 'llama',
    tts_provider: null,
    tts_model: null,
    stt_provider: null,
    stt_model: 'nova',
  };
  assert.equal(doerOf('llm', row), 'groq llama');
  assert.equal(doerOf('endpointing', row), 'nova');
  assert.equal(doerOf('preparation', row), undefined);
});

test('the slowest turn is one whose silence is known', () => {
  const turn = (turn_index: number, eou_latency: number | null) => ({ turn_index, eou_latency });
  assert.equal(slowestTurn([turn(0, null), turn(1, 0.4), turn(2, 2)])?.turn_index, 2);
  assert.equal(slowestTurn([turn(0, null)]), undefined);
});

test('an address keeps its filters from view to view, and leaves out what is usual', () => {
  const query = new URLSearchParams('agent=a%26b&turn=2&order=cost');
  assert.equal(filtersOf(query).toString(), 'agent=a%26b&since=7d');
  assert.equal(keepingFilters('/cost', query), '/cost?agent=a%26b');
  assert.equal(
    withParameters('/calls', query, { agent: undefined, turn: undefined, order: undefined }),
    '/calls',
  );
  assert.equal(withParameters('/calls', new URLSearchParams(), { since: '7d' }), '/calls');
  assert.equal(withParameters('/calls', new URLSearchParams(), { since: '24h' }), '/calls?since=24h');
});
