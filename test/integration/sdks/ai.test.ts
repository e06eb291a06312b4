import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { LegacyOpenTelemetry, OpenTelemetry } from '@ai-sdk/otel';
import { context, createContextKey, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import * as newest from 'ai';
import * as oldest from 'ai-oldest';
import Groq, * as groqNamespace from 'groq-sdk';
import { z } from 'zod';
import { readFact } from '../../../exporter/dialects/index.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { setCaptureContent } from '../../../instrumentation/call/content.ts';
import { instrumentAI, patchAi } from '../../../instrumentation/sdks/ai/ai.ts';
import { patchGroq } from '../../../instrumentation/sdks/groq/groq.ts';
import type { StageFact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import type { StageKind } from '../../../model/vocabulary.ts';
import { stagesOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { type ChatSimulator, startChatSimulator } from '../../support/simulators/chat.ts';
import {
  type AudioSimulator,
  recording,
  startAudioSimulator,
} from '../../support/simulators/openai-audio.ts';
import { recordSpans, spanOf, spansOf, takeFacts, takeSpans } from '../../support/spans.ts';

const MODEL = 'gpt-4o-mini';
const QUESTION = 'What is on the menu?';
/** The two versions are alike in what is used here. */
const VERSIONS = [
  { name: 'ai, newest', ai: newest },
  { name: 'ai, oldest', ai: oldest as unknown as typeof newest },
] as const;

let simulator: ChatSimulator;
let files: AudioSimulator;
before(async () => {
  recordSpans();
  patchAi();
  instrumentAI();
  simulator = await startChatSimulator({
    firstTokenMs: [20, 30],
    tokensPerSecond: [400, 500],
    cachedTokens: 3,
  });
  files = await startAudioSimulator();
});
after(async () => {
  await simulator.close();
  await files.close();
});

const openai = (url = simulator.url) => createOpenAI({ apiKey: 'key', baseURL: `${url}/v1` });
const model = () => openai().chat(MODEL);
const stages = (kind: StageKind): StageFact[] => stagesOf(takeFacts(), kind);
const read = async (stream: AsyncIterable<string>, enough = Number.POSITIVE_INFINITY): Promise<string> => {
  let words = '';
  for await (const piece of stream) {
    words += piece;
    if (words.length > enough) break;
  }
  return words;
};
/** What the simulator says that the last finished request used. */
const truth = () => {
  const finished = simulator.truth.findLast((event) => event.kind === 'finished');
  assert.ok(finished?.kind === 'finished');
  return finished;
};
const received = (): number => simulator.truth.filter(({ kind }) => kind === 'received').length;
/** Errors are the application's to see: nothing is printed. */
const quiet = { onError: () => {}, maxRetries: 0 };

for (const { name, ai } of VERSIONS) {
  describe(name, () => {
    const hours = ai.tool({
      description: 'When the restaurant is open.',
      inputSchema: z.object({ day: z.string() }),
      execute: async () => ({ closes: 'ten' }),
    });

    it('gives a streamed answer with its first byte, finish reason and usage', async () => {
      const call = new Call();
      takeFacts();
      const words = await call.run(() =>
        read(ai.streamText({ model: model(), prompt: QUESTION, ...quiet }).textStream),
      );
      const [fact] = stages('llm');
      call.end();

      const { usage, reply } = truth();
      assert.ok(fact);
      assert.equal(words, reply.kind === 'text' && reply.text);
      assert.deepEqual(fact.usage, {
        inputTokens: usage.prompt_tokens,
        cachedInputTokens: 3,
        outputTokens: usage.completion_tokens,
        ...(fact.usage?.reasoningTokens !== undefined && { reasoningTokens: 0 }),
      });
      assert.equal(fact.provider, 'openai');
      assert.equal(fact.model, MODEL);
      assert.deepEqual(fact.finishReasons, ['stop']);
      assert.equal(fact.callId, call.id);
      assert.equal(fact.turnIndex, 0);
      assert.ok(fact.firstByteUs !== undefined && fact.firstByteUs - fact.startUs >= 15_000);
      assert.ok(fact.endUs > fact.firstByteUs);
    });

    it('gives a whole answer with its usage, outside of any call, and keeps what was said to itself', async () => {
      const { attributes, name } = await spanOf(() =>
        ai.generateText({ model: model(), prompt: QUESTION, ...quiet }),
      );
      assert.equal(name, `chat ${MODEL}`);
      assert.equal(attributes[ATTR.inputTokens], truth().usage.prompt_tokens);
      assert.equal(attributes[ATTR.outputTokens], truth().usage.completion_tokens);
      assert.equal(attributes[ATTR.callId], undefined);
      assert.equal(attributes[ATTR.inputMessages], undefined);
      assert.equal(attributes[ATTR.outputMessages], undefined);
    });

    it('records what was said when that is switched on, unless the application keeps it', async () => {
      setCaptureContent(true);
      try {
        const ask = (telemetry = {}) =>
          ai.generateText({ model: model(), instructions: 'Be brief.', prompt: QUESTION, telemetry });
        const { attributes } = await spanOf(() => ask());
        assert.deepEqual(JSON.parse(String(attributes[ATTR.inputMessages])), [
          { role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] },
          { role: 'user', parts: [{ type: 'text', content: QUESTION }] },
        ]);
        assert.match(String(attributes[ATTR.outputMessages]), /pasta/);
        const kept = await spanOf(() => ask({ recordInputs: false, recordOutputs: false }));
        assert.equal(kept.attributes[ATTR.inputMessages], undefined);
        assert.equal(kept.attributes[ATTR.outputMessages], undefined);
        assert.ok(kept.attributes[ATTR.outputTokens]);
      } finally {
        setCaptureContent(false);
      }
    });

    it('gives the application what the SDK gives, down to the stream that it reads', async () => {
      await spansOf(2, async () => {
        const { textStream, usage, finishReason } = ai.streamText({
          model: model(),
          prompt: QUESTION,
          ...quiet,
        });
        const [left, right] = textStream.tee();
        assert.equal(await read(ReadableStream.from(left)), await read(ReadableStream.from(right)));
        assert.equal((await usage).outputTokens, truth().usage.completion_tokens);
        assert.equal(await finishReason, 'stop');
        const whole = await ai.generateText({ model: model(), prompt: QUESTION });
        assert.ok(whole.response.headers);
        assert.match(whole.text, /pasta/);
      });
    });

    it('gives each step and each tool a stage of its turn', async () => {
      const call = new Call();
      takeFacts();
      const words = await call.run(() =>
        read(
          ai.streamText({
            model: model(),
            prompt: 'When do you close on Sunday?',
            tools: { get_opening_hours: hours },
            stopWhen: ai.isStepCount(3),
            ...quiet,
          }).textStream,
        ),
      );
      call.end();
      assert.equal(words, 'On Sunday we close at ten.');
      const facts = takeFacts().filter((fact): fact is StageFact => fact.type === 'stage');
      facts.sort((a, b) => a.startUs - b.startUs);
      assert.deepEqual(
        facts.map(({ stage, finishReasons, toolName, turnIndex }) => ({
          stage,
          finishReasons,
          toolName,
          turnIndex,
        })),
        [
          { stage: 'llm', finishReasons: ['tool_calls'], toolName: undefined, turnIndex: 0 },
          { stage: 'tool', finishReasons: undefined, toolName: 'get_opening_hours', turnIndex: 0 },
          { stage: 'llm', finishReasons: ['stop'], toolName: undefined, turnIndex: 0 },
        ],
      );
      assert.ok(facts[0]?.firstByteUs);
    });

    it('runs a tool below its span, in the context of the application, and gives a failure as it is', async () => {
      const key = createContextKey('the application');
      const seen: unknown[] = [];
      const failing = ai.tool({
        inputSchema: z.object({ day: z.string() }),
        execute: async (): Promise<object> => {
          seen.push(context.active().getValue(key), trace.getActiveSpan()?.spanContext().spanId);
          throw new RangeError('closed');
        },
      });
      let error: unknown;
      const spans = await spansOf(2, () =>
        context.with(context.active().setValue(key, 'here'), async () => {
          const { content } = await ai.generateText({
            model: model(),
            prompt: 'When do you close on Sunday?',
            tools: { get_opening_hours: failing },
          });
          error = content.find((part) => part.type === 'tool-error')?.error;
        }),
      );
      assert.ok(error instanceof RangeError);
      const tool = spans.find(({ attributes }) => attributes[ATTR.stage] === 'tool');
      assert.equal(tool?.attributes[ATTR.errorType], 'RangeError');
      assert.ok(tool?.attributes[ATTR.toolCallId]);
      assert.deepEqual(seen, ['here', tool?.spanId]);
    });

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

    it('gives generateObject and streamObject one stage each', async () => {
      const options = { model: model(), prompt: QUESTION, output: 'no-schema' as const, ...quiet };
      const whole = await spanOf(() => ai.generateObject(options).catch(() => {}));
      assert.equal(whole.attributes[ATTR.requestModel], MODEL);
      const streamed = await spanOf(async () => {
        const { partialObjectStream, object } = ai.streamObject(options);
        void object.catch(() => {});
        for await (const _ of partialObjectStream);
      });
      assert.equal(streamed.attributes[ATTR.outputTokens], truth().usage.completion_tokens);
      assert.ok(streamed.attributes[ATTR.ttfb]);
    });

    it('stays silent where tracing is suppressed, and where the application switches telemetry off', async () => {
      await spansOf(0, () =>
        context.with(suppressTracing(context.active()), () =>
          ai.generateText({ model: model(), prompt: QUESTION }),
        ),
      );
      await spansOf(0, () =>
        ai.generateText({ model: model(), prompt: QUESTION, telemetry: { isEnabled: false } }),
      );
    });

    it('keeps two calls apart, across timers and promises', async () => {
      const calls = [new Call(), new Call()];
      takeFacts();
      const asked = calls.map((call, i) =>
        call.run(async () => {
          await new Promise((resolve) => setTimeout(resolve, 5 * i));
          return ai.generateText({ model: openai().chat(`model-${i}`), prompt: `Question ${i}?` });
        }),
      );
      await Promise.all(asked);
      const facts = stages('llm');
      for (const call of calls) call.end();
      assert.deepEqual(
        new Map(facts.map(({ callId, model }) => [model, callId])),
        new Map(calls.map(({ id }, i) => [`model-${i}`, id])),
      );
    });
  });
}

describe('a provider of the AI SDK that is built on an instrumented SDK', () => {
  it('makes one stage of a request, under its own name', async () => {
    patchGroq(groqNamespace);
    const groq = new Groq({ apiKey: 'key', baseURL: simulator.url });
    const built: Exclude<newest.LanguageModel, string> = {
      specificationVersion: 'v4',
      provider: 'acme.chat',
      modelId: 'acme-1',
      supportedUrls: {},
      doGenerate: async () => {
        const answer = await groq.chat.completions.create({
          model: 'llama-3.1-8b-instant',
          messages: [{ role: 'user', content: QUESTION }],
        });
        return {
          content: [{ type: 'text', text: answer.choices[0]?.message.content ?? '' }],
          finishReason: { unified: 'stop', raw: 'stop' },
          usage: {
            inputTokens: { total: 7, noCache: 7, cacheRead: undefined, cacheWrite: undefined },
            outputTokens: { total: 9, text: 9, reasoning: undefined },
          },
          warnings: [],
        };
      },
      doStream: () => assert.fail('nothing is streamed here'),
    };
    const { attributes } = await spanOf(() => newest.generateText({ model: built, prompt: QUESTION }));
    assert.equal(attributes[ATTR.providerName], 'acme');
    assert.equal(attributes[ATTR.outputTokens], 9);
  });
});

describe('speech with ai', () => {
  const { generateSpeech, transcribe } = newest;
  const speech = (text: string) =>
    generateSpeech({ model: openai(files.url).speech('tts-1'), text, outputFormat: 'pcm', maxRetries: 0 });

  it('gives a synthesis its characters and seconds', async () => {
    const call = new Call();
    takeFacts();
    await call.run(() => speech('Hello there.'));
    const [fact] = stages('tts');
    call.end();
    const spoken = files.truth.at(-1);
    assert.ok(spoken?.kind === 'spoken');
    assert.deepEqual(fact?.usage, { characters: 'Hello there.'.length, audioSeconds: spoken.audioSeconds });
    assert.equal(fact.provider, 'openai');
    assert.equal(fact.model, 'tts-1');
    assert.equal(fact.callId, call.id);
    assert.ok(fact.firstByteUs);
  });

  it('gives a refused synthesis the class of its error', async () => {
    files.faults.next({ kind: 'status', status: 401 });
    const { attributes } = await spanOf(() => assert.rejects(speech('Hello.'), { statusCode: 401 }));
    assert.equal(attributes[ATTR.errorType], 'APICallError');
    assert.equal(attributes[ATTR.usageCharacters], undefined);
  });

  it('makes a transcribed recording the utterance of a turn', async () => {
    const call = new Call();
    takeFacts();
    await call.run(async () => {
      await transcribe({ model: openai(files.url).transcription('whisper-1'), audio: recording(1.5) });
      await newest.generateText({ model: model(), prompt: QUESTION });
    });
    call.end();
    const facts = takeFacts();
    const stt = stagesOf(facts, 'stt')[0];
    assert.deepEqual(stt?.usage, { audioSeconds: 1.5 });
    assert.equal(stt.streaming, false);
    assert.equal(stt.provider, 'openai');
    const turns = facts.filter((fact) => fact.type === 'turn');
    assert.equal(turns.length, 1);
    assert.equal(turns[0]?.initiator, 'user');
    assert.ok(turns[0]?.committedUs);
    // It was sent when the user had fallen silent.
    assert.ok(turns[0].speechEndedUs && stt.firstByteUs && turns[0].speechEndedUs < stt.firstByteUs);
  });

  it('gives a transcription outside of any call a span of its own', async () => {
    const { attributes } = await spanOf(() =>
      transcribe({ model: openai(files.url).transcription('whisper-1'), audio: recording(1.5) }),
    );
    assert.equal(attributes[ATTR.usageAudioSeconds], 1.5);
  });
});

describe('beside @ai-sdk/otel', () => {
  const shared = globalThis as { AI_SDK_TELEMETRY_INTEGRATIONS?: unknown[] };
  before(() => newest.registerTelemetry(new OpenTelemetry()));
  after(() => shared.AI_SDK_TELEMETRY_INTEGRATIONS?.splice(1));

  const hours = newest.tool({
    inputSchema: z.object({ day: z.string() }),
    execute: async () => ({ closes: 'ten' }),
  });
  /** The spans of one streamed answer of two steps, in a call. */
  const answered = async (run: (call: Call) => Promise<unknown>): Promise<SpanRecord[]> => {
    const call = new Call();
    takeSpans();
    await call.run(() => run(call));
    call.end();
    return takeSpans();
  };
  const ask = (abortSignal?: AbortSignal) =>
    newest.streamText({
      model: model(),
      prompt: 'When do you close on Sunday?',
      tools: { get_opening_hours: hours },
      stopWhen: newest.isStepCount(3),
      ...(abortSignal && { abortSignal }),
      ...quiet,
    }).textStream;

  it('makes its spans of requests and tools the stages, and adds none', async () => {
    const spans = await answered(() => read(ask()));
    const named = (name: string) => spans.filter((span) => span.name.startsWith(name));
    assert.equal(named('chat ').length, 2);
    assert.equal(named('execute_tool ').length, 1);
    for (const { scopeName, attributes } of [...named('chat '), ...named('execute_tool ')]) {
      assert.equal(scopeName, 'gen_ai');
      assert.equal(attributes[ATTR.turnIndex], 0);
    }
    const facts = spans.flatMap((span) => readFact(span) ?? []);
    const llm = stagesOf(facts, 'llm');
    assert.deepEqual(
      llm.map(({ finishReasons, provider, model, turnIndex }) => ({
        finishReasons,
        provider,
        model,
        turnIndex,
      })),
      [['tool_calls'], ['stop']].map((finishReasons) => ({
        finishReasons,
        provider: 'openai',
        model: MODEL,
        turnIndex: 0,
      })),
    );
    const finished = simulator.truth.filter((event) => event.kind === 'finished').slice(-2);
    assert.deepEqual(
      llm.map(({ usage }) => [usage?.inputTokens, usage?.outputTokens]),
      finished.map(({ usage }) => [usage.prompt_tokens, usage.completion_tokens]),
    );
    for (const { firstByteUs, startUs } of llm) assert.ok(firstByteUs !== undefined && firstByteUs > startUs);
    assert.equal(facts.filter((fact) => fact.type === 'stage' && fact.stage === 'tool').length, 1);
  });

  it('makes an aborted answer cancelled, with estimated usage', async () => {
    const controller = new AbortController();
    const spans = await answered(async () => {
      const { textStream } = newest.streamText({
        model: model(),
        prompt: QUESTION,
        abortSignal: controller.signal,
        ...quiet,
      });
      for await (const _ of textStream) controller.abort();
    });
    const chats = spans.filter(({ name }) => name.startsWith('chat '));
    assert.equal(chats.length, 1);
    assert.equal(chats[0]?.attributes[ATTR.stageCancelled], true);
    assert.equal(chats[0]?.attributes[ATTR.usageEstimated], true);
  });

  it('keeps the class of an error', async () => {
    simulator.faults.next({ kind: 'status', status: 429 });
    const spans = await answered(() => read(ask()).catch(() => {}));
    const chats = spans.filter(({ name }) => name.startsWith('chat '));
    assert.equal(chats.length, 1);
    assert.ok(chats[0]?.attributes[ATTR.errorType]);
  });

  it('does the same with its legacy spans', async () => {
    const spans = await answered(() => {
      const telemetry = {
        integrations: [...(shared.AI_SDK_TELEMETRY_INTEGRATIONS ?? [])] as newest.Telemetry[],
      };
      telemetry.integrations[1] = new LegacyOpenTelemetry();
      return newest.generateText({ model: model(), prompt: QUESTION, telemetry });
    });
    const llm = spans.filter(({ attributes }) => attributes[ATTR.stage] === 'llm');
    assert.deepEqual(
      llm.map(({ scopeName, attributes }) => [
        scopeName,
        attributes[ATTR.inputTokens],
        attributes[ATTR.turnIndex],
      ]),
      [['ai', truth().usage.prompt_tokens, 0]],
    );
    assert.equal(
      spans.flatMap((span) => readFact(span) ?? []).filter(({ type }) => type === 'stage').length,
      1,
    );
  });

  it('counts a synthesis once', async () => {
    const spans = await answered(() =>
      newest.generateSpeech({
        model: openai(files.url).speech('tts-1'),
        text: 'Hello.',
        outputFormat: 'pcm',
      }),
    );
    const facts = spans.flatMap((span) => readFact(span) ?? []);
    assert.equal(facts.filter((fact) => fact.type === 'stage' && fact.stage === 'tts').length, 1);
  });
});
