import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import * as newest from 'ai';
import * as oldest from 'ai-oldest';
import { type ChatSimulator, startChatSimulator } from '../../../demo/simulators/chat.ts';
import { instrumentAI, patchAi } from '../../../instrumentation/sdks/ai/ai.ts';
import type { StageFact } from '../../../model/facts.ts';
import type { StageKind } from '../../../model/vocabulary.ts';
import { stagesOf } from '../facts.ts';
import { type AudioSimulator, startAudioSimulator } from '../simulators/openai-audio.ts';
import { recordSpans, takeFacts } from '../spans.ts';

export const MODEL = 'gpt-4o-mini';
export const QUESTION = 'What is on the menu?';
/** The two versions are alike in what is used here. */
export const VERSIONS = [
  { name: 'ai, newest', ai: newest },
  { name: 'ai, oldest', ai: oldest as unknown as typeof newest },
] as const;

export let simulator: ChatSimulator;
export let files: AudioSimulator;
/** Serves what `ai` asks, and patches it. */
export function serveAi(): void {
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
}

export const openai = (url = simulator.url) => createOpenAI({ apiKey: 'key', baseURL: `${url}/v1` });
export const model = () => openai().chat(MODEL);
export const stages = (kind: StageKind): StageFact[] => stagesOf(takeFacts(), kind);
export const read = async (
  stream: AsyncIterable<string>,
  enough = Number.POSITIVE_INFINITY,
): Promise<string> => {
  let words = '';
  for await (const piece of stream) {
    words += piece;
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
export const received = (): number => simulator.truth.filter(({ kind }) => kind === 'received').length;
/** Errors are the application's to see: nothing is printed. */
export const quiet = { onError: () => {}, maxRetries: 0 };
