import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type Cartesia from '@cartesia/cartesia-js';
import { Call } from '../../../instrumentation/call/call.ts';
import { nowUs } from '../../../instrumentation/call/clock.ts';
import { ATTR } from '../../../model/semconv.ts';
import { stagesOf, turnsOf } from '../../support/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import {
  BUILDS,
  client,
  factsOf,
  SPOKEN,
  secondsWith,
  serveListen,
  simulator,
} from '../../support/sdks/cartesia-listen.ts';
import { takeFacts, takeSpans } from '../../support/spans.ts';

serveListen();

for (const { name, Client } of BUILDS) {
  describe(`a recording that Cartesia transcribes, ${name}`, () => {
    const request = (cartesia: Cartesia = client(Client), signal?: AbortSignal) =>
      cartesia.stt.transcribe(
        { file: new File([SPOKEN.mulaw], 'hello.raw'), model: 'ink-whisper' },
        { signal },
      );
    const once = (Build: typeof Cartesia): Cartesia =>
      new Build({ apiKey: 'key', baseURL: simulator.url, maxRetries: 0 });

    it('gives its words, in the turn that they open, and its seconds', async () => {
      // It was recorded in the call.
      const call = new Call({ at: Date.now() - 60_000 });
      takeFacts();
      const cartesia = client(Client);
      const requestedUs = nowUs();
      const { text } = await call.run(() => request(cartesia));
      assert.equal(text, SPOKEN.text);
      assert.equal(call.turn?.userText, SPOKEN.text);
      call.end();
      const facts = factsOf(call);
      const [turn, ...others] = turnsOf(facts);
      assert.deepEqual(others, []);
      assertNear(turn?.speechStartedUs, requestedUs - secondsWith(0) * 1e6, 0);
      assertNear(turn?.speechEndedUs, requestedUs, 0);
      const [stt, ...stages] = stagesOf(facts, 'stt');
      assert.deepEqual(stages, []);
      assert.equal(stt?.turnIndex, 0);
      assert.equal(stt.provider, 'cartesia');
      assert.equal(stt.model, 'ink-whisper');
      assert.equal(stt.streaming, false);
      assert.deepEqual(stt.usage, { audioSeconds: secondsWith(0) });
    });

    it('is a span of its own outside of any call', async () => {
      takeSpans();
      await request();
      assert.deepEqual(
        takeSpans().map(({ attributes }) => [attributes[ATTR.callId], attributes[ATTR.usageAudioSeconds]]),
        [[undefined, secondsWith(0)]],
      );
    });

    it('fails with the class of the error, which the application gets as it is', async () => {
      const call = new Call();
      takeFacts();
      simulator.faults.next({ kind: 'status', status: 429 });
      await assert.rejects(async () => await call.run(() => request(once(Client))), { status: 429 });
      call.end();
      assert.deepEqual(
        stagesOf(factsOf(call), 'stt').map(({ errorType, streaming }) => [errorType, streaming]),
        [['RateLimitError', false]],
      );
    });

    it('is cancelled when the application gives it up', async () => {
      const call = new Call();
      takeFacts();
      simulator.faults.next({ kind: 'delay', ms: 200 });
      const signal = AbortSignal.timeout(20);
      await assert.rejects(async () => await call.run(() => request(once(Client), signal)));
      call.end();
      assert.deepEqual(
        stagesOf(factsOf(call), 'stt').map(({ cancelled, errorType }) => [cancelled, errorType]),
        [[true, undefined]],
      );
    });

    it('counts once, and stays the response that it is', async () => {
      const call = new Call();
      takeFacts();
      const response = await call.run(() => request().asResponse());
      assert.equal(((await response.json()) as { text: string }).text, SPOKEN.text);
      const { data, response: whole } = await call.run(() => request().withResponse());
      assert.equal(data.text, SPOKEN.text);
      assert.equal(whole.status, 200);
      await poll(() => call.turn);
      call.end();
      assert.deepEqual(
        stagesOf(factsOf(call), 'stt').map(({ usage }) => usage?.audioSeconds),
        [undefined, secondsWith(0)],
      );
    });
  });
}
