import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { startChatSimulator } from '../../../demo/simulators/chat.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { setCaptureContent } from '../../../instrumentation/call/content.ts';
import { ATTR } from '../../../model/semconv.ts';
import { poll } from '../../support/poll.ts';
import { requestsReceived } from '../../support/requests-received.ts';
import {
  ask,
  BUILDS,
  client,
  llmFacts,
  MODEL,
  read,
  serveChat,
  simulator,
  truth,
} from '../../support/sdks/chat-completions.ts';
import { spanOf, spansOf, takeFacts } from '../../support/spans.ts';

serveChat();

for (const build of BUILDS) {
  describe(build.name, () => {
    const create = (text: string, options = {}) =>
      client(build).chat.completions.create({ ...ask(text), stream: true }, options);

    it('gives a streamed answer with its first byte, finish reason and usage', async () => {
      const call = new Call();
      takeFacts();
      const stream = await call.run(() =>
        client(build).chat.completions.create({
          ...ask('Can I book a table?'),
          stream: true,
          ...(build.provider === 'openai' && { stream_options: { include_usage: true } }),
        }),
      );
      const words = await read(stream);
      const [fact] = llmFacts();
      call.end();

      const { usage, reply } = truth();
      assert.ok(fact);
      assert.equal(words, reply.kind === 'text' && reply.text);
      assert.deepEqual(fact.usage, {
        inputTokens: usage.prompt_tokens,
        outputTokens: usage.completion_tokens,
      });
      assert.equal(fact.provider, build.provider);
      assert.equal(fact.model, MODEL);
      assert.deepEqual(fact.finishReasons, ['stop']);
      assert.equal(fact.callId, call.id);
      assert.equal(fact.turnIndex, 0);
      assert.ok(fact.firstByteUs !== undefined && fact.firstByteUs - fact.startUs >= 15_000);
      assert.ok(fact.endUs > fact.firstByteUs);
    });

    it('gives a whole answer with its usage, outside of any call, and keeps what was said to itself', async () => {
      const { attributes, name } = await spanOf(() => client(build).chat.completions.create(ask('A table?')));
      assert.equal(name, `chat ${MODEL}`);
      assert.equal(attributes[ATTR.inputTokens], truth().usage.prompt_tokens);
      assert.equal(attributes[ATTR.outputTokens], truth().usage.completion_tokens);
      assert.equal(attributes[ATTR.callId], undefined);
      assert.equal(attributes[ATTR.inputMessages], undefined);
      assert.equal(attributes[ATTR.outputMessages], undefined);
    });

    it('records what was said when that is switched on', async () => {
      setCaptureContent(true);
      const { attributes } = await spanOf(() =>
        client(build).chat.completions.create(ask('Can I book a table?')),
      ).finally(() => setCaptureContent(false));
      assert.deepEqual(JSON.parse(String(attributes[ATTR.inputMessages])), [
        { role: 'user', parts: [{ type: 'text', content: 'Can I book a table?' }] },
      ]);
      assert.match(String(attributes[ATTR.outputMessages]), /At what time/);
    });

    it('counts an answer that is broken off as cancelled, with estimated usage', async () => {
      const question = 'What is on the menu?';
      let heard = '';
      const { attributes } = await spanOf(async () => {
        heard = await read(await create(question), 20);
      });
      assert.equal(attributes[ATTR.stageCancelled], true);
      assert.equal(attributes[ATTR.errorType], undefined);
      assert.equal(attributes[ATTR.inputTokens], Math.ceil(question.length / 4));
      assert.equal(attributes[ATTR.outputTokens], Math.ceil(heard.length / 4));
      assert.equal(attributes[ATTR.usageEstimated], true);
    });

    it('counts an answer as whole when the application stops reading at its finish reason', async () => {
      const { attributes } = await spanOf(async () => {
        for await (const chunk of await create('Can I book a table?'))
          if (chunk.choices[0]?.finish_reason) break;
      });
      assert.equal(attributes[ATTR.stageCancelled], undefined);
      assert.deepEqual(attributes[ATTR.finishReasons], ['stop']);
      // Groq gives the usage with the reason; OpenAI would have given it afterwards, if asked.
      assert.equal(attributes[ATTR.usageEstimated], build.provider === 'openai' ? true : undefined);
    });

    it('counts an answer that is aborted as cancelled, whether it is being read or not', async () => {
      for (const reads of [true, false]) {
        const controller = new AbortController();
        const { attributes } = await spanOf(async () => {
          const stream = await create('What is on the menu?', { signal: controller.signal });
          if (!reads) controller.abort();
          else for await (const chunk of stream) if (chunk.choices[0]?.delta.content) controller.abort();
        });
        assert.equal(attributes[ATTR.stageCancelled], true);
        assert.equal(attributes[ATTR.errorType], undefined);
      }
    });

    it('counts a request that is aborted before it is answered as cancelled', async () => {
      const controller = new AbortController();
      const before = requestsReceived(simulator);
      const { attributes } = await spanOf(async () => {
        const answer = client(build).chat.completions.create(ask('Hello?'), { signal: controller.signal });
        // Only when it has arrived: a request that is late would meet the fault of the next test.
        void poll(() => requestsReceived(simulator) > before, { what: 'the request' }).then(() =>
          controller.abort(),
        );
        await assert.rejects(async () => await answer, /aborted/);
      });
      assert.equal(attributes[ATTR.stageCancelled], true);
      assert.equal(attributes[ATTR.errorType], undefined);
    });

    for (const [status, name] of [
      [429, 'RateLimitError'],
      [500, 'InternalServerError'],
    ] as const) {
      it(`gives the application its own error ${status}, and the stage the class of it`, async () => {
        simulator.faults.next({ kind: 'status', status });
        const { attributes } = await spanOf(() =>
          assert.rejects(async () => await create('Hello?'), { status }),
        );
        assert.equal(attributes[ATTR.errorType], name);
        assert.equal(attributes[ATTR.inputTokens], undefined);
      });
    }

    it('counts a stream whose connection breaks as failed', async () => {
      simulator.faults.next({ kind: 'cut', afterChunks: 3 });
      const { attributes } = await spanOf(() => assert.rejects(async () => read(await create('The menu?'))));
      assert.ok(attributes[ATTR.errorType]);
      assert.equal(attributes[ATTR.stageCancelled], undefined);
      assert.equal(attributes[ATTR.usageEstimated], true);
    });

    it('leaves asResponse as it is, and counts the bytes that the application reads', async () => {
      const { attributes } = await spanOf(async () => {
        const response = await create('The menu?').asResponse();
        assert.ok(response instanceof Response);
        assert.equal(response.bodyUsed, false);
        assert.match(await response.text(), /\[DONE\]/);
        assert.equal(response.bodyUsed, true);
      });
      assert.ok(attributes[ATTR.ttfb]);
      assert.equal(attributes[ATTR.outputTokens], undefined);
    });

    it('leaves withResponse and tee as they are', async () => {
      await spanOf(async () => {
        const { data, response } = await client(build)
          .chat.completions.create(ask('The menu?'))
          .withResponse();
        assert.ok(data.choices[0]?.message.content);
        assert.equal(response.status, 200);
      });
      await spanOf(async () => {
        const [left, right] = (await create('The menu?')).tee();
        const words = read(left);
        assert.equal(await read(right), await words);
        assert.match(await words, /pasta/);
      });
    });

    it('ends with the call when no one reads the stream', async () => {
      const call = new Call();
      takeFacts();
      const stream = await call.run(() => create('The menu?'));
      assert.deepEqual(llmFacts(), []);
      call.end();
      const [fact] = llmFacts();
      assert.equal(fact?.cancelled, true);
      stream.controller.abort();
    });
  });
}

describe('openai', () => {
  const build = BUILDS[2];

  it('traces the .stream() and .parse() helpers once each', async () => {
    const sdk = client(build);
    await spanOf(async () => {
      const answer = await sdk.chat.completions.stream(ask('Can I book a table?')).finalChatCompletion();
      assert.match(String(answer.choices[0]?.message.content), /At what time/);
    });
    await spanOf(() => sdk.chat.completions.parse(ask('Can I book a table?')));
  });

  it('counts each request of runTools once, in one turn with the tool', async () => {
    const call = new Call();
    takeFacts();
    const answer = await call.run(() =>
      client(build)
        .chat.completions.runTools({
          ...ask('When do you open on Sunday?'),
          tools: [
            {
              type: 'function',
              function: {
                name: 'get_opening_hours',
                description: 'When the restaurant opens',
                parameters: {},
                function: () => 'From 18:00.',
              },
            },
          ],
        })
        .finalContent(),
    );
    const [first, second, ...more] = llmFacts();
    call.end();
    assert.ok(answer);
    assert.equal(more.length, 0);
    assert.deepEqual(first?.finishReasons, ['tool_calls']);
    assert.deepEqual(second?.finishReasons, ['stop']);
    assert.deepEqual([first.turnIndex, second.turnIndex], [0, 0]);
  });

  it('has the usage of a whole answer estimated when the application did not ask for it', async () => {
    let answer = '';
    const { attributes } = await spanOf(async () => {
      answer = await read(
        await client(build).chat.completions.create({ ...ask('Can I book a table?'), stream: true }),
      );
    });
    assert.equal(attributes[ATTR.stageCancelled], undefined);
    assert.equal(attributes[ATTR.usageEstimated], true);
    assert.equal(attributes[ATTR.outputTokens], Math.ceil(answer.length / 4));
  });

  it('gives cached tokens as a part of the prompt', async () => {
    const cached = await startChatSimulator({ firstTokenMs: [1, 2], cachedTokens: 5 });
    try {
      const sdk = client(build, { baseURL: `${cached.url}/v1` });
      const { attributes } = await spanOf(() => sdk.chat.completions.create(ask('Can I book a table?')));
      assert.equal(attributes[ATTR.cachedInputTokens], 5);
    } finally {
      await cached.close();
    }
  });

  it('takes a tool call for the first byte and the reason to stop', async () => {
    const { attributes } = await spanOf(async () => {
      const stream = await client(build).chat.completions.create({
        ...ask('When do you open on Sunday?'),
        stream: true,
        tools: [{ type: 'function', function: { name: 'get_opening_hours', parameters: {} } }],
      });
      assert.equal(await read(stream), '');
    });
    assert.deepEqual(attributes[ATTR.finishReasons], ['tool_calls']);
    assert.ok(attributes[ATTR.ttfb]);
  });

  it('stays silent where tracing is suppressed', async () => {
    await spansOf(0, () =>
      context.with(suppressTracing(context.active()), () =>
        client(build).chat.completions.create(ask('The menu?')),
      ),
    );
  });

  it('keeps two calls apart, across timers and promises', async () => {
    const calls = [new Call(), new Call()];
    takeFacts();
    const asked = calls.map((call, i) =>
      call.run(async () => {
        await new Promise((resolve) => setTimeout(resolve, 5 * i));
        return client(build).chat.completions.create({ ...ask(`Question ${i}?`), model: `model-${i}` });
      }),
    );
    await Promise.all(asked);
    const facts = llmFacts();
    for (const call of calls) call.end();
    assert.deepEqual(
      new Map(facts.map(({ callId, model }) => [model, callId])),
      new Map(calls.map(({ id }, i) => [`model-${i}`, id])),
    );
  });
});
