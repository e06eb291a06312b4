import type { Random, Range } from '../../../demo/simulators/random.ts';
import type { SimulatorOptions, Untimed } from '../../../demo/simulators/server.ts';
import { type RawEncoding, SAMPLE_BYTES, synthesize } from '../../../demo/simulators/voice.ts';

/** What happened to one text that was to be spoken. */
export type DeepgramSpeakTruth = { readonly atMicros: number; readonly id: string } & (
  | { readonly kind: 'received'; readonly text: string; readonly query: Readonly<Record<string, string>> }
  | { readonly kind: 'first_byte' }
  | { readonly kind: 'finished'; readonly bytes: number; readonly audioSeconds: number }
  | { readonly kind: 'aborted'; readonly bytes: number; readonly audioSeconds: number }
  | { readonly kind: 'failed'; readonly status: number | 'cut' }
);

/** Delays of the speak simulator. */
export interface DeepgramSpeakOptions extends SimulatorOptions {
  /** From a text to its first audio, in milliseconds. (Default: 40 to 80.) */
  readonly firstByteMs?: Range;
  /** How many times faster than speech the audio is made. (Default: 20.) */
  readonly speed?: number;
}

export const CHUNK_SECONDS = 0.1;
const ENCODINGS: Readonly<Record<string, RawEncoding>> = {
  linear16: 'pcm_s16le',
  mulaw: 'pcm_mulaw',
  alaw: 'pcm_alaw',
};

/** Tells what a synthesis comes to. */
export type RecordSpeech = (event: Untimed<DeepgramSpeakTruth>) => void;

export interface Voice {
  readonly random: Random;
  readonly options: DeepgramSpeakOptions;
  readonly record: RecordSpeech;
}

/** The audio of a text in pieces of a tenth of a second. */
export function speech(text: string, query: URLSearchParams) {
  const encoding = ENCODINGS[query.get('encoding') ?? 'linear16'] ?? 'pcm_mulaw';
  const rate = Number(query.get('sample_rate') ?? (encoding === 'pcm_s16le' ? 24_000 : 8_000));
  const audio = synthesize(text, encoding, rate);
  const bytesPerSecond = rate * SAMPLE_BYTES[encoding];
  const size = bytesPerSecond * CHUNK_SECONDS;
  const chunks = Array.from({ length: Math.ceil(audio.length / size) }, (_, i) =>
    audio.subarray(i * size, (i + 1) * size),
  );
  return { chunks, bytesPerSecond };
}
