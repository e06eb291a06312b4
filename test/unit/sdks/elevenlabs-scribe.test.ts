import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { Call } from '../../../instrumentation/call/call.ts';
import { nowMs } from '../../../instrumentation/call/clock.ts';
import { ScribeConnection } from '../../../instrumentation/sdks/elevenlabs/scribe.ts';
import { stagesOf, turnsOf } from '../../support/facts.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

before(recordSpans);
beforeEach(() => void takeFacts());

function connection(options: object = {}) {
  const call = new Call();
  const scribe = new ScribeConnection(
    { modelId: 'scribe_v2_realtime', audioFormat: 'ulaw_8000', ...options },
    call.context,
  );
  const startMs = nowMs();
  scribe.event('open', undefined, startMs);
  // A second of audio, in the second before `startMs`.
  for (let i = 1; i <= 50; i++) scribe.sent(160, startMs - 1_000 + i * 20);
  const event = (name: string, message: object, afterMs: number) =>
    scribe.event(name, message as never, startMs + afterMs);
  const end = () => {
    scribe.closed(1000);
    call.end();
    const facts = takeFacts();
    return {
      turns: turnsOf(facts),
      stt: stagesOf(facts, 'stt'),
    };
  };
  return { call, startUs: startMs * 1_000, event, end };
}
const words = [
  { text: 'Yes', type: 'word', start: 0.2, end: 0.5 },
  { text: '.', type: 'spacing', start: 0.5, end: 0.9 },
];

describe('a commit', () => {
  it('opens the turn before it is told where its words lie: who answers it does not wait for that', () => {
    const { call, startUs, event, end } = connection({ includeTimestamps: true });
    event('committed_transcript', { text: 'Yes.' }, 10);
    assert.ok(call.turn);
    call.tracker.startStage('llm', {}).end();
    event('committed_transcript_with_timestamps', { text: 'Yes.', words }, 12);
    const { turns, stt } = end();
    assert.equal(turns.length, 1);
    const [turn] = turns;
    assert.equal(turn?.initiator, 'user');
    assert.ok(Math.abs((turn.speechEndedUs ?? 0) - (startUs - 500_000)) < 1_000);
    assert.ok(Math.abs((turn.speechStartedUs ?? 0) - (startUs - 800_000)) < 1_000);
    assert.ok(Math.abs((turn.committedUs ?? 0) - (startUs + 10_000)) < 1_000, 'of the first of the two');
    assert.equal(stt[0]?.turnIndex, 0);
  });

  it('counts without its timestamps when they do not come', () => {
    for (const next of ['partial_transcript', 'close']) {
      const { event, end } = connection({ includeTimestamps: true });
      event('committed_transcript', { text: 'Yes.' }, 10);
      if (next !== 'close') event(next, {}, 20);
      const { turns, stt } = end();
      assert.equal(turns[0]?.eouSource, 'stt_event', next);
      assert.equal(stt[0]?.turnIndex, 0, next);
      assert.equal(stt[0].cancelled, undefined, next);
    }
  });

  it('of nothing is not a turn', () => {
    const { event, end } = connection({ includeTimestamps: true });
    event('partial_transcript', { text: '' }, 5);
    event('committed_transcript', { text: '' }, 10);
    event('committed_transcript_with_timestamps', { text: '', words: [] }, 12);
    const { turns, stt } = end();
    assert.deepEqual(turns, []);
    assert.equal(stt[0]?.usage?.audioSeconds, 1);
  });

  it('of the server comes after the silence that it says it waits for', () => {
    const { startUs, event, end } = connection({ commitStrategy: 'vad' });
    event('session_started', { config: { vad_silence_threshold_secs: 0.7 } }, 0);
    event('partial_transcript', { text: 'Yes' }, 5);
    event('committed_transcript', { text: 'Yes.' }, 900);
    const [turn] = end().turns;
    assert.ok(Math.abs((turn?.speechEndedUs ?? 0) - (startUs + 200_000)) < 1_000);
  });
});
