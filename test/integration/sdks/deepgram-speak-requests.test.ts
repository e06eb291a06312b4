import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Call } from '../../../instrumentation/call/call.ts';
import type { StageFact } from '../../../model/facts.ts';
import { DEEPGRAM_SDKS } from '../../support/deepgram-sdks.ts';
import { poll } from '../../support/poll.ts';
import {
  clientOf,
  FIRST,
  FLUX,
  isFirstByteOf,
  last,
  PHONE,
  RAW,
  SECOND,
  serveSpeak,
  simulator,
  syntheses,
  truth,
} from '../../support/sdks/deepgram-speak.ts';
import { takeFacts } from '../../support/spans.ts';

serveSpeak();

const [{ Client: Newest }] = DEEPGRAM_SDKS;

for (const { name, Client } of DEEPGRAM_SDKS) {
  describe(`speak as a request, ${name}`, () => {
    const generate = (request: object, options?: object, client: object = {}) =>
      clientOf(Client, client).speak.v1.audio.generate(request as never, options as never);

    it('gives first byte, characters and seconds, in the turn that it answers', async () => {
      const call = new Call();
      takeFacts();
      const audio = await call.run(() => generate({ ...RAW, text: FIRST }));
      const bytes = (await audio.arrayBuffer()).byteLength;
      const { tts } = await syntheses(1);
      assert.equal(tts[0]?.turnIndex, 0);
      assert.equal(tts[0].model, RAW.model);
      assert.deepEqual(tts[0].usage, { characters: FIRST.length, audioSeconds: bytes / 8_000 });
      assert.equal(last('finished').audioSeconds, bytes / 8_000);
      isFirstByteOf(tts[0], last('first_byte'));
      call.end();
    });

    it('fails with the class of the error, which the application gets as it is', async () => {
      for (const [status, errorType] of [
        [429, '429'],
        [400, 'BadRequestError'],
      ] as const) {
        takeFacts();
        const call = new Call();
        simulator.faults.next({ kind: 'status', status });
        await assert.rejects(
          call.run(async () => await generate({ ...RAW, text: FIRST }, { maxRetries: 0 })),
          { statusCode: status },
        );
        const { tts } = await syntheses(1);
        assert.equal(tts[0]?.errorType, errorType);
        assert.equal(tts[0].usage, undefined);
        call.end();
      }
    });
  });
}

describe('audio that a request gives', () => {
  const generate = (request: object, options?: object) =>
    clientOf(Newest).speak.v1.audio.generate(
      { model: PHONE.model, text: FIRST, ...request } as never,
      options as never,
    );
  const inCall = async (run: () => Promise<unknown>): Promise<StageFact | undefined> => {
    const call = new Call();
    takeFacts();
    await call.run(run);
    const { tts } = await syntheses(1);
    call.end();
    return tts[0];
  };

  it('is heard as a stream as well, at the reader’s pace', async () => {
    const fact = await inCall(async () => {
      const audio = await generate(RAW);
      for await (const _ of audio.stream() ?? []);
      assert.equal(audio.bodyUsed, true);
    });
    assert.equal(fact?.usage?.audioSeconds, last('finished').audioSeconds);
  });

  it('keeps its type as a blob', async () => {
    const { rawResponse } = await generate({ encoding: 'linear16' }).withRawResponse();
    assert.equal(rawResponse.headers.get('content-type'), 'audio/wav');
    const fact = await inCall(async () => {
      const blob = await (await generate({ encoding: 'linear16' })).blob();
      assert.equal(blob.type, 'audio/wav');
    });
    assert.equal(fact?.usage?.audioSeconds, last('finished').audioSeconds);
  });

  it('has no known length when it is compressed', async () => {
    const fact = await inCall(async () => (await generate({})).arrayBuffer());
    assert.deepEqual(fact?.usage, { characters: FIRST.length });
    assert.ok(fact.firstByteUs);
  });

  it('is cancelled when it is not read to its end, or given up before it comes', async () => {
    const left = await inCall(async () => {
      for await (const _ of (await generate(RAW)).stream() ?? []) break;
    });
    assert.equal(left?.cancelled, true);
    simulator.faults.next({ kind: 'delay', ms: 2_000 });
    const givenUp = await inCall(async () => {
      const aborted = new AbortController();
      const before = truth('received').length;
      const asked = generate(RAW, {
        abortSignal: aborted.signal,
        maxRetries: 0,
        // Its timer outlives a request that is given up, and keeps the process.
        timeoutInSeconds: 10,
      });
      void poll(() => truth('received').length > before).then(() => aborted.abort());
      await assert.rejects(async () => await asked);
    });
    assert.equal(givenUp?.cancelled, true);
    assert.equal(givenUp.errorType, undefined);
    assert.equal(givenUp.usage?.characters, FIRST.length);
  });

  it('fails in the middle with what had come', async () => {
    simulator.faults.next({ kind: 'cut', afterChunks: 2 });
    const fact = await inCall(async () =>
      assert.rejects(async () => (await generate({ ...RAW, text: SECOND }, { maxRetries: 0 })).arrayBuffer()),
    );
    assert.ok(fact?.errorType);
    assert.equal(fact.cancelled, undefined);
    assert.deepEqual(fact.usage, { characters: SECOND.length, audioSeconds: 0.2 });
  });

  it('of Flux is heard in the same way', async () => {
    const fact = await inCall(async () => {
      const request = { ...RAW, model: FLUX.model, text: FIRST };
      await (await clientOf(Newest).speak.v2.audio.generate(request as never)).arrayBuffer();
    });
    assert.equal(fact?.model, FLUX.model);
    assert.deepEqual(fact.usage, { characters: FIRST.length, audioSeconds: last('finished').audioSeconds });
  });

  it('goes elsewhere when the application wants it called back', async () => {
    const fact = await inCall(async () => await generate({ callback: 'https://example.com/audio' }));
    assert.deepEqual(fact?.usage, { characters: FIRST.length });
    assert.equal(fact.firstByteUs, undefined);
  });
});
