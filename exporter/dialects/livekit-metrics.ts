import type { Micros } from '../../model/facts.ts';
import { modelOf, providerOf } from '../../model/providers.ts';
import { type Attributes, count, flag, number, present, text } from './attributes.ts';
import type { TokenCounts } from './gross.ts';
import { jsonField, jsonObject, micros } from './stages.ts';

/** What LiveKit's metrics say, in one unit: they are a JSON string in an attribute. Unknown is absent. */
export interface LiveKitMetrics {
  /** When they were taken, which is the end of the request. */
  takenUs?: Micros;
  durationSeconds?: number;
  /** From the request, or from its first text, to the first token or audio. */
  firstByteSeconds?: number;
  audioSeconds?: number;
  characters?: number;
  inputTokens?: number;
  outputTokens?: number;
  /** Of a request to a model, with their parts. */
  tokens: TokenCounts;
  provider?: string;
  model?: string;
  streamed?: boolean;
  cancelled?: boolean;
}

/** JavaScript has milliseconds, in names that end in `Ms`; Python has seconds. −1 is unknown in both. */
const NAMES = {
  js: {
    ttft: 'ttftMs',
    ttfb: 'ttfbMs',
    duration: 'durationMs',
    audio: 'audioDurationMs',
    characters: 'charactersCount',
    inputTokens: 'inputTokens',
    outputTokens: 'outputTokens',
    promptTokens: 'promptTokens',
    completionTokens: 'completionTokens',
    cachedPromptTokens: 'promptCachedTokens',
    cacheCreationTokens: 'cacheCreationTokens',
    reasoningTokens: 'reasoningTokens',
    totalTokens: 'totalTokens',
    inputDetails: 'inputTokenDetails',
    outputDetails: 'outputTokenDetails',
    audioTokens: 'audioTokens',
    textTokens: 'textTokens',
    imageTokens: 'imageTokens',
    cachedTokens: 'cachedTokens',
    cachedDetails: 'cachedTokensDetails',
    provider: 'modelProvider',
    model: 'modelName',
  },
  python: {
    ttft: 'ttft',
    ttfb: 'ttfb',
    duration: 'duration',
    audio: 'audio_duration',
    characters: 'characters_count',
    inputTokens: 'input_tokens',
    outputTokens: 'output_tokens',
    promptTokens: 'prompt_tokens',
    completionTokens: 'completion_tokens',
    cachedPromptTokens: 'prompt_cached_tokens',
    cacheCreationTokens: 'cache_creation_tokens',
    reasoningTokens: 'reasoning_tokens',
    totalTokens: 'total_tokens',
    inputDetails: 'input_token_details',
    outputDetails: 'output_token_details',
    audioTokens: 'audio_tokens',
    textTokens: 'text_tokens',
    imageTokens: 'image_tokens',
    cachedTokens: 'cached_tokens',
    cachedDetails: 'cached_tokens_details',
    provider: 'model_provider',
    model: 'model_name',
  },
} as const;

/** Seconds in one unit of the durations and of `timestamp`, which is since 1970. */
const UNIT = { js: 1e-3, python: 1 } as const;

/** A day: nothing in a call is longer. Seconds. */
const LONGEST = 86_400;

/** The metrics in an attribute; undefined where it holds none. */
export function metricsOf(attributes: Attributes, attribute: string): LiveKitMetrics | undefined {
  const metrics = jsonObject(attributes, attribute);
  if (metrics === undefined) return undefined;
  const language = NAMES.js.duration in metrics ? 'js' : 'python';
  const names = NAMES[language];
  const seconds = (name: string): number | undefined => {
    const value = number(metrics, name, { min: 0, max: LONGEST / UNIT[language] });
    return value === undefined ? undefined : micros(value * UNIT[language]) / 1e6;
  };
  const taken = number(metrics, 'timestamp', { min: 1, max: LATEST / UNIT[language] });
  const meta = jsonField(metrics, 'metadata');
  return present({
    takenUs: taken === undefined ? undefined : micros(taken * UNIT[language]),
    durationSeconds: seconds(names.duration),
    firstByteSeconds: seconds(names.ttft) ?? seconds(names.ttfb),
    audioSeconds: seconds(names.audio),
    characters: count(metrics, names.characters),
    // Of speech only some models have tokens; 0 is that they have none.
    inputTokens: count(metrics, names.inputTokens) || undefined,
    outputTokens: count(metrics, names.outputTokens) || undefined,
    tokens: tokensIn(metrics, names),
    provider: providerOf(text(meta, names.provider)),
    model: modelOf(text(meta, names.model)),
    streamed: flag(metrics, 'streamed'),
    cancelled: flag(metrics, 'cancelled'),
  });
}

type Names = (typeof NAMES)[keyof typeof NAMES];

/**
 * Of a realtime model the parts are in objects of their own; a 0 there is a number, unless no token is of any kind. Gemini's
 * thoughts are in nothing but the total.
 */
function tokensIn(metrics: Attributes, names: Names): TokenCounts {
  const input = jsonField(metrics, names.inputDetails);
  const output = jsonField(metrics, names.outputDetails);
  const cached = jsonField(input, names.cachedDetails);
  const audioIn = (details: Attributes): number | undefined => {
    const [text, audio, image] = [names.textTokens, names.audioTokens, names.imageTokens].map((name) =>
      count(details, name),
    );
    return text === 0 && audio === 0 && !image ? undefined : audio;
  };
  return present({
    inputTokens: count(metrics, names.promptTokens) ?? count(metrics, names.inputTokens),
    outputTokens: count(metrics, names.completionTokens) ?? count(metrics, names.outputTokens),
    cachedInputTokens: count(metrics, names.cachedPromptTokens) ?? count(input, names.cachedTokens),
    cacheCreationInputTokens: count(metrics, names.cacheCreationTokens),
    inputAudioTokens: audioIn(input),
    cachedInputAudioTokens: audioIn(cached),
    outputAudioTokens: audioIn(output),
    reasoningTokens: count(metrics, names.reasoningTokens),
    totalTokens: count(metrics, names.totalTokens),
  });
}

/** The year 2255: later ones are no whole microseconds any more. Seconds. */
const LATEST = 9_000_000_000;
