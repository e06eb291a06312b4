import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nowUs } from '../../../instrumentation/call/clock.ts';
import { callsOf, Story, turnsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  BUILDS,
  behave,
  MODEL,
  type Sdk,
  type Spoken,
  serveLive,
  stages,
  Talk,
  truth,
} from '../../support/sdks/genai-live.ts';
import { takeFacts } from '../../support/spans.ts';

serveLive();

/** The user talks over a long answer for so long, once the agent has been heard for a while. Gives when that was. */
async function talkOver(sdk: Sdk, options: Parameters<typeof behave>[0], ms: number): Promise<Spoken> {
  behave({
    ...options,
    heard: ['The menu?', 'Wait.'],
    answers: [
      { text: 'Today we have a lot.', seconds: 6 },
      { text: 'Yes?', seconds: 0.2 },
    ],
  });
  const talk = await Talk.open(sdk);
  await talk.speak(400);
  await talk.says((message) => message.serverContent?.outputTranscription);
  await poll(() => nowUs() - (truth('first_audio') ?? 0) > 300_000);
  const over = await talk.speak(ms);
  await talk.completes(2);
  await talk.close();
  return over;
}

for (const { name, sdk } of BUILDS) {
  describe(`live with ${name}`, () => {
    it('gives a turn with the silence that the user heard, when voice activity is told', async () => {
      behave({ voiceActivity: true });
      const talk = await Talk.open(sdk);
      const spoken = await talk.speak(600);
      await talk.completes();
      await talk.close();
      const facts = takeFacts();
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assert.equal(turn?.initiator, 'user');
      assert.equal(turn.eouSource, 'vad');
      assertNear(turn.speechStartedUs, spoken.startUs, spoken.lateUs);
      assertNear(turn.speechEndedUs, spoken.endUs, spoken.lateUs);
      assertNear(turn.committedUs, truth('speech_ended'));
      const [llm, ...more] = stages(facts, 'llm');
      assert.deepEqual(more, []);
      assert.equal(llm?.provider, 'gcp.gemini');
      assert.equal(llm.model, MODEL);
      assert.deepEqual(llm.finishReasons, ['stop']);
      assert.deepEqual(llm.usage, {
        inputTokens: 40,
        inputAudioTokens: 30,
        outputTokens: 10,
        outputAudioTokens: 10,
      });
      assertNear(llm.startUs, truth('asked'));
      assertNear(llm.firstByteUs, truth('first_audio'));
      const [stt] = stages(facts, 'stt');
      assert.equal(stt?.provider, 'gcp.gemini');
      const [playback] = stages(facts, 'playback');
      assert.equal(playback?.playbackSource, 'estimated');
      assertNear(playback.startUs, truth('first_audio'));
      assertNear(playback.endUs, (truth('first_audio') ?? 0) + 400_000);
      assert.deepEqual(
        callsOf(facts).map(({ callId, endReason }) => [callId === turn.callId, endReason]),
        [[true, 'connection_closed']],
      );
    });

    it('interrupts the answer that is talked over', async () => {
      const over = await talkOver(sdk, { voiceActivity: true }, 400);
      const facts = takeFacts();
      assert.deepEqual(
        turnsOf(facts).map(({ initiator, interrupted }) => [initiator, interrupted]),
        [
          ['user', true],
          ['user', false],
        ],
      );
      assertNear(turnsOf(facts)[1]?.speechStartedUs, over.startUs, over.lateUs);
      assert.deepEqual(
        stages(facts, 'llm').map(({ cancelled, turnIndex }) => [cancelled, turnIndex]),
        [
          [true, 0],
          [undefined, 1],
        ],
      );
      const [cut, whole] = [0, 1].map((turn) => new Story(facts).stages('playback', turn).at(-1));
      assert.equal(cut?.cancelled, true);
      assertNear(cut.endUs, truth('interrupted'));
      assert.equal(whole?.cancelled, undefined);
    });

    it('takes the end of speech from the words of the transcript, and then knows no first byte', async () => {
      behave({});
      const talk = await Talk.open(sdk, { inputAudioTranscription: { wordTimestamp: true } as object });
      const spoken = await talk.speak(600);
      await talk.completes();
      await talk.close();
      const facts = takeFacts();
      const [turn] = turnsOf(facts);
      assert.equal(turn?.eouSource, 'stt_word_end');
      assertNear(turn.speechEndedUs, spoken.endUs, spoken.lateUs);
      const [llm] = stages(facts, 'llm');
      assert.equal(llm?.firstByteUs, undefined);
      assert.equal(llm?.usage?.outputTokens, 10);
    });

    it('sees from the transcript who talked over the answer', async () => {
      const over = await talkOver(sdk, {}, 300);
      const [first, second] = turnsOf(takeFacts());
      assert.equal(first?.interrupted, true);
      assert.equal(second?.interrupted, false);
      assertNear(second.speechEndedUs, over.endUs, over.lateUs);
    });

    it('is honest where nothing tells that the user spoke', async () => {
      behave({ heard: [] });
      const talk = await Talk.open(sdk);
      await talk.speak(300);
      await talk.completes();
      await talk.close();
      const [turn] = turnsOf(takeFacts());
      assert.equal(turn?.initiator, 'agent');
      assert.equal(turn.reportedEouLatencySeconds, undefined);
    });

    it('believes the application that detects speech itself', async () => {
      behave({});
      const talk = await Talk.open(sdk, {
        realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
      });
      talk.session.sendRealtimeInput({ activityStart: {} });
      await talk.speak(400);
      const endUs = nowUs();
      talk.session.sendRealtimeInput({ activityEnd: {} });
      await talk.completes();
      await talk.close();
      const facts = takeFacts();
      const [turn] = turnsOf(facts);
      assert.equal(turn?.eouSource, 'vad');
      assertNear(turn.speechEndedUs, endUs);
      assertNear(stages(facts, 'llm')[0]?.firstByteUs, truth('first_audio'));
    });
  });
}
