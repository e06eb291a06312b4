import type { ModelUsage } from '../../model/facts.ts';
import { modelOf, providerOf } from '../../model/providers.ts';
import { type Attributes, addPresent, count, present, quantity, text } from './attributes.ts';
import { grossUsage } from './gross.ts';
import { micros } from './stages.ts';
import { countingOf, someUsage } from './tokens.ts';

/** JavaScript's log records have milliseconds and camel case; Python, and both in their JSON, have seconds. */
const NAMES = {
  js: {
    audio: 'audioDurationMs',
    characters: 'charactersCount',
    inputTokens: 'inputTokens',
    cachedInputTokens: 'inputCachedTokens',
    cacheCreationInputTokens: 'inputCacheCreationTokens',
    inputAudioTokens: 'inputAudioTokens',
    cachedInputAudioTokens: 'inputCachedAudioTokens',
    outputTokens: 'outputTokens',
    outputAudioTokens: 'outputAudioTokens',
    reasoningTokens: 'outputReasoningTokens',
  },
  python: {
    audio: 'audio_duration',
    characters: 'characters_count',
    inputTokens: 'input_tokens',
    cachedInputTokens: 'input_cached_tokens',
    cacheCreationInputTokens: 'input_cache_creation_tokens',
    inputAudioTokens: 'input_audio_tokens',
    cachedInputAudioTokens: 'input_cached_audio_tokens',
    outputTokens: 'output_tokens',
    outputAudioTokens: 'output_audio_tokens',
    reasoningTokens: 'output_reasoning_tokens',
  },
} as const;

const KINDS: Readonly<Record<string, ModelUsage['stage']>> = {
  llm_usage: 'llm',
  stt_usage: 'stt',
  tts_usage: 'tts',
};
/** No session has more models. */
const MAX_MODELS = 32;

/** What each model used in a session, as its report lists it; zeros are left out there. Undefined where it lists nothing. */
export function usageList(list: unknown): ModelUsage[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const used = list.slice(0, MAX_MODELS).flatMap((entry) => usageOf(entry) ?? []);
  return used.length === 0 ? undefined : used;
}

function usageOf(entry: unknown): ModelUsage | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const from = entry as Attributes;
  const stage = KINDS[text(from, 'type') ?? ''];
  if (stage === undefined) return undefined;
  const isJs = NAMES.js.audio in from || NAMES.js.inputTokens in from || NAMES.js.characters in from;
  const names = NAMES[isJs ? 'js' : 'python'];
  const provider = providerOf(text(from, 'provider'));
  const model = modelOf(text(from, 'model'));
  const audio = quantity(from, names.audio);
  const { audio: _, characters, ...tokens } = names;
  const counts = present(
    Object.fromEntries(Object.entries(tokens).map(([name, key]) => [name, count(from, key) || undefined])),
  );
  const usage = {
    ...grossUsage(counts, countingOf(provider, model)),
    ...present({
      characters: count(from, characters),
      audioSeconds: audio === undefined ? undefined : micros(audio * (isJs ? 1e-3 : 1)) / 1e6,
    }),
  };
  // JavaScript counts what goes through its sentence adapter twice.
  const isReliable = !(isJs && stage === 'tts');
  return addPresent({ stage }, { provider, model, usage: isReliable ? someUsage(usage) : undefined });
}
