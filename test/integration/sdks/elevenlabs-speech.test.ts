import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import * as newest from '@elevenlabs/elevenlabs-js';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { Call } from '../../../instrumentation/call/call.ts';
import { withReportedStages } from '../../../instrumentation/call/scope.ts';
import { patchElevenLabs } from '../../../instrumentation/sdks/elevenlabs/elevenlabs.ts';
import type { StageFact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import { poll } from '../../support/poll.ts';
import { type ElevenLabsSimulator, startElevenLabsSimulator } from '../../support/simulators/elevenlabs.ts';
import { recordSpans, spanOf, takeFacts, takeSpans } from '../../support/spans.ts';

const require = createRequire(import.meta.url);
const oldest = require('elevenlabs-js-oldest') as typeof newest;
const VOICE = 'JBFqnCBsd6RMkjVDRZzb';
const TEXT = 'Of course, with pleasure. At what time?';
const request = (text = TEXT) => ({ text, modelId: 'eleven_flash_v2_5', outputFormat: 'ulaw_8000' as const });

let simulator: ElevenLabsSimulator;
before(async () => {
  recordSpans();
  for (const exports of [newest, require('@elevenlabs/elevenlabs-js'), oldest]) patchElevenLabs(exports);
  simulator = await startElevenLabsSimulator({ firstByteMs: [20, 30], speed: [40, 50] });
});
after(() => simulator.close());

/** What the simulator says of the last answer that it finished. */
const truth = () => {
  const finished = simulator.truth.findLast((event) => event.kind === 'finished');
  assert.ok(finished?.kind === 'finished');
  return finished;
};
const read = async (audio: AsyncIterable<Uint8Array>): Promise<number> => {
  let bytes = 0;
  for await (const chunk of audio) bytes += chunk.byteLength;
  return bytes;
};

for (const [name, { ElevenLabsClient }, Url] of [
  ['the newest @elevenlabs/elevenlabs-js', newest, (url: string) => ({ baseUrl: url })],
  [
    'the oldest @elevenlabs/elevenlabs-js',
    oldest,
    (url: string) => ({ environment: { base: url, wss: url } }),
  ],
] as const) {
  describe(name, () => {
    const speech = () => new ElevenLabsClient({ apiKey: 'key', ...Url(simulator.url) } as never).textToSpeech;
    // After a broken-off stream the SDK keeps the timer of its timeout, and the process with it.
    const once = { maxRetries: 0, timeoutInSeconds: 5 };

    it('streams: first byte, characters and seconds, in the turn that it answers', async () => {
      const call = new Call();
      takeFacts();
      const audio = await call.run(() => speech().stream(VOICE, request(), once));
      assert.ok(audio instanceof ReadableStream);
      const bytes = await read(audio as never);
      const facts: StageFact[] = [];
      await poll(() => facts.push(...takeFacts().filter((fact): fact is StageFact => fact.type === 'stage')));
      call.end();
      const fact = facts.find(({ stage }) => stage === 'tts');
      assert.equal(fact?.provider, 'elevenlabs');
      assert.equal(fact.model, 'eleven_flash_v2_5');
      assert.equal(fact.callId, call.id);
      assert.equal(fact.turnIndex, 0);
      assert.deepEqual(fact.usage, { characters: TEXT.length, audioSeconds: bytes / 8_000 });
      assert.equal(truth().audioSeconds, bytes / 8_000);
      assert.ok(fact.firstByteUs !== undefined && fact.firstByteUs >= fact.startUs + 15_000);
      assert.ok(fact.endUs > fact.firstByteUs);
    });

    it('streams with timestamps', async () => {
      const { attributes } = await spanOf(async () => {
        const parts = await speech().streamWithTimestamps(VOICE, request(), once);
        let audio = 0;
        for await (const { audioBase64 } of parts) audio += Buffer.from(audioBase64, 'base64').length;
        assert.equal(audio, truth().bytes);
      });
      assert.ok(attributes[ATTR.ttfb]);
      assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
      assert.equal(attributes[ATTR.usageAudioSeconds], truth().audioSeconds);
    });

    it('converts, whole or with timestamps', async () => {
      for (const convert of [
        async () => read((await speech().convert(VOICE, request(), once)) as never),
        () => speech().convertWithTimestamps(VOICE, request(), once),
      ]) {
        const { attributes } = await spanOf(convert);
        assert.ok(attributes[ATTR.ttfb]);
        assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
        assert.equal(attributes[ATTR.usageAudioSeconds], truth().audioSeconds);
      }
    });

    it('does not know how long compressed audio lasts', async () => {
      const { attributes } = await spanOf(async () =>
        read((await speech().stream(VOICE, { ...request(), outputFormat: 'mp3_44100_128' }, once)) as never),
      );
      assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
      assert.equal(attributes[ATTR.usageAudioSeconds], undefined);
    });

    it('keeps the promise of the SDK, with its methods', async () => {
      await spanOf(async () => {
        const promise = speech().stream(VOICE, request(), once);
        const { data, rawResponse } = await promise.withRawResponse();
        assert.equal(rawResponse.status, 200);
        assert.equal(await promise, data);
        await read(data as never);
      });
    });

    it('is cancelled when the audio is not read to its end', async () => {
      const { attributes } = await spanOf(async () => {
        for await (const _ of (await speech().stream(
          VOICE,
          request(),
          once,
        )) as never as AsyncIterable<unknown>)
          break;
      });
      assert.equal(attributes[ATTR.stageCancelled], true);
      assert.equal(attributes[ATTR.errorType], undefined);
      assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
    });

    it('counts its text when it is given up before the audio comes, or while it comes', async () => {
      for (const when of ['received', 'first_byte'] as const) {
        const { attributes } = await spanOf(async () => {
          const aborted = new AbortController();
          const before = simulator.truth.length;
          // Of this request: the one before may get its first byte only now, when no one listens any more.
          const isThere = () => {
            const since = simulator.truth.slice(before);
            const own = since.find(({ kind }) => kind === 'received')?.requestId;
            return since.some(({ kind, requestId }) => kind === when && requestId === own);
          };
          void poll(isThere).then(() => aborted.abort());
          await assert.rejects(async () =>
            read(
              (await speech().stream(VOICE, request(TEXT.repeat(9)), {
                ...once,
                abortSignal: aborted.signal,
              })) as never,
            ),
          );
        });
        assert.equal(attributes[ATTR.stageCancelled], true, when);
        assert.equal(attributes[ATTR.errorType], undefined, when);
        assert.equal(attributes[ATTR.usageCharacters], TEXT.length * 9, when);
      }
    });

    it('fails with the class of the error, which the application gets as it is', async () => {
      for (const status of [429, 500]) {
        simulator.faults.next({ kind: 'status', status });
        const { attributes } = await spanOf(() =>
          assert.rejects(async () => await speech().stream(VOICE, request(), once), { statusCode: status }),
        );
        assert.equal(attributes[ATTR.errorType], String(status));
        assert.equal(attributes[ATTR.usageCharacters], undefined);
      }
    });

    it('fails when the connection breaks in the middle, with what had come by then', async () => {
      simulator.faults.next({ kind: 'cut', afterChunks: 2 });
      const { attributes } = await spanOf(() =>
        assert.rejects(async () => read((await speech().stream(VOICE, request(), once)) as never)),
      );
      assert.ok(attributes[ATTR.errorType]);
      assert.equal(attributes[ATTR.stageCancelled], undefined);
      assert.equal(attributes[ATTR.usageCharacters], TEXT.length);
    });

    it('keeps two calls at once apart', async () => {
      const calls = [new Call(), new Call()];
      takeSpans();
      await Promise.all(
        calls.map((call, i) =>
          call.run(async () => read((await speech().stream(VOICE, request(`Number ${i}.`), once)) as never)),
        ),
      );
      const spans = takeSpans().filter(({ attributes }) => attributes[ATTR.stage] === 'tts');
      assert.deepEqual(
        new Set(spans.map(({ attributes }) => attributes[ATTR.callId])),
        new Set(calls.map(({ id }) => id)),
      );
      for (const call of calls) call.end();
    });

    it('is not traced where someone else reports it, or where tracing is suppressed', async () => {
      takeSpans();
      for (const silent of [withReportedStages, suppressTracing])
        await context.with(silent(context.active()), async () =>
          read((await speech().stream(VOICE, request(), once)) as never),
        );
      assert.deepEqual(takeSpans(), []);
    });
  });
}

describe('a dialogue', () => {
  it('counts the text of all voices', async () => {
    const client = new newest.ElevenLabsClient({ apiKey: 'key', baseUrl: simulator.url });
    const { attributes } = await spanOf(async () =>
      read(
        (await client.textToDialogue.stream({
          inputs: [
            { text: 'Good evening.', voiceId: VOICE },
            { text: 'Hello!', voiceId: VOICE },
          ],
          modelId: 'eleven_v3',
          outputFormat: 'pcm_16000',
        })) as never,
      ),
    );
    assert.equal(attributes[ATTR.requestModel], 'eleven_v3');
    assert.equal(attributes[ATTR.usageCharacters], 'Good evening.Hello!'.length);
    assert.equal(attributes[ATTR.usageAudioSeconds], truth().audioSeconds);
  });
});
