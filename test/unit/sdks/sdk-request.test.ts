import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchAnthropic } from '../../../instrumentation/sdks/anthropic/anthropic.ts';
import { patchGenai } from '../../../instrumentation/sdks/genai/genai.ts';
import { UNREAD_MS } from '../../../instrumentation/sdks/kit/requests/deadline.ts';
import { patchOpenAi } from '../../../instrumentation/sdks/openai/openai.ts';
import { ATTR } from '../../../model/semconv.ts';
import { recordSpans, takeSpans } from '../../support/spans.ts';

before(recordSpans);

/** A method of a resource that gives `answer`. */
const giving = (answer: unknown) =>
  class {
    create(_body: object): unknown {
      return answer;
    }
  };

/** A stream of a Stainless SDK that gives these items and then nothing, forever. */
function stream(...items: object[]) {
  async function* iterator() {
    yield* items;
    await new Promise(() => {});
  }
  return { iterator };
}

const bytes = (length: number) =>
  new Response(new ReadableStream({ pull: (body) => body.enqueue(new Uint8Array(length)) }));

/** Requests of one SDK each, of which something has come, and the usage that is known of them by then. */
const OPEN_REQUESTS: Readonly<Record<string, { ask: () => unknown; usage: Record<string, unknown> }>> = {
  'a chat completion': {
    ask: () => {
      const Completions = giving(stream({ choices: [{ index: 0, delta: { content: 'Hello there' } }] }));
      patchOpenAi({ OpenAI: { Chat: { Completions } } });
      return new Completions().create({ stream: true, messages: [{ role: 'user', content: 'Hi' }] });
    },
    usage: { [ATTR.inputTokens]: 1, [ATTR.outputTokens]: 3, [ATTR.usageEstimated]: true },
  },
  'a response': {
    ask: () => {
      const Responses = giving(stream({ type: 'response.output_text.delta', delta: 'Hello there' }));
      patchOpenAi({ OpenAI: { Responses } });
      return new Responses().create({ stream: true, input: 'Hi' });
    },
    usage: { [ATTR.inputTokens]: 1, [ATTR.outputTokens]: 3, [ATTR.usageEstimated]: true },
  },
  'a message': {
    ask: () => {
      const usage = { input_tokens: 7, output_tokens: 1 };
      const Messages = giving(stream({ type: 'message_start', message: { id: 'msg', usage } }));
      patchAnthropic({ Anthropic: { Messages } });
      return new Messages().create({ stream: true, messages: [] });
    },
    usage: { [ATTR.inputTokens]: 7, [ATTR.outputTokens]: 0, [ATTR.usageEstimated]: true },
  },
  'content of Gemini': {
    ask: () => {
      class Models {
        async *generateContentStreamInternal(_params: object) {
          yield { candidates: [{ content: { parts: [{ text: 'Hello there' }] } }] };
          await new Promise(() => {});
        }
      }
      patchGenai({ Models });
      return new Models().generateContentStreamInternal({ contents: 'Hi' });
    },
    usage: { [ATTR.inputTokens]: 1, [ATTR.outputTokens]: 3, [ATTR.usageEstimated]: true },
  },
  'a synthesis': {
    ask: () => {
      const Speech = giving(bytes(24_000));
      patchOpenAi({ OpenAI: { Audio: { Speech } } });
      return new Speech().create({ input: 'Hello there', response_format: 'pcm' });
    },
    usage: { [ATTR.usageCharacters]: 11, [ATTR.usageAudioSeconds]: 0.5 },
  },
};

async function readOne(answer: unknown): Promise<void> {
  if (answer instanceof Response) await answer.body?.getReader().read();
  else if (Symbol.asyncIterator in (answer as object))
    await (answer as AsyncIterable<unknown>)[Symbol.asyncIterator]().next();
  else await (answer as ReturnType<typeof stream>).iterator().next();
}

describe('a request that is open when its call ends', () => {
  for (const [what, { ask, usage }] of Object.entries(OPEN_REQUESTS))
    it(`keeps what it has used by then: ${what}`, async () => {
      const call = new Call();
      takeSpans();
      const answer = await call.run(ask);
      await new Promise(setImmediate);
      await readOne(answer);
      call.end();
      const stage = takeSpans().find(({ attributes }) => attributes[ATTR.operationName]);
      assert.equal(stage?.attributes[ATTR.stageCancelled], true);
      for (const [name, quantity] of Object.entries(usage))
        assert.equal(stage.attributes[name], quantity, name);
    });

  it('has no usage when its bytes are read by the application alone', async () => {
    const Completions = giving({
      parse: () => undefined,
      parseResponse: () => undefined,
      asResponse: async () => bytes(8),
    });
    patchOpenAi({ OpenAI: { Chat: { Completions } } });
    const call = new Call();
    takeSpans();
    const promise = call.run(() => new Completions().create({ messages: [] }));
    await readOne(await (promise as { asResponse(): Promise<Response> }).asResponse());
    call.end();
    const stage = takeSpans().find(({ attributes }) => attributes[ATTR.operationName]);
    assert.equal(stage?.attributes[ATTR.stageCancelled], true);
    assert.equal(stage.attributes[ATTR.inputTokens], undefined);
  });
});

describe('an answer that is never read', () => {
  for (const [what, { ask }] of Object.entries(OPEN_REQUESTS))
    it(`is over when it arrived: ${what}`, async (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] });
      const call = new Call();
      takeSpans();
      await call.run(ask);
      await new Promise(setImmediate);
      const arrivedMs = Date.now();
      t.mock.timers.tick(UNREAD_MS);
      const stage = takeSpans().find(({ attributes }) => attributes[ATTR.operationName]);
      assert.equal(stage?.attributes[ATTR.stageCancelled], true);
      assert.equal(stage.attributes[ATTR.errorType], undefined);
      assert.ok(stage.endUs <= (arrivedMs + 100) * 1_000);
      call.end();
    });

  it('is not given up once it is being read, however long the model takes', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const Completions = giving(stream());
    patchOpenAi({ OpenAI: { Chat: { Completions } } });
    const call = new Call();
    takeSpans();
    const answer = await call.run(() => new Completions().create({ stream: true, messages: [] }));
    void readOne(answer);
    t.mock.timers.tick(UNREAD_MS * 2);
    assert.deepEqual(
      takeSpans().filter(({ attributes }) => attributes[ATTR.operationName]),
      [],
    );
    call.end();
  });

  it('is not waited for either where the application does not even wait for its response', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const Completions = giving({
      responsePromise: Promise.resolve({}),
      parse: () => undefined,
      parseResponse: () => undefined,
      asResponse: async () => bytes(8),
    });
    patchOpenAi({ OpenAI: { Chat: { Completions } } });
    const call = new Call();
    takeSpans();
    call.run(() => new Completions().create({ stream: true, messages: [] }));
    await new Promise(setImmediate);
    t.mock.timers.tick(UNREAD_MS);
    const stage = takeSpans().find(({ attributes }) => attributes[ATTR.operationName]);
    assert.equal(stage?.attributes[ATTR.stageCancelled], true);
    call.end();
  });
});
