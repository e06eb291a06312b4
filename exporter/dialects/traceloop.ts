import type { Fact } from '../../model/facts.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import { addPresent, count, text } from './attributes.ts';
import { callIdFrom } from './call-id.ts';
import { type Dialect, factBase } from './dialect.ts';
import { GEN_AI } from './names.ts';
import { chatStage, knownTokens, otherFact, stageFact, tokenUsage } from './stages.ts';

/**
 * Traceloop's OpenLLMetry, JavaScript 0.27 and its Python sister. LLM spans are those of the GenAI conventions but for
 * some names. There is no first-token time, no audio and no realtime.
 */
export const traceloop: Dialect = { name: 'traceloop', recognises, read };

const SCOPES =
  /^(?:@traceloop\/|opentelemetry\.instrumentation\.(?:openai|anthropic|groq|bedrock|mistralai|cohere)\b)/;

const TL = {
  kind: 'traceloop.span.kind',
  entityName: 'traceloop.entity.name',
  requestType: 'llm.request.type',
  cachedInputTokens: 'gen_ai.usage.cache_read_input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning_tokens',
} as const;

/** `withAssociationProperties`: names that people give to the conversation, most particular first. */
const CALL = ['call_id', 'conversation_id', 'session_id', 'chat_id'].map(
  (name) => `traceloop.association.properties.${name}`,
);

function recognises({ scopeName = '', attributes }: SpanRecord): boolean {
  return SCOPES.test(scopeName) || text(attributes, TL.kind) !== undefined;
}

function read(span: SpanRecord): Fact | undefined {
  const callId = callIdFrom(span, CALL);
  if (callId === undefined) return undefined;
  const base = factBase(span, callId);
  const { attributes } = span;
  if (text(attributes, TL.kind) === 'tool') {
    return stageFact(base, { stage: 'tool', toolName: text(attributes, TL.entityName) });
  }
  if (!isRequest(span)) return otherFact(base);
  const usage = knownTokens(tokenUsage(attributes));
  return chatStage(span, base, {
    // It says `stop` of streams that were aborted, too: only with usage the answer is known to be whole.
    endUnknown: usage === undefined || undefined,
    usage:
      usage &&
      addPresent(usage, {
        cachedInputTokens: usage.cachedInputTokens ?? count(attributes, TL.cachedInputTokens),
        reasoningTokens: usage.reasoningTokens ?? count(attributes, TL.reasoningTokens),
      }),
  });
}

const REQUESTS: ReadonlySet<string | undefined> = new Set(['chat', 'text_completion', 'completion']);

const isRequest = ({ attributes }: SpanRecord): boolean =>
  REQUESTS.has(text(attributes, GEN_AI.operation)) || REQUESTS.has(text(attributes, TL.requestType));
