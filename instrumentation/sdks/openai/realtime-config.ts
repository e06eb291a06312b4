import type { Usage } from '../../../model/facts.ts';
import { at, type Foreign, foreign, quantity, text } from '../kit/patch.ts';
import { known } from '../kit/usage.ts';

/** How the server finds out when the user speaks. Milliseconds. */
export interface TurnDetection {
  /** The silence after which speech counts as over. Unknown where a model decides (`semantic_vad`). */
  readonly silenceMs: number | undefined;
  /** Audio before the speech that counts as its beginning. */
  readonly prefixMs: number;
  /** The agent is cut off when the user begins to speak. */
  readonly interrupts: boolean;
  /** What the user said is answered without being asked. */
  readonly responds: boolean;
}

/** What a description of a session says. Absent: nothing. */
export interface RealtimeConfig {
  readonly model?: string | undefined;
  readonly inputBytesPerSecond?: number | undefined;
  readonly outputBytesPerSecond?: number | undefined;
  readonly transcriptionModel?: string | undefined;
  /** Null: the application says when the user has finished. */
  readonly turnDetection?: TurnDetection | null | undefined;
  /** The session only transcribes. */
  readonly listensOnly?: boolean | undefined;
}

/** Of a session whose server does not say: what its documentation calls the defaults. */
export const DEFAULT_TURN_DETECTION: TurnDetection = {
  silenceMs: 500,
  prefixMs: 300,
  interrupts: true,
  responds: true,
};
/** 16-bit PCM at 24 kHz, which is the only rate of PCM there is. */
export const PCM_BYTES_PER_SECOND = 48_000;
const G711_BYTES_PER_SECOND = 8_000;

/** Reads a session as the server describes it, or a client changes it: in the present form and that of the beta. */
export function readConfig(session: Foreign): RealtimeConfig {
  const input = foreign(at(session, 'audio', 'input'));
  const transcription = foreign(input?.transcription ?? session.input_audio_transcription);
  return {
    model: text(session.model),
    inputBytesPerSecond: bytesPerSecond(input?.format ?? session.input_audio_format),
    outputBytesPerSecond: bytesPerSecond(
      at(session, 'audio', 'output', 'format') ?? session.output_audio_format,
    ),
    transcriptionModel: text(transcription?.model),
    turnDetection: readTurnDetection(input?.turn_detection ?? turnDetectionOf(session, input)),
    listensOnly: session.type === 'transcription' ? true : session.type === 'realtime' ? false : undefined,
  };
}

/** Null says that there is none; not to mention it says nothing. */
const turnDetectionOf = (session: Foreign, input: Foreign | undefined): unknown =>
  input?.turn_detection === null ? null : session.turn_detection;

function bytesPerSecond(format: unknown): number | undefined {
  switch (text(format) ?? at(format, 'type')) {
    case 'pcm16':
    case 'audio/pcm':
      return (quantity(at(format, 'rate')) ?? PCM_BYTES_PER_SECOND / 2) * 2;
    case 'g711_ulaw':
    case 'g711_alaw':
    case 'audio/pcmu':
    case 'audio/pcma':
      return G711_BYTES_PER_SECOND;
    default:
      return undefined;
  }
}

function readTurnDetection(value: unknown): TurnDetection | null | undefined {
  if (value === null) return null;
  const detection = foreign(value);
  if (!detection) return undefined;
  const semantic = detection.type === 'semantic_vad';
  return {
    silenceMs: semantic ? undefined : (quantity(detection.silence_duration_ms) ?? 500),
    prefixMs: semantic ? 0 : (quantity(detection.prefix_padding_ms) ?? 300),
    interrupts: detection.interrupt_response !== false,
    responds: detection.create_response !== false,
  };
}

/** Tokens of a response, by kind. */
export function responseUsage(value: unknown): Usage | undefined {
  const usage = foreign(value);
  const input = foreign(usage?.input_token_details);
  return known({
    inputTokens: quantity(usage?.input_tokens),
    inputAudioTokens: quantity(input?.audio_tokens),
    cachedInputTokens: quantity(input?.cached_tokens),
    cachedInputAudioTokens: quantity(at(input, 'cached_tokens_details', 'audio_tokens')),
    outputTokens: quantity(usage?.output_tokens),
    outputAudioTokens: quantity(at(usage, 'output_token_details', 'audio_tokens')),
  });
}

/**
 * What a model for transcription used: tokens, or seconds. `seconds` is the length of what was transcribed, for those
 * that are priced by it although they count tokens.
 */
export function transcriptionUsage(value: unknown, seconds: number | undefined): Usage | undefined {
  const usage = foreign(value);
  return known({
    inputTokens: quantity(usage?.input_tokens),
    inputAudioTokens: quantity(at(usage, 'input_token_details', 'audio_tokens')),
    outputTokens: quantity(usage?.output_tokens),
    audioSeconds: quantity(usage?.seconds) ?? seconds,
  });
}
