import assert from 'node:assert/strict';
import http from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import { context, trace } from '@opentelemetry/api';
import OpenAI, * as openaiSdk from 'openai';
import * as undici from 'undici';
import { type CartesiaSimulator, startCartesiaSimulator } from '../../../demo/simulators/cartesia.ts';
import { type ChatSimulator, startChatSimulator } from '../../../demo/simulators/chat.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { activeCall, withReportedStages } from '../../../instrumentation/call/scope.ts';
import { MetricCollector } from '../../../instrumentation/metric-collector.ts';
import { followHttp } from '../../../instrumentation/sdks/fetch/http.ts';
import { followUndici } from '../../../instrumentation/sdks/fetch/undici.ts';
import { leaveAlone } from '../../../instrumentation/sdks/kit/raw/left-alone.ts';
import { setProviderHosts } from '../../../instrumentation/sdks/kit/raw/provider-hosts.ts';
import { patchOpenAi } from '../../../instrumentation/sdks/openai/openai.ts';
import type { StageFact } from '../../../model/facts.ts';
import { assertNear } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

const MODEL = 'gpt-4.1-mini';
const TEXT = 'Of course, with pleasure.';
const PHONE = { container: 'raw', encoding: 'pcm_mulaw', sample_rate: 8_000 };

let chat: ChatSimulator;
let cartesia: CartesiaSimulator;
before(async () => {
  recordSpans();
  followUndici();
  followHttp();
  chat = await startChatSimulator({ firstTokenMs: [20, 30], tokensPerSecond: [400, 500] });
  cartesia = await startCartesiaSimulator();
  setProviderHosts([
    { host: new URL(chat.url).host, provider: 'openai' },
    { host: new URL(cartesia.url).host, provider: undefined },
  ]);
});
after(() => Promise.all([chat.close(), cartesia.close()]));
afterEach(() => leaveAlone([]));

/** A request as an application makes it. Resolves with the body when it has been read. */
type Post = (url: string, body: object, signal?: AbortSignal) => Promise<string>;

const HEADERS = { authorization: 'Bearer key', 'x-api-key': 'key', 'content-type': 'application/json' };
const viaFetch: Post = async (url, body, signal) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  return response.text();
};
const CLIENTS: Readonly<Record<string, Post>> = {
  fetch: viaFetch,
  'fetch of undici': async (url, body, signal) => {
    const init = { method: 'POST', headers: HEADERS, body: JSON.stringify(body), ...(signal && { signal }) };
    return (await undici.fetch(url, init)).text();
  },
  'request of undici': async (url, body, signal) => {
    const init = { method: 'POST', headers: HEADERS, body: JSON.stringify(body), ...(signal && { signal }) };
    const { body: answer } = await undici.request(url, init as never);
    return answer.text();
  },
  'node:http': (url, body, signal) =>
    new Promise((resolve, reject) => {
      const request = http.request(
        url,
        { method: 'POST', headers: HEADERS, ...(signal && { signal }) },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (piece) => {
            text += piece;
          });
          response.on('end', () => resolve(text));
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(JSON.stringify(body));
    }),
};

const ask = (extra: object = {}) => ({
  model: MODEL,
  messages: [{ role: 'user', content: 'Can I book a table?' }],
  stream: true,
  stream_options: { include_usage: true },
  ...extra,
});
const completions = () => `${chat.url}/v1/chat/completions`;
const isFact = (fact: { type: string }): fact is StageFact => fact.type === 'stage';

/** The stages that work in a call comes to. */
async function stagesIn(work: (call: Call) => unknown, call = new Call()): Promise<StageFact[]> {
  takeFacts();
  await call.run(() => work(call));
  const facts: StageFact[] = [];
  // The end of an answer may be told a moment after the application has it.
  await poll(
    () => facts.push(...takeFacts().filter(isFact)) > 0 || call.turn?.openStages.size === 0 || !call.turn,
  );
  call.end();
  return [...facts, ...takeFacts().filter(isFact)];
}

for (const [name, post] of Object.entries(CLIENTS)) {
  describe(name, () => {
    it('to a model makes a stage with its first token, its end, and what the events of the stream say', async () => {
      let inside: Call | undefined;
      const call = new Call();
      const [stage, ...others] = await stagesIn(async () => {
        const body = await post(completions(), ask());
        assert.match(body, /\[DONE\]/);
        inside = activeCall();
      }, call);
      assert.equal(inside, call);
      assert.deepEqual(others, []);
      const finished = chat.truth.findLast((event) => event.kind === 'finished');
      const first = chat.truth.findLast((event) => event.kind === 'first_token');
      assert.ok(stage && finished?.kind === 'finished');
      assert.deepEqual(
        [stage.stage, stage.provider, stage.model, stage.turnIndex, stage.callId],
        ['llm', 'openai', MODEL, 0, call.id],
      );
      assert.deepEqual(stage.usage, {
        inputTokens: finished.usage.prompt_tokens,
        outputTokens: finished.usage.completion_tokens,
      });
      assert.deepEqual(stage.finishReasons, ['stop']);
      assertNear(stage.firstByteUs, first?.atMicros);
      assert.ok(stage.endUs > (stage.firstByteUs ?? 0));
    });

    it('has no usage where nothing tells it, and is named where costs are', async () => {
      const call = new Call();
      takeFacts();
      await call.run(async () => {
        await post(`${cartesia.url}/tts/bytes`, {
          model_id: 'sonic-3.5',
          transcript: TEXT,
          voice: { mode: 'id', id: 'nora' },
          output_format: PHONE,
        });
      });
      const facts = takeFacts();
      await poll(() => facts.push(...takeFacts()) >= 1);
      call.end();
      facts.push(...takeFacts());
      const stages = facts.filter(isFact).filter(({ stage }) => stage !== 'playback');
      assert.deepEqual(
        stages.map(({ stage, provider, model, usage, firstByteUs }) => [
          stage,
          provider,
          model,
          usage,
          firstByteUs !== undefined,
        ]),
        [['tts', 'cartesia', undefined, undefined, true]],
      );
      const { unpriced } = finalizeCall(facts, catalogue()).metrics;
      assert.ok(unpriced?.includes('tts:cartesia/unknown'), `${unpriced}`);
    });

    it('to a model that answers whole makes a stage with what the answer says', async () => {
      const [stage, ...others] = await stagesIn(async () => {
        assert.match(await post(completions(), ask({ stream: false })), /"usage"/);
      });
      assert.deepEqual(others, []);
      const finished = chat.truth.findLast((event) => event.kind === 'finished');
      assert.ok(finished?.kind === 'finished');
      assert.deepEqual([stage?.model, stage?.finishReasons], [MODEL, ['stop']]);
      assert.deepEqual(stage?.usage, {
        inputTokens: finished.usage.prompt_tokens,
        outputTokens: finished.usage.completion_tokens,
      });
    });

    it('is cancelled where the application aborts it, and fails as it failed', async () => {
      const controller = new AbortController();
      const [aborted] = await stagesIn(async () => {
        const posted = post(completions(), ask(), controller.signal);
        const seen = chat.truth.length;
        await poll(() => chat.truth.slice(seen - 1).some(({ kind }) => kind === 'first_token'));
        controller.abort();
        await assert.rejects(posted);
      });
      assert.equal(aborted?.cancelled, true);
      assert.equal(aborted.errorType, undefined);
      chat.faults.next({ kind: 'status', status: 429 });
      const [refused] = await stagesIn(() => post(completions(), ask()));
      assert.equal(refused?.errorType, '429');
      chat.faults.next({ kind: 'cut', afterChunks: 2 });
      const [broken] = await stagesIn(async () => {
        await assert.rejects(post(completions(), ask()));
      });
      assert.ok(broken?.errorType !== undefined, JSON.stringify(broken));
    });
  });
}

describe('a request that something else follows', () => {
  const quiet = async (work: (call: Call) => unknown, call = new Call()) =>
    assert.deepEqual(
      (await stagesIn(work, call)).filter(({ stage }) => stage === 'llm'),
      [],
    );
  const send = () => viaFetch(completions(), ask());

  it('is left to the SDK that makes it', async () => {
    patchOpenAi(openaiSdk);
    const client = new OpenAI({ apiKey: 'key', baseURL: `${chat.url}/v1` });
    const stages = await stagesIn(async () => {
      const stream = await client.chat.completions.create(ask() as never);
      for await (const _ of stream as unknown as AsyncIterable<unknown>);
    });
    assert.equal(stages.length, 1);
  });

  it('is left to a framework that reports it, and to the span of another instrumentation', async () => {
    await quiet(() => context.with(withReportedStages(context.active()), send));
    const span = trace
      .getTracer('ai')
      .startSpan('ai.streamText.doStream', { attributes: { 'ai.model.id': MODEL } });
    await quiet(() => context.with(trace.setSpan(context.active(), span), send));
  });

  it('is left to the application that reports it itself', async () => {
    const [stage, ...others] = await stagesIn(async (call) => {
      const llm = call.startTurn().startLlm({ provider: 'openai', model: MODEL });
      await send();
      llm.end();
    });
    assert.deepEqual([stage?.model, others], [MODEL, []]);
    const collector = new MetricCollector();
    await quiet(send, collector.call as Call);
  });

  it('is left alone where its SDK is, or every one', async () => {
    for (const folders of ['all', ['openai']] as const) {
      leaveAlone(folders);
      await quiet(send);
    }
  });

  it('is none where no model is asked: other methods, other paths, other hosts', async () => {
    await quiet(async () => {
      await fetch(completions());
      await viaFetch(`${chat.url}/v1/embeddings`, {});
      await viaFetch(completions().replace('127.0.0.1', 'localhost'), ask());
    });
  });
});
