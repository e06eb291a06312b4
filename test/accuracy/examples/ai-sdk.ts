import assert from 'node:assert/strict';
import { Decimal } from 'decimal.js';
import { SEGMENTS } from '../../../model/vocabulary.ts';
import type { Claims } from '../../support/accuracy.ts';
import type { AiSdkCall } from '../../support/examples/ai-sdk.ts';
import { listPrice } from '../../support/ground-truth.ts';

const MODEL = 'gpt-4o-mini';

/** What the rows of a call to examples/ai-sdk-agent say. */
export const AI_SDK_CLAIMS: Claims<AiSdkCall> = {
  'gives the turns that there were, the one that was talked over as interrupted': ({ expected, stored }) => {
    assert.deepEqual(
      stored.logs.map(({ initiator, interrupted, playback_source, eou_source, error_type }) => ({
        initiator,
        interrupted,
        playback_source,
        eou_source,
        error_type,
      })),
      expected.turns.map(({ initiator, interrupted }) => ({
        initiator,
        interrupted,
        playback_source: 'observed',
        eou_source: initiator === 'user' ? 'stt_word_end' : null,
        error_type: null,
      })),
    );
    assert.deepEqual(
      expected.turns.map(({ initiator, interrupted }) => [initiator, interrupted]),
      [
        ['agent', false],
        ['user', false],
        ['user', true],
        ['user', false],
        ['user', false],
      ],
    );
    assert.equal(stored.metrics.interruption_count, 1);
    assert.equal(stored.metrics.end_reason, 'hangup');
  },

  'gives segments that add up to the EOU latency': ({ turns }) => {
    for (const { row, where } of turns) {
      if (row.eou_latency === null) continue;
      const total = SEGMENTS.reduce((sum, name) => sum.plus(row[`segment_${name}`] ?? 0), new Decimal(0));
      assert.ok(total.equals(row.eou_latency), where);
    }
  },

  'counts each request once, and the tool between two of them': ({ expected, stored, turns }) => {
    const stages = stored.facts.flatMap((fact) => (fact.type === 'stage' ? fact : []));
    for (const { expected, where, row } of turns) {
      const own = stages.filter(({ turnIndex }) => turnIndex === row.turn_index);
      assert.equal(own.filter(({ stage }) => stage === 'llm').length, expected.requests, where);
    }
    const tools = stages.filter(({ stage }) => stage === 'tool');
    assert.deepEqual(
      tools.map(({ toolName, turnIndex }) => [toolName, turnIndex]),
      [['get_opening_hours', 1]],
    );
    assert.deepEqual(
      expected.turns.map(({ requests }) => requests),
      [0, 2, 1, 1, 1],
    );
  },

  'has the usage that the providers counted, and costs to the last decimal': ({
    expected,
    stored,
    turns,
  }) => {
    const { metrics } = stored;
    const at = metrics.started_at;
    const price = (unit: string) => listPrice('openai', MODEL, unit, at).dividedBy(1e6);
    const [input, output] = [price('per_million_input_tokens'), price('per_million_output_tokens')];
    const tts = listPrice('cartesia', 'sonic', 'per_million_characters', at).dividedBy(1e6);
    let llmTotal = new Decimal(0);
    for (const { row, expected, where } of turns) {
      assert.equal(row.tts_characters, expected.characters, where);
      assert.equal(row.cost_tts?.toString(), tts.times(expected.characters).toString(), where);
      if (expected.requests === 0) {
        assert.equal(row.cost_llm, null, where);
        continue;
      }
      assert.equal(row.llm_provider, 'openai', where);
      assert.equal(row.llm_model, MODEL, where);
      // Null where the caller spoke before the model did: nothing was used that is known.
      if (expected.tokens === null) assert.notEqual(row.usage_estimated, false, where);
      else {
        assert.equal(row.llm_input_tokens, expected.tokens.input, where);
        assert.equal(row.llm_output_tokens, expected.tokens.output, where);
      }
      const cost = input.times(row.llm_input_tokens ?? 0).plus(output.times(row.llm_output_tokens ?? 0));
      assert.equal(row.cost_llm?.toString(), cost.toString(), where);
      llmTotal = llmTotal.plus(cost);
    }
    const sttPrice = listPrice('deepgram', 'nova-3', 'per_audio_minute', at, 'streaming').dividedBy(60);
    const minutes = new Decimal(expected.duration.toMicros - expected.duration.fromMicros)
      .dividedBy(60e6)
      .ceil();
    const phone = listPrice('twilio', 'inbound', 'per_minute', at).times(minutes);
    const characters = expected.turns.reduce((sum, turn) => sum + turn.characters, 0);
    const total = llmTotal
      .plus(sttPrice.times(expected.sttAudioSeconds))
      .plus(tts.times(characters))
      .plus(phone);
    assert.equal(metrics.cost_llm?.toString(), llmTotal.toString());
    assert.equal(metrics.cost_total?.toString(), total.toString());
    assert.deepEqual(metrics.unpriced, []);
  },
};
