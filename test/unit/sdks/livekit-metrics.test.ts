import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pluginFacts, readStage, readTranscription } from '../../../instrumentation/sdks/livekit/metrics.ts';

const LLM = {
  type: 'llm_metrics',
  label: 'openai.LLM',
  timestamp: 1_700_000_001_000,
  durationMs: 600,
  ttftMs: 200,
  cancelled: false,
  promptTokens: 100,
  promptCachedTokens: 0,
  completionTokens: 20,
  metadata: { modelProvider: 'api.groq.com', modelName: 'llama-3.1-8b-instant' },
};

describe('what LiveKit measured of a request', () => {
  test('becomes a stage that ended when it was reported', () => {
    assert.deepEqual(readStage(LLM), {
      kind: 'llm',
      facts: { provider: 'groq', model: 'llama-3.1-8b-instant', streaming: true },
      startMs: 1_700_000_000_400,
      firstByteMs: 1_700_000_000_600,
      endMs: 1_700_000_001_000,
      cancelled: false,
      gaveNothing: false,
      usage: { inputTokens: 100, outputTokens: 20 },
    });
  });

  test('has no first byte at -1 and no usage at 0', () => {
    const stage = readStage({ ...LLM, ttftMs: -1, promptTokens: 0, completionTokens: 0 });
    assert.equal(stage?.firstByteMs, undefined);
    assert.equal(stage?.usage, undefined);
    assert.equal(stage?.gaveNothing, true);
  });

  test('of speech to speech starts at its timestamp and has its audio tokens apart', () => {
    const stage = readStage({
      type: 'realtime_model_metrics',
      timestamp: 1_700_000_000_000,
      durationMs: 900,
      ttftMs: 300,
      inputTokens: 50,
      outputTokens: 30,
      inputTokenDetails: { audioTokens: 40, cachedTokens: 16, cachedTokensDetails: { audioTokens: 8 } },
      outputTokenDetails: { audioTokens: 25 },
      requestId: 'resp_1',
    });
    assert.equal(stage?.startMs, 1_700_000_000_000);
    assert.equal(stage?.firstByteMs, 1_700_000_000_300);
    assert.equal(stage?.endMs, 1_700_000_000_900);
    assert.equal(stage?.responseId, 'resp_1');
    assert.deepEqual(stage?.usage, {
      inputTokens: 50,
      inputAudioTokens: 40,
      cachedInputTokens: 16,
      cachedInputAudioTokens: 8,
      outputTokens: 30,
      outputAudioTokens: 25,
    });
  });

  describe('of speech to speech has 0 where LiveKit counted none', () => {
    const realtime = (input: object, output: object) =>
      readStage({
        type: 'realtime_model_metrics',
        timestamp: 1_700_000_000_000,
        durationMs: 900,
        inputTokens: 350,
        outputTokens: 24,
        inputTokenDetails: input,
        outputTokenDetails: output,
      })?.usage;

    test('and not where it knows no kinds', () => {
      const none = { audioTokens: 0, textTokens: 0, imageTokens: 0 };
      assert.deepEqual(realtime({ ...none, cachedTokens: 0 }, none), { inputTokens: 350, outputTokens: 24 });
      assert.deepEqual(
        realtime({ audioTokens: 100, textTokens: 250, cachedTokens: 64, cachedTokensDetails: none }, none),
        { inputTokens: 350, inputAudioTokens: 100, cachedInputTokens: 64, outputTokens: 24 },
      );
    });

    test('a greeting: no audio came in', () => {
      assert.deepEqual(
        realtime({ audioTokens: 0, textTokens: 350, cachedTokens: 0 }, { textTokens: 4, audioTokens: 20 }),
        {
          inputTokens: 350,
          inputAudioTokens: 0,
          cachedInputTokens: 0,
          outputTokens: 24,
          outputAudioTokens: 20,
        },
      );
    });

    test('a tool call: no audio went out', () => {
      assert.equal(
        realtime({ audioTokens: 100, textTokens: 250 }, { textTokens: 24, audioTokens: 0 })
          ?.outputAudioTokens,
        0,
      );
    });

    test('thoughts are output, of which only the total tells', () => {
      const { inputTokens, outputTokens, reasoningTokens } =
        readStage({
          type: 'realtime_model_metrics',
          timestamp: 1_700_000_000_000,
          durationMs: 900,
          inputTokens: 350,
          outputTokens: 24,
          totalTokens: 474,
        })?.usage ?? {};
      assert.deepEqual([inputTokens, outputTokens, reasoningTokens], [350, 124, 100]);
    });

    test('only the instructions were cached', () => {
      assert.equal(
        realtime(
          {
            audioTokens: 100,
            textTokens: 250,
            cachedTokens: 128,
            cachedTokensDetails: { textTokens: 128, audioTokens: 0 },
          },
          {},
        )?.cachedInputAudioTokens,
        0,
      );
    });
  });

  test('of synthesis has characters and seconds of audio', () => {
    const stage = readStage({
      type: 'tts_metrics',
      timestamp: 1_700_000_001_000,
      durationMs: 500,
      ttfbMs: 0,
      charactersCount: 36,
      audioDurationMs: 2_500,
      streamed: false,
      metadata: { modelProvider: 'Eleven Labs', modelName: 'eleven_flash_v2_5' },
    });
    assert.deepEqual(stage?.usage, { characters: 36, audioSeconds: 2.5 });
    assert.equal(stage?.facts.provider, 'elevenlabs');
    assert.equal(stage?.streamed, false);
    assert.equal(stage?.firstByteMs, stage?.startMs);
  });

  test('of transcription is usage without a time', () => {
    const metrics = { type: 'stt_metrics', label: 'deepgram.STT', audioDurationMs: 5_000, streamed: true };
    assert.deepEqual(readTranscription(metrics), {
      facts: { provider: 'deepgram', streaming: true },
      usage: { audioSeconds: 5 },
    });
    assert.equal(readTranscription({ ...metrics, audioDurationMs: 0 }), undefined);
  });

  test('is nothing where it makes no sense', () => {
    for (const metrics of [
      {},
      { type: 'vad_metrics' },
      { type: 'llm_metrics' },
      { type: 'llm_metrics', timestamp: 0 },
    ])
      assert.equal(readStage(metrics), undefined);
  });
});

test('a plugin is named after its provider, a host that is not known after the plugin', () => {
  const facts = (provider: unknown, model: unknown, label: unknown) =>
    pluginFacts({ provider, model, label });
  assert.deepEqual(facts('Deepgram', 'nova-3', 'deepgram.STT'), { provider: 'deepgram', model: 'nova-3' });
  assert.deepEqual(facts('api.openai.com', 'gpt-4o', 'openai.LLM'), { provider: 'openai', model: 'gpt-4o' });
  assert.deepEqual(facts('127.0.0.1:8080', 'gpt-4o', 'openai.LLM'), { provider: 'openai', model: 'gpt-4o' });
  assert.deepEqual(facts('unknown', 'unknown', 'cartesia.TTS'), { provider: 'cartesia' });
  assert.deepEqual(pluginFacts(undefined), { provider: undefined });
});
