import type { RawEncoding } from '../../../../demo/simulators/voice.ts';
import { at, foreign } from '../../../../instrumentation/sdks/kit/patch.ts';

/** How audio travels in one direction. */
export interface RealtimeFormat {
  readonly encoding: RawEncoding;
  readonly rate: number;
}

/** What a session of the Realtime API is set up for, in whichever form it was told. */
export interface RealtimeSettings {
  readonly model: string;
  readonly listensOnly: boolean;
  readonly instructions: string;
  readonly tools: readonly { readonly name: string }[];
  readonly input: RealtimeFormat;
  readonly output: RealtimeFormat;
  readonly transcriptionModel: string | undefined;
  readonly turnDetection: Readonly<Record<string, unknown>> | null;
}

const PCM: RealtimeFormat = { encoding: 'pcm_s16le', rate: 24_000 };
const MULAW: RealtimeFormat = { encoding: 'pcm_mulaw', rate: 8_000 };
const SERVER_VAD = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 500,
  idle_timeout_ms: null,
  create_response: true,
  interrupt_response: true,
};
const SEMANTIC_VAD = {
  type: 'semantic_vad',
  eagerness: 'auto',
  create_response: true,
  interrupt_response: true,
};

export const freshSettings = (model: string): RealtimeSettings => ({
  model,
  listensOnly: false,
  instructions: 'You are a helpful assistant.',
  tools: [],
  input: PCM,
  output: PCM,
  transcriptionModel: undefined,
  turnDetection: SERVER_VAD,
});

/** The settings after a `session.update`: what it does not mention stays. */
export function updated(before: RealtimeSettings, session: unknown, beta: boolean): RealtimeSettings {
  const update = foreign(session) ?? {};
  const input = beta
    ? {
        format: update.input_audio_format,
        transcription: update.input_audio_transcription,
        turn_detection: update.turn_detection,
      }
    : (foreign(at(update, 'audio', 'input')) ?? {});
  const output = beta ? update.output_audio_format : at(update, 'audio', 'output', 'format');
  const detection = input.turn_detection;
  return {
    ...before,
    listensOnly: update.type === 'transcription' || before.listensOnly,
    instructions: typeof update.instructions === 'string' ? update.instructions : before.instructions,
    tools: Array.isArray(update.tools) ? update.tools : before.tools,
    input: formatOf(input.format) ?? before.input,
    output: formatOf(output) ?? before.output,
    transcriptionModel:
      input.transcription === undefined
        ? before.transcriptionModel
        : (at(input.transcription, 'model') as string | undefined),
    turnDetection:
      detection === undefined
        ? before.turnDetection
        : detection === null
          ? null
          : {
              ...(at(detection, 'type') === 'semantic_vad' ? SEMANTIC_VAD : SERVER_VAD),
              ...foreign(detection),
            },
  };
}

function formatOf(format: unknown): RealtimeFormat | undefined {
  const name = typeof format === 'string' ? format : at(format, 'type');
  if (name === 'g711_ulaw' || name === 'audio/pcmu') return MULAW;
  if (name === 'g711_alaw' || name === 'audio/pcma') return { encoding: 'pcm_alaw', rate: 8_000 };
  return name === 'pcm16' || name === 'audio/pcm' ? PCM : undefined;
}

/** The session as the server describes it. */
export function describeSession(id: string, settings: RealtimeSettings, beta: boolean): object {
  const { model, instructions, tools, input, output, transcriptionModel, turnDetection } = settings;
  const transcription = transcriptionModel === undefined ? null : { model: transcriptionModel };
  const common = { id, object: 'realtime.session', model, instructions, tools };
  if (beta)
    return {
      ...common,
      modalities: ['audio', 'text'],
      input_audio_format: nameOf(input, true),
      output_audio_format: nameOf(output, true),
      input_audio_transcription: transcription,
      turn_detection: turnDetection,
    };
  return {
    ...common,
    type: settings.listensOnly ? 'transcription' : 'realtime',
    output_modalities: ['audio'],
    audio: {
      input: { format: nameOf(input, false), transcription, turn_detection: turnDetection },
      output: { format: nameOf(output, false), voice: 'marin', speed: 1 },
    },
  };
}

function nameOf({ encoding, rate }: RealtimeFormat, beta: boolean): unknown {
  if (encoding === 'pcm_s16le') return beta ? 'pcm16' : { type: 'audio/pcm', rate };
  const law = encoding === 'pcm_mulaw';
  if (beta) return law ? 'g711_ulaw' : 'g711_alaw';
  return { type: law ? 'audio/pcmu' : 'audio/pcma' };
}
