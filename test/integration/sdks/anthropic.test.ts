import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { context, SpanStatusCode } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { Call } from '../../../instrumentation/call/call.ts';
import { setCaptureContent } from '../../../instrumentation/call/content.ts';
import { withReportedStages } from '../../../instrumentation/call/scope.ts';
import type { StageFact } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { poll } from '../../support/poll.ts';
import { requestsReceived } from '../../support/requests-received.ts';
import {
  type Anthropic,
  ask,
  BUILDS,
  endedInProcess,
  isLlm,
  MODEL,
  QUESTION,
  SDK_SPAN,
  serveAnthropic,
  simulator,
  TOOLS,
  truth,
} from '../../support/sdks/anthropic.ts';
import { takeFacts, takeSpans } from '../../support/spans.ts';

serveAnthropic();

for (const build of BUILDS) {
  describe(build.name, () => {
    const client = (): Anthropic =>
      new build.exports.Anthropic({
        apiKey: 'key',
        baseURL: simulator.url,
        maxRetries: 0,
        ...('options' in build && build.options),
      } as never) as Anthropic;

    /** The one span that `run` leads to in a call, and the fact that the pipeline reads from it. */
    const inCall = async (run: (call: Call) => Promise<unknown>) => {
      const call = new Call();
      takeSpans();
      endedInProcess.length = 0;
      await call.run(() => run(call));
      const spans: SpanRecord[] = [];
      await poll(() => spans.push(...takeSpans()) > 0 && spans.some(isLlm));
      call.end();
      spans.push(...takeSpans());
      const ofRequest = spans.filter((span) => isLlm(span) || span.name === SDK_SPAN);
      assert.equal(ofRequest.length, 1, 'a request is one span');
      const [span] = ofRequest;
      assert.ok(span);
      const turn = spans.find(
        ({ attributes, name }) => name === 'voice.turn' && attributes[ATTR.turnIndex] === 0,
      );
      return { call, span, turn };
    };

    it('gives a streamed answer with first byte, stop reason and usage, in the turn that it answers', async () => {
      const call = new Call();
      takeFacts();
      let words = '';
      await call.run(async () => {
        for await (const event of await client().messages.create({ ...ask(), stream: true }))
          if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
            words += event.delta.text;
      });
      const facts: StageFact[] = [];
      await poll(() => facts.push(...takeFacts().filter((fact): fact is StageFact => fact.type === 'stage')));
      call.end();
      const [fact] = facts;
      assert.equal(facts.length, 1);
      assert.ok(fact);
      const { usage, reply } = truth();
      assert.equal(words, reply.kind === 'text' && reply.text);
      assert.deepEqual(fact.usage, usage);
      assert.equal(fact.stage, 'llm');
      assert.equal(fact.provider, 'anthropic');
      assert.equal(fact.model, MODEL);
      assert.deepEqual(fact.finishReasons, ['end_turn']);
      assert.equal(fact.callId, call.id);
      assert.equal(fact.turnIndex, 0);
      assert.equal(fact.errorType, undefined);
      assert.equal(fact.cancelled, undefined);
      // Not when it began to think.
      assert.ok(fact.firstByteUs !== undefined && fact.firstByteUs - fact.startUs >= 25_000);
      assert.ok(fact.endUs > fact.firstByteUs);
    });

    it('has one span, of the turn, which those who hear of our spans hear of too', async () => {
      const { span, turn, call } = await inCall(() => client().messages.create(ask()));
      assert.equal(span.name, build.spans ? SDK_SPAN : `chat ${MODEL}`);
      assert.equal(span.attributes[ATTR.callId], call.id);
      assert.equal(span.attributes[ATTR.conversationId], call.id);
      assert.equal(span.traceId, turn?.traceId);
      assert.equal(span.parentSpanId, turn?.spanId);
      const heard = endedInProcess.map(
        (each) => (each as { spanContext(): { spanId: string } }).spanContext().spanId,
      );
      assert.equal(heard.filter((id) => id === span.spanId).length, 1);
    });

    it('gives a whole answer, and one of the beta', async () => {
      for (const resource of ['messages', 'beta'] as const) {
        const messages =
          resource === 'beta' ? (client().beta as unknown as Anthropic).messages : client().messages;
        const { span } = await inCall(() => messages.create(ask()));
        assert.equal(span.attributes[ATTR.inputTokens], truth().usage.inputTokens, resource);
        assert.equal(span.attributes[ATTR.outputTokens], truth().usage.outputTokens, resource);
        assert.ok(span.attributes[ATTR.ttfb], resource);
      }
    });

    it('gives what the helper streams', async () => {
      let words = '';
      const { span, turn } = await inCall(() =>
        client()
          .messages.stream(ask())
          .on('text', (text) => {
            words += text;
          })
          .finalMessage(),
      );
      const { usage, reply } = truth();
      assert.equal(words, reply.kind === 'text' && reply.text);
      assert.equal(span.attributes[ATTR.outputTokens], usage.outputTokens);
      assert.equal(span.parentSpanId, turn?.spanId);
      assert.equal(span.attributes[ATTR.stageCancelled], undefined);
    });

    it('says that a tool is wanted, which keeps the turn open', async () => {
      const { span } = await inCall(async () => {
        const request = { ...ask('When do you close on Sunday?'), tools: TOOLS, stream: true as const };
        for await (const _ of await client().messages.create(request));
      });
      assert.deepEqual(span.attributes[ATTR.finishReasons], ['tool_use']);
      assert.ok(span.attributes[ATTR.ttfb]);
    });

    it('counts an answer that is broken off as cancelled, with estimated usage', async () => {
      for (const leave of ['break', 'abort', 'helper'] as const) {
        const { span } = await inCall(async () => {
          if (leave === 'helper') {
            const stream = client().messages.stream(ask('What is on the menu?'));
            stream.on('text', () => stream.abort());
            await assert.rejects(stream.finalMessage());
            return;
          }
          const stream = await client().messages.create({ ...ask('What is on the menu?'), stream: true });
          for await (const event of stream) {
            if (event.type !== 'content_block_delta' || event.delta.type !== 'text_delta') continue;
            if (leave === 'break') break;
            stream.controller.abort();
          }
        });
        const { attributes } = span;
        assert.equal(attributes[ATTR.stageCancelled], true, leave);
        assert.equal(attributes[ATTR.errorType], undefined, leave);
        assert.notEqual(span.statusCode, SpanStatusCode.ERROR, leave);
        assert.equal(attributes[ATTR.usageEstimated], true, leave);
        assert.ok(Number(attributes[ATTR.outputTokens]) > 0, leave);
        assert.ok(Number(attributes[ATTR.inputTokens]) > 81, leave);
      }
    });

    it('is cancelled when it is aborted before the answer, or while no one reads', async () => {
      for (const when of ['before', 'unread'] as const) {
        const { span } = await inCall(async () => {
          const aborted = new AbortController();
          const before = requestsReceived(simulator);
          const asked = client().messages.create({ ...ask(), stream: true }, { signal: aborted.signal });
          if (when === 'unread') await asked;
          else void asked.catch(() => {});
          await poll(() => requestsReceived(simulator) > before);
          aborted.abort();
          if (when === 'before')
            await asked.then(
              (stream) => stream.controller.abort(),
              () => {},
            );
        });
        assert.equal(span.attributes[ATTR.stageCancelled], true, when);
        assert.equal(span.attributes[ATTR.errorType], undefined, when);
      }
    });

    it('fails with a class of error, which the application gets as it is', async () => {
      for (const status of [429, 500]) {
        simulator.faults.next({ kind: 'status', status });
        const { span } = await inCall(() =>
          assert.rejects(async () => await client().messages.create(ask()), { status }),
        );
        assert.equal(span.statusCode, SpanStatusCode.ERROR);
        const ours = status === 429 ? 'RateLimitError' : 'InternalServerError';
        const theirs = status === 429 ? 'rate_limit_error' : 'api_error';
        assert.equal(span.attributes[ATTR.errorType], build.spans ? theirs : ours);
        assert.equal(span.attributes[ATTR.inputTokens], undefined);
      }
    });

    it('fails when the connection breaks in the middle, with what had come by then', async () => {
      simulator.faults.next({ kind: 'cut', afterChunks: 8 });
      const { span } = await inCall(async () => {
        const stream = await client().messages.create({ ...ask(), stream: true });
        await assert.rejects(async () => {
          for await (const _ of stream);
        });
      });
      assert.equal(span.statusCode, SpanStatusCode.ERROR);
      assert.ok(span.attributes[ATTR.errorType]);
      assert.ok(Number(span.attributes[ATTR.inputTokens]) > 81);
    });

    it('ends with its call when no one reads it', async () => {
      const call = new Call();
      takeSpans();
      const stream = await call.run(() => client().messages.create({ ...ask(), stream: true }));
      call.end();
      const spans: SpanRecord[] = [];
      await poll(() => spans.push(...takeSpans()) > 0 && spans.some(isLlm));
      assert.equal(spans.filter(isLlm).length, 1);
      for await (const _ of stream);
      assert.deepEqual(takeSpans(), []);
    });

    it('keeps the promise of the SDK, with its methods', async () => {
      const { span } = await inCall(async () => {
        const { data, response } = await client().messages.create(ask()).withResponse();
        assert.equal(response.status, 200);
        assert.equal(data.role, 'assistant');
      });
      assert.equal(span.attributes[ATTR.outputTokens], truth().usage.outputTokens);
      const bare = await inCall(async () => {
        const response = await client().messages.create(ask()).asResponse();
        await response.json();
      });
      assert.equal(bare.span.attributes[ATTR.stageCancelled], undefined);
      assert.equal(bare.span.attributes[ATTR.errorType], undefined);
    });

    it('keeps two calls at once apart', async () => {
      const calls = [new Call(), new Call()];
      takeSpans();
      await Promise.all(calls.map((call) => call.run(() => client().messages.stream(ask()).finalMessage())));
      const spans: SpanRecord[] = [];
      await poll(() => spans.push(...takeSpans()) >= 0 && spans.filter(isLlm).length === 2);
      const ids = spans.filter(isLlm).map(({ attributes }) => attributes[ATTR.callId]);
      assert.deepEqual(new Set(ids), new Set(calls.map(({ id }) => id)));
      for (const call of calls) call.end();
    });

    it('writes what was said only when that is switched on', async () => {
      const silent = await inCall(() => client().messages.create(ask()));
      assert.equal(silent.span.attributes[ATTR.inputMessages], undefined);
      assert.equal(silent.span.attributes[ATTR.outputMessages], undefined);
      setCaptureContent(true);
      const { span } = await inCall(() => client().messages.create(ask())).finally(() =>
        setCaptureContent(false),
      );
      assert.deepEqual(JSON.parse(String(span.attributes[ATTR.inputMessages])), [
        { role: 'user', parts: [{ type: 'text', content: QUESTION }] },
      ]);
      assert.match(String(span.attributes[ATTR.outputMessages]), /At what time/);
    });

    it('outside of a call is one span all the same', async () => {
      takeSpans();
      await client().messages.create(ask());
      await client().messages.stream(ask()).finalMessage();
      const spans: SpanRecord[] = [];
      await poll(() => spans.push(...takeSpans()) >= 0 && spans.length >= 2);
      assert.deepEqual(
        spans.map(({ name }) => name),
        Array(2).fill(build.spans ? SDK_SPAN : `chat ${MODEL}`),
      );
    });

    it('is not a stage where someone else reports it, or where tracing is suppressed', async () => {
      for (const without of [withReportedStages, suppressTracing]) {
        const call = new Call();
        takeSpans();
        await context.with(without(call.context), () => client().messages.create(ask()));
        assert.deepEqual(takeSpans().filter(isLlm), []);
        call.end();
      }
    });
  });
}
