import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LegacyOpenTelemetry, OpenTelemetry } from '@ai-sdk/otel';
import * as newest from 'ai';
import Groq, * as groqNamespace from 'groq-sdk';
import { z } from 'zod';
import { readFact } from '../../../exporter/dialects/index.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchGroq } from '../../../instrumentation/sdks/groq/groq.ts';
import { ATTR } from '../../../model/semconv.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { stagesOf } from '../../support/facts.ts';
import {
  files,
  MODEL,
  model,
  openai,
  QUESTION,
  quiet,
  read,
  serveAi,
  simulator,
  truth,
} from '../../support/sdks/ai.ts';
import { spanOf, takeSpans } from '../../support/spans.ts';

serveAi();

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
