import assert from 'node:assert/strict';
import { Decimal } from 'decimal.js';
import type { Claims } from '../../support/accuracy.ts';
import type { ElevenLabsCall } from '../../support/examples/elevenlabs-anthropic.ts';
import { listPrice } from '../../support/ground-truth.ts';

/** No part of a cost is smaller than that; a division that does not end is kept to 20 places. */
const LAST_DECIMAL = new Decimal('1e-18');

/** What the rows of a call to examples/elevenlabs-agent say, which has no line of earshot in it. */
export const ELEVENLABS_CLAIMS: Claims<ElevenLabsCall> = {
  'has its turns, with who began them and what was asked of whom': ({ expected, stored, turns, stderr }) => {
    assert.equal(stored.logs.length, 5, stderr);
    assert.equal(expected.turns.length, 5);
    for (const { where, row, expected } of turns) {
      assert.equal(row.initiator, expected.initiator, where);
      assert.equal(row.playback_source, 'observed', where);
      assert.equal(row.eou_source, expected.initiator === 'user' ? 'stt_word_end' : null, where);
      assert.equal(row.error_type, null, where);
      if (expected.requests > 0) assert.equal(row.llm_provider, 'anthropic', where);
      assert.equal(row.tts_provider, 'elevenlabs', where);
    }
    assert.equal(stored.metrics.end_reason, 'hangup');
    assert.equal(stored.metrics.direction, 'inbound');
  },

  'has the barge-in where it was, and no time to silence: Scribe tells where words begin when they are over':
    ({ stored, turns }) => {
      assert.deepEqual(
        turns.map(({ row }) => row.interrupted),
        [false, true, false, false, false],
      );
      for (const { where, row, expected } of turns)
        assert.equal(row.interrupted, expected.interrupted, where);
      const interruptions = stored.facts.flatMap((fact) =>
        fact.type === 'turn' ? (fact.interruptions ?? []) : [],
      );
      assert.deepEqual(
        interruptions.map(({ kind, timeToSilenceSeconds }) => [kind, timeToSilenceSeconds]),
        [['barge_in', undefined]],
      );
    },

  'counts what the providers counted: tokens, characters, seconds of audio': ({
    expected,
    stored,
    turns,
  }) => {
    assert.deepEqual(
      expected.turns.map(({ requests }) => requests),
      [0, 1, 1, 2, 1],
      'a tool call takes two requests, and both are paid for',
    );
    for (const { where, row, expected } of turns) {
      // Null where the caller spoke before the model did: nothing was used that is known.
      if (expected.tokens === null) assert.notEqual(row.usage_estimated, false, where);
      else {
        const asked = expected.requests > 0;
        assert.equal(row.llm_input_tokens, asked ? expected.tokens.input : null, where);
        assert.equal(row.llm_output_tokens, asked ? expected.tokens.output : null, where);
      }
      assert.equal(row.tts_characters, expected.characters, where);
      const audio = row.tts_audio_seconds ?? 0;
      if (expected.ttsCutOff) assert.ok(audio > 0 && audio <= expected.ttsAudioSeconds, where);
      else assert.equal(audio, expected.ttsAudioSeconds, where);
    }
    assert.equal(stored.metrics.stt_audio_seconds, expected.sttAudioSeconds);
    const requests = stored.facts.filter((fact) => fact.type === 'stage' && fact.stage === 'llm');
    assert.equal(requests.length, 5, 'a request is one stage, which is the span of the SDK');
    for (const { name } of requests) assert.equal(name, 'anthropic.messages.create');
  },

  'costs usage by list price': ({ expected, stored, turns }) => {
    const at = stored.metrics.started_at;
    const stt = listPrice('elevenlabs', 'scribe_v2_realtime', 'per_audio_hour', at);
    const tts = listPrice('elevenlabs', 'eleven_flash_v2_5', 'per_million_characters', at).dividedBy(1e6);
    const phone = listPrice('twilio', 'inbound', 'per_minute', at);
    const claude = (of: string) => listPrice('anthropic', 'claude-haiku-4-5', `per_million_${of}_tokens`, at);
    const hours = (seconds: Decimal.Value): Decimal => stt.times(seconds).dividedBy(3600);
    let [llmTotal, ttsTotal] = [new Decimal(0), new Decimal(0)];
    for (const { where, row, expected } of turns) {
      const tokens = expected.tokens ?? {
        input: row.llm_input_tokens ?? 0,
        output: row.llm_output_tokens ?? 0,
      };
      const llm = claude('input')
        .times(tokens.input)
        .plus(claude('output').times(tokens.output))
        .dividedBy(1e6);
      llmTotal = llmTotal.plus(llm);
      ttsTotal = ttsTotal.plus(tts.times(expected.characters));
      assertMoney(row.cost_llm, expected.requests === 0 ? null : llm, `${where}: cost_llm`);
      assertMoney(row.cost_tts, tts.times(expected.characters), `${where}: cost_tts`);
      const seconds = row.stt_audio_seconds;
      assertMoney(row.cost_stt, seconds === null ? null : hours(seconds), `${where}: cost_stt`);
    }
    const { metrics } = stored;
    const { fromMicros, toMicros } = expected.duration;
    const phoneTotal = phone.times(new Decimal(toMicros - fromMicros).dividedBy(60e6).ceil());
    assertMoney(metrics.cost_stt, hours(expected.sttAudioSeconds), 'cost_stt');
    assertMoney(metrics.cost_llm, llmTotal, 'cost_llm');
    assertMoney(metrics.cost_tts, ttsTotal, 'cost_tts');
    assertMoney(metrics.cost_telephony, phoneTotal, 'cost_telephony');
    const total = hours(expected.sttAudioSeconds).plus(llmTotal).plus(ttsTotal).plus(phoneTotal);
    assertMoney(metrics.cost_total, total, 'cost_total');
    assert.deepEqual(metrics.unpriced, []);
  },
};

function assertMoney(actual: Decimal | null, expected: Decimal | null, what: string): void {
  const equal =
    actual === null || expected === null
      ? actual === expected
      : actual.minus(expected).abs().lessThan(LAST_DECIMAL);
  assert.ok(equal, `${what} is ${actual}, not ${expected}`);
}
