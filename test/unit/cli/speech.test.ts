import assert from 'node:assert/strict';
import { test } from 'node:test';
import { speechParts } from '../../../cli/render/speech.ts';
import { metricsRow } from '../../support/call-rows.ts';

test('a call shows who spoke how long, and how long no one did', () => {
  const row = metricsRow('C1', {
    user_speech_seconds: 4,
    agent_speech_seconds: 11,
    overlap_seconds: 0.5,
    talk_ratio: 11 / 15,
    longest_silence: 10,
    dead_air_seconds: 13.5,
    user_words_per_minute: 149.6,
  });
  assert.deepEqual(speechParts(row), [
    'user 4.0 s',
    'agent 11.0 s (73 % of the talk)',
    'both at once 500 ms',
    'longest silence 10.0 s',
    'dead air 13.5 s',
    'user 150 words a minute',
  ]);
});

test('of speech that is not known nothing is shown', () => {
  assert.deepEqual(speechParts(metricsRow('C1')), []);
});
