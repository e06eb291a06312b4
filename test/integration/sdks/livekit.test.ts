import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { Conversation } from '../../support/livekit/conversation.ts';
import { TOKENS } from '../../support/livekit/models.ts';
import { BUILDS, tellStory } from '../../support/livekit/story.ts';
import type { Told } from '../../support/livekit/told.ts';
import { RECORDING_PRICES as PRICES } from '../../support/recorded-rows.ts';
import { recordSpans } from '../../support/spans.ts';

before(() => {
  recordSpans();
});

// How near the times are to the true ones is for test/accuracy.
for (const { name, agents } of BUILDS) {
  describe(name, () => {
    let conversation: Conversation;
    let saw: Told;
    before(async () => {
      ({ conversation, told: saw } = await tellStory(agents));
    });

    test('is one call with a turn for the greeting and one for each question', () => {
      assert.equal(saw.call.transport, 'livekit');
      assert.equal(saw.call.agentName, 'default_agent');
      assert.equal(saw.call.endReason, 'user_initiated');
      assert.deepEqual(
        saw.turns.map(({ initiator }) => initiator),
        ['agent', 'user', 'user', 'user', 'user'],
      );
    });

    test('has an EOU latency in each turn that answers the user, from what was heard', () => {
      const answered = saw.turns.filter(({ initiator }) => initiator === 'user');
      assert.equal(answered.length, conversation.caller.spoken.length);
      // 1.4 reports none where a tool was called; there is one all the same.
      assert.ok(conversation.reported.length >= answered.length - 1);
      for (const turn of answered) {
        assert.equal(turn.eouSource, 'vad');
        const [started = 0, ended = 0] = [turn.speechStartedUs, turn.speechEndedUs];
        const [playback] = saw.stages('playback', turn.turnIndex);
        const instants = [0, started, ended, playback?.startUs ?? 0];
        assert.deepEqual(
          instants,
          [...new Set(instants)].sort((a, b) => a - b),
          'one after the other',
        );
        assert.ok((turn.reportedEouLatencySeconds ?? 0) > 0);
      }
    });

    test('has a playback for each reply that the caller heard', () => {
      assert.deepEqual(
        saw.stages('playback').map(({ cancelled = false, playbackSource }) => [cancelled, playbackSource]),
        conversation.speaker.heard.map(({ interrupted }) => [interrupted, 'observed']),
      );
    });

    test('the answer that was talked over is a barge-in', () => {
      assert.deepEqual(
        saw.turns.map(({ interrupted }) => interrupted),
        [false, false, true, false, false],
      );
      assert.deepEqual(
        saw.turns[2]?.interruptions?.map(({ kind }) => kind),
        ['barge_in'],
      );
    });

    test('has every model request in its turn, with its instants in order and what it used', () => {
      const llms = saw.stages('llm').filter(({ cancelled }) => cancelled !== true);
      assert.deepEqual(
        llms.map(({ turnIndex }) => turnIndex),
        [1, 2, 3, 4, 4],
      );
      for (const llm of llms) {
        const { startUs, firstByteUs = 0, endUs } = llm;
        assert.ok(startUs < firstByteUs && firstByteUs <= endUs);
        assert.deepEqual(llm.usage, {
          inputTokens: TOKENS.promptTokens,
          cachedInputTokens: TOKENS.promptCachedTokens,
          outputTokens: TOKENS.completionTokens,
        });
        assert.equal(llm.provider, 'openai');
        assert.equal(llm.model, 'gpt-4o-mini');
      }
    });

    test('has each sentence that was synthesised once', () => {
      assert.deepEqual(
        saw.stages('tts').map(({ usage, provider }) => [usage?.characters, provider]),
        conversation.tts.truth.map(({ text }) => [text.length, 'cartesia']),
      );
    });

    test('has the transcription of each turn, and what it used with the call', () => {
      for (const turn of saw.turns.slice(1)) {
        const [stt, ...more] = saw.stages('stt', turn.turnIndex);
        assert.equal(more.length, 0);
        assert.equal(stt?.provider, 'deepgram');
        assert.ok((stt.firstByteUs ?? 0) > stt.startUs && stt.endUs >= (stt.firstByteUs ?? 0));
      }
      const used = saw.stages('stt').filter(({ turnIndex }) => turnIndex === undefined);
      assert.deepEqual(
        used.map(({ usage }) => usage),
        [{ audioSeconds: 8 }],
      );
    });

    test('has the tool in the turn that waited for it', () => {
      const [tool, ...more] = saw.stages('tool');
      assert.equal(more.length, 0);
      assert.equal(tool?.toolName, 'get_opening_hours');
      assert.equal(tool?.turnIndex, 4);
      assert.ok(tool.endUs - tool.startUs >= 75_000, 'it takes 80 ms');
    });

    test('its rows have the silence in segments', () => {
      const { logs, metrics } = finalizeCall(saw.facts, PRICES);
      assert.equal(metrics.turn_count, 5);
      for (const row of logs.filter(({ initiator }) => initiator === 'user')) {
        assert.ok(row.segment_endpointing !== null && row.ttfb_llm !== null && row.ttfb_tts !== null);
        assert.ok(row.latency_stt !== null);
      }
    });
  });
}
