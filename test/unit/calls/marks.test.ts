import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupCall } from '../../../exporter/calls/group.ts';
import { latenciesOf } from '../../../exporter/calls/latencies.ts';
import { type MarkedTurn, markTurn } from '../../../exporter/calls/marks.ts';
import type { Fact } from '../../../model/facts.ts';
import { at, stage, turn } from './builders.ts';

function markOne(...facts: Fact[]): MarkedTurn {
  const [only, ...others] = groupCall(facts).turns;
  assert.ok(only !== undefined && others.length === 0);
  return markTurn(only);
}

test('no speech end: the latency counts from the start of the turn, and says so', () => {
  const marked = markOne(turn(0, [0, 2000], { initiator: 'user' }), stage('playback', 0, [700, 1900]));
  assert.equal(marked.eouSource, 'turn_start');
  assert.equal(latenciesOf(marked).eou_latency, 0.7);
});

test('nothing shows who opened the turn: its start is the end of no utterance', () => {
  const marked = markOne(turn(0, [0, 2000]), stage('playback', 0, [700, 1900]));
  assert.equal(marked.eouSource, undefined);
  assert.equal(latenciesOf(marked).eou_latency, null);
});

test('an agent that opens answered no one: no EOU latency', () => {
  const marked = markOne(turn(0, [0, 2000], { initiator: 'agent' }), stage('playback', 0, [700, 1900]));
  assert.equal(marked.eouSource, undefined);
  assert.equal(latenciesOf(marked).eou_latency, null);
});

test('a commit before the end of utterance did not end it', () => {
  const facts = [
    turn(0, [0, 2000], { speechEndedUs: at(500), committedUs: at(400) }),
    stage('playback', 0, [700, 1900]),
  ];
  assert.equal(markOne(...facts).marks.committedUs, undefined);
});

test('playback that no one saw is put at the first audio of the synthesis that was kept', () => {
  const marked = markOne(
    turn(0, [0, 2000], { speechEndedUs: at(100), eouSource: 'vad' }),
    stage('tts', 0, [200, 300, 320], { cancelled: true }),
    stage('tts', 0, [500, 600, 900]),
  );
  assert.equal(marked.playbackSource, 'estimated');
  assert.equal(latenciesOf(marked).eou_latency, 0.5);
});

test("a framework's own figure serves where playback was not seen, and only there", () => {
  const fact = turn(0, [0, 2000], { speechEndedUs: at(100), reportedEouLatencySeconds: 0.65 });
  const tts = stage('tts', 0, [500, 600, 900]);
  const unseen = markOne(fact, tts);
  assert.equal(latenciesOf(unseen).eou_latency, 0.65);
  assert.equal(unseen.playbackSource, 'estimated');
  const seen = markOne(fact, tts, stage('playback', 0, [640, 900]));
  assert.equal(latenciesOf(seen).eou_latency, 0.54);
  assert.equal(seen.playbackSource, 'observed');
});

test('a turn whose span was lost has the latencies of its stages and no EOU latency', () => {
  const latencies = latenciesOf(
    markOne(
      stage('llm', 0, [0, 200, 300]),
      stage('tts', 0, [250, 330, 600]),
      stage('playback', 0, [340, 900]),
    ),
  );
  assert.deepEqual(latencies, {
    ttfb_stt: null,
    ttfb_llm: 0.2,
    ttfb_tts: 0.08,
    latency_stt: null,
    latency_llm: 0.3,
    latency_tts: 0.35,
    eou_latency: null,
  });
});

test('cancelled and failed stages have a TTFB and no latency', () => {
  const latencies = latenciesOf(
    markOne(
      turn(0, [0, 2000], { speechEndedUs: at(100) }),
      stage('stt', 0, [0, 50, 150], { errorType: 'Error' }),
      stage('llm', 0, [160, 200, 300], { errorType: 'APIConnectionError' }),
      stage('tts', 0, [250, 330, 600], { cancelled: true }),
      stage('playback', 0, [340, 600], { cancelled: true }),
    ),
  );
  assert.deepEqual(latencies, {
    ttfb_stt: 0.05,
    ttfb_llm: 0.04,
    ttfb_tts: 0.08,
    latency_stt: null,
    latency_llm: null,
    latency_tts: null,
    eou_latency: 0.24,
  });
});

test('a transcript that was there before the end of utterance kept no one waiting', () => {
  const marked = markOne(turn(0, [0, 2000], { speechEndedUs: at(500) }), stage('stt', 0, [0, 100, 480]));
  assert.equal(latenciesOf(marked).latency_stt, 0);
});

test('a transcription that began over the answer is not of the answered utterance', () => {
  const marked = markOne(
    turn(0, [0, 2000], { speechEndedUs: at(500) }),
    stage('stt', 0, [0, 100, 550]),
    stage('playback', 0, [900, 1900]),
    stage('stt', 0, [1500, 1600, 1700]),
  );
  assert.equal(latenciesOf(marked).latency_stt, 0.05);
  assert.equal(latenciesOf(marked).ttfb_stt, 0.1);
});

test('a first byte before its stage is nonsense, hence unknown', () => {
  const marked = markOne(turn(0, [0, 2000]), stage('llm', 0, [200, 100, 300]));
  assert.equal(latenciesOf(marked).ttfb_llm, null);
});
