import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import * as cerebras from '@cerebras/cerebras_cloud_sdk';
import { GoogleGenerativeAI } from '@google/generative-ai';
import * as mistral from '@mistralai/mistralai';
import * as openrouter from '@openrouter/sdk';
import * as ai5 from 'ai-5';
import * as ai6 from 'ai-6';
import { createOpenAI as createOpenAI2 } from 'ai-sdk-openai-2';
import { createOpenAI as createOpenAI3 } from 'ai-sdk-openai-3';
import Anthropic39 from 'anthropic-sdk-39';
import * as cohere from 'cohere-ai';
import * as oldCohere from 'cohere-ai-oldest';
import * as ollama from 'ollama';
import * as openai4 from 'openai-4';
import * as together from 'together-ai';
import { type ChatSimulator, startChatSimulator } from '../../../demo/simulators/chat.ts';
import type { Faults } from '../../../demo/simulators/fault.ts';
import type { Loopback } from '../../../demo/simulators/server.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { setCaptureContent } from '../../../instrumentation/call/content.ts';
import { patchCerebras } from '../../../instrumentation/sdks/cerebras/cerebras.ts';
import { patchCohere } from '../../../instrumentation/sdks/cohere/cohere.ts';
import { followHttp } from '../../../instrumentation/sdks/fetch/http.ts';
import { followUndici } from '../../../instrumentation/sdks/fetch/undici.ts';
import { setProviderHosts } from '../../../instrumentation/sdks/kit/raw/provider-hosts.ts';
import { patchOllama } from '../../../instrumentation/sdks/ollama/ollama.ts';
import { patchOpenAi } from '../../../instrumentation/sdks/openai/openai.ts';
import { patchTogether } from '../../../instrumentation/sdks/together/together.ts';
import type { StageFact } from '../../../model/facts.ts';
import type { ProviderName } from '../../../model/providers.ts';
import { ATTR } from '../../../model/semconv.ts';
import { stagesOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { type AnthropicSimulator, startAnthropicSimulator } from '../../support/simulators/anthropic.ts';
import { COHERE_USAGE, startCohereSimulator } from '../../support/simulators/cohere.ts';
import { type GeminiSimulator, startGeminiSimulator } from '../../support/simulators/gemini.ts';
import { OLLAMA_USAGE, startOllamaSimulator } from '../../support/simulators/ollama.ts';
import { recordSpans, spanOf, takeFacts } from '../../support/spans.ts';

const require = createRequire(import.meta.url);
const QUESTION = 'Can I book a table?';

/** What of an SDK is used here; of each the type is another. */
interface Chats {
  chat: Chats;
  completions: Chats;
  v2: Chats;
  create(request: object, options?: object): Promise<AsyncIterable<unknown>>;
  stream(request: object): Promise<AsyncIterable<unknown>>;
  send(request: object): Promise<AsyncIterable<unknown>>;
  complete(request: object): Promise<unknown>;
  generate(request: object): Promise<AsyncIterable<unknown>>;
  chatStream(request: object): Promise<AsyncIterable<unknown>>;
}
type Ask = (request: { model: string; question: string; stream: boolean }) => unknown;

/** One way to ask a model. */
interface Way {
  readonly name: string;
  readonly provider: ProviderName;
  /** Followed by what it says on the wire: what was said is not known. */
  readonly onTheWire?: true;
  /** The SDK reads on when the application stops. */
  readonly readsOn?: true;
  /** What the last answer used. (Default: as the chat simulator says.) */
  readonly usage?: () => object;
  /** Where faults are injected. (Default: the chat simulator.) */
  readonly faults?: () => Faults;
  /** A model that is refused. (Default: the simulator is told to refuse.) */
  readonly refused?: string;
  readonly ask: () => Ask;
}

let chat: ChatSimulator;
/** The same where a proxy stands for another provider. */
let mistralChat: ChatSimulator;
let openrouterChat: ChatSimulator;
let ollamaServer: Loopback;
let cohereServer: Loopback;
let anthropicChat: AnthropicSimulator;
let gemini: GeminiSimulator;

const make = (Client: unknown, options: object): Chats =>
  new (Client as new (options: object) => Chats)({ maxRetries: 0, ...options });
const messages = (content: string) => [{ role: 'user', content }];

/** SDKs that are made as `openai` is. */
const stainless = (name: string, provider: ProviderName, Client: unknown, path = '/v1'): Way => ({
  name,
  provider,
  ask: () => {
    const options = { apiKey: 'key', baseURL: `${chat.url}${path}`, warmTCPConnection: false };
    const client = make(Client, options);
    return ({ model, question, stream }) =>
      client.chat.completions.create({ model, messages: messages(question), stream });
  },
});

const cohereWays = (name: string, { CohereClient, CohereClientV2 }: typeof cohere): Way[] => [
  {
    name: `${name}, version 2 of the API`,
    provider: 'cohere',
    usage: () => COHERE_USAGE,
    refused: 'none',
    ask: () => {
      const client = make(CohereClientV2, { token: 'key', environment: cohereServer.url });
      return ({ model, question, stream }) => {
        const request = { model, messages: messages(question) };
        return stream
          ? client.chatStream(request)
          : (client as unknown as { chat(request: object): unknown }).chat(request);
      };
    },
  },
  {
    name: `${name}, version 1 of the API`,
    provider: 'cohere',
    usage: () => COHERE_USAGE,
    refused: 'none',
    ask: () => {
      const client = make(CohereClient, { token: 'key', environment: cohereServer.url });
      return ({ model, question: message, stream }) =>
        stream
          ? client.chatStream({ model, message })
          : (client as unknown as { chat(request: object): unknown }).chat({ model, message });
    },
  },
];

const ollamaWays = (name: string, { Ollama }: typeof ollama): Way[] => [
  {
    name: `${name} chat`,
    provider: 'ollama',
    usage: () => OLLAMA_USAGE,
    refused: 'none',
    ask: () => {
      const client = new Ollama({ host: ollamaServer.url }) as unknown as {
        chat(request: object): unknown;
      };
      return ({ model, question, stream }) => client.chat({ model, messages: messages(question), stream });
    },
  },
  {
    name: `${name} generate`,
    provider: 'ollama',
    usage: () => OLLAMA_USAGE,
    refused: 'none',
    ask: () => {
      const client = new Ollama({ host: ollamaServer.url }) as unknown as Chats;
      return ({ model, question, stream }) => client.generate({ model, prompt: question, stream });
    },
  },
];

/** What the simulator of another API says that the last answer used. */
function lastUsage(truth: readonly { readonly kind: string }[]): Readonly<Record<string, number>> {
  const finished = truth.findLast(({ kind }) => kind === 'finished') as { usage?: object } | undefined;
  return { ...finished?.usage } as Readonly<Record<string, number>>;
}

/** The AI SDK of an older version, by the requests of its provider. */
const aiWay = (name: string, sdk: typeof ai6, createOpenAI: typeof createOpenAI3): Way => ({
  name,
  provider: 'openai',
  onTheWire: true,
  ask: () => {
    const openai = createOpenAI({ apiKey: 'key', baseURL: `${chat.url}/v1` });
    return ({ model, question, stream }) => {
      const request = { model: openai.chat(model), prompt: question, maxRetries: 0 };
      if (!stream) return sdk.generateText(request);
      return (async function* () {
        const controller = new AbortController();
        const answer = sdk.streamText({ ...request, abortSignal: controller.signal, onError: () => {} });
        try {
          for await (const part of answer.fullStream)
            if (part.type === 'error') throw part.error;
            else yield part;
        } finally {
          controller.abort();
        }
      })();
    };
  },
});

const cjs = <Module>(name: string): Module => require(name) as Module;

const WAYS: readonly Way[] = [
  stainless('openai 4', 'openai', openai4.OpenAI),
  stainless('openai 4 from CommonJS', 'openai', cjs<typeof openai4>('openai-4').OpenAI),
  stainless('together-ai', 'together', together.Together),
  stainless('the oldest together-ai', 'together', cjs<typeof together>('together-ai-oldest').Together),
  stainless('cerebras', 'cerebras', cerebras.Cerebras, '/'),
  stainless('the oldest cerebras', 'cerebras', cjs<typeof cerebras>('cerebras-sdk-oldest').Cerebras, '/'),
  ...ollamaWays('ollama', ollama),
  ...ollamaWays('the oldest ollama, from CommonJS', cjs<typeof ollama>('ollama-oldest')),
  ...cohereWays('cohere-ai', cohere),
  ...cohereWays('the oldest cohere-ai', oldCohere as unknown as typeof cohere),
  {
    name: '@mistralai/mistralai',
    provider: 'mistral_ai',
    onTheWire: true,
    ask: () => {
      const client = make(mistral.Mistral, { apiKey: 'key', serverURL: mistralChat.url });
      return ({ model, question, stream }) => {
        const request = { model, messages: messages(question) };
        return stream ? client.chat.stream(request) : client.chat.complete(request);
      };
    },
  },
  {
    name: '@openrouter/sdk',
    provider: 'openrouter',
    onTheWire: true,
    ask: () => {
      const client = make(openrouter.OpenRouter, { apiKey: 'key', serverURL: `${openrouterChat.url}/v1` });
      return ({ model, question, stream }) =>
        client.chat.send({ chatRequest: { model, messages: messages(question), stream } });
    },
  },
  aiWay('ai 5', ai5 as never, createOpenAI2 as never),
  aiWay('ai 6', ai6, createOpenAI3),
  {
    name: '@anthropic-ai/sdk 0.39',
    provider: 'anthropic',
    onTheWire: true,
    faults: () => anthropicChat.faults,
    usage: () => {
      const { input_tokens, output_tokens } = lastUsage(anthropicChat.truth);
      return { inputTokens: input_tokens, outputTokens: output_tokens };
    },
    ask: () => {
      const client = new Anthropic39({ apiKey: 'key', baseURL: anthropicChat.url, maxRetries: 0 });
      return ({ model, question, stream }) =>
        client.messages.create({ model, max_tokens: 99, messages: messages(question) as never, stream });
    },
  },
  {
    name: '@google/generative-ai',
    readsOn: true,
    provider: 'gcp.gemini',
    onTheWire: true,
    faults: () => gemini.faults,
    usage: () => {
      const { promptTokenCount, candidatesTokenCount } = lastUsage(gemini.truth);
      return { inputTokens: promptTokenCount, outputTokens: candidatesTokenCount };
    },
    ask: () => {
      const client = new GoogleGenerativeAI('key');
      return ({ model, question, stream }) => {
        const chats = client.getGenerativeModel({ model }, { baseUrl: gemini.url });
        if (!stream) return chats.generateContent(question);
        return chats.generateContentStream(question).then(({ stream, response }) => {
          response.catch(() => {});
          return stream;
        });
      };
    },
  },
];

before(async () => {
  recordSpans();
  followUndici();
  followHttp();
  patchOpenAi(openai4);
  patchOpenAi(require('openai-4'));
  patchTogether(together);
  patchTogether(require('together-ai-oldest'));
  patchCerebras(cerebras);
  patchCerebras(require('cerebras-sdk-oldest'));
  patchOllama(ollama);
  patchOllama(require('ollama-oldest'));
  patchCohere(cohere);
  patchCohere(oldCohere);
  const fast = { firstTokenMs: [10, 15], tokensPerSecond: [400, 500], countsUnasked: true } as const;
  const slow = { firstTokenMs: [10, 15], tokensPerSecond: [400, 500] } as const;
  [anthropicChat, gemini] = await Promise.all([startAnthropicSimulator(slow), startGeminiSimulator(slow)]);
  [chat, mistralChat, openrouterChat, ollamaServer, cohereServer] = await Promise.all([
    startChatSimulator(fast),
    startChatSimulator(fast),
    startChatSimulator(fast),
    startOllamaSimulator(),
    startCohereSimulator(),
  ]);
  setProviderHosts([
    { host: new URL(chat.url).host, provider: 'openai' },
    { host: new URL(anthropicChat.url).host, provider: 'anthropic' },
    { host: new URL(gemini.url).host, provider: 'gcp.gemini' },
    { host: new URL(mistralChat.url).host, provider: 'mistral_ai' },
    { host: new URL(openrouterChat.url).host, provider: 'openrouter' },
  ]);
});
after(() =>
  Promise.all(
    [chat, mistralChat, openrouterChat, ollamaServer, cohereServer, anthropicChat, gemini].map((each) =>
      each?.close(),
    ),
  ),
);

const simulatorOf = ({ provider }: Way): ChatSimulator =>
  provider === 'mistral_ai' ? mistralChat : provider === 'openrouter' ? openrouterChat : chat;

/** What the way says that the last answer used. */
function usageOf(way: Way): object | undefined {
  if (way.usage) return way.usage();
  const finished = simulatorOf(way).truth.findLast((event) => event.kind === 'finished');
  if (finished?.kind !== 'finished') return undefined;
  const { prompt_tokens, completion_tokens } = finished.usage;
  return { inputTokens: prompt_tokens, outputTokens: completion_tokens };
}

/** The model request that work in a call comes to. */
async function requestIn(work: (call: Call) => unknown): Promise<StageFact> {
  takeFacts();
  const call = new Call();
  await call.run(() => work(call));
  const found: StageFact[] = [];
  // The end of an answer on the wire may be told a moment after the application has it.
  await poll(() => found.push(...stagesOf(takeFacts(), 'llm')) > 0);
  call.end();
  const [stage, ...others] = [...found, ...stagesOf(takeFacts(), 'llm')];
  assert.deepEqual(others, []);
  assert.ok(stage);
  assert.deepEqual([stage.callId, stage.turnIndex], [call.id, 0]);
  return stage;
}

/** Its tokens, without kinds of which there were none. */
const tokens = ({ usage }: StageFact): object =>
  Object.fromEntries(Object.entries(usage ?? {}).filter(([, count]) => count !== 0));

/** Why an answer ends, in the provider's word. */
const finished = ({ provider }: Way): string[] => [provider === 'anthropic' ? 'end_turn' : 'stop'];

const read = async (answer: unknown, enough = Number.POSITIVE_INFINITY): Promise<number> => {
  let parts = 0;
  for await (const _ of (await answer) as AsyncIterable<unknown>) if (++parts >= enough) break;
  return parts;
};

for (const way of WAYS)
  describe(way.name, () => {
    const asked = (stream: boolean, model = 'command-one') =>
      way.ask()({ model, question: QUESTION, stream });

    it('gives a streamed answer with its first token, its end and its tokens', async () => {
      const stage = await requestIn(() => read(asked(true)));
      assert.deepEqual(
        [stage.provider, stage.model, stage.finishReasons, stage.errorType, stage.cancelled],
        [way.provider, 'command-one', finished(way), undefined, undefined],
      );
      assert.deepEqual(tokens(stage), usageOf(way));
      assert.ok(stage.firstByteUs !== undefined && stage.firstByteUs > stage.startUs);
      assert.ok(stage.endUs > stage.firstByteUs);
    });

    it('gives a whole answer with its tokens', async () => {
      const stage = await requestIn(() => asked(false));
      assert.deepEqual([stage.model, stage.finishReasons], ['command-one', finished(way)]);
      assert.deepEqual(tokens(stage), usageOf(way));
    });

    it('is cancelled where the application stops reading', async () => {
      const stage = await requestIn(() => read(asked(true), 2));
      assert.deepEqual([stage.cancelled, stage.errorType], [way.readsOn ? undefined : true, undefined]);
    });

    it('fails as it failed, and the application has its own error', async () => {
      if (!way.refused) (way.faults?.() ?? simulatorOf(way).faults).next({ kind: 'status', status: 429 });
      const stage = await requestIn(() => assert.rejects(async () => read(asked(true, way.refused))));
      assert.ok(stage.errorType);
      assert.equal(stage.usage, undefined);
    });

    if (!way.onTheWire)
      it('records what was said when that is switched on', async () => {
        setCaptureContent(true);
        const { attributes } = await spanOf(() => read(asked(true))).finally(() => setCaptureContent(false));
        assert.deepEqual(JSON.parse(String(attributes[ATTR.inputMessages])), [
          { role: 'user', parts: [{ type: 'text', content: QUESTION }] },
        ]);
        assert.match(String(attributes[ATTR.outputMessages]), /with pleasure|At what time/);
      });
  });
