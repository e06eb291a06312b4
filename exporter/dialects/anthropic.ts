import type { Fact } from '../../model/facts.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import { quantity, text } from './attributes.ts';
import { callIdOf, type Dialect, factBase } from './dialect.ts';
import { GEN_AI } from './names.ts';
import { afterStart, chatStage, knownTokens, otherFact } from './stages.ts';
import { tokenUsage } from './tokens.ts';

/**
 * The spans that `@anthropic-ai/sdk` 1.12 writes itself. Seconds. The SDK adds cached and cache-writing tokens to
 * `gen_ai.usage.input_tokens`, as the conventions want it.
 */
export const anthropic: Dialect = {
  name: 'anthropic',
  recognises: ({ scopeName }) => scopeName === 'com.anthropic.sdk.typescript',
  read,
};

const REQUEST = 'anthropic.messages.create';
const STOP_REASON = 'anthropic.message.stop_reason';

function read(span: SpanRecord): Fact | undefined {
  const callId = callIdOf(span);
  if (callId === undefined) return undefined;
  const base = factBase(span, callId);
  if (span.name !== REQUEST) return otherFact(base);
  const { attributes } = span;
  const stopReason = text(attributes, STOP_REASON);
  // The prompt is known with the first event and the answer's length with the last one: of an answer that was cut off
  // there is half of the usage.
  const cutOff = stopReason === undefined && base.errorType === undefined;
  const usage = knownTokens(tokenUsage(attributes));
  return chatStage(span, base, {
    firstByteUs: afterStart(span, quantity(attributes, GEN_AI.timeToFirstChunk)),
    usage: usage && usage.outputTokens === undefined ? { ...usage, estimated: true } : usage,
    cancelled: cutOff || undefined,
    finishReasons: stopReason === undefined ? undefined : [stopReason],
    endUnknown: undefined,
  });
}
