import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { OpenAIInstrumentation as OpenInference } from '@arizeai/openinference-instrumentation-openai';
import { context, metrics, trace } from '@opentelemetry/api';
import { OpenAIInstrumentation } from '@opentelemetry/instrumentation-openai';
import { OpenAIInstrumentation as Traceloop } from '@traceloop/instrumentation-openai';
import * as anthropic from 'anthropic-sdk-oldest';
import type OpenAI from 'openai';
import { type ChatSimulator, startChatSimulator } from '../../../demo/simulators/chat.ts';
import { readFact } from '../../../exporter/dialects/index.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchOpenAi } from '../../../instrumentation/sdks/openai/openai.ts';
import { ATTR } from '../../../model/semconv.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { SCOPE } from '../../../model/version.ts';
import { poll } from '../../support/poll.ts';
import { ask, MODEL, serveAnthropic, simulator, truth } from '../../support/sdks/anthropic.ts';
import { type ResponsesSimulator, startResponsesSimulator } from '../../support/simulators/responses.ts';
import { recordSpans, takeSpans } from '../../support/spans.ts';

type Sdk = { OpenAI: typeof OpenAI };
type Hooked = { init(): { patch(sdk: Sdk): void }[] };

/** The SDK as a process has it that has just started: its classes are wrapped by no one. */
function freshSdk(): Sdk {
  const require = createRequire(import.meta.url);
  for (const path of Object.keys(require.cache))
    if (/[\\/]node_modules[\\/]openai[\\/]/.test(path)) delete require.cache[path];
  return require('openai') as Sdk;
}

/** What each of them does when its hook meets the SDK. */
const OTHERS = [
  {
    name: '@opentelemetry/instrumentation-openai',
    patch: (sdk: Sdk) => {
      const other = new OpenAIInstrumentation();
      other.setMeterProvider(metrics.getMeterProvider());
      for (const { patch } of (other as unknown as Hooked).init()) patch(sdk);
    },
  },
  {
    name: '@traceloop/instrumentation-openai',
    patch: ({ OpenAI }: Sdk) => new Traceloop({ enrichTokens: false }).manuallyInstrument(OpenAI as never),
  },
  {
    name: '@arizeai/openinference-instrumentation-openai',
    patch: (sdk: Sdk) => new OpenInference().manuallyInstrument(sdk as never),
  },
] as const;

serveAnthropic();
let chat: ChatSimulator;
let responses: ResponsesSimulator;
before(async () => {
  recordSpans();
  chat = await startChatSimulator({ firstTokenMs: [20, 30], tokensPerSecond: [400, 500] });
  responses = await startResponsesSimulator();
});
after(async () => {
  await chat.close();
  await responses.close();
});

const QUESTION = 'Can I book a table?';
const MESSAGES = [{ role: 'user' as const, content: QUESTION }];
const drain = async (stream: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of stream);
};
const chatUsage = () => {
  const finished = chat.truth.findLast((event) => event.kind === 'finished');
  assert.ok(finished?.kind === 'finished');
  return { inputTokens: finished.usage.prompt_tokens, outputTokens: finished.usage.completion_tokens };
};
const responseUsage = () => {
  const finished = responses.truth.findLast((event) => event.kind === 'finished');
  assert.ok(finished?.kind === 'finished');
  return { inputTokens: finished.usage.input_tokens, outputTokens: finished.usage.output_tokens };
};

for (const other of OTHERS) {
  for (const order of ['inside', 'around'] as const) {
    describe(`${other.name} ${order} ours`, () => {
      const sdk = freshSdk();
      if (order === 'inside') other.patch(sdk);
      patchOpenAi(sdk);
      if (order === 'around') other.patch(sdk);
      // A process may meet the SDK again.
      patchOpenAi(sdk);
      const client = ({ url }: { url: string }) =>
        new sdk.OpenAI({ apiKey: 'key', baseURL: `${url}/v1`, maxRetries: 0 });

      /** The only span of the one request that `run` makes in a call, what the rows read in it, and that of its turn. */
      const requestOf = async (run: () => Promise<unknown>) => {
        takeSpans();
        const call = new Call();
        await call.run(run);
        const spans: SpanRecord[] = [];
        const requests = () => spans.filter(({ name }) => !/^(voice\.|response$)/.test(name));
        await poll(() => {
          spans.push(...takeSpans());
          return requests().length > 0;
        });
        call.end();
        spans.push(...takeSpans());
        const [span, ...more] = requests();
        assert.equal(more.length, 0, more.map(({ name }) => name).join());
        assert.ok(span);
        assert.equal(span.scopeName, other.name);
        const fact = readFact(span);
        assert.ok(fact?.type === 'stage');
        assert.equal(fact.stage, 'llm');
        assert.equal(fact.callId, call.id);
        assert.equal(fact.turnIndex, 0);
        assert.equal(fact.provider, 'openai');
        const turn = spans.find((candidate) => readFact(candidate)?.type === 'turn');
        assert.ok(turn);
        return { span, fact, turn };
      };

      it('is the one span of a streamed chat, with our turn, first byte and usage', async () => {
        const { span, fact, turn } = await requestOf(async () =>
          drain(
            await client(chat).chat.completions.create({
              model: 'gpt-4.1-mini',
              messages: MESSAGES,
              stream: true,
              stream_options: { include_usage: true },
            }),
          ),
        );
        assert.deepEqual(fact.usage, chatUsage());
        // One answer has one id: were it told twice, it would be on two spans.
        const answered = chat.truth.findLast((event) => event.kind === 'finished');
        assert.equal(span.attributes[ATTR.responseId], answered?.requestId);
        assert.ok(fact.firstByteUs !== undefined && fact.firstByteUs - fact.startUs >= 10_000);
        assert.ok(fact.endUs > fact.firstByteUs);
        assert.deepEqual(fact.finishReasons, ['stop']);
        if (order === 'inside') assert.equal(span.parentSpanId, turn.spanId);
      });

      it('is the one span of a whole chat', async () => {
        const { fact } = await requestOf(() =>
          client(chat).chat.completions.create({ model: 'gpt-4.1-mini', messages: MESSAGES }),
        );
        assert.deepEqual(fact.usage, chatUsage());
      });

      it('is the one span of a whole response', async () => {
        const { fact } = await requestOf(() =>
          client(responses).responses.create({ model: 'gpt-4.1-mini', input: QUESTION }),
        );
        const { inputTokens, outputTokens } = fact.usage ?? {};
        assert.deepEqual({ inputTokens, outputTokens }, responseUsage());
        assert.deepEqual(fact.finishReasons, ['stop']);
      });

      it('is the one span of a streamed response, to its last token', async () => {
        const { fact } = await requestOf(async () =>
          drain(
            await client(responses).responses.create({
              model: 'gpt-4.1-mini',
              input: QUESTION,
              stream: true,
            }),
          ),
        );
        const { inputTokens, outputTokens } = fact.usage ?? {};
        assert.deepEqual({ inputTokens, outputTokens }, responseUsage());
        assert.ok(fact.firstByteUs !== undefined && fact.endUs > fact.firstByteUs);
      });

      it('is the one span of a request that fails', async () => {
        chat.faults.next({ kind: 'status', status: 429 });
        const { fact } = await requestOf(() =>
          assert.rejects(
            async () =>
              await client(chat).chat.completions.create({ model: 'gpt-4.1-mini', messages: MESSAGES }),
            { status: 429 },
          ),
        );
        assert.equal(fact.errorType, 'RateLimitError');
        assert.equal(fact.usage, undefined);
      });

      // It splits the stream in two and reads its own half to the end, so that a `break` reaches no one.
      const splits = other.name.startsWith('@arizeai');
      it('is ended when the answer is broken off, which they may forget', { skip: splits }, async () => {
        const { fact } = await requestOf(async () => {
          const stream = await client(chat).chat.completions.create({
            model: 'gpt-4.1-mini',
            messages: [{ role: 'user', content: 'The menu?' }],
            stream: true,
          });
          for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
        });
        assert.equal(fact.cancelled, true);
        assert.equal(fact.errorType, undefined);
        assert.equal(fact.usage?.estimated, true);
      });

      it('leaves speech to us', async () => {
        takeSpans();
        await assert.rejects(
          async () =>
            await client(chat).audio.speech.create({ model: 'tts-1', voice: 'nova', input: 'Hello' }),
        );
        const [span, ...more] = takeSpans();
        assert.equal(more.length, 0);
        assert.equal(span?.scopeName, SCOPE);
        assert.equal(span.attributes[ATTR.stage], 'tts');
      });
    });
  }
}

describe('beside another instrumentation of the SDK', () => {
  const { Messages } = anthropic.Anthropic;
  const { create } = Messages.prototype;
  /** As instrumentations do it that are built on OpenTelemetry's base. */
  const instrumented = function (this: unknown, ...args: never[]) {
    const span = trace.getTracer('@traceloop/instrumentation-anthropic').startSpan(`chat ${MODEL}`);
    const within = trace.setSpan(context.active(), span);
    return context.with(within, () => create.apply(this as never, args as never));
  };
  before(() => {
    Messages.prototype.create = Object.assign(instrumented, { __original: create }) as never;
  });
  after(() => {
    Messages.prototype.create = create;
  });

  it('a request is its span, also where it is left and the span never ended', async () => {
    const client = new anthropic.Anthropic({ apiKey: 'key', baseURL: simulator.url });
    for (const enough of [Number.POSITIVE_INFINITY, 5]) {
      const call = new Call();
      takeSpans();
      await call.run(async () => {
        let events = 0;
        for await (const _ of await client.messages.create({ ...ask(), stream: true }))
          if (++events >= enough) break;
      });
      const spans: SpanRecord[] = [];
      await poll(() => spans.push(...takeSpans()) > 0);
      call.end();
      const [span, ...more] = spans.filter(({ name }) => name === `chat ${MODEL}`);
      assert.deepEqual(more, []);
      assert.equal(span?.scopeName, '@traceloop/instrumentation-anthropic');
      assert.equal(span.attributes[ATTR.callId], call.id);
      assert.equal(span.attributes[ATTR.inputTokens], truth().usage.inputTokens);
      assert.equal(span.attributes[ATTR.stageCancelled], enough === 5 ? true : undefined);
    }
  });

  it('outside of a call it is no other', async () => {
    takeSpans();
    await new anthropic.Anthropic({ apiKey: 'key', baseURL: simulator.url }).messages.create(ask());
    const spans: SpanRecord[] = [];
    await poll(() => spans.push(...takeSpans()) > 0);
    assert.deepEqual(
      spans.map(({ scopeName }) => scopeName),
      ['@traceloop/instrumentation-anthropic'],
    );
  });
});
