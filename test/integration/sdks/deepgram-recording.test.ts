import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { utterance } from '../../../demo/speech.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchDeepgram } from '../../../instrumentation/sdks/deepgram/deepgram.ts';
import type { Fact, StageFact, TurnFact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import { DEEPGRAM_SDKS, deepgramEnvironment } from '../../support/deepgram-sdks.ts';
import { turnsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  type RecordingsSimulator,
  startRecordingsSimulator,
} from '../../support/simulators/deepgram-recordings.ts';
import { recordSpans, takeFacts, takeSpans } from '../../support/spans.ts';

const SPOKEN = utterance('hours-question');
const REQUEST = { model: 'nova-3', language: 'multi', encoding: 'mulaw', sample_rate: 8000 };

let simulator: RecordingsSimulator;
before(async () => {
  recordSpans();
  for (const { exports } of DEEPGRAM_SDKS) patchDeepgram(exports);
  simulator = await startRecordingsSimulator();
});
after(() => simulator.close());

/** The transcription among the facts so far, and the turns. */
async function transcription(): Promise<{ stt: StageFact; turns: TurnFact[] }> {
  const facts: Fact[] = [];
  const isStt = (fact: Fact): fact is StageFact => fact.type === 'stage' && fact.stage === 'stt';
  await poll(() => {
    facts.push(...takeFacts());
    return facts.some(isStt);
  });
  const [stt, ...others] = facts.filter(isStt);
  assert.ok(stt);
  assert.deepEqual(others, []);
  return { stt, turns: turnsOf(facts) };
}

for (const { name, Client } of DEEPGRAM_SDKS) {
  describe(`a recording, ${name}`, () => {
    const media = () =>
      new Client({ apiKey: 'key', environment: deepgramEnvironment(simulator) }).listen.v1.media;

    it('that is sent is transcribed in a turn, at the price of recordings', async () => {
      takeFacts();
      const call = new Call({ at: Date.now() - 5_000 });
      const answer = await call.run(() => media().transcribeFile(SPOKEN.mulaw, REQUEST as never));
      assert.equal(
        (answer as { metadata: { duration: number } }).metadata.duration,
        SPOKEN.mulaw.length / 8_000,
      );
      const turn = call.turn;
      assert.equal(turn?.userText, simulator.truth.at(-1)?.transcript);
      call.end();
      const { stt, turns } = await transcription();
      assert.equal(stt.streaming, false);
      assert.equal(stt.provider, 'deepgram');
      assert.equal(stt.model, 'nova-3-multilingual');
      assert.equal(stt.turnIndex, turn?.index);
      const seconds = SPOKEN.mulaw.length / 8_000;
      assert.deepEqual(stt.usage, { audioSeconds: seconds });
      // The recording was sent when it was over.
      const silenceUs = Math.round((seconds - SPOKEN.speechEndSeconds) * 1e6);
      assert.equal(turns[0]?.eouSource, 'stt_word_end');
      assertNear(turns[0].speechEndedUs, stt.startUs - silenceUs);
    });

    it('that lies elsewhere is transcribed as well, and fails with its status', async () => {
      takeFacts();
      const call = new Call();
      const url = 'https://example.com/hours-question';
      await call.run(() => media().transcribeUrl({ url, model: 'nova-3' } as never));
      assert.deepEqual((await transcription()).stt.usage, { audioSeconds: SPOKEN.mulaw.length / 8_000 });
      simulator.faults.next({ kind: 'status', status: 429 });
      await assert.rejects(
        call.run(async () => await media().transcribeUrl({ url } as never, { maxRetries: 0 })),
        { statusCode: 429 },
      );
      const { stt: failed } = await transcription();
      assert.equal(failed.errorType, '429');
      assert.equal(failed.usage, undefined);
      call.end();
    });

    it('that is given up is cancelled', async () => {
      takeFacts();
      const call = new Call();
      simulator.faults.next({ kind: 'delay', ms: 2_000 });
      const aborted = new AbortController();
      const asked = call.run(() =>
        media().transcribeFile(SPOKEN.mulaw, REQUEST as never, {
          abortSignal: aborted.signal,
          maxRetries: 0,
          // Its timer outlives a request that is given up, and keeps the process.
          timeoutInSeconds: 10,
        }),
      );
      setImmediate(() => aborted.abort());
      await assert.rejects(async () => await asked);
      assert.equal((await transcription()).stt.cancelled, true);
      call.end();
    });

    it('that is answered elsewhere, and outside of any call, is a span of its own', async () => {
      takeSpans();
      await media().transcribeFile(SPOKEN.mulaw, { ...REQUEST, callback: 'https://example.com/' } as never);
      const [span, ...others] = takeSpans();
      assert.deepEqual(others, []);
      assert.equal(span?.attributes[ATTR.stage], 'stt');
      assert.equal(span.attributes[ATTR.usageAudioSeconds], undefined);
    });
  });
}
