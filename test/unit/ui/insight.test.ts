import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownerName } from '../../../model/owners.ts';
import { longestPart, longGap, overTarget, partsOf, slowestTurn } from '../../../ui/shared/insight.ts';
import { filtersOf, keepingFilters, withParameters } from '../../../ui/shared/query.ts';
import { logRow } from '../../support/call-rows.ts';

test('the longest part of a silence, with its share', () => {
  const parts = partsOf({ tts: 0.25, endpointing: 0.25, llm: 1.5, playout: 0 });
  assert.deepEqual(
    parts.map(({ segment }) => segment),
    ['endpointing', 'llm', 'tts', 'playout'],
  );
  assert.deepEqual(longestPart(parts), { segment: 'llm', seconds: 1.5, share: 0.75 });
  assert.equal(longestPart(partsOf({})), undefined);
});

test('a wait behind a filler is told where it is long, with whose it is as far as that is known', () => {
  const row = logRow('C1', 0, { llm_provider: 'groq', llm_model: 'llama', longest_gap: 3 });
  assert.equal(longGap({ ...row, longest_gap: 0.4 }), undefined);
  assert.equal(longGap({ ...row, longest_gap: null }), undefined);
  assert.deepEqual(longGap(row), { seconds: 3 });
  const { owner } = longGap({ ...row, longest_gap_part: 'llm' }) ?? {};
  assert.equal(owner && ownerName(owner), 'llm groq llama');
});

test('of the turns of a call only those over the target are cut by owner', () => {
  const turn = (seconds: number | null) =>
    logRow('C1', 0, { eou_latency: seconds, segment_endpointing: seconds });
  const { turns, owners } = overTarget([turn(null), turn(1.2), turn(1.3), turn(2)], 1.2);
  assert.equal(turns, 2);
  assert.deepEqual(
    owners.map(({ name, seconds, share }) => [name, seconds, share]),
    [['endpointing', 3.3, 1]],
  );
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
