import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { slowdownText } from '../../../cli/demo/truth.ts';
import { incidentsText, unlookedText } from '../../../cli/incidents/render.ts';
import { painter } from '../../../cli/render/text.ts';
import { usualSlowdown } from '../../../demo/weeks/slowdown.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { bundleOf, slowTurnsOf } from '../../../exporter/incidents/bundle.ts';
import { weightedQuantile } from '../../../exporter/incidents/distribution.ts';
import { incidentJson } from '../../../exporter/incidents/json.ts';
import { incidentMessage } from '../../../exporter/incidents/message.ts';
import { onsetOf } from '../../../exporter/incidents/onset.ts';
import { replayed } from '../../../exporter/incidents/replay.ts';
import { watchedTurns } from '../../../exporter/incidents/turns.ts';
import { incidentWords, ownerWords } from '../../../exporter/incidents/words.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { quantileOf } from '../../../exporter/statistics/quantile.ts';
import type { Incident, WatchedTurn } from '../../../model/incidents.ts';
import type { CallRows } from '../../../model/rows.ts';
import { isGenerated } from '../../support/docs/generated.ts';
import { simulatedWeeks, WEEKS_UNTIL_US } from '../../support/simulated-weeks.ts';
import { type SlowedCalls, slowedCalls } from '../../support/slowed-calls.ts';

const [MINUTE, HOUR, DAY] = [60e6, 3_600e6, 86_400e6];
/** A full hour. */
const NOON = Date.UTC(2026, 10, 22, 12) * 1_000;
const BUDGET = 1.2;

const block = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\`\n`;
const inOrder = (calls: readonly CallRows[]): WatchedTurn[] =>
  calls.flatMap(watchedTurns).sort((a, b) => a.at - b.at);
const found = (calls: readonly CallRows[], from: number, until: number) =>
  replayed(inOrder(calls), { from, until, budget: BUDGET }).incidents;
/** From four hours before noon to two after. */
const around = (options: Partial<SlowedCalls> = {}) =>
  found(
    slowedCalls({ from: NOON - 4 * HOUR, until: NOON + 2 * HOUR, ...options }),
    NOON - 3 * HOUR,
    NOON + 2 * HOUR,
  );

describe('what is opened and closed', () => {
  const sinceNoon = around({ slow: { from: NOON, seconds: 0.2 } });

  test('synthesis that takes longer is, soon, by how much and since when, and when it is over', () => {
    const slow = { from: NOON + 2 * MINUTE, until: NOON + HOUR, seconds: 0.14 };
    const [incident, ...others] = around({ slow });
    assert.deepEqual(others, []);
    assert.ok(incident?.until !== undefined);
    assert.equal(ownerWords(incident.owner), 'tts cartesia sonic-2 in eu-central-1');
    assert.ok(Math.abs(incident.since - slow.from) <= 2 * MINUTE, `${incident.since - slow.from}`);
    assert.ok(incident.openedAt - slow.from <= 15 * MINUTE, `${incident.openedAt - slow.from}`);
    assert.equal(incident.end, 'recovered');
    assert.ok(Math.abs(incident.until - slow.until) <= 2 * MINUTE, `${incident.until - slow.until}`);
    const moved = incident.after.p95 - incident.before.p95;
    assert.ok(Math.abs(moved - 0.14) < 0.03, `${moved}`);
    assert.ok(
      incident.after.overBudget / incident.after.silences >
        incident.before.overBudget / incident.before.silences,
    );
    assert.match(
      incidentWords(incident, (at) => new Date(at / 1_000).toISOString().slice(11, 16)),
      /^tts cartesia sonic-2 in eu-central-1 \+1[1-6]\d ms at p95 from 12:0\d to \d\d:\d\d \(1\d\d → [23]\d\d ms\), \d+ % of turns over the budget of 1\.2 s \([\d.]+ % before\)$/,
    );
  });

  test('names of spans say nothing that a terminal or a reader of a page obeys', () => {
    const [incident] = sinceNoon;
    assert.ok(incident);
    const owner = { ...incident.owner, name: 'tts cartesia \u202egnos\u001b[2J' };
    assert.match(
      incidentJson({ ...incident, owner }).text,
      /^tts cartesia \\u202egnos\\x1b\[2J in eu-central-1 \+/,
    );
  });

  test('what the budget is spent on adds up to the silence, before and since', () => {
    const [incident] = sinceNoon;
    assert.ok(incident);
    assert.equal(incident.closedAt, undefined);
    const sum = ({ spent }: typeof incident.after) =>
      spent.reduce((total, { seconds }) => total + seconds, 0);
    assert.ok(Math.abs(sum(incident.after) - sum(incident.before) - 0.2) < 0.05);
    assert.deepEqual(incident.after.spent.map(({ segment }) => segment).sort(), [
      'endpointing',
      'llm',
      'tts',
    ]);
  });

  test('nothing is of what matters to no one, of too few turns, of one call, or of another agent that is slower', () => {
    assert.deepEqual(around({ slow: { from: NOON, seconds: 0.02 } }), []);
    assert.deepEqual(around({ perMinute: 0.05, slow: { from: NOON, seconds: 0.5 } }), []);
    const calls = slowedCalls({ from: NOON - 4 * HOUR, until: NOON + 2 * HOUR });
    const one = calls.find(({ metrics }) => metrics.started_at >= NOON);
    // A call of many turns, all of which are slow.
    const [turn] = one?.logs ?? [];
    assert.ok(one && turn);
    one.logs.push(
      ...Array.from({ length: 60 }, (_, index) => ({
        ...turn,
        turn_index: 4 + index,
        created_at: turn.created_at + index * 1e6,
        segment_tts: 1,
      })),
    );
    assert.deepEqual(found(calls, NOON - 3 * HOUR, NOON + 2 * HOUR), []);
    // From noon on most calls are of an agent whose synthesis takes longer, and always has.
    const agentOf = (number: number, at: number) =>
      number % 5 < (at >= NOON ? 4 : 1) ? 'support' : 'front-desk';
    const usualOf = (agent: string) => (agent === 'support' ? 0.3 : 0.1);
    assert.deepEqual(around({ perMinute: 4, agentOf, usualOf }), []);
  });

  test('tenants are apart', () => {
    const time = { from: NOON - 4 * HOUR, until: NOON + HOUR };
    const slow = { from: NOON, seconds: 0.3 };
    const calls = [...slowedCalls(time), ...slowedCalls({ ...time, tenant: 'acme', seed: 2, slow })];
    const incidents = found(calls, NOON - HOUR, NOON + HOUR);
    assert.deepEqual(
      incidents.map(({ owner }) => owner.tenant),
      ['acme'],
    );
  });

  test('what lasts for a day is usual then; what no one can say anything of for half a day is closed', () => {
    const slow = { from: NOON, seconds: 0.3 };
    const days = { from: NOON - 3 * HOUR, until: NOON + 26 * HOUR, perMinute: 0.25, slow };
    assert.deepEqual(
      found(slowedCalls(days), NOON - HOUR, NOON + 26 * HOUR).map(({ end }) => end),
      ['lasting'],
    );
    const calls = slowedCalls({ ...days, until: NOON + HOUR });
    const [quiet] = found(calls, NOON - HOUR, NOON + 15 * HOUR);
    assert.equal(quiet?.end, 'quiet');
  });

  test('while a transcription is slow, endpointing that waits for it is no incident of its own', () => {
    const calls = slowedCalls({ from: NOON - 4 * HOUR, until: NOON + HOUR });
    for (const { logs } of calls)
      for (const [index, row] of logs.entries()) {
        const late = row.created_at >= NOON ? 0.4 : 0;
        Object.assign(row, {
          stt_provider: 'deepgram',
          stt_model: 'nova-3',
          latency_stt: 0.1 + index / 1_000 + late,
          segment_endpointing: 0.5 + index / 1_000 + late,
        });
      }
    const incidents = found(calls, NOON - HOUR, NOON + HOUR);
    assert.deepEqual(
      incidents.map(({ owner }) => ownerWords(owner)),
      ['stt deepgram nova-3 in eu-central-1'],
    );
  });
});

test('the bundle names requests and no call, no agent, no tenant', () => {
  const calls = slowedCalls({
    from: NOON - 4 * HOUR,
    until: NOON + HOUR,
    slow: { from: NOON, seconds: 0.3 },
    tenant: 'acme',
  });
  const [incident] = found(calls, NOON - HOUR, NOON + HOUR);
  assert.ok(incident);
  const stored = { ...incident, id: '0123456789ab' };
  const slow = slowTurnsOf(stored, inOrder(calls));
  assert.ok(slow.length > 100 && (slow[0]?.seconds ?? 0) >= (slow.at(-1)?.seconds ?? 0));
  const request = { at: '2026-11-22T12:00:00.000Z', seconds: 0.4, request_ids: ['req_1'] };
  const text = JSON.stringify(bundleOf(stored, [request]));
  assert.match(text, /"provider":"cartesia".*"region":"eu-central-1".*"req_1"/);
  assert.doesNotMatch(text, /acme|front-desk|budget|openai/);
});

/** Rows of simulated weeks, without a database. */
const weeks = (options: Parameters<typeof simulatedWeeks>[0]) =>
  simulatedWeeks(options).map(({ facts }) => finalizeCall(facts, catalogue()));

describe('in a simulated day that is slow at a known minute', () => {
  const truth = usualSlowdown(WEEKS_UNTIL_US);
  const time = { from: WEEKS_UNTIL_US - DAY, until: WEEKS_UNTIL_US, budget: BUDGET };
  let turns: WatchedTurn[];
  let incidents: Incident[];
  before(() => {
    const calls = weeks({ seed: 5, calls: 700, days: 1, slowdowns: [truth] });
    turns = inOrder(calls);
    ({ incidents } = replayed(turns, time));
  });
  // What is collected as garbage in this process for other files need not be looked for among them.
  after(() => {
    turns = [];
  });

  test('that is found, and nothing else', () => {
    assert.deepEqual(
      incidents.map(({ owner }) => ownerWords(owner)),
      ['tts cartesia sonic-2 in eu-central-1'],
    );
    const [incident] = incidents;
    assert.ok(incident);
    assert.ok(
      incident.openedAt - truth.fromUs < 40 * MINUTE,
      `${(incident.openedAt - truth.fromUs) / MINUTE} minutes`,
    );
    assert.ok(
      Math.abs(incident.since - truth.fromUs) < 10 * MINUTE,
      `${(incident.since - truth.fromUs) / MINUTE}`,
    );
    const moved = incident.after.p95 - incident.before.p95;
    assert.ok(Math.abs(moved - truth.seconds) < 0.06, `${moved}`);
  });

  test('docs/incidents.md', () => {
    const text = incidentsText(incidents, { screen: 120, utc: true, paint: painter(false) });
    isGenerated('docs/incidents.md', 'example', block('text', `${slowdownText([truth], true)}\n\n${text}`));
    // What was known when it was opened.
    const until = incidents[0]?.openedAt ?? Number.NaN;
    const [opened] = replayed(turns, { ...time, until }).incidents;
    assert.ok(opened && opened.closedAt === undefined);
    const { body } = incidentMessage('incident.opened', { ...opened, id: '3f09c1d2a7b4' });
    isGenerated(
      'docs/incidents.md',
      'message',
      block('json', JSON.stringify(JSON.parse(body), undefined, 2)),
    );
  });
});

test('that nothing looks for incidents is said after an hour without a look, and where there was none', () => {
  assert.equal(unlookedText(NOON - HOUR, NOON, true), undefined);
  assert.match(
    unlookedText(NOON - HOUR - MINUTE, NOON, true) ?? '',
    /^nothing has looked for incidents since 2026-11-22 10:59: what is open may be over\. earshot serve /,
  );
  assert.match(unlookedText(undefined, NOON, true) ?? '', /^nothing has looked for incidents yet\. /);
});

test('where a change began is where slow turns begin', () => {
  const slow = (pattern: string) => [...pattern].map((letter) => letter === 's');
  assert.equal(onsetOf(slow('uuuusssss'), 0.05, 0.6), 4);
  assert.equal(onsetOf(slow('uusuuuuuuuuuuusssusss'), 0.05, 0.6), 14);
});

test('a quantile by weights is that of copies, where all weigh the same', () => {
  const values = [5, 1, 4, 2, 8, 9];
  for (const fraction of [0, 0.05, 0.5, 0.95, 1])
    assert.ok(
      Math.abs(
        weightedQuantile(
          values.map((value) => [value, 0.3]),
          fraction,
        ) - quantileOf(values, fraction),
      ) < 1e-9,
      `${fraction}`,
    );
  assert.ok(Number.isNaN(weightedQuantile([], 0.5)));
});
