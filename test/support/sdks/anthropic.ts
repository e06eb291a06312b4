import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import * as esm from '@anthropic-ai/sdk';
import * as esmOldest from 'anthropic-sdk-oldest';
import { onSpanEnd } from '../../../instrumentation/call/spans.ts';
import { patchAnthropic } from '../../../instrumentation/sdks/anthropic/anthropic.ts';
import { ATTR } from '../../../model/semconv.ts';
import type { SpanRecord } from '../../../model/span-record.ts';
import { type AnthropicSimulator, startAnthropicSimulator } from '../simulators/anthropic.ts';
import { recordSpans } from '../spans.ts';

const require = createRequire(import.meta.url);
export type Anthropic = esm.Anthropic;
export const MODEL = 'claude-haiku-4-5';
export const QUESTION = 'Can I book a table?';
export const TOOLS = [{ name: 'get_opening_hours', input_schema: { type: 'object' as const } }];
export const SDK_SPAN = 'anthropic.messages.create';

export const BUILDS = [
  { name: '@anthropic-ai/sdk from ESM', exports: esm, spans: true },
  { name: '@anthropic-ai/sdk from CommonJS', exports: require('@anthropic-ai/sdk'), spans: true },
  {
    name: 'the same with its spans switched off',
    exports: esm,
    spans: false,
    options: { openTelemetry: false },
  },
  { name: 'the oldest @anthropic-ai/sdk, from ESM', exports: esmOldest, spans: false },
  {
    name: 'the oldest @anthropic-ai/sdk, from CommonJS',
    exports: require('anthropic-sdk-oldest'),
    spans: false,
  },
] as const;

export let simulator: AnthropicSimulator;
export const endedInProcess: unknown[] = [];
/** Serves the Messages API, and patches every build of the SDK. */
export function serveAnthropic(): void {
  before(async () => {
    recordSpans();
    onSpanEnd((span) => endedInProcess.push(span));
    for (const { exports } of BUILDS) patchAnthropic(exports);
    simulator = await startAnthropicSimulator({
      firstTokenMs: [20, 30],
      tokensPerSecond: [400, 500],
      cached: { read: 70, written: 11 },
      thinking: { tokens: 5, ms: 10 },
    });
  });
  after(() => simulator.close());
}

export const ask = (text = QUESTION) => ({
  model: MODEL,
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: text }],
});
/** What the simulator says of the last answer that it finished. */
export const truth = () => {
  const finished = simulator.truth.findLast((event) => event.kind === 'finished');
  assert.ok(finished?.kind === 'finished');
  const { input_tokens, output_tokens } = finished.usage;
  const usage = {
    inputTokens: input_tokens + 70 + 11,
    cachedInputTokens: 70,
    cacheCreationInputTokens: 11,
    outputTokens: output_tokens,
    reasoningTokens: 5,
  };
  return { usage, reply: finished.reply };
};
export const isLlm = ({ attributes }: SpanRecord): boolean => attributes[ATTR.stage] === 'llm';
