import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { context, createContextKey, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import * as newest from 'ai';
import { z } from 'zod';
import { Call } from '../../../instrumentation/call/call.ts';
import { setCaptureContent } from '../../../instrumentation/call/content.ts';
import type { StageFact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
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
  stages,
  truth,
  VERSIONS,
} from '../../support/sdks/ai.ts';
import { recording } from '../../support/simulators/openai-audio.ts';
import { spanOf, spansOf, takeFacts } from '../../support/spans.ts';

serveAi();

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
