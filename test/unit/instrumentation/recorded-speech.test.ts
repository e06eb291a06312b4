import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { Call } from '../../../instrumentation/call/call.ts';
import { openRecordedSpeech, type RecordedAudio } from '../../../instrumentation/call/recorded-speech.ts';
import { ATTR } from '../../../model/semconv.ts';
import { stagesOf, turnsOf } from '../../support/facts.ts';
import { recordSpans, takeFacts, takeSpans } from '../../support/spans.ts';

before(recordSpans);
beforeEach(() => void takeFacts());

const FACTS = { provider: 'acme', model: 'm' };
const open = (call: Call, audio: RecordedAudio = {}) =>
  call.run(() => openRecordedSpeech(FACTS, () => audio));
const factsOf = (call: Call) => {
  call.end();
  const facts = takeFacts();
  return {
    turns: turnsOf(facts),
    stages: stagesOf(facts, 'stt'),
  };
};
const longCall = () => new Call({ at: Date.now() - 60_000 });

describe('a recording that is transcribed', () => {
  it('without a known length was spoken, and over, when it was sent', () => {
    const call = longCall();
    open(call).end({ text: 'Hello' });
    const { turns, stages } = factsOf(call);
    assert.equal(turns[0]?.speechStartedUs, stages[0]?.startUs);
    assert.equal(turns[0]?.speechEndedUs, stages[0]?.startUs);
    assert.equal(turns[0]?.eouSource, 'stt_event');
  });

  it('began with its call at the earliest', () => {
    const call = new Call();
    open(call, { seconds: 30 }).end({ text: 'Hello' });
    assert.equal(factsOf(call).turns[0]?.speechStartedUs, call.startUs);
  });

  it('ends with its last word, where its length is known too', () => {
    for (const [audio, before, source] of [
      [{ seconds: 3, speechEndSeconds: 2.5 }, 500_000, 'stt_word_end'],
      [{ seconds: 3, speechEndSeconds: 3.2 }, 0, 'stt_word_end'],
      [{ speechEndSeconds: 2.5 }, 0, 'stt_event'],
    ] as const) {
      const call = longCall();
      open(call, audio).end({ text: 'Hello' });
      const { turns, stages } = factsOf(call);
      assert.equal(turns[0]?.eouSource, source);
      assert.equal((stages[0]?.startUs ?? 0) - (turns[0]?.speechEndedUs ?? 0), before);
    }
  });

  it('is one stage, however it ended, and only words open a turn', () => {
    for (const finish of ['end', 'cancel', 'fail'] as const) {
      const call = longCall();
      const speech = open(call);
      if (finish === 'fail') speech.fail(new TypeError('no'));
      else speech[finish]();
      speech.end({ text: 'Too late' });
      const { turns, stages } = factsOf(call);
      assert.deepEqual(turns, []);
      assert.equal(stages.length, 1);
      assert.equal(stages[0]?.errorType, finish === 'fail' ? 'TypeError' : undefined);
      assert.equal(stages[0]?.cancelled, finish === 'cancel' ? true : undefined);
    }
  });

  it('that comes back after the end of its call costs, and opens no turn', () => {
    const call = longCall();
    const speech = open(call);
    call.end();
    speech.end({ text: 'Hello', usage: { audioSeconds: 2 } });
    const facts = takeFacts();
    assert.equal(facts.filter(({ type }) => type === 'turn').length, 0);
    assert.equal(facts.filter(({ type }) => type === 'stage').length, 1);
  });

  it('outside of any call is a plain span', () => {
    openRecordedSpeech(FACTS, () => ({})).end({ usage: { audioSeconds: 2 } });
    const [span] = takeSpans();
    assert.equal(span?.attributes[ATTR.callId], undefined);
    assert.equal(span?.attributes[ATTR.sttStreaming], false);
    assert.equal(span?.attributes[ATTR.usageAudioSeconds], 2);
  });
});
