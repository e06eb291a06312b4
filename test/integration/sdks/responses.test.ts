import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import OpenAI from 'openai';
import { Call } from '../../../instrumentation/call/call.ts';
import { setCaptureContent } from '../../../instrumentation/call/content.ts';
import { ATTR } from '../../../model/semconv.ts';
import {
  BUILDS,
  llmFacts,
  MODEL,
  serveResponses,
  simulator,
  TOOLS,
  truth,
} from '../../support/sdks/responses.ts';
import { spanOf, takeFacts } from '../../support/spans.ts';

serveResponses();

for (const { name, make: Make } of BUILDS) {
  describe(`responses of ${name}`, () => {
    const client = () => new Make({ apiKey: 'key', baseURL: `${simulator.url}/v1`, maxRetries: 0 });
    const stream = (input: string, options = {}) =>
      client().responses.create({ model: MODEL, input, stream: true }, options);
    const read = async (input: string, enough = Number.POSITIVE_INFINITY): Promise<string> => {
      let words = '';
      for await (const event of await stream(input)) {
        if (event.type === 'response.output_text.delta') words += event.delta;
        if (words.length > enough) break;
      }
      return words;
    };

    it('give first byte, usage, model and finish reason of a stream, in their turn', async () => {
      const call = new Call();
      takeFacts();
      const words = await call.run(() => read('Can I book a table?'));
      const [fact, ...more] = llmFacts();
      call.end();
      const { usage, reply } = truth();
      assert.equal(more.length, 0);
      assert.equal(words, reply.kind === 'text' && reply.text);
      assert.deepEqual(fact?.usage, {
        inputTokens: usage.input_tokens,
        cachedInputTokens: usage.input_tokens_details.cached_tokens,
        outputTokens: usage.output_tokens,
        reasoningTokens: usage.output_tokens_details.reasoning_tokens,
      });
      assert.equal(fact.provider, 'openai');
      assert.equal(fact.model, MODEL);
      assert.equal(fact.turnIndex, 0);
      assert.equal(fact.callId, call.id);
      assert.deepEqual(fact.finishReasons, ['stop']);
      assert.ok(fact.firstByteUs !== undefined && fact.firstByteUs - fact.startUs >= 15_000);
      assert.ok(fact.endUs > fact.firstByteUs);
    });

    it('give the same of a whole answer, outside of any call', async () => {
      const { attributes } = await spanOf(() =>
        client().responses.create({ model: MODEL, input: 'Can I book a table?' }),
      );
      assert.equal(attributes[ATTR.inputTokens], truth().usage.input_tokens);
      assert.equal(attributes[ATTR.responseModel], `${MODEL}-2026-01-01`);
      assert.equal(attributes[ATTR.responseId], truth().responseId);
      assert.equal(attributes[ATTR.outputMessages], undefined);
    });

    it('are counted once by .stream() and .parse()', async () => {
      const helped = await spanOf(async () => {
        const response = await client()
          .responses.stream({ model: MODEL, input: 'Can I book a table?' })
          .finalResponse();
        assert.match(JSON.stringify(response.output), /At what time/);
      });
      assert.deepEqual(helped.attributes[ATTR.finishReasons], ['stop']);
      const parsed = await spanOf(() =>
        client().responses.parse({ model: MODEL, input: 'Can I book a table?' }),
      );
      assert.equal(parsed.attributes[ATTR.outputTokens], truth().usage.output_tokens);
    });

    it('keep withResponse and asResponse as they are', async () => {
      await spanOf(async () => {
        const { data, response } = await client()
          .responses.create({ model: MODEL, input: 'The menu?' })
          .withResponse();
        assert.match(data.output_text, /pasta/);
        assert.equal(response.status, 200);
      });
      const { attributes } = await spanOf(async () => {
        const response = await stream('The menu?').asResponse();
        assert.ok(response instanceof Response);
        assert.match(await response.text(), /response\.completed/);
      });
      assert.ok(attributes[ATTR.ttfb]);
      assert.equal(attributes[ATTR.outputTokens], undefined);
    });

    it('are in one turn with the tool that they ask for, whatever it takes', async () => {
      const call = new Call();
      takeFacts();
      await call.run(async () => {
        const sdk = client();
        const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'When do you open?' }];
        const asked = await sdk.responses.create({ model: MODEL, input, tools: TOOLS });
        const [item] = asked.output;
        assert.equal(item?.type, 'function_call');
        input.push(item, { type: 'function_call_output', call_id: item.call_id, output: '18:00' });
        for await (const _ of await sdk.responses.create({
          model: MODEL,
          input,
          tools: TOOLS,
          stream: true,
        }));
      });
      const [first, second] = llmFacts();
      call.end();
      assert.deepEqual(first?.finishReasons, ['tool_calls']);
      assert.ok(first.firstByteUs);
      assert.deepEqual(second?.finishReasons, ['stop']);
      assert.equal(second.turnIndex, 0);
    });

    it('take the beginning of a tool call for the first byte of a stream', async () => {
      const { attributes } = await spanOf(async () => {
        const asked = await client().responses.create({
          model: MODEL,
          input: 'When do you open?',
          tools: TOOLS,
          stream: true,
        });
        for await (const _ of asked);
      });
      assert.deepEqual(attributes[ATTR.finishReasons], ['tool_calls']);
      assert.ok(attributes[ATTR.ttfb]);
    });

    it('are cancelled by a break, with estimated usage', async () => {
      const question = 'What is on the menu?';
      let heard = '';
      const { attributes } = await spanOf(async () => {
        heard = await read(question, 20);
      });
      assert.equal(attributes[ATTR.stageCancelled], true);
      assert.equal(attributes[ATTR.errorType], undefined);
      assert.equal(attributes[ATTR.inputTokens], Math.ceil(question.length / 4));
      assert.equal(attributes[ATTR.outputTokens], Math.ceil(heard.length / 4));
      assert.equal(attributes[ATTR.usageEstimated], true);
    });

    it('do not estimate a prompt that lies with the provider', async () => {
      const { attributes } = await spanOf(async () => {
        const continued = await client().responses.create({
          model: MODEL,
          input: 'And the menu?',
          previous_response_id: 'resp_1',
          stream: true,
        });
        for await (const event of continued) if (event.type === 'response.output_text.delta') break;
      });
      assert.equal(attributes[ATTR.inputTokens], undefined);
      assert.equal(attributes[ATTR.usageEstimated], true);
    });

    it('are whole to a reader that stops at their completion', async () => {
      const { attributes } = await spanOf(async () => {
        for await (const event of await stream('The menu?')) if (event.type === 'response.completed') break;
      });
      assert.equal(attributes[ATTR.stageCancelled], undefined);
      assert.equal(attributes[ATTR.outputTokens], truth().usage.output_tokens);
    });

    it('are cancelled by an abort, whether they are being read or not', async () => {
      for (const reads of [true, false]) {
        const controller = new AbortController();
        const { attributes } = await spanOf(async () => {
          const events = await stream('The menu?', { signal: controller.signal });
          if (!reads) controller.abort();
          else
            for await (const event of events)
              if (event.type === 'response.output_text.delta') controller.abort();
        });
        assert.equal(attributes[ATTR.stageCancelled], true);
        assert.equal(attributes[ATTR.errorType], undefined);
      }
    });

    it('fail with the code of the provider, and with what was used', async () => {
      simulator.endings.push('failed');
      const { attributes } = await spanOf(() => read('The menu?'));
      assert.equal(attributes[ATTR.errorType], 'server_error');
      assert.equal(attributes[ATTR.outputTokens], truth().usage.output_tokens);
      simulator.endings.push('failed');
      const whole = await spanOf(() => client().responses.create({ model: MODEL, input: 'The menu?' }));
      assert.equal(whole.attributes[ATTR.errorType], 'server_error');
    });

    it('that are cut short say why', async () => {
      simulator.endings.push('incomplete');
      const { attributes } = await spanOf(() => read('The menu?'));
      assert.deepEqual(attributes[ATTR.finishReasons], ['length']);
      assert.equal(attributes[ATTR.errorType], undefined);
    });

    it('fail with the error that comes in the stream, which the oldest SDK gives as an event', async () => {
      simulator.endings.push('error');
      const { attributes } = await spanOf(() => read('The menu?').catch(() => {}));
      assert.match(String(attributes[ATTR.errorType]), /^(APIError|server_error)$/);
      assert.equal(attributes[ATTR.stageCancelled], undefined);
      assert.equal(attributes[ATTR.usageEstimated], true);
    });

    it('fail with the connection', async () => {
      simulator.endings.push('cut');
      const { attributes } = await spanOf(() => assert.rejects(read('The menu?')));
      assert.ok(attributes[ATTR.errorType]);
      assert.equal(attributes[ATTR.stageCancelled], undefined);
      assert.equal(attributes[ATTR.usageEstimated], true);
    });

    it('fail with the class of a refusal, which is not billed', async () => {
      simulator.faults.next({ kind: 'status', status: 429 });
      const { attributes } = await spanOf(() =>
        assert.rejects(async () => await stream('The menu?'), { status: 429 }),
      );
      assert.equal(attributes[ATTR.errorType], 'RateLimitError');
      assert.equal(attributes[ATTR.inputTokens], undefined);
    });

    it('in the background are the request alone, whose usage is not known', async () => {
      const { attributes } = await spanOf(() =>
        client().responses.create({ model: MODEL, input: 'The menu?', background: true }),
      );
      assert.ok(attributes[ATTR.responseId]);
      assert.equal(attributes[ATTR.inputTokens], undefined);
      assert.equal(attributes[ATTR.usageEstimated], undefined);
      assert.equal(attributes[ATTR.stageCancelled], undefined);
    });

    it('that no one reads end with the call', async () => {
      const call = new Call();
      takeFacts();
      const events = await call.run(() => stream('The menu?'));
      assert.deepEqual(llmFacts(), []);
      call.end();
      assert.equal(llmFacts()[0]?.cancelled, true);
      events.controller.abort();
    });

    it('of two calls stay apart', async () => {
      const calls = [new Call(), new Call()];
      takeFacts();
      await Promise.all(calls.map((call) => call.run(() => read(`The menu of ${call.id}?`))));
      const facts = llmFacts();
      for (const call of calls) call.end();
      assert.deepEqual(new Set(facts.map(({ callId }) => callId)), new Set(calls.map(({ id }) => id)));
    });
  });
}

describe('responses of the beta', () => {
  it('are followed as well', async () => {
    const sdk = new OpenAI({ apiKey: 'key', baseURL: `${simulator.url}/v1` });
    const { attributes } = await spanOf(() =>
      sdk.beta.responses.create({ model: MODEL, input: 'Can I book a table?' }),
    );
    assert.equal(attributes[ATTR.inputTokens], truth().usage.input_tokens);
  });
});

describe('what was said in a response', () => {
  it('is recorded when that is switched on', async () => {
    setCaptureContent(true);
    const sdk = new OpenAI({ apiKey: 'key', baseURL: `${simulator.url}/v1` });
    const { attributes } = await spanOf(() =>
      sdk.responses.create({ model: MODEL, instructions: 'Be brief.', input: 'Can I book a table?' }),
    ).finally(() => setCaptureContent(false));
    assert.deepEqual(JSON.parse(String(attributes[ATTR.inputMessages])), [
      { role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] },
      { role: 'user', parts: [{ type: 'text', content: 'Can I book a table?' }] },
    ]);
    assert.match(String(attributes[ATTR.outputMessages]), /At what time/);
  });
});
