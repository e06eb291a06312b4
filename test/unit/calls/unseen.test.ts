import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import type { CallFact, Fact, StageFact, TurnFact } from '../../../model/facts.ts';
import { at, call, stage, turn } from './builders.ts';

const unpriced = (...facts: Fact[]): string[] => finalizeCall(facts, catalogue()).metrics.unpriced;
const unseen = (...facts: Fact[]): string[] => unpriced(...facts).filter((name) => name.endsWith(':unknown'));

const heard: Partial<TurnFact> = { initiator: 'user', speechEndedUs: at(1000), eouSource: 'stt_event' };
const stt = (turnIndex: number) =>
  stage('stt', turnIndex, [0, 1100], { provider: 'deepgram', model: 'nova-3', usage: { audioSeconds: 1 } });
const llm = (turnIndex: number, more: Partial<StageFact> = {}) =>
  stage('llm', turnIndex, [1200, 1500, 1900], {
    provider: 'openai',
    model: 'gpt-4o-mini',
    usage: { inputTokens: 100, outputTokens: 10 },
    ...more,
  });
const tts = (turnIndex: number) =>
  stage('tts', turnIndex, [1600, 1800, 2500], {
    provider: 'cartesia',
    model: 'sonic-3',
    usage: { characters: 40 },
  });
const playback = (turnIndex: number, more: Partial<StageFact> = {}) =>
  stage('playback', turnIndex, [1850, 3800], { playbackSource: 'observed', ...more });
const twilio = (more: Partial<CallFact> = {}) =>
  call([0, 4000], { transport: 'twilio', direction: 'inbound', ...more });

describe('a stage that must have been there is named', () => {
  it('not when all of them were seen', () => {
    assert.deepEqual(unpriced(twilio(), turn(0, [0, 4000], heard), stt(0), llm(0), tts(0), playback(0)), []);
  });

  it('synthesis, where agent audio was observed', () => {
    assert.deepEqual(unseen(turn(0, [0, 4000], heard), stt(0), llm(0), playback(0)), ['tts:unknown']);
    const estimated = playback(0, { playbackSource: 'estimated' });
    assert.deepEqual(unseen(turn(0, [0, 4000], heard), stt(0), llm(0), estimated), []);
  });

  it('synthesis of one turn, where a model wrote its words; a recording that is played needs none', () => {
    const first = [turn(0, [0, 4000], heard), stt(0), llm(0), tts(0), playback(0)];
    assert.deepEqual(unseen(...first, turn(1, [0, 4000], heard), stt(1), llm(1), playback(1)), [
      'tts:unknown',
    ]);
    assert.deepEqual(unseen(...first, turn(1, [0, 4000], { initiator: 'agent' }), playback(1)), []);
  });

  it("a model's request, where the user was answered and the call has none", () => {
    assert.deepEqual(unseen(turn(0, [0, 4000], heard), stt(0), tts(0), playback(0)), ['llm:unknown']);
    const machine = call([0, 4000], { outcome: 'VOICEMAIL' });
    assert.deepEqual(unseen(machine, turn(0, [0, 4000], heard), stt(0), tts(0), playback(0)), []);
    const greeting = turn(0, [0, 4000], { initiator: 'agent' });
    assert.deepEqual(unseen(greeting, tts(0), playback(0)), []);
    assert.deepEqual(unseen(turn(0, [0, 4000], heard), stt(0)), [], 'it was not answered');
  });

  it("transcription, where a carrier's audio came in", () => {
    const turns = [turn(0, [0, 4000], { initiator: 'agent' }), llm(0), tts(0), playback(0)];
    assert.deepEqual(unseen(twilio(), ...turns), ['stt:unknown']);
    assert.deepEqual(unseen(twilio({ direction: 'web' }), ...turns), []);
    assert.deepEqual(unseen(twilio()), [], 'the call was not answered');
    assert.deepEqual(unseen(call([0, 4000], { transport: 'livekit' }), ...turns), []);
  });

  it('none but the model where it hears and speaks itself', () => {
    const realtime: Partial<StageFact>[] = [
      { realtime: true },
      { model: 'gpt-realtime' },
      { model: 'models/gemini-2.5-flash-native-audio-preview-12-2025' },
      { usage: { inputTokens: 100, inputAudioTokens: 60, outputTokens: 40, outputAudioTokens: 30 } },
    ];
    for (const more of realtime) {
      assert.deepEqual(unseen(twilio(), turn(0, [0, 4000], heard), llm(0, more), playback(0)), []);
    }
  });
});
