import type { Fault } from '../../../demo/simulators/fault.ts';
import type { Random, Range } from '../../../demo/simulators/random.ts';
import type { Untimed } from '../../../demo/simulators/server.ts';
import type { SpeechRequest } from '../../../demo/simulators/speech-request.ts';
import { SAMPLE_BYTES } from '../../../demo/simulators/voice.ts';

/** How much of a synthesis was sent. */
interface Spoken {
  readonly characters: number;
  readonly bytes: number;
  readonly audioSeconds: number;
}

/** What happened to one synthesis, or on one connection of speech-to-text. */
export type ElevenLabsTruth = { readonly atMicros: number; readonly requestId: string } & (
  | {
      /** Text to speak arrived; on a socket once for each piece of text. */
      readonly kind: 'received';
      readonly path: string;
      readonly model: string | undefined;
      readonly text: string;
      readonly contextId: string | undefined;
    }
  | { readonly kind: 'first_byte' }
  | ({ readonly kind: 'finished' } & Spoken)
  /** The client went away, or closed the context. */
  | ({ readonly kind: 'aborted' } & Spoken)
  | { readonly kind: 'failed'; readonly status: number | 'cut' }
  /** Speech-to-text. `query` holds no secrets: the key is in a header. */
  | { readonly kind: 'listening'; readonly query: Readonly<Record<string, string>> }
  | { readonly kind: 'transcript'; readonly message: Readonly<Record<string, unknown>> }
  | { readonly kind: 'closed'; readonly audioSeconds: number }
);

/** What every request needs. */
export interface SpeechContext {
  readonly requestId: string;
  readonly random: Random;
  readonly firstByteMs: Range;
  readonly speed: Range;
  readonly fault: Fault | undefined;
  /** `atMicros` is now, unless given. */
  readonly record: (event: Untimed<ElevenLabsTruth>, atMicros?: number) => void;
}

const ENCODINGS = { pcm: 'pcm_s16le', ulaw: 'pcm_mulaw', alaw: 'pcm_alaw' } as const;

/** How a text is to be spoken. Where the format is compressed it is PCM all the same: no one here decodes it. */
export function speechRequest(text: string, model: unknown, outputFormat: string | null): SpeechRequest {
  const [codec = '', rate = ''] = (outputFormat ?? '').split('_');
  const encoding = ENCODINGS[codec as keyof typeof ENCODINGS] ?? 'pcm_s16le';
  return { model: String(model), text, encoding, sampleRate: codec in ENCODINGS ? Number(rate) : 16_000 };
}

/** Bytes a second of such audio. */
export const bytesPerSecond = ({ encoding, sampleRate }: SpeechRequest): number =>
  SAMPLE_BYTES[encoding] * sampleRate;
