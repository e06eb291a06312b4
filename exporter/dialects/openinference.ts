import type { Fact, FactBase, Micros, StageFact, Usage } from '../../model/facts.ts';
import { ATTR } from '../../model/semconv.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import { count, eventTimes, index, present, text } from './attributes.ts';
import { callIdFrom } from './call-id.ts';
import { type Dialect, factBase } from './dialect.ts';
import { modelOf, providerOf } from './providers.ts';
import { knownTokens, otherFact, someUsage, stageFact } from './stages.ts';

/**
 * OpenInference (Arize Phoenix), semantic conventions 2.12. It has no kinds for speech, and no attribute for the first
 * token. Its costs are floats and are not read.
 */
export const openinference: Dialect = { name: 'openinference', recognises, read };

const OI = {
  kind: 'openinference.span.kind',
  sessionId: 'session.id',
  provider: 'llm.provider',
  system: 'llm.system',
  model: 'llm.model_name',
  requestModel: 'llm.request.model_name',
  responseModel: 'llm.response.model_name',
  finishReason: 'llm.finish_reason',
  promptTokens: 'llm.token_count.prompt',
  cachedTokens: 'llm.token_count.prompt_details.cache_read',
  cacheInput: 'llm.token_count.prompt_details.cache_input',
  promptAudio: 'llm.token_count.prompt_details.audio',
  completionTokens: 'llm.token_count.completion',
  reasoning: 'llm.token_count.completion_details.reasoning',
  completionAudio: 'llm.token_count.completion_details.audio',
  toolName: 'tool.name',
} as const;

/** Span event of some instrumentations, when a stream gave its first token. */
const FIRST_TOKEN = 'First Token Stream Event';

function recognises({ attributes }: SpanRecord): boolean {
  return text(attributes, OI.kind) !== undefined;
}

function read(span: SpanRecord): Fact | undefined {
  const callId = callIdFrom(span, [OI.sessionId]);
  if (callId === undefined) return undefined;
  const base = factBase(span, callId);
  switch (text(span.attributes, OI.kind)) {
    case 'LLM':
      return llmRequest(span, base);
    case 'TOOL':
      return stageFact(base, {
        stage: 'tool',
        turnIndex: index(span.attributes, ATTR.turnIndex),
        toolName: text(span.attributes, OI.toolName),
      });
    default:
      return otherFact(base);
  }
}

function llmRequest(span: SpanRecord, base: FactBase): StageFact {
  const { attributes } = span;
  const usage = knownTokens(usageOf(span));
  const finishReason = text(attributes, OI.finishReason);
  return stageFact(base, {
    stage: 'llm',
    turnIndex: index(attributes, ATTR.turnIndex),
    provider: providerOf(text(attributes, OI.provider) ?? text(attributes, OI.system)),
    model:
      modelOf(text(attributes, OI.requestModel)) ??
      modelOf(text(attributes, OI.model)) ??
      modelOf(text(attributes, OI.responseModel)),
    firstByteUs: firstTokenOf(span),
    usage,
    finishReasons: finishReason === undefined ? undefined : [finishReason],
    endUnknown: (usage === undefined && finishReason === undefined) || undefined,
  });
}

const firstTokenOf = (span: SpanRecord): Micros | undefined => eventTimes(span, FIRST_TOKEN)[0];

function usageOf({ attributes }: SpanRecord): Usage | undefined {
  return someUsage(
    present({
      inputTokens: count(attributes, OI.promptTokens),
      cachedInputTokens: count(attributes, OI.cachedTokens) ?? count(attributes, OI.cacheInput),
      inputAudioTokens: count(attributes, OI.promptAudio),
      outputTokens: count(attributes, OI.completionTokens),
      outputAudioTokens: count(attributes, OI.completionAudio),
      reasoningTokens: count(attributes, OI.reasoning),
    }),
  );
}
