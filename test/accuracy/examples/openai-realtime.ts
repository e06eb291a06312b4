import assert from 'node:assert/strict';
import { Decimal } from 'decimal.js';
import type { StageFact } from '../../../model/facts.ts';
import { SEGMENTS } from '../../../model/vocabulary.ts';
import type { Claims } from '../../support/accuracy.ts';
import type { RealtimeCall } from '../../support/examples/openai-realtime.ts';
import { listPrice } from '../../support/ground-truth.ts';
import type { RealtimeTruth } from '../../support/simulators/openai-realtime.ts';

const MODEL = 'gpt-realtime';
const TRANSCRIPTION_MODEL = 'gpt-4o-transcribe';

/** What the rows of a call to examples/openai-realtime-agent say: what the caller heard and the model did. */
export const REALTIME_CLAIMS: Claims<RealtimeCall> = {
  'every exchange is a turn, and the answer that was talked over is the one that is interrupted': ({
    call,
    stored,
  }) => {
    assert.deepEqual(
      stored.logs.map(({ initiator, interrupted, eou_source, playback_source, error_type }) => [
        initiator,
        interrupted,
        eou_source,
        playback_source,
        error_type,
      ]),
      [
        ['agent', false, null, 'observed', null],
        ['user', false, 'vad', 'observed', null],
        ['user', true, 'vad', 'observed', null],
        ['user', false, 'vad', 'observed', null],
        ['user', false, 'vad', 'observed', null],
      ],
    );
    assert.equal(call.turns.length, stored.logs.length);
    assert.equal(stored.metrics.interruption_count, 1);
    assert.equal(stored.metrics.channel, 'phone');
  },

  'there is no synthesis, and the segments still add up to the silence': ({ stored }) => {
    for (const row of stored.logs) {
      for (const column of [
        'ttfb_tts',
        'latency_tts',
        'segment_tts',
        'segment_aggregation',
        'cost_tts',
      ] as const)
        assert.equal(row[column], null, column);
      if (row.eou_latency === null) continue;
      const total = SEGMENTS.flatMap((name) => row[`segment_${name}`] ?? []).reduce(
        (sum, each) => sum.plus(each),
        new Decimal(0),
      );
      assert.ok(total.equals(row.eou_latency), `turn ${row.turn_index}: ${total} and ${row.eou_latency}`);
      assert.ok(
        (row.segment_endpointing ?? 0) >= 0.4,
        'the silence that the server waits for is endpointing',
      );
    }
  },

  'usage is what the server counted: text and audio, cached or not': ({ stored, truth }) => {
    const responses = stored.facts
      .filter((fact): fact is StageFact => fact.type === 'stage' && fact.stage === 'llm')
      .sort((a, b) => a.startUs - b.startUs);
    assert.deepEqual(
      responses.map(({ usage }) => usage),
      usages(truth).map((usage) => ({
        inputTokens: usage.input_tokens,
        inputAudioTokens: usage.input_token_details.audio_tokens,
        cachedInputTokens: usage.input_token_details.cached_tokens,
        cachedInputAudioTokens: usage.input_token_details.cached_tokens_details.audio_tokens,
        outputTokens: usage.output_tokens,
        outputAudioTokens: usage.output_token_details.audio_tokens,
      })),
    );
    assert.deepEqual(
      responses.map(({ turnIndex }) => turnIndex),
      [0, 1, 1, 2, 3, 4],
      'a tool call takes two responses, and both are paid for',
    );
    const tools = stored.facts.filter((fact) => fact.type === 'stage' && fact.stage === 'tool');
    assert.deepEqual(
      tools.map((tool) => tool.type === 'stage' && [tool.turnIndex, tool.toolName]),
      [[1, 'get_opening_hours']],
    );
    assert.ok(stored.logs.every((row) => row.usage_estimated === false));
  },

  'costs are usage by list price, to the last decimal': ({ call, stored, truth }) => {
    const at = stored.metrics.started_at;
    const price = (model: string, unit: string): Decimal =>
      listPrice('openai', model, `per_million_${unit}_tokens`, at).dividedBy(1e6);
    const llm = usages(truth).reduce((sum, { input_token_details: input, output_token_details: output }) => {
      const { text_tokens: cachedText, audio_tokens: cachedAudio } = input.cached_tokens_details;
      return sum
        .plus(price(MODEL, 'input').times(input.text_tokens - cachedText))
        .plus(price(MODEL, 'cached_input').times(cachedText))
        .plus(price(MODEL, 'input_audio').times(input.audio_tokens - cachedAudio))
        .plus(price(MODEL, 'cached_input_audio').times(cachedAudio))
        .plus(price(MODEL, 'output').times(output.text_tokens))
        .plus(price(MODEL, 'output_audio').times(output.audio_tokens));
    }, new Decimal(0));
    const stt = transcriptions(truth).reduce(
      (sum, { inputTokens, outputTokens }) =>
        sum
          .plus(price(TRANSCRIPTION_MODEL, 'input_audio').times(inputTokens))
          .plus(price(TRANSCRIPTION_MODEL, 'output').times(outputTokens)),
      new Decimal(0),
    );
    const minutes = new Decimal(call.endedMicros - call.connectedMicros).dividedBy(60e6).ceil();
    const phone = listPrice('twilio', 'inbound', 'per_minute', at).times(minutes);
    assert.equal(stored.metrics.cost_llm?.toString(), llm.toString());
    assert.equal(stored.metrics.cost_stt?.toString(), stt.toString());
    assert.equal(stored.metrics.cost_tts, null);
    assert.equal(stored.metrics.cost_total?.toString(), llm.plus(stt).plus(phone).toString());
    assert.deepEqual(stored.metrics.unpriced, []);
  },
};

const usages = (truth: readonly RealtimeTruth[]) =>
  truth.flatMap((event) => (event.kind === 'responded' && event.usage ? [event.usage] : []));

const transcriptions = (truth: readonly RealtimeTruth[]) =>
  truth.flatMap((event) => (event.kind === 'transcribed' ? [event] : []));
