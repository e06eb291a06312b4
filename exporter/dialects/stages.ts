import type { FactBase, Micros, OtherFact, StageFact, Usage } from '../../model/facts.ts';
import { modelOf, providerAt, providerOf } from '../../model/providers.ts';
import { ATTR } from '../../model/semconv.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import { isAsCounted } from './as-counted.ts';
import { type Attributes, addPresent, eventTimes, index, quantity, text, texts } from './attributes.ts';
import { GEN_AI } from './names.ts';
import { countingOf, tokenUsage } from './tokens.ts';

/** What the dialects of other people's spans share: stages as the GenAI conventions write them. */

/** Seconds to whole microseconds. */
export const micros = (seconds: number): Micros => Math.round(seconds * 1e6);

/** The instant so many seconds after the span's start, where that is within the span (it may be a little after). */
export function afterStart(span: SpanRecord, seconds: number | undefined): Micros | undefined {
  if (seconds === undefined || seconds < 0) return undefined;
  const at = span.startUs + micros(seconds);
  return at <= span.endUs + CLOCK_TOLERANCE_US ? Math.min(at, Math.max(span.startUs, span.endUs)) : undefined;
}

/** Figures and spans are measured by different clocks of one process, and rounded to milliseconds. */
const CLOCK_TOLERANCE_US = 50_000;

/** No request has an empty prompt: 0 and 0 tokens is how a stream that was cut off reports that it does not know. */
export const knownTokens = (usage: Usage | undefined): Usage | undefined =>
  (usage?.inputTokens ?? 0) === 0 && (usage?.outputTokens ?? 0) === 0 ? undefined : usage;

/** Who runs the model, which served, and which was asked for where that is another one. */
export interface ModelNames {
  provider: string | undefined;
  model: string | undefined;
  requestedModel: string | undefined;
}

export function modelNames(from: Attributes): ModelNames {
  const requested = modelOf(text(from, GEN_AI.requestModel));
  const served = modelOf(text(from, GEN_AI.responseModel));
  return {
    provider: atServer(providerOf(text(from, GEN_AI.provider) ?? text(from, GEN_AI.system)), from),
    ...servedModel(requested, served),
  };
}

/** Providers whose clients are used for the servers of others, too. */
const SPOKEN_BY_OTHERS: ReadonlySet<unknown> = new Set(['openai', 'anthropic']);

/**
 * Who answers, where instrumentations of a client take its maker for the provider: OpenAI's client at `api.groq.com` asks
 * Groq. A host that the table does not have, such as a proxy, says nothing.
 */
function atServer(provider: string | undefined, from: Attributes): string | undefined {
  if (!SPOKEN_BY_OTHERS.has(provider)) return provider;
  const host = text(from, GEN_AI.serverAddress);
  return providerAt(host && `https://${host}`) ?? providerAt(text(from, GEN_AI.baseUrl)) ?? provider;
}

/**
 * What served is what is billed. A served name that is the asked-for one with a date or a version behind it is the same
 * model, and keeps the name that people asked for.
 */
export function servedModel(
  requested: string | undefined,
  served: string | undefined,
): Pick<ModelNames, 'model' | 'requestedModel'> {
  const isSame =
    served === undefined || requested === undefined || served === requested || isSnapshot(served, requested);
  if (isSame) return { model: requested ?? served, requestedModel: undefined };
  return { model: served, requestedModel: requested };
}

/** `gpt-4o-mini-2024-07-18` of `gpt-4o-mini`; `models/gemini-2.5-flash` and `gemini-2.5-flash-001` of each other's stem. */
function isSnapshot(served: string, requested: string): boolean {
  const [stem, name] = [requested, served].map((each) =>
    each.toLowerCase().replace(/^(?:.*\/)?models\//, ''),
  );
  if (stem === undefined || name === undefined || !name.startsWith(stem)) return stem === name;
  return /^(?:[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{3,4}|latest))?$/.test(name.slice(stem.length));
}

/** What of a request is needed to price it and to know it again. */
export function requestOf(from: Attributes): Pick<StageParts, 'serviceTier' | 'responseId'> {
  return {
    serviceTier: SERVICE_TIERS.map((name) => text(from, name)).find((tier) => tier !== undefined),
    responseId: text(from, GEN_AI.responseId),
  };
}

/** What served comes before what was asked for. */
const SERVICE_TIERS = [
  ATTR.serviceTier,
  'gen_ai.openai.response.service_tier',
  'gen_ai.response.service_tier',
  'gen_ai.usage.service_tier',
  'gen_ai.service_tier',
  'openai.request.service_tier',
  'gen_ai.openai.request.service_tier',
  'gen_ai.request.service_tier',
] as const;

/**
 * One LLM request as the conventions write it. An answer without usage and without a reason to stop was cut off, or the
 * client does not report either: when it was done is then not known.
 */
export function chatStage(span: SpanRecord, base: FactBase, more: Partial<StageParts> = {}): StageFact {
  const { attributes } = span;
  const finishReasons = finishReasonsOf(attributes);
  const names = modelNames(attributes);
  const counting = countingOf(names.provider, names.model, isAsCounted(span));
  const usage = knownTokens(tokenUsage(attributes, counting));
  return stageFact(base, {
    ...names,
    ...requestOf(attributes),
    stage: 'llm',
    turnIndex: index(attributes, ATTR.turnIndex),
    firstByteUs: firstChunkOf(span),
    usage,
    finishReasons,
    endUnknown: (usage === undefined && finishReasons === undefined) || undefined,
    ...more,
  });
}

/** Seconds from the start of the request to its first chunk: the name of the conventions, OpenLIT's, Sentry's. */
const TIMES_TO_FIRST_CHUNK = [
  GEN_AI.timeToFirstChunk,
  'gen_ai.server.time_to_first_token',
  'gen_ai.response.time_to_first_token',
] as const;
/** OpenLLMetry has an event for each chunk of an answer instead. */
const CHUNKS = ['gen_ai.content.completion.chunk', 'llm.content.completion.chunk'] as const;

/** The first chunk of an answer. OpenLIT's 0 is that it saw none. */
function firstChunkOf(span: SpanRecord): Micros | undefined {
  for (const name of TIMES_TO_FIRST_CHUNK) {
    const seconds = quantity(span.attributes, name);
    if (seconds !== undefined && seconds > 0) return afterStart(span, seconds);
  }
  return CHUNKS.flatMap((name) => eventTimes(span, name))[0];
}

/** What a dialect knows of a stage beyond its span; undefined is absent. */
export type StageParts = {
  [K in keyof Omit<StageFact, keyof FactBase | 'type'>]?: StageFact[K] | undefined;
} & {
  stage: StageFact['stage'];
};

/** A stage fact. Ended on purpose is not failed, whatever status the aborted request was given. */
export function stageFact(base: FactBase, parts: StageParts): StageFact {
  if (parts.cancelled === true) delete base.errorType;
  return addPresent(base, { type: 'stage' as const, ...parts });
}

/** A span that carries nothing of its own; the tree of spans needs it. */
export const otherFact = (base: FactBase): OtherFact => addPresent(base, { type: 'other' as const });

/** Why the model stopped: a list, or a list that was turned into JSON on the way. */
export function finishReasonsOf(from: Attributes): string[] | undefined {
  const json = text(from, GEN_AI.finishReasons);
  if (json === undefined) return texts(from, GEN_AI.finishReasons);
  try {
    return texts({ list: JSON.parse(json) }, 'list') ?? [json];
  } catch {
    return [json];
  }
}

/** The numbers, strings and flags of an attribute that holds a JSON object. Undefined where it holds none. */
export function jsonObject(from: Attributes, name: string): Attributes | undefined {
  const json = text(from, name);
  if (json === undefined || json.length > MAX_JSON) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Attributes)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Metrics are a few hundred characters. */
const MAX_JSON = 16_384;

/** A field of such an object that is an object itself. */
export function jsonField(from: Attributes | undefined, name: string): Attributes {
  const value = from?.[name];
  return typeof value === 'object' && value !== null ? (value as Attributes) : {};
}
