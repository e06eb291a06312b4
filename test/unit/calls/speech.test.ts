import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { groupCall } from '../../../exporter/calls/group.ts';
import { speechOf } from '../../../exporter/calls/speech.ts';
import { wordCount } from '../../../exporter/calls/speech-rate.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { Fact, TurnFact } from '../../../model/facts.ts';
import { at, call, part, stage, T0, turn } from './builders.ts';
import { PRICES } from './golden.ts';

/** A turn of the user's, who spoke for so long. */
const said = (index: number, start: number, end: number, more: Partial<TurnFact> = {}): TurnFact =>
  turn(index, [start, end + 3_000], {
    initiator: 'user',
    speechStartedUs: at(start),
    speechEndedUs: at(end),
    committedUs: at(end + 300),
    eouSource: 'vad',
    ...more,
  });

const heard = (index: number | undefined, start: number, end: number) =>
  stage('playback', index, [start, end]);

const rowsOf = (facts: readonly Fact[]) => finalizeCall(facts, PRICES);

const figures = ({ metrics }: ReturnType<typeof rowsOf>) => [
  metrics.user_speech_seconds,
  metrics.agent_speech_seconds,
  metrics.overlap_seconds,
  metrics.talk_ratio,
  metrics.longest_silence,
  metrics.dead_air_seconds,
];

const perTurn = ({ logs }: ReturnType<typeof rowsOf>) =>
  logs.map((row) => [row.user_speech_seconds, row.agent_speech_seconds, row.overlap_seconds]);

/** Of no turn: something listens. */
const TRANSCRIBED = stage('stt', undefined, [0, 6_200]);
/** The agent greets, is asked, answers, and is talked over for half a second. */
const PLAIN: Fact[] = [
  call([0, 30_000]),
  turn(0, [0, 4_000], { initiator: 'agent' }),
  heard(0, 500, 4_000),
  TRANSCRIBED,
  said(1, 4_500, 6_000),
  heard(1, 7_000, 12_000),
  said(2, 11_500, 14_000),
  heard(2, 17_500, 20_000),
];

test('speech, overlap, silences and dead air of a call and its turns', () => {
  const rows = rowsOf(PLAIN);
  // Silences: 0.5, 0.5, 1, 3.5 before the last answer, 10 to the end.
  assert.deepEqual(figures(rows), [4, 11, 0.5, 11 / 15, 10, 13.5]);
  assert.deepEqual(perTurn(rows), [
    [0, 3.5, 0],
    [1.5, 5, 0.5],
    [2.5, 2.5, 0],
  ]);
});

test('silence of exactly three seconds is not dead air', () => {
  const facts = [call([0, 9_000]), TRANSCRIBED, said(0, 0, 2_000), heard(0, 5_000, 9_000)];
  assert.deepEqual(figures(rowsOf(facts)).slice(4), [3, 0]);
  assert.deepEqual(figures(rowsOf([...facts.slice(0, 3), heard(0, 5_001, 9_000)])).slice(4), [3.001, 3.001]);
});

test('where nothing shows when the user speaks, only the agent’s speech is known', () => {
  const facts = [call([0, 9_000]), turn(0, [0, 9_000], { initiator: 'agent' }), heard(0, 1_000, 9_000)];
  const rows = rowsOf(facts);
  assert.deepEqual(figures(rows), [null, 8, null, null, null, null]);
  assert.deepEqual(perTurn(rows), [[null, 8, null]]);
});

test('where no playback is seen, only the user’s speech is known', () => {
  const rows = rowsOf([call([0, 9_000]), TRANSCRIBED, said(0, 1_000, 2_000)]);
  assert.deepEqual(figures(rows), [1, null, null, null, null, null]);
});

test('a turn whose start of speech is unknown leaves the call’s unknown, and other turns as they are', () => {
  const { speechStartedUs, ...unknown } = said(2, 11_500, 14_000);
  assert.ok(speechStartedUs);
  const rows = rowsOf([...PLAIN.slice(0, 6), unknown, heard(2, 17_500, 20_000)]);
  assert.deepEqual(figures(rows), [null, 11, null, null, null, null]);
  assert.deepEqual(
    perTurn(rows).map(([user]) => user),
    [0, 1.5, null],
  );
});

test('a turn whose span was lost leaves the call’s unknown', () => {
  const rows = rowsOf([...PLAIN.slice(0, 6), stage('llm', 2, [14_300, 14_500, 15_000])]);
  assert.deepEqual(figures(rows), [null, null, null, null, null, null]);
});

test('an answer that was not heard is no speech of the agent’s', () => {
  const rows = rowsOf([...PLAIN.slice(0, 6), said(2, 13_000, 14_000)]);
  assert.deepEqual(perTurn(rows)[2], [1, 0, 0]);
  assert.equal(rows.metrics.agent_speech_seconds, 8.5);
});

test('utterances that were accepted apart are apart: the wait between them is silence', () => {
  const utterances = [
    { startedUs: at(1_000), endedUs: at(2_000), committedUs: at(2_300) },
    { startedUs: at(7_000), endedUs: at(8_000), committedUs: at(8_300) },
  ];
  const rows = rowsOf([
    call([0, 10_000]),
    TRANSCRIBED,
    said(0, 1_000, 8_000, { utterances }),
    heard(0, 9_000, 10_000),
  ]);
  assert.deepEqual(figures(rows), [2, 1, 0, 1 / 3, 5, 5]);
});

test('the wait behind a filler is a gap in the answer, and where the user speaks in between there is none', () => {
  const facts = [
    call([0, 20_000]),
    TRANSCRIBED,
    said(0, 0, 1_000),
    ...[heard(0, 1_500, 2_500), heard(0, 6_000, 8_000), heard(0, 8_200, 9_000)],
  ];
  const gaps = (more: Fact[]) => rowsOf([...facts, ...more]).logs.map(({ longest_gap }) => longest_gap);
  assert.deepEqual(gaps([]), [3.5]);
  assert.deepEqual(gaps([said(1, 4_000, 5_000), heard(1, 10_000, 11_000)]), [0.2, null]);
});

test('a gap went by with the tools, else the request, else the synthesis that took most of it, else with what none shows', () => {
  const facts = [
    call([0, 20_000]),
    TRANSCRIBED,
    said(0, 0, 1_000),
    heard(0, 1_500, 2_000),
    heard(0, 6_000, 8_000),
  ];
  const partOf = (...more: Fact[]) => rowsOf([...facts, ...more]).logs[0]?.longest_gap_part;
  const tool = stage('tool', 0, [2_500, 4_000]);
  const request = stage('llm', 0, [2_000, 7_000], { firstByteUs: at(5_000) });
  const synthesis = stage('tts', 0, [2_100, 7_000], { firstByteUs: at(5_900) });
  assert.equal(partOf(), 'preparation');
  assert.equal(partOf(tool), 'preparation');
  assert.equal(partOf(tool, request), 'tools');
  assert.equal(partOf(request), 'llm');
  assert.equal(partOf(request, synthesis), 'llm');
  assert.equal(partOf(synthesis), 'tts');
  assert.equal(partOf(heard(0, 2_000, 6_000)), null);
});

test('clocks that disagree leave what compares user and agent unknown', () => {
  const grouped = groupCall(PLAIN);
  const { userUs, agentUs, overlapUs, longestSilenceUs, deadAirUs } = speechOf(grouped, true);
  assert.deepEqual(
    [userUs, agentUs, overlapUs, longestSilenceUs, deadAirUs],
    [4_000_000, 11_000_000, null, null, null],
  );
});

test('where a framework shows the user’s voice, that is the user’s speech: words over the agent, too, and no pauses', () => {
  const rows = rowsOf([
    call([0, 20_000]),
    part('user', 'u1', [1_000, 5_300], { endOfTurnDelaySeconds: 0.3 }),
    part('speech', 's1', [1_000, 2_000]),
    part('speech', 's2', [4_000, 5_000]),
    part('agent', 'a1', [5_300, 12_000]),
    part('speech', 's3', [8_000, 8_400], { backchannel: true }),
    stage('playback', undefined, [6_000, 12_000], { traceId: 'job', parentSpanId: 'a1' }),
  ]);
  assert.deepEqual(figures(rows), [2.4, 6, 0.4, 6 / 8.4, 8, 8]);
  assert.deepEqual(perTurn(rows), [[2, 6, 0.4]]);
});

test('words a minute count what was said and heard', () => {
  const turns = PLAIN.map((fact): Fact => {
    if (fact.type !== 'turn' || fact.turnIndex === 0) return fact;
    return { ...fact, userText: 'One two, three: it’s five.', agentText: 'six seven' };
  });
  const { metrics } = rowsOf(turns);
  assert.equal(metrics.user_words_per_minute, (10 * 60) / 4);
  assert.equal(metrics.agent_words_per_minute, (4 * 60) / 7.5);
  assert.equal(rowsOf(PLAIN).metrics.user_words_per_minute, null);
});

test('an answer that was cut off is not in the words a minute', () => {
  const cut = { userText: 'one', agentText: 'never heard in full', interrupted: true };
  const facts = PLAIN.map(
    (fact): Fact => (fact.type === 'turn' && fact.turnIndex === 1 ? { ...fact, ...cut } : fact),
  );
  assert.equal(rowsOf(facts).metrics.agent_words_per_minute, null);
});

test('words are told apart where no spaces are between them', () => {
  assert.equal(wordCount(''), 0);
  assert.equal(wordCount('It’s 5 o’clock – really?'), 4);
  assert.ok(wordCount('今日はいい天気ですね') > 2);
});

test('speech less overlap, and silence, are the call, to the microsecond', () => {
  const length = fc.integer({ min: 1, max: 3_000_000 });
  const exchange = fc.record({
    pause: length,
    user: length,
    wait: fc.integer({ min: -1_000_000, max: 4_000_000 }),
    agent: length,
  });
  fc.assert(
    fc.property(fc.array(exchange, { minLength: 1, maxLength: 8 }), (exchanges) => {
      let now = T0;
      const facts = exchanges.flatMap(({ pause, user, wait, agent }, index): Fact[] => {
        const startUs = now + pause;
        const endUs = startUs + user;
        const heardUs = Math.max(now, endUs + wait);
        now = Math.max(endUs, heardUs + agent);
        return [
          {
            ...said(index, 0, 0),
            startUs,
            endUs: now,
            speechStartedUs: startUs,
            speechEndedUs: endUs,
            committedUs: endUs,
          },
          { ...heard(index, 0, 0), startUs: heardUs, endUs: heardUs + agent },
        ];
      });
      const grouped = groupCall([{ ...call([0, 0]), endUs: now + 1 }, TRANSCRIBED, ...facts]);
      const { userUs, agentUs, overlapUs, longestSilenceUs, deadAirUs, turns } = speechOf(grouped, false);
      assert.equal(
        userUs,
        exchanges.reduce((sum, { user }) => sum + user, 0),
      );
      assert.equal(
        turns.reduce((sum, each) => sum + (each.userUs ?? 0), 0),
        userUs,
      );
      assert.equal(
        turns.reduce((sum, each) => sum + (each.agentUs ?? 0), 0),
        agentUs,
      );
      assert.equal(
        turns.reduce((sum, each) => sum + (each.overlapUs ?? 0), 0),
        overlapUs,
      );
      const silentUs = grouped.endUs - grouped.startUs - ((userUs ?? 0) + (agentUs ?? 0) - (overlapUs ?? 0));
      assert.ok((longestSilenceUs ?? 0) <= silentUs && (deadAirUs ?? 0) <= silentUs);
      assert.ok((deadAirUs ?? 0) === 0 || (longestSilenceUs ?? 0) > 3_000_000);
    }),
  );
});
