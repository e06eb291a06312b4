import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import * as newest from '@google/genai';
import * as oldest from '@google/genai-oldest';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { Call } from '../../../instrumentation/call/call.ts';
import { setCaptureContent } from '../../../instrumentation/call/content.ts';
import { patchGenai } from '../../../instrumentation/sdks/genai/genai.ts';
import type { StageFact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import { stagesOf } from '../../support/facts.ts';
import { type GeminiSimulator, startGeminiSimulator } from '../../support/simulators/gemini.ts';
import { recordSpans, spanOf, spansOf, takeFacts } from '../../support/spans.ts';

type Sdk = typeof newest;
type Chunk = newest.GenerateContentResponse;
const require = createRequire(import.meta.url);
const MODEL = 'gemini-3.8-flash';
const QUESTION = 'What is on the menu?';
const BUILDS: readonly { name: string; sdk: Sdk }[] = [
  { name: '@google/genai, newest, from ESM', sdk: newest },
  { name: '@google/genai, newest, from CommonJS', sdk: require('@google/genai') },
  { name: '@google/genai, oldest, from ESM', sdk: oldest as unknown as Sdk },
  { name: '@google/genai, oldest, from CommonJS', sdk: require('@google/genai-oldest') },
];

let simulator: GeminiSimulator;
before(async () => {
  recordSpans();
  for (const { sdk } of BUILDS) patchGenai(sdk);
  simulator = await startGeminiSimulator({
    firstTokenMs: [20, 30],
    tokensPerSecond: [400, 500],
    thoughtTokens: 7,
    cachedTokens: 2,
  });
});
after(() => simulator.close());

const stages = (): StageFact[] => stagesOf(takeFacts(), 'llm');
const read = async (stream: AsyncIterable<Chunk>, enough = Number.POSITIVE_INFINITY): Promise<string> => {
  let words = '';
  for await (const chunk of stream) {
    words += chunk.text ?? '';
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

for (const { name, sdk } of BUILDS) {
  describe(name, () => {
    const models = (options: object = {}) =>
      new sdk.GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: simulator.url }, ...options }).models;
    const stream = (question = QUESTION, config: newest.GenerateContentConfig = {}) =>
      models().generateContentStream({ model: MODEL, contents: question, config });
    const openingHours = {
      functionDeclarations: [{ name: 'get_opening_hours', parametersJsonSchema: { type: 'object' } }],
    };

    it('gives a streamed answer with its first byte, finish reason and usage', async () => {
      const call = new Call();
      takeFacts();
      const words = await call.run(async () => read(await stream()));
      const [fact] = stages();
      call.end();

      const { usage, reply } = truth();
      assert.ok(fact);
      assert.equal(words, reply.kind === 'text' && reply.text);
      assert.deepEqual(fact.usage, {
        inputTokens: usage.promptTokenCount,
        cachedInputTokens: 2,
        inputAudioTokens: 0,
        outputTokens: usage.candidatesTokenCount + 7,
        reasoningTokens: 7,
      });
      assert.equal(fact.provider, 'gcp.gemini');
      assert.equal(fact.model, MODEL);
      assert.deepEqual(fact.finishReasons, ['stop']);
      assert.equal(fact.callId, call.id);
      assert.equal(fact.turnIndex, 0);
      // Thoughts come earlier and are not an answer.
      assert.ok(fact.firstByteUs !== undefined && fact.firstByteUs - fact.startUs >= 18_000);
      assert.ok(fact.endUs > fact.firstByteUs);
    });

    it('gives a whole answer with its usage, outside of any call, and keeps what was said to itself', async () => {
      const { attributes, name } = await spanOf(() =>
        models().generateContent({ model: `models/${MODEL}`, contents: QUESTION }),
      );
      assert.equal(name, `chat ${MODEL}`);
      assert.equal(attributes[ATTR.inputTokens], truth().usage.promptTokenCount);
      assert.equal(attributes[ATTR.outputTokens], truth().usage.candidatesTokenCount + 7);
      assert.equal(attributes[ATTR.callId], undefined);
      assert.equal(attributes[ATTR.inputMessages], undefined);
      assert.equal(attributes[ATTR.outputMessages], undefined);
    });

    it('records what was said when that is switched on', async () => {
      setCaptureContent(true);
      const { attributes } = await spanOf(() =>
        models().generateContent({
          model: MODEL,
          contents: [{ role: 'user', parts: [{ text: QUESTION }] }],
          config: { systemInstruction: 'Be brief.' },
        }),
      ).finally(() => setCaptureContent(false));
      assert.deepEqual(JSON.parse(String(attributes[ATTR.inputMessages])), [
        { role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] },
        { role: 'user', parts: [{ type: 'text', content: QUESTION }] },
      ]);
      assert.match(String(attributes[ATTR.outputMessages]), /pasta/);
    });

    it('names Vertex AI', async () => {
      const { attributes } = await spanOf(() =>
        models({ apiKey: 'key', vertexai: true }).generateContent({ model: MODEL, contents: QUESTION }),
      );
      assert.equal(attributes[ATTR.providerName], 'gcp.vertex_ai');
    });

    it('takes a tool call for the first byte and the reason to stop', async () => {
      const { attributes } = await spanOf(async () => {
        assert.equal(await read(await stream('When do you close on Sunday?', { tools: [openingHours] })), '');
      });
      assert.deepEqual(attributes[ATTR.finishReasons], ['tool_calls']);
      assert.ok(attributes[ATTR.ttfb]);
    });

    it('counts each request of a chat, and of tools that the SDK runs', async () => {
      const callable: newest.CallableTool = {
        tool: async () => openingHours,
        callTool: async (calls) =>
          calls.map(({ id, name }) => ({
            functionResponse: { id: id ?? '', name: name ?? '', response: { closes: 'ten' } },
          })),
      };
      const chat = new sdk.GoogleGenAI({
        apiKey: 'key',
        httpOptions: { baseUrl: simulator.url },
      }).chats.create({
        model: MODEL,
        config: { tools: [callable] },
      });
      let words = '';
      const spans = await spansOf(2, async () => {
        words = await read(await chat.sendMessageStream({ message: 'When do you close on Sunday?' }));
      });
      assert.equal(words, 'On Sunday we close at ten.');
      assert.deepEqual(
        spans.map(({ attributes }) => attributes[ATTR.finishReasons]),
        [['tool_calls'], ['stop']],
      );
    });

    it('counts an answer that is broken off as cancelled, with estimated usage', async () => {
      const { attributes } = await spanOf(async () => read(await stream(), 20));
      assert.equal(attributes[ATTR.stageCancelled], true);
      assert.equal(attributes[ATTR.errorType], undefined);
      assert.ok(Number(attributes[ATTR.inputTokens]) > 0);
      assert.ok(Number(attributes[ATTR.outputTokens]) > 0);
      assert.equal(attributes[ATTR.usageEstimated], true);
    });

    it('counts an answer that is aborted as cancelled, whether it is being read or not', async () => {
      for (const reads of [true, false]) {
        const controller = new AbortController();
        const { attributes } = await spanOf(async () => {
          const answer = await stream(QUESTION, { abortSignal: controller.signal });
          if (!reads) controller.abort();
          else
            await assert.rejects(async () => {
              for await (const chunk of answer) if (chunk.text) controller.abort();
            });
        });
        assert.equal(attributes[ATTR.stageCancelled], true);
        assert.equal(attributes[ATTR.errorType], undefined);
        assert.equal(attributes[ATTR.usageEstimated], true);
      }
    });

    for (const status of [429, 500]) {
      it(`gives the application its own error ${status}, and the stage the class of it`, async () => {
        simulator.faults.next({ kind: 'status', status });
        const { attributes } = await spanOf(() => assert.rejects(stream(), { status }));
        assert.equal(attributes[ATTR.errorType], 'ApiError');
        assert.equal(attributes[ATTR.inputTokens], undefined);
      });
    }

    it('counts a stream whose connection breaks as failed', async () => {
      simulator.faults.next({ kind: 'cut', afterChunks: 3 });
      const { attributes } = await spanOf(() =>
        assert.rejects(async () => read(await stream(QUESTION, { automaticContinuation: false } as object))),
      );
      assert.ok(attributes[ATTR.errorType]);
      assert.equal(attributes[ATTR.stageCancelled], undefined);
      assert.equal(attributes[ATTR.usageEstimated], true);
    });

    it('ends with the call when no one reads the stream', async () => {
      const call = new Call();
      takeFacts();
      await call.run(() => stream());
      assert.deepEqual(stages(), []);
      call.end();
      const [fact] = stages();
      assert.equal(fact?.cancelled, true);
      assert.equal(fact.usage?.estimated, true);
    });

    it('stays silent where tracing is suppressed', async () => {
      await spansOf(0, () =>
        context.with(suppressTracing(context.active()), async () => read(await stream())),
      );
    });

    it('keeps two calls apart, across timers and promises', async () => {
      const calls = [new Call(), new Call()];
      takeFacts();
      const asked = calls.map((call, i) =>
        call.run(async () => {
          await new Promise((resolve) => setTimeout(resolve, 5 * i));
          return models().generateContent({ model: `model-${i}`, contents: `Question ${i}?` });
        }),
      );
      await Promise.all(asked);
      const facts = stages();
      for (const call of calls) call.end();
      assert.deepEqual(
        new Map(facts.map(({ callId, model }) => [model, callId])),
        new Map(calls.map(({ id }, i) => [`model-${i}`, id])),
      );
    });
  });
}
