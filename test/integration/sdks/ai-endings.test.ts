import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Call } from '../../../instrumentation/call/call.ts';
import { ATTR } from '../../../model/semconv.ts';
import { poll } from '../../support/poll.ts';
import {
  model,
  QUESTION,
  quiet,
  read,
  received,
  serveAi,
  simulator,
  stages,
  VERSIONS,
} from '../../support/sdks/ai.ts';
import { spanOf, spansOf, takeFacts } from '../../support/spans.ts';

serveAi();

for (const { name, ai } of VERSIONS) {
  describe(name, () => {
    it('counts an answer that is aborted as cancelled, with estimated usage', async () => {
      const controller = new AbortController();
      let heard = '';
      const { attributes } = await spanOf(async () => {
        const { textStream } = ai.streamText({
          model: model(),
          prompt: QUESTION,
          abortSignal: controller.signal,
          ...quiet,
        });
        for await (const piece of textStream) {
          heard += piece;
          if (heard.length > 20) controller.abort();
        }
      });
      assert.equal(attributes[ATTR.stageCancelled], true);
      assert.equal(attributes[ATTR.errorType], undefined);
      assert.equal(attributes[ATTR.inputTokens], Math.ceil(QUESTION.length / 4));
      assert.ok(Number(attributes[ATTR.outputTokens]) >= Math.ceil(heard.length / 4));
      assert.equal(attributes[ATTR.usageEstimated], true);
    });

    it('counts a request that is aborted before it is answered as cancelled', async () => {
      const controller = new AbortController();
      const { attributes } = await spanOf(async () => {
        const asked = received();
        const answer = ai.generateText({ model: model(), prompt: 'Hello?', abortSignal: controller.signal });
        void poll(() => received() > asked).then(() => controller.abort());
        await assert.rejects(answer, { name: 'AbortError' });
      });
      assert.equal(attributes[ATTR.stageCancelled], true);
      assert.equal(attributes[ATTR.errorType], undefined);
    });

    it('counts an answer that is left in the middle, or that no one reads, as cancelled when its call ends', async () => {
      for (const enough of [20, undefined]) {
        const call = new Call();
        takeFacts();
        const asked = received();
        const { textStream } = call.run(() => ai.streamText({ model: model(), prompt: QUESTION, ...quiet }));
        if (enough !== undefined) await read(textStream, enough);
        else await poll(() => received() > asked);
        call.end();
        const [fact] = stages('llm');
        assert.equal(fact?.cancelled, true);
        assert.equal(fact.usage?.inputTokens, Math.ceil(QUESTION.length / 4));
        assert.equal(fact.usage?.estimated, true);
      }
    });

    it('counts each attempt of a request that is refused, and gives the application its own error', async () => {
      simulator.faults.next({ kind: 'status', status: 429, retryAfterSeconds: 0 });
      const spans = await spansOf(2, () =>
        ai.generateText({ model: model(), prompt: QUESTION, maxRetries: 1 }),
      );
      assert.deepEqual(
        spans.map(({ attributes }) => [
          attributes[ATTR.errorType],
          attributes[ATTR.inputTokens] === undefined,
        ]),
        [
          ['APICallError', true],
          [undefined, false],
        ],
      );
      simulator.faults.next({ kind: 'status', status: 500 });
      let error: unknown;
      const { attributes } = await spanOf(() =>
        read(
          ai.streamText({
            model: model(),
            prompt: QUESTION,
            maxRetries: 0,
            onError: (event) => {
              error = event.error;
            },
          }).textStream,
        ).catch(() => {}),
      );
      assert.equal((error as { statusCode?: unknown }).statusCode, 500);
      assert.equal(attributes[ATTR.errorType], 'APICallError');
      assert.equal(attributes[ATTR.inputTokens], undefined);
    });

    it('counts a stream whose connection breaks as failed', async () => {
      simulator.faults.next({ kind: 'cut', afterChunks: 3 });
      const { attributes } = await spanOf(() =>
        read(ai.streamText({ model: model(), prompt: QUESTION, ...quiet }).textStream).catch(() => {}),
      );
      assert.ok(attributes[ATTR.errorType]);
      assert.equal(attributes[ATTR.stageCancelled], undefined);
      assert.equal(attributes[ATTR.usageEstimated], true);
    });
  });
}
