import type { Usage } from '../../../model/facts.ts';
import { providerAt } from '../../../model/providers.ts';
import type { StageKind } from '../../../model/vocabulary.ts';
import type { StageFacts } from '../../call/stage.ts';
import { type Foreign, foreign, modelName, quantity, text } from '../kit/patch.ts';
import { gross, known } from '../kit/usage.ts';

/** One request of a session, of which LiveKit tells when it is over. Instants are milliseconds since 1970. */
export interface ReportedStage {
  readonly kind: Extract<StageKind, 'stt' | 'llm' | 'tts'>;
  readonly facts: StageFacts;
  readonly startMs: number;
  readonly firstByteMs?: number;
  readonly endMs: number;
  readonly cancelled: boolean;
  readonly usage?: Usage;
  /** Cut off before it answered, or every attempt failed. */
  readonly gaveNothing: boolean;
  /** The provider's id of the answer. */
  readonly responseId?: string;
  /** tts: a stream of text was spoken. False: a text that was there as a whole, a sentence for example. */
  readonly streamed?: boolean;
}

/** LiveKit's durations are whole milliseconds, −1 where nothing was measured; of tokens and seconds 0 is unknown. */
export function readStage(metrics: Foreign): ReportedStage | undefined {
  switch (metrics.type) {
    case 'llm_metrics':
      return finished('llm', metrics, { toFirstByte: metrics.ttftMs, usage: tokens(metrics) });
    case 'tts_metrics':
      return finished('tts', metrics, {
        toFirstByte: metrics.ttfbMs,
        usage: synthesised(metrics),
        streamed: metrics.streamed !== false,
      });
    case 'realtime_model_metrics':
      // The one whose `timestamp` is the start.
      return finished(
        'llm',
        { ...metrics, timestamp: Number(metrics.timestamp) + (quantity(metrics.durationMs) ?? 0) },
        { toFirstByte: metrics.ttftMs, usage: speechTokens(metrics) },
      );
    default:
      return undefined;
  }
}

function finished(
  kind: ReportedStage['kind'],
  metrics: Foreign,
  { toFirstByte, usage, streamed }: { toFirstByte: unknown; usage: Usage | undefined; streamed?: boolean },
): ReportedStage | undefined {
  const endMs = instantMs(metrics.timestamp);
  if (endMs === undefined) return undefined;
  const startMs = endMs - (quantity(metrics.durationMs) ?? 0);
  const waitMs = quantity(toFirstByte);
  const cancelled = metrics.cancelled === true;
  const responseId = text(metrics.requestId);
  return {
    kind,
    facts: { ...modelOf(metrics.metadata, metrics.label), ...(kind === 'llm' && { streaming: true }) },
    startMs,
    endMs,
    cancelled,
    gaveNothing: waitMs === undefined && (kind === 'tts' ? !usage?.audioSeconds : !usage),
    ...(waitMs !== undefined && { firstByteMs: startMs + waitMs }),
    ...(usage && { usage }),
    ...(responseId !== undefined && kind === 'llm' && { responseId }),
    ...(streamed !== undefined && { streamed }),
  };
}

/** What transcription used since it last told. It says neither when nor for which turn: it is the call's. */
export function readTranscription(metrics: Foreign): { facts: StageFacts; usage: Usage } | undefined {
  if (metrics.type !== 'stt_metrics') return undefined;
  const usage = known({
    audioSeconds: positive(metrics.audioDurationMs, 1e-3),
    inputTokens: positive(metrics.inputTokens),
    outputTokens: positive(metrics.outputTokens),
  });
  if (!usage) return undefined;
  const facts = { ...modelOf(metrics.metadata, metrics.label), streaming: metrics.streamed !== false };
  return { facts, usage };
}

/** Provider and model of a plugin, an STT for example, as far as it tells. */
export const pluginFacts = (plugin: unknown): StageFacts => {
  const { provider, model, label } = foreign(plugin) ?? {};
  return modelOf({ modelProvider: provider, modelName: model }, label);
};

/** An instant in milliseconds; undefined for 0 and what is none. */
export const instantMs = (value: unknown): number | undefined => positive(value);

/** `ChatMessage.metrics` are seconds since 1970. */
export const instantOfSeconds = (value: unknown): number | undefined => positive(value, 1e3);

const UNKNOWN = /^unknown$/i;
/** `deepgram.STT`: the plugin and its class. */
const LABEL = /^([a-z0-9_-]+)\.\w+/i;

/**
 * A plugin names its provider for people (`Deepgram`, `Eleven Labs`), or gives the host that it talks to. A host that
 * is not known is a proxy or a server of one's own: then it counts as what the plugin is made for.
 */
function modelOf(metadata: unknown, label: unknown): StageFacts {
  const { modelProvider, modelName: named } = foreign(metadata) ?? {};
  const plugin = LABEL.exec(text(label) ?? '')?.[1]?.toLowerCase();
  const said = text(modelProvider);
  const model = modelName(named);
  const facts: StageFacts = {};
  if (said === undefined || UNKNOWN.test(said)) facts.provider = plugin;
  else if (/[.:]/.test(said)) facts.provider = atHost(said, plugin);
  else facts.provider = said.toLowerCase().replace(/\s+/g, '');
  if (model !== undefined && !UNKNOWN.test(model) && model !== label) facts.model = model;
  return facts;
}

function atHost(host: string, plugin: string | undefined): string {
  const known = providerAt(`https://${host}`);
  return known === undefined || known === 'openai' ? (plugin ?? 'openai') : known;
}

function tokens(metrics: Foreign): Usage | undefined {
  const usage = known({
    inputTokens: positive(metrics.promptTokens),
    cachedInputTokens: positive(metrics.promptCachedTokens),
    cacheCreationInputTokens: positive(metrics.cacheCreationTokens),
    outputTokens: positive(metrics.completionTokens),
  });
  return gross(usage, quantity(metrics.totalTokens));
}

const synthesised = (metrics: Foreign): Usage | undefined =>
  known({
    characters: positive(metrics.charactersCount),
    audioSeconds: positive(metrics.audioDurationMs, 1e-3),
    inputTokens: positive(metrics.inputTokens),
    outputTokens: positive(metrics.outputTokens),
  });

/** Thoughts of Gemini are in nothing but the total. */
function speechTokens(metrics: Foreign): Usage | undefined {
  const inputTokens = positive(metrics.inputTokens);
  const outputTokens = positive(metrics.outputTokens);
  const input = kinds(metrics.inputTokenDetails, inputTokens);
  const cached = kinds(input?.cachedTokensDetails, quantity(input?.cachedTokens));
  const output = kinds(metrics.outputTokenDetails, outputTokens);
  const usage = known({
    inputTokens,
    inputAudioTokens: quantity(input?.audioTokens),
    cachedInputTokens: quantity(input?.cachedTokens),
    cachedInputAudioTokens: quantity(cached?.audioTokens),
    outputTokens,
    outputAudioTokens: quantity(output?.audioTokens),
  });
  return gross(usage, quantity(metrics.totalTokens));
}

/** Tokens by their kinds, where 0 is a number; undefined where there were tokens and none is of any kind: LiveKit does not know. */
function kinds(details: unknown, tokens: number | undefined): Foreign | undefined {
  const { textTokens, audioTokens, imageTokens } = foreign(details) ?? {};
  const unknown = textTokens === 0 && audioTokens === 0 && !quantity(imageTokens);
  return !tokens || unknown ? undefined : foreign(details);
}

/** Of what is measured as a whole, LiveKit has 0 where it does not know. */
function positive(value: unknown, unit = 1): number | undefined {
  const given = quantity(value);
  return given === undefined || given === 0 ? undefined : Math.round(given * unit * 1e6) / 1e6;
}
