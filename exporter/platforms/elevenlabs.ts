import { Fields } from './fields.ts';
import { analysed, type ModelUse, type PlatformReport, type Utterance } from './report.ts';

const MAX_SAID = 5_000;
const MAX_MODELS = 20;
const SECOND = 1_000_000;

/**
 * ElevenLabs' `post_call_transcription` and `call_initiation_failure`. Undefined: another event, such as the audio.
 * @throws ReportError
 */
export function readElevenLabs(body: unknown): PlatformReport | undefined {
  const event = new Fields(body);
  const type = event.text('type');
  if (type === 'call_initiation_failure') return readFailure(event);
  if (type !== 'post_call_transcription') return undefined;
  const data = event.object('data');
  const metadata = data.object('metadata');
  const phone = metadata.object('phone_call');
  const startUs =
    metadata.instant('accepted_time_unix_secs', SECOND) ?? metadata.instant('start_time_unix_secs', SECOND);
  if (startUs === undefined) return metadata.refuse('start_time_unix_secs', 'seconds since 1970');
  const seconds = metadata.number('call_duration_secs') ?? 0;
  const result = phone.word('call_result');
  return {
    platform: 'elevenlabs',
    callId: data.id('conversation_id'),
    startUs,
    endUs: startUs + Math.round(seconds * 1e6),
    call: {
      direction: phone.has('type') || phone.has('direction') ? directionOf(phone) : 'web',
      channel: phone.has('type') || phone.has('direction') ? 'phone' : 'web',
      transport: phone.text('type') === 'twilio' ? 'twilio' : undefined,
      agentName: data.word('agent_name') ?? data.word('agent_id'),
      // What the carrier says, unless it is that someone answered.
      endReason: result === undefined || result === 'answered' ? metadata.word('termination_reason') : result,
      platformCostUsd: metadata.money('cost_fiat'),
    },
    judged: analysed(SUCCESS[data.object('analysis').text('call_successful') ?? '']),
    parameters: data.object('conversation_initiation_client_data').own('dynamic_variables'),
    utterances: data.list('transcript', MAX_SAID).flatMap((said) => utteranceOf(said, startUs)),
    used: usedBy(metadata.object('charging')),
  };
}

const SUCCESS: Readonly<Record<string, boolean>> = { success: true, failure: false };

const directionOf = (phone: Fields) => {
  const direction = phone.text('direction');
  return direction === 'inbound' || direction === 'outbound' ? direction : undefined;
};

/** A call that could not be placed. */
function readFailure(event: Fields): PlatformReport {
  const data = event.object('data');
  const atUs = event.instant('event_timestamp', SECOND);
  if (atUs === undefined) return event.refuse('event_timestamp', 'seconds since 1970');
  return {
    platform: 'elevenlabs',
    callId: data.id('conversation_id'),
    startUs: atUs,
    endUs: atUs,
    call: {
      direction: 'outbound',
      channel: 'phone',
      agentName: data.word('agent_id'),
      endReason: FAILURES[data.text('failure_reason') ?? ''] ?? 'failed',
    },
    utterances: [],
    used: [],
  };
}

const FAILURES: Readonly<Record<string, string>> = { busy: 'busy', 'no-answer': 'no-answer' };

/** What the whole conversation heard and said. Of models the answers say it. */
function usedBy(charging: Fields): ModelUse[] {
  const [heard, spoken] = [charging.object('asr_usage'), charging.object('tts_usage')];
  return [
    ...(heard.has('total_audio_input_seconds')
      ? [
          {
            stage: 'stt' as const,
            provider: 'elevenlabs',
            model: heard.word('asr_model'),
            usage: { audioSeconds: heard.number('total_audio_input_seconds') },
          },
        ]
      : []),
    ...(spoken.has('total_characters')
      ? [
          {
            stage: 'tts' as const,
            provider: 'elevenlabs',
            model: spoken.word('primary_tts_model'),
            usage: {
              characters: spoken.count('total_characters'),
              audioSeconds: spoken.number('total_audio_output_seconds'),
            },
          },
        ]
      : []),
  ];
}

/** When each began is known to the second; how long the user waited is what the platform measured. */
function utteranceOf(said: Fields, startUs: number): Utterance[] {
  const role = said.text('role');
  const seconds = said.number('time_in_call_secs');
  if ((role !== 'user' && role !== 'agent') || seconds === undefined) return [];
  const turn = said.object('conversation_turn_metrics');
  // Older payloads have the figures one level up.
  const metrics = turn.has('metrics') ? turn.object('metrics') : turn;
  const elapsed = (name: string) => metrics.object(name).number('elapsed_time');
  return [
    {
      by: role,
      startUs: startUs + Math.round(seconds * 1e6),
      words: said.words('message'),
      interrupted: said.flag('interrupted'),
      ...(role === 'agent' && {
        silenceSeconds: elapsed('convai_ttf_audio_since_silence'),
        latencies: {
          ttfb_llm: elapsed('convai_llm_service_ttfb'),
          ttfb_tts: elapsed('convai_tts_service_ttfb'),
        },
        used: said
          .object('llm_usage')
          .object('model_usage')
          .entries.slice(0, MAX_MODELS)
          .map(([model, usage]) => requestOf(model, new Fields(usage, `model_usage.${model.slice(0, 40)}`))),
      }),
    },
  ];
}

function requestOf(model: string, usage: Fields): ModelUse {
  const tokens = (name: string) => usage.object(name).count('tokens');
  const [fresh, read, written] = [tokens('input'), tokens('input_cache_read'), tokens('input_cache_write')];
  return {
    stage: 'llm',
    provider: MAKERS.find(([pattern]) => pattern.test(model))?.[1],
    model: model.slice(0, 200),
    usage: {
      // They are counted apart here, and together in ours.
      inputTokens: fresh === undefined ? undefined : fresh + (read ?? 0) + (written ?? 0),
      cachedInputTokens: read || undefined,
      cacheCreationInputTokens: written || undefined,
      outputTokens: tokens('output_total'),
    },
  };
}

/** Whose a model is, by its name: the report does not say it. */
const MAKERS: readonly (readonly [RegExp, string])[] = [
  [/^(gpt-|o\d)/, 'openai'],
  [/^claude-/, 'anthropic'],
  [/^gemini-/, 'gcp.gemini'],
  [/^grok-/, 'x_ai'],
];
