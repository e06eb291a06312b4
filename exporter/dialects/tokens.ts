import type { Usage } from '../../model/facts.ts';
import { type Attributes, count, present } from './attributes.ts';
import { type Counting, grossUsage, type TokenCounts } from './gross.ts';

/**
 * The names under which token counts are reported, current ones of the conventions first. The same count can come under
 * several of them: the first that is there is taken, and none is added to another.
 */
const NAMES = {
  inputTokens: ['input_tokens', 'prompt_tokens'],
  outputTokens: ['output_tokens', 'completion_tokens'],
  totalTokens: ['total_tokens'],
  cachedInputTokens: [
    'cache_read.input_tokens',
    'cache_read_input_tokens',
    'input_cached_tokens',
    'cached_input_tokens',
    'cached_tokens',
    'cache_read_tokens',
    'cache_read.tokens',
    'prompt_tokens_cached',
    'input_tokens.cached',
    'input_tokens.cache_read',
    'input_tokens_details.cached_tokens',
    'prompt_tokens_details.cached_tokens',
    'input_token_details.cache_read',
    'input_token_details.cached_tokens',
    'input_tokens_cached',
    'cached_prompt_tokens',
    'prompt_cache_hit_tokens',
    'details.cache_read_input_tokens',
    'details.cache_read_tokens',
    'details.cached_tokens',
    'details.cached_content_tokens',
  ],
  cacheCreationInputTokens: [
    'cache_write.input_tokens',
    'cache_creation.input_tokens',
    'cache_creation_input_tokens',
    'cache_write_input_tokens',
    'cache_creation_tokens',
    'cache_write_tokens',
    'cache_creation.tokens',
    'cache_write.tokens',
    'input_tokens.cache_write',
    'input_tokens.cache_creation',
    'input_tokens_details.cache_write_tokens',
    'prompt_tokens_details.cache_write_tokens',
    'prompt_tokens_details.cache_creation_tokens',
    'input_token_details.cache_creation',
    'details.cache_write_tokens',
    'details.cache_creation_input_tokens',
    'details.cache_creation_tokens',
  ],
  longCacheCreationInputTokens: [
    'cache_creation.ephemeral_1h_input_tokens',
    'input_token_details.ephemeral_1h_input_tokens',
    'details.ephemeral_1h_input_tokens',
    'ephemeral_1h_input_tokens',
  ],
  shortCacheCreationInputTokens: [
    'cache_creation.ephemeral_5m_input_tokens',
    'input_token_details.ephemeral_5m_input_tokens',
    'details.ephemeral_5m_input_tokens',
    'ephemeral_5m_input_tokens',
  ],
  reasoningTokens: [
    'reasoning.output_tokens',
    'reasoning_tokens',
    'output_reasoning_tokens',
    'output_tokens.reasoning',
    'output_tokens_details.reasoning_tokens',
    'completion_tokens_details.reasoning_tokens',
    'output_token_details.reasoning',
    'thoughts_tokens',
    'details.reasoning_tokens',
    'details.thoughts_tokens',
  ],
  inputAudioTokens: [
    'audio.input_tokens',
    'input_audio_tokens',
    'prompt_tokens_details.audio_tokens',
    'input_tokens_details.audio_tokens',
    'input_token_details.audio',
    'details.input_audio_tokens',
    'details.audio_prompt_tokens',
  ],
  cachedInputAudioTokens: [
    'audio.cache_read.input_tokens',
    'cache_audio_read_tokens',
    'input_cached_audio_tokens',
    'details.cache_audio_read_tokens',
    'details.audio_cache_tokens',
  ],
  outputAudioTokens: [
    'audio.output_tokens',
    'output_audio_tokens',
    'completion_tokens_details.audio_tokens',
    'output_tokens_details.audio_tokens',
    'output_token_details.audio',
    'details.output_audio_tokens',
    'details.audio_candidates_tokens',
  ],
  inputTextTokens: ['text.input_tokens', 'details.text_prompt_tokens'],
  cachedInputTextTokens: ['text.cache_read.input_tokens'],
  inputImageTokens: ['image.input_tokens'],
  outputTextTokens: ['text.output_tokens', 'details.text_candidates_tokens'],
} as const;

type Name = keyof typeof NAMES;

/** Older names, outside the namespace, that come after those: of OpenLLMetry before 2025. */
const OLD: { readonly [K in Name]?: readonly string[] } = {
  inputTokens: ['llm.usage.prompt_tokens'],
  outputTokens: ['llm.usage.completion_tokens'],
  totalTokens: ['llm.usage.total_tokens', 'llm.token_count.total'],
};
const PREFIX = 'gen_ai.usage.';

/** What each attribute counts, and its place among those that count the same. */
const COUNTED = new Map(
  (Object.keys(NAMES) as Name[]).flatMap((key) =>
    [...NAMES[key].map((name) => PREFIX + name), ...(OLD[key] ?? [])].map(
      (name, place) => [name, { key, place }] as const,
    ),
  ),
);

type Counts = { -readonly [K in Name]?: number };

/** The counts by name, those under the first of their names. Undefined: there are none. */
function countsIn(from: Attributes): Counts | undefined {
  let counts: Counts | undefined;
  const places: Counts = {};
  // There are more names than attributes, and most attributes of most spans are none of these.
  for (const attribute in from) {
    const counted = COUNTED.get(attribute);
    if (counted === undefined) continue;
    const { key, place } = counted;
    const value = count(from, attribute);
    if (value === undefined || place >= (places[key] ?? Number.POSITIVE_INFINITY)) continue;
    counts ??= {};
    counts[key] = value;
    places[key] = place;
  }
  return counts;
}

/** Token counts as the GenAI conventions and the dialects of them write them, not yet made gross. */
export function tokenCounts(from: Attributes): TokenCounts {
  const counts = countsIn(from);
  if (counts === undefined) return {};
  const { inputTextTokens, cachedInputTextTokens, outputTextTokens, inputImageTokens } = counts;
  const { inputAudioTokens, cachedInputAudioTokens, outputAudioTokens } = counts;
  const written = sum(counts.shortCacheCreationInputTokens, counts.longCacheCreationInputTokens);
  const cached = counts.cachedInputTokens ?? sum(cachedInputTextTokens, cachedInputAudioTokens);
  return present({
    inputTokens: counts.inputTokens,
    outputTokens: counts.outputTokens,
    totalTokens: counts.totalTokens,
    cachedInputTokens: cached,
    cacheCreationInputTokens: counts.cacheCreationInputTokens ?? written,
    longCacheCreationInputTokens: counts.longCacheCreationInputTokens,
    reasoningTokens: counts.reasoningTokens,
    inputAudioTokens: inputImageTokens
      ? inputAudioTokens
      : audioOf(counts.inputTokens, inputAudioTokens, inputTextTokens),
    cachedInputAudioTokens: inputImageTokens
      ? cachedInputAudioTokens
      : audioOf(cached, cachedInputAudioTokens, cachedInputTextTokens),
    outputAudioTokens: audioOf(counts.outputTokens, outputAudioTokens, outputTextTokens),
  });
}

const sum = (...parts: readonly (number | undefined)[]): number | undefined =>
  parts.reduce((total, part) => (part === undefined ? total : (total ?? 0) + part), undefined);

/** Where all tokens were text, none was audio; where none of them is of any kind, the kinds are not known. */
function audioOf(all = 0, audio?: number, text?: number): number | undefined {
  if (audio === 0 && text === 0 && all > 0) return undefined;
  return audio ?? (text !== undefined && text === all ? 0 : undefined);
}

/** A usage with something in it. */
export const someUsage = (usage: Usage): Usage | undefined =>
  Object.keys(usage).length === 0 ? undefined : usage;

/** Token usage in the names of the conventions and their dialects, gross. */
export const tokenUsage = (from: Attributes, counting?: Counting): Usage | undefined =>
  someUsage(grossUsage(tokenCounts(from), counting));

/**
 * How a provider counts, whatever reported the usage.
 *
 * @param asCounted - the reporter passes on what the provider's API counts apart, where most add it up. (Default: false.)
 */
export const countingOf = (
  provider: string | undefined,
  model: string | undefined,
  asCounted = false,
): Counting => ({
  restIsThoughts:
    /^(?:gcp\b|google|gemini|vertex|x_ai|xai)/.test(provider ?? '') || /\b(?:gemini|grok)-/.test(model ?? ''),
  ...(asCounted && {
    promptIsNet: /^(?:anthropic|aws\.bedrock)\/|claude/.test(`${provider}/${model}`),
    answerIsNet: /gemini/.test(model ?? ''),
  }),
});
