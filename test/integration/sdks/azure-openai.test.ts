import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { before, describe, it } from 'node:test';
import * as namespace from 'openai';
import * as oldest from 'openai-oldest';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchOpenAi } from '../../../instrumentation/sdks/openai/openai.ts';
import { ATTR } from '../../../model/semconv.ts';
import { stagesOf } from '../../support/facts.ts';
import { recordSpans, takeFacts, takeSpans } from '../../support/spans.ts';

type Sdk = Pick<typeof namespace, 'OpenAI' | 'AzureOpenAI'>;
const commonJs = createRequire(import.meta.url)('openai') as Sdk;
const BUILDS: readonly (readonly [name: string, sdk: Sdk])[] = [
  ['openai from ESM', namespace],
  ['openai from CommonJS', commonJs],
  ['the oldest openai', oldest as unknown as Sdk],
];

const ANSWER = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4.1-mini-2025-04-14',
  service_tier: 'priority',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 },
};
/** The first chunk of Azure names no model: it has what its filters say of the prompt. */
const CHUNKS = [
  { id: '', model: '', choices: [], prompt_filter_results: [] },
  { id: 'chatcmpl-1', model: ANSWER.model, choices: [{ index: 0, delta: { content: 'Hello.' } }] },
  {
    id: 'chatcmpl-1',
    model: ANSWER.model,
    service_tier: 'priority',
    choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
  },
  { id: 'chatcmpl-1', model: ANSWER.model, choices: [], usage: ANSWER.usage },
];

/** Answers as Azure does, without a network. */
const azure = async (_url: unknown, init?: { body?: unknown }): Promise<Response> => {
  if (!(JSON.parse(String(init?.body)) as { stream?: boolean }).stream) return Response.json(ANSWER);
  const events = [...CHUNKS.map((chunk) => JSON.stringify(chunk)), '[DONE]'];
  const body = events.map((event) => `data: ${event}\n\n`).join('');
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
};

before(() => {
  recordSpans();
  for (const [, sdk] of BUILDS) patchOpenAi(sdk);
});

for (const [name, { OpenAI, AzureOpenAI }] of BUILDS) {
  const hosts = {
    'an AzureOpenAI': new AzureOpenAI({
      endpoint: 'https://acme.openai.azure.com',
      apiVersion: '2025-01-01',
      apiKey: 'key',
      fetch: azure,
    }),
    'an AzureOpenAI behind a gateway': new AzureOpenAI({
      endpoint: 'https://llm.acme.example',
      apiVersion: '2025-01-01',
      apiKey: 'key',
      fetch: azure,
    }),
    'an OpenAI for *.openai.azure.com': new OpenAI({
      baseURL: 'https://acme.openai.azure.com/openai/v1',
      apiKey: 'key',
      fetch: azure,
    }),
    'an OpenAI for *.cognitiveservices.azure.com': new OpenAI({
      baseURL: 'https://acme.cognitiveservices.azure.com/openai/v1',
      apiKey: 'key',
      fetch: azure,
    }),
  };
  describe(`Azure OpenAI with ${name}`, () => {
    for (const [what, client] of Object.entries(hosts))
      for (const stream of [false, true])
        it(`${what} has Azure for its provider and the model that served, ${stream ? 'streamed' : 'whole'}`, async () => {
          takeSpans();
          await new Call().run(async () => {
            const answer = await client.chat.completions.create({
              model: 'our-deployment',
              messages: [{ role: 'user', content: 'Hi' }],
              stream,
            });
            if (stream) for await (const _ of answer as AsyncIterable<unknown>);
          });
          const [span] = takeSpans().filter(({ name }) => name.startsWith('chat'));
          assert.equal(span?.attributes[ATTR.providerName], 'azure.ai.openai');
          assert.equal(span?.attributes[ATTR.requestModel], 'our-deployment');
          assert.equal(span?.attributes[ATTR.responseModel], 'gpt-4.1-mini-2025-04-14');
          assert.equal(span?.attributes[ATTR.serviceTier], 'priority');
        });

    it('has the tier that served in its stage', async () => {
      takeFacts();
      const call = new Call();
      await call.run(() =>
        hosts['an AzureOpenAI'].chat.completions.create({
          model: 'our-deployment',
          messages: [{ role: 'user', content: 'Hi' }],
        }),
      );
      call.end();
      const [stage] = stagesOf(takeFacts(), 'llm');
      assert.equal(stage?.serviceTier, 'priority');
      assert.deepEqual(stage?.usage, { inputTokens: 12, outputTokens: 3 });
    });
  });
}
