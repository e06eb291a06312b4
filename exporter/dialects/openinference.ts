import type { Fact, FactBase, Micros, StageFact, Usage } from '../../model/facts.ts';
import { modelOf, providerOf } from '../../model/providers.ts';
import { ATTR } from '../../model/semconv.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import { count, eventTimes, index, present, text } from './attributes.ts';
import { callIdFrom } from './call-id.ts';
import { type Dialect, factBase } from './dialect.ts';
import { grossUsage } from './gross.ts';
import { knownTokens, otherFact, servedModel, stageFact } from './stages.ts';
import { countingOf } from './tokens.ts';

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
  cacheWrite: 'llm.token_count.prompt_details.cache_write',
  promptAudio: 'llm.token_count.prompt_details.audio',
  completionTokens: 'llm.token_count.completion',
  totalTokens: 'llm.token_count.total',
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
  const provider = providerOf(text(attributes, OI.provider) ?? text(attributes, OI.system));
  const requested = modelOf(text(attributes, OI.requestModel));
  const names = servedModel(
    requested ?? modelOf(text(attributes, OI.model)),
    modelOf(text(attributes, OI.responseModel)) ?? (requested && modelOf(text(attributes, OI.model))),
  );
  const usage = knownTokens(usageOf(span, provider, names.model));
  const finishReason = text(attributes, OI.finishReason);
  return stageFact(base, {
    stage: 'llm',
    turnIndex: index(attributes, ATTR.turnIndex),
    provider,
    ...names,
    firstByteUs: firstTokenOf(span),
    usage,
    finishReasons: finishReason === undefined ? undefined : [finishReason],
    endUnknown: (usage === undefined && finishReason === undefined) || undefined,
  });
}

const firstTokenOf = (span: SpanRecord): Micros | undefined => eventTimes(span, FIRST_TOKEN)[0];

/** Instrumentations of LangChain and Bedrock report some prompts without their cached part, others never do. */
function usageOf(
  { attributes }: SpanRecord,
  provider: string | undefined,
  model: string | undefined,
): Usage | undefined {
  return grossUsage(
    present({
      inputTokens: count(attributes, OI.promptTokens),
      cachedInputTokens: count(attributes, OI.cachedTokens) ?? count(attributes, OI.cacheInput),
      cacheCreationInputTokens: count(attributes, OI.cacheWrite),
      totalTokens: count(attributes, OI.totalTokens),
      inputAudioTokens: count(attributes, OI.promptAudio),
      outputTokens: count(attributes, OI.completionTokens),
      outputAudioTokens: count(attributes, OI.completionAudio),
      reasoningTokens: count(attributes, OI.reasoning),
    }),
    countingOf(provider, model),
  );
}
