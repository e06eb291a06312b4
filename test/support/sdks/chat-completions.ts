import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import GroqModule, * as groqNamespace from 'groq-sdk';
import OldestGroq, * as oldestGroqNamespace from 'groq-sdk-oldest';
import OpenAIModule, * as openaiNamespace from 'openai';
import OldestOpenAI, * as oldestOpenaiNamespace from 'openai-oldest';
import { type ChatSimulator, startChatSimulator } from '../../../demo/simulators/chat.ts';
import { patchGroq } from '../../../instrumentation/sdks/groq/groq.ts';
import { patchOpenAi } from '../../../instrumentation/sdks/openai/openai.ts';
import type { StageFact } from '../../../model/facts.ts';
import { stagesOf } from '../facts.ts';
import { recordSpans, takeFacts } from '../spans.ts';

const require = createRequire(import.meta.url);
const cjsGroq = require('groq-sdk') as { Groq: typeof GroqModule };
const cjsOpenai = require('openai') as { OpenAI: typeof OpenAIModule };
export const MODEL = 'llama-3.1-8b-instant';
/** The chat API of either SDK: they are alike in what is used here. */
type Client = OpenAIModule;
type Chunk = OpenAIModule.Chat.Completions.ChatCompletionChunk;

export const BUILDS = [
  { name: 'groq-sdk from ESM', provider: 'groq', path: '/', make: GroqModule },
  { name: 'groq-sdk from CommonJS', provider: 'groq', path: '/', make: cjsGroq.Groq },
  { name: 'openai from ESM', provider: 'openai', path: '/v1', make: OpenAIModule },
  { name: 'openai from CommonJS', provider: 'openai', path: '/v1', make: cjsOpenai.OpenAI },
  { name: 'the oldest groq-sdk', provider: 'groq', path: '/', make: OldestGroq },
  { name: 'the oldest openai', provider: 'openai', path: '/v1', make: OldestOpenAI },
] as const;

export let simulator: ChatSimulator;
/** Serves chat completions, and patches every build of the SDKs. */
export function serveChat(): void {
  before(async () => {
    recordSpans();
    for (const exports of [groqNamespace, cjsGroq, oldestGroqNamespace]) patchGroq(exports);
    for (const exports of [openaiNamespace, cjsOpenai, oldestOpenaiNamespace]) patchOpenAi(exports);
    simulator = await startChatSimulator({ firstTokenMs: [20, 30], tokensPerSecond: [400, 500] });
  });
  after(() => simulator.close());
}

export const client = (build: (typeof BUILDS)[number], options: object = {}): Client => {
  const Make = build.make as unknown as new (options: object) => Client;
  return new Make({
    apiKey: 'key',
    baseURL: new URL(build.path, simulator.url).href,
    maxRetries: 0,
    ...options,
  });
};
export const ask = (text: string) => ({ model: MODEL, messages: [{ role: 'user' as const, content: text }] });
export const llmFacts = (): StageFact[] => stagesOf(takeFacts(), 'llm');
export const read = async (
  stream: AsyncIterable<Chunk>,
  enough = Number.POSITIVE_INFINITY,
): Promise<string> => {
  let words = '';
  for await (const chunk of stream) {
    words += chunk.choices[0]?.delta.content ?? '';
    if (words.length > enough) break;
  }
  return words;
};
/** What the simulator says that the last finished request used. */
export const truth = () => {
  const finished = simulator.truth.findLast((event) => event.kind === 'finished');
  assert.ok(finished?.kind === 'finished');
  return finished;
};
