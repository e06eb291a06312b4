import type { Usage } from '../../model/facts.ts';
import { type Attributes, count, present, text } from './attributes.ts';
import { type Counting, grossUsage, type TokenCounts } from './gross.ts';
import { jsonField, jsonObject } from './stages.ts';
import { countingOf, tokenCounts } from './tokens.ts';

/**
 * What a request used, as the AI SDK up to ai 6 reports it. Up to ai 5 counts are those of the provider's API: Claude's
 * prompt without its cache, Gemini's answer without its thoughts. From ai 6 on the details say what a count holds.
 */
const AI = {
  inputTokens: ['ai.usage.inputTokens', 'ai.usage.promptTokens'],
  cachedInputTokens: ['ai.usage.cachedInputTokens', 'ai.usage.inputTokenDetails.cacheReadTokens'],
  cacheCreationInputTokens: ['ai.usage.inputTokenDetails.cacheWriteTokens'],
  outputTokens: ['ai.usage.outputTokens', 'ai.usage.completionTokens'],
  reasoningTokens: ['ai.usage.reasoningTokens', 'ai.usage.outputTokenDetails.reasoningTokens'],
  totalTokens: ['ai.usage.totalTokens'],
} as const;
/** Providers that pass Anthropic's own counts on. */
const NET_PROMPT = /anthropic|bedrock|vertex|gateway/;
const isClaude = (provider: string | undefined, model: string | undefined): boolean =>
  /claude|anthropic/.test(`${provider}/${model}`);
const UNCACHED = 'ai.usage.inputTokenDetails.noCacheTokens';
const ANSWER_TEXT = 'ai.usage.outputTokenDetails.textTokens';
/** JSON: what a provider tells beyond the common fields, each under its own key. */
const PROVIDER_METADATA = 'ai.response.providerMetadata';

/**
 * `gen_ai.usage.*` of the same span are the same tokens. Of a prompt without its cache, of which the provider's own object
 * was cut by a limit, the length is not known.
 */
export function aiSdkUsage(
  attributes: Attributes,
  provider: string | undefined,
  model: string | undefined,
): Usage | undefined {
  const counts = { ...tokenCounts(attributes), ...ownCounts(attributes) };
  const more = metadataCounts(attributes);
  const counting: Counting = {
    ...countingOf(provider, model),
    promptIsNet:
      attributes[UNCACHED] === undefined && NET_PROMPT.test(provider ?? '') && isClaude(provider, model),
    answerIsNet: attributes[ANSWER_TEXT] === undefined && /gemini/.test(model ?? ''),
  };
  const isCut = attributes[PROVIDER_METADATA] !== undefined && !jsonObject(attributes, PROVIDER_METADATA);
  const { inputTokens, ...rest } = counts;
  const known = isCut && counting.promptIsNet === true ? rest : counts;
  return grossUsage({ ...more, ...known, ...larger(more, counts) }, counting);
}

function ownCounts(attributes: Attributes): TokenCounts {
  const read = (names: readonly string[]) =>
    names.map((name) => count(attributes, name)).find((value) => value !== undefined);
  return present({
    inputTokens: read(AI.inputTokens),
    cachedInputTokens: read(AI.cachedInputTokens),
    cacheCreationInputTokens: read(AI.cacheCreationInputTokens),
    outputTokens: read(AI.outputTokens),
    reasoningTokens: read(AI.reasoningTokens),
    totalTokens: read(AI.totalTokens),
  });
}

/** What only the provider's own object has: the cache of Anthropic and Bedrock, Gemini's thoughts, OpenAI's cache of ai 4. */
function metadataCounts(attributes: Attributes): TokenCounts {
  const metadata = jsonObject(attributes, PROVIDER_METADATA);
  if (metadata === undefined) return {};
  const anthropic = jsonField(metadata, 'anthropic');
  const claude = jsonField(anthropic, 'usage');
  const bedrock = jsonField(jsonField(metadata, 'bedrock'), 'usage');
  const google = ['google', 'vertex', 'googleVertex'].map((key) =>
    jsonField(jsonField(metadata, key), 'usageMetadata'),
  );
  const openai = jsonField(metadata, 'openai');
  const gemini = (name: string) =>
    google.map((usage) => count(usage, name)).find((value) => value !== undefined);
  return present({
    cachedInputTokens:
      count(claude, 'cache_read_input_tokens') ??
      count(anthropic, 'cacheReadInputTokens') ??
      count(bedrock, 'cacheReadInputTokens') ??
      gemini('cachedContentTokenCount') ??
      count(openai, 'cachedPromptTokens'),
    cacheCreationInputTokens:
      count(claude, 'cache_creation_input_tokens') ??
      count(anthropic, 'cacheCreationInputTokens') ??
      count(bedrock, 'cacheWriteInputTokens'),
    longCacheCreationInputTokens: count(jsonField(claude, 'cache_creation'), 'ephemeral_1h_input_tokens'),
    reasoningTokens: gemini('thoughtsTokenCount') ?? count(openai, 'reasoningTokens'),
    totalTokens: gemini('totalTokenCount'),
  });
}

/** The tier that served, as OpenAI and Anthropic tell it. */
export function metadataTier(attributes: Attributes): string | undefined {
  const metadata = jsonObject(attributes, PROVIDER_METADATA);
  const claude = jsonField(jsonField(metadata, 'anthropic'), 'usage');
  return text(jsonField(metadata, 'openai'), 'serviceTier') ?? text(claude, 'service_tier');
}

/** A common field that says 0, or says nothing, of what the provider itself counts. */
const larger = (more: TokenCounts, counts: TokenCounts): TokenCounts =>
  Object.fromEntries(
    Object.entries(more).filter(([key, value]) => value > (counts[key as keyof TokenCounts] ?? 0)),
  );
