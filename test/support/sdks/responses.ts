import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import OpenAI, * as namespace from 'openai';
import OldestOpenAI, * as oldestNamespace from 'openai-oldest';
import { patchOpenAi } from '../../../instrumentation/sdks/openai/openai.ts';
import type { StageFact } from '../../../model/facts.ts';
import { stagesOf } from '../facts.ts';
import { type ResponsesSimulator, startResponsesSimulator } from '../simulators/responses.ts';
import { recordSpans, takeFacts } from '../spans.ts';

const commonJs = createRequire(import.meta.url)('openai') as { OpenAI: typeof OpenAI };
export const MODEL = 'gpt-4.1-mini';
export const TOOLS = [
  {
    type: 'function' as const,
    name: 'get_opening_hours',
    parameters: { type: 'object', properties: {}, additionalProperties: false },
    strict: true,
  },
];

export const BUILDS = [
  { name: 'openai from ESM', make: OpenAI },
  { name: 'openai from CommonJS', make: commonJs.OpenAI },
  { name: 'the oldest openai', make: OldestOpenAI as unknown as typeof OpenAI },
] as const;

export let simulator: ResponsesSimulator;
/** Serves the Responses API, and patches every build of the SDK. */
export function serveResponses(): void {
  before(async () => {
    recordSpans();
    for (const exports of [namespace, commonJs, oldestNamespace]) patchOpenAi(exports);
    simulator = await startResponsesSimulator();
  });
  after(() => simulator.close());
}

export const truth = () => {
  const finished = simulator.truth.findLast((event) => event.kind === 'finished');
  assert.ok(finished?.kind === 'finished');
  return finished;
};
export const llmFacts = (): StageFact[] => stagesOf(takeFacts(), 'llm');
